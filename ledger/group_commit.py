"""Group commit: many threads record through one open ledger, and share its commits.

    with GroupCommit(ledger) as desk:
        receipt = desk.record(event, key, occurred="2024-05-01")   # from any thread

A commit waits for the disk, and while it waits others arrive. Whoever finds the ledger free writes for all
who wait: each act is decided for itself, one after the other in the order in which they came, and all that
may be recorded are one transaction and one signature. Nobody is answered before that transaction is durable;
what is refused is refused to its author alone.

Nobody starves: who came first is in the next transaction.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from threading import Lock
from types import TracebackType
from typing import Unpack

from ledger.admission import Act, Said
from ledger.application import Ledger, Receipt
from ledger.chain.bundle import Bundle
from ledger.chain.statement import SignedStatement
from ledger.domain.events import Event
from ledger.errors import AdamasError
from ledger.keys import SigningKey

MOST = 256
"""Acts that share a transaction at most, so that none waits long for others."""


class _Waiting:
    """One who waits: what is to be recorded, and what is answered."""

    __slots__ = ("answer", "item")

    def __init__(self, item: Act | SignedStatement) -> None:
        self.item = item
        self.answer: Receipt | BaseException | None = None


class GroupCommit:
    """The one object that threads share; ``ledger`` is not to be used beside it until it is closed.

    ``transactions`` counts how many were needed.
    """

    def __init__(self, ledger: Ledger, *, most: int = MOST) -> None:
        self.transactions = 0
        self._ledger = ledger
        self._most = most
        self._turn = Lock()
        self._queue: deque[_Waiting] = deque()

    def record(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> Receipt:
        """Sign and record one event. Raises as `Ledger.record` does."""
        return self._answered(Act(event, key, **said))

    def append(self, statement: SignedStatement) -> Receipt:
        """Record one signed statement. Raises as `Ledger.append` does."""
        return self._answered(statement)

    def close(self) -> None:
        """Wait for who is writing, and close the ledger."""
        with self._turn:
            self._ledger.close()

    def __enter__(self) -> GroupCommit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answered(self, item: Act | SignedStatement) -> Receipt:
        mine = _Waiting(item)
        self._queue.append(mine)
        with self._turn:
            while mine.answer is None:  # more than one round only when more wait than one transaction takes
                self._write_for_all()
        if isinstance(mine.answer, BaseException):
            raise mine.answer
        return self._provable(mine.answer)

    def _write_for_all(self) -> None:
        group = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
        answers: list[Receipt | AdamasError] | list[BaseException]
        try:
            answers = self._ledger.record_each([one.item for one in group])
        except BaseException as trouble:  # noqa: BLE001  raised again by everybody whose act it was
            answers = [trouble] * len(group)
        self.transactions += 1
        for one, answer in zip(group, answers, strict=True):
            one.answer = answer

    def _provable(self, receipt: Receipt) -> Receipt:
        """The receipt, whose proof is made in turn with what is written."""
        prove = receipt._prove  # noqa: SLF001  a receipt's way to its proof, and nobody else's
        if prove is None:
            return receipt

        def in_turn() -> Bundle:
            with self._turn:
                return prove()

        return dataclasses.replace(receipt, _prove=in_turn)
