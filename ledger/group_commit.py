"""Group commit: many threads record through one open ledger, and share its commits.

    with GroupCommit(ledger) as desk:
        receipt = desk.record(event, key, occurred="2024-05-01")   # from any thread

A commit waits for the disk, and while it waits others arrive. Whoever finds the ledger free writes for all
who wait: each act is decided for itself, one after the other in the order in which they came, and all that
may be recorded are one transaction and one signature. Nobody is answered before that transaction is durable;
what is refused is refused to its author alone.

Nobody starves: who came first is in the next transaction, and the one who waits longest writes it.
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
    """One who waits: what is to be recorded, what is answered, and whether it is this one's turn to write."""

    __slots__ = ("answer", "item", "leads", "woken")

    def __init__(self, item: Act | SignedStatement) -> None:
        self.item = item
        self.answer: Receipt | BaseException | None = None
        self.leads = False
        self.woken = Lock()
        self.woken.acquire()


class GroupCommit:
    """The one object that threads share; ``ledger`` is not to be used beside it until it is closed.

    ``transactions`` counts how many were needed.
    """

    def __init__(self, ledger: Ledger, *, most: int = MOST) -> None:
        self.transactions = 0
        self._ledger = ledger
        self._most = most
        self._store = Lock()  # held by who uses the ledger
        self._line = Lock()  # held for a moment by who joins or leaves the queue
        self._queue: deque[_Waiting] = deque()
        self._led = False  # as long as somebody writes or was told to; else the queue is empty

    def record(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> Receipt:
        """Sign and record one event. Raises as `Ledger.record` does."""
        return self._answered(Act(event, key, **said))

    def append(self, statement: SignedStatement) -> Receipt:
        """Record one signed statement. Raises as `Ledger.append` does."""
        return self._answered(statement)

    def close(self) -> None:
        """Wait for who is writing, and close the ledger."""
        with self._store:
            self._ledger.close()

    def __enter__(self) -> GroupCommit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answered(self, item: Act | SignedStatement) -> Receipt:
        mine = _Waiting(item)
        with self._line:
            self._queue.append(mine)
            mine.leads, self._led = not self._led, True
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead(mine)
        if isinstance(mine.answer, Receipt):
            return self._provable(mine.answer)
        assert mine.answer is not None  # noqa: S101  whoever was woken has an answer or leads
        raise mine.answer

    def _wait(self, mine: _Waiting) -> None:
        """Until this one has an answer, or leads."""
        try:
            mine.woken.acquire()
        except BaseException:  # this thread was interrupted; the others go on
            with self._line:
                if mine in self._queue:
                    self._queue.remove(mine)
                if mine.leads:
                    self._hand_on()
            raise

    def _lead(self, mine: _Waiting) -> None:
        """Write for all who wait, this one the first of them, and let the next one lead."""
        with self._line:
            group = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
        try:
            self._write(group)
        finally:
            with self._line:
                self._hand_on()
            for one in group:
                if one is not mine:
                    one.woken.release()

    def _write(self, group: list[_Waiting]) -> None:
        answers: list[Receipt | AdamasError] | list[BaseException]
        try:
            with self._store:
                answers = self._ledger.record_each([one.item for one in group])
        except BaseException as trouble:  # noqa: BLE001  raised again by everybody whose act it was
            answers = [trouble] * len(group)
        self.transactions += 1
        for one, answer in zip(group, answers, strict=True):
            one.answer = answer

    def _hand_on(self) -> None:
        self._led = bool(self._queue)
        if self._led:
            self._queue[0].leads = True
            self._queue[0].woken.release()

    def _provable(self, receipt: Receipt) -> Receipt:
        """The receipt; where its proof is read from the store, that is made in turn with what is written."""
        prove = receipt._prove  # noqa: SLF001  a receipt's way to its proof, and nobody else's
        if prove is None or not receipt._reads:  # noqa: SLF001
            return receipt

        def in_turn() -> Bundle:
            with self._store:
                return prove()

        return dataclasses.replace(receipt, _prove=in_turn)
