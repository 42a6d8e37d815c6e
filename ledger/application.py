"""A ledger that can be opened, read and added to: the one door for the commands, scripts and programs.

    ledger = Ledger.create("gaborone.db", LedgerOpened(by="gaborone", ...), authority_key)
    receipt = ledger.record(Mined(by="karowe", site="AK6", lines=(...)), miners_key, occurred="2015-11-16")
    receipt.text          '17:5f3a...'  whoever keeps it can hold the ledger to it
    ledger.state().parcel("P1").holder

Recording is deciding, in this order: the statement is taken apart and its signature checked
(`ledger.admission`); an id that is there already answers with its first receipt, or is refused; what its
author has ``seen`` must be this ledger's; the rules are asked; then one transaction. A batch is decided one
act after the other, each on what the ones before it change, and recorded together or not at all.

Rules are asked on what this process remembers. When another process was first with something that the
decision rests on, the store says so, and it is decided again on what is there now; before anything is
refused, the same is made sure of.

With the ledger's key at hand (``keeper``), where the ledger ends is signed after every commit, and a receipt
gives a proof that verifies at once. Before anything is recorded, the guard beside that key is asked: a copy
that does not contain what was signed takes nothing but its own end (``ledger-closed/1``).

Times come from the keeper's clock, which is asked about when it jumps (`ledger.store.clock`). One ledger
object is for one thread at a time.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Unpack

from ledger.admission import Act, Chance, Proposed, Said, propose, take, time_ordered_id
from ledger.chain import disclosure, merkle
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.entry import fields as entry_fields
from ledger.chain.merkle import Frontier
from ledger.chain.statement import SignedStatement
from ledger.decision import Batch
from ledger.domain.events import DisclosureErased, Event, LedgerOpened
from ledger.domain.refusal import Refusal
from ledger.domain.state import State
from ledger.errors import AdamasError, Conflict, KeyTrouble, Refused, StoreTrouble
from ledger.keeping import Keeper, LedgerKey
from ledger.keeping import Receipt as Receipt
from ledger.keys import SigningKey
from ledger.store import opening as stores
from ledger.store.clock import Clock, Watch, steady_clock, system_clock
from ledger.store.journal import Appended, Head, Journal, Stale
from ledger.store.nodes import JournalTree
from ledger.store.records import Records
from ledger.store.roots import Roots

Keys = LedgerKey | Callable[[], LedgerKey | None] | None
"""A ledger's key, or what fetches it when it is needed; None where nobody signs for the ledger here."""
_ATTEMPTS = 50
"""How often something is decided anew because another process was first, before that is told."""


class _Wanted:
    """What is to be recorded, while it is tried: an act to be signed, or a signed statement."""

    __slots__ = ("fresh", "id", "item", "ready")

    def __init__(self, item: Act | SignedStatement) -> None:
        self.item = item
        self.fresh = isinstance(item, Act) and item.id is None  # its id is made here, so it is new
        self.id = b""
        self.ready: Proposed | None = None


class Ledger:
    """One ledger: its ``origin``, its ``journal`` of entries, its ``records`` and what they add up to.

    Its methods raise `StoreTrouble` and `Conflict` as the store does.
    """

    def __init__(
        self,
        journal: Journal,
        origin: str,
        watch: Watch,
        chance: Chance = os.urandom,
        key: Keys = None,
    ) -> None:
        self.journal = journal
        self.origin = origin
        self.records = Records(journal)
        self._roots = Roots(journal)
        self._watch = watch
        self._chance = chance
        self._key = key
        self._keeper: Keeper | None = None

    @classmethod
    def create(
        cls,
        url: str,
        opening: LedgerOpened,
        key: SigningKey,
        *,
        occurred: str | None = None,
        clock: Clock = system_clock,
        clock_confirmed: bool = False,
        chance: Chance = os.urandom,
        keeper: Keys = None,
    ) -> Ledger:
        """A new ledger whose entry 0 is ``opening``, signed by the authority; none is left behind on
        failing.

        Raises `Refused`, `Malformed`, `StoreTrouble` (``store-exists``, ``store-unwritable``, ...).
        """
        watch = _watch(clock, clock_confirmed)
        first = time_ordered_id(watch.read(Head()), chance)
        proposed = propose(Act(opening, key, occurred), opening.origin, first, chance, _no_type)
        journal = stores.create(url)
        try:
            ledger = cls(journal, opening.origin, watch, chance, keeper)
            ledger.append([proposed.signed])
        except BaseException:
            journal.discard()
            raise
        return ledger

    @classmethod
    def open(
        cls,
        url: str,
        *,
        write: bool = True,
        clock: Clock = system_clock,
        clock_confirmed: bool = False,
        chance: Chance = os.urandom,
        keeper: Keys = None,
    ) -> Ledger:
        """A ledger that is there. Opened for writing, it erases again what its entries say is erased.

        Raises `StoreTrouble`: ``store-missing``, ``store-not-a-ledger``, ``store-newer``, ``store-empty``,
        ...
        """
        journal = stores.open(url, write=write)
        try:
            ledger = cls(journal, _origin_of(journal), _watch(clock, clock_confirmed), chance, keeper)
            if journal.writable:
                ledger._erase_again()
        except BaseException:
            journal.close()
            raise
        return ledger

    def head(self) -> Head:
        """Where the ledger ends now."""
        return self.journal.head()

    def state(self) -> State:
        """What is known now; each subject is read when it is asked for."""
        return self.records.state()

    def sign(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> SignedStatement:
        """The event as a signed statement for this ledger; nothing is recorded.

        ``said`` is what the statement says beside it (see `Act`). A documented event is signed with the
        discrepancies that it names. Raises `Malformed`.
        """
        act = Act(event, key, **said)
        return self._propose(act, act.id or self._new_id()).signed

    def record(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> Receipt:
        """Sign and record one event; ``said`` as in `sign`, exceptions as in `record_batch`."""
        return self.record_batch([Act(event, key, **said)])[0]

    def record_batch(self, acts: Iterable[Act]) -> list[Receipt]:
        """Sign and record acts, together or not at all; a documented one gets all its discrepancies named.

        Raises `Refused` with the refusals of the first act that may not be recorded, `Malformed`,
        `Unconfirmed` (the clock), `Conflict` (``statement-id-taken``, ``ledger-busy``).
        """
        return self._settle(list(acts))

    def append(self, statements: Iterable[SignedStatement]) -> list[Receipt]:
        """Record signed statements, together or not at all; what is there already has its first receipt.

        Raises as `record_batch` does, and what `ledger.admission` finds in a statement.
        """
        return self._settle(list(statements))

    def preview(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> list[Refusal]:
        """What `record` would be refused for, in the rules' order; nothing is recorded. Raises
        `Malformed`."""
        self.records.catch_up()
        batch = self._batch()
        act = Act(event, key, **said)
        proposed = self._named(act, act.id or self._new_id(), batch)
        batch.expect([proposed])
        return batch.refusals(proposed)

    def sealed(self, index: int) -> dict[str, str]:
        """The sealed fields of an entry whose values are kept here, with their digests, to erase them
        by."""
        texts = self.journal.disclosures(index)
        return {disclosure.parse(text).name: disclosure.digest(text) for text in texts}

    @property
    def keeper(self) -> Keeper:
        """Who signs for the ledger.

        Raises `KeyTrouble` where no key is at hand (``ledger-key-none``), or one that does not speak for this
        ledger (``ledger-key-other``, ``ledger-key-void``: it was revoked).
        """
        found = self._at_hand()
        if found is None:
            raise KeyTrouble("ledger-key-none")
        found.check_speaks(self.state().house())
        return found

    def _at_hand(self) -> Keeper | None:
        """The keeper; its key is fetched when something is to be signed for the first time."""
        key, self._key = self._key, None
        if key is not None:
            found = key if isinstance(key, LedgerKey) else key()
            self._keeper = None if found is None else found.keeper(self.origin, self.journal)
        return self._keeper

    def checkpoint(self) -> SignedCheckpoint:
        """Where the ledger ends now, signed. Raises as `keeper` and `Keeper.checkpoint`."""
        return self.keeper.checkpoint()

    def proof(self, index: int) -> Bundle:
        """The proof of an entry under the checkpoint of now, without sealed values. Raises `NotFound`."""
        return self.keeper.proof(index)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first ``old`` entries are a prefix of the first ``new``. Raises `Malformed`
        (``tree-sizes``)."""
        return merkle.consistency(old, new, JournalTree(self.journal).node)

    def close(self) -> None:
        """Let go of the store; closing twice is no fault."""
        keeper, self._keeper = self._keeper, None
        try:
            if keeper is not None:
                keeper.close()
        finally:
            self.journal.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settle(self, items: Sequence[Act | SignedStatement]) -> list[Receipt]:
        """Decide and append, and again from the start when another process was first."""
        self.journal.check_writable()
        wanted = [_Wanted(item) for item in items]
        for _ in range(_ATTEMPTS):
            known = self.records.head
            try:
                return self._attempt(wanted)
            except Stale:
                self.records.catch_up()
            except Refused:
                if self.records.catch_up() == known:
                    raise
        raise Conflict("ledger-busy", attempts=_ATTEMPTS)

    def _attempt(self, wanted: Sequence[_Wanted]) -> list[Receipt]:
        batch = self._batch()
        for one in wanted:
            self._prepare(one)
        batch.expect(one.ready for one in wanted if one.ready is not None)
        asked = [one.id for one in wanted if not one.fresh]
        before = self.journal.indexes_of(asked) if asked else {}
        places: list[Receipt | int] = []
        for one in wanted:
            proposed = one.ready or self._named(one.item, one.id, batch)
            first = before.get(one.id)
            places.append(batch.admit(proposed) if first is None else self._first_receipt(first, proposed))
        receipts = self._append(batch)
        return [place if isinstance(place, Receipt) else receipts[place] for place in places]

    def _prepare(self, one: _Wanted) -> None:
        """Sign, or take apart, what does not depend on what comes before it: all but documented acts."""
        if one.ready is not None:
            return
        item = one.item
        if isinstance(item, SignedStatement):
            one.ready = take(item, self.origin, self._type_of)
            one.id = one.ready.statement.id
            return
        one.id = one.id or item.id or self._new_id()
        if not item.event.documented:
            one.ready = self._propose(item, one.id)

    def _batch(self) -> Batch:
        return Batch(
            self.origin, self.records, self.journal, self._roots, self._watch.read(self.records.head)
        )

    def _append(self, batch: Batch) -> list[Receipt]:
        if not batch.drafts:
            return []
        keeper = self._at_hand()
        if keeper is not None and not batch.only_closes:
            keeper.check()
        appended, head = self.journal.append(
            batch.drafts, clock=lambda: batch.moment, read=batch.knowledge.versions, head=batch.head
        )
        self.records.advance(batch.decided, appended, head)
        for decided in batch.decided:
            if isinstance(decided.act.event, DisclosureErased):
                self._erase(decided.act.event)
        return self._receipts(appended, batch.head)

    def _receipts(self, appended: Sequence[Appended], before: Head) -> list[Receipt]:
        """What is answered for entries that are durable now; ``before`` is the head they were decided on."""
        if self._keeper is None:
            return [Receipt(one.index, one.hash, one.recorded) for one in appended]
        try:
            keeper = self.keeper
            signed = keeper.checkpoint()
        except AdamasError as trouble:
            return [Receipt(one.index, one.hash, one.recorded, trouble=trouble) for one in appended]
        path = None
        if before.size + 1 == signed.checkpoint.size:  # a single act, and nobody was faster
            path = Frontier.decode(before.frontier).path_of_next()
        return [
            Receipt(
                one.index,
                one.hash,
                one.recorded,
                signed,
                _prove=partial(keeper.proof, one.index, signed, path=path),
            )
            for one in appended
        ]

    def _first_receipt(self, index: int, proposed: Proposed) -> Receipt:
        """What was answered when these same bytes were recorded. Raises `Conflict` for other bytes."""
        data = self.journal.entry(index)
        _, _, recorded, statement, signature = entry_fields(data)
        if statement != proposed.signed.statement or signature != proposed.signed.signature:
            raise Conflict("statement-id-taken", id=proposed.statement.id.hex(), index=index)
        keeper = self._at_hand()
        prove = None if keeper is None else partial(keeper.proof, index)
        return Receipt(index, entry_hash(data), recorded, _prove=prove)

    def _new_id(self) -> bytes:
        return time_ordered_id(self._watch.now(), self._chance)

    def _propose(self, act: Act, statement_id: bytes) -> Proposed:
        return propose(act, self.origin, statement_id, self._chance, self._type_of)

    def _named(self, act: Act | SignedStatement, statement_id: bytes, batch: Batch) -> Proposed:
        """An act; a documented one with what the rules find in it, behind the acts before, as
        discrepancies."""
        if isinstance(act, SignedStatement):
            return take(act, self.origin, self._type_of)
        proposed = self._propose(act, statement_id)
        event = batch.named(proposed) if act.event.documented else proposed.event
        if event is proposed.event:
            return proposed
        return self._propose(dataclasses.replace(act, event=event), statement_id)

    def _type_of(self, index: int) -> str | None:
        return self.records.recorded(index).event.TYPE if index < self.records.head.size else None

    def _erase(self, event: DisclosureErased) -> None:
        self.records.forget()
        self.journal.erase(event.index, event.digests)

    def _erase_again(self) -> None:
        """A copy of the ledger may have brought values back whose erasure is recorded in it."""
        for index in self.journal.erasures():
            event = self.records.recorded(index).event
            if isinstance(event, DisclosureErased):
                kept = map(disclosure.digest, self.journal.disclosures(event.index))
                if not set(event.digests).isdisjoint(kept):
                    self._erase(event)


def _watch(clock: Clock, confirmed: bool) -> Watch:
    return Watch(clock, steady_clock if clock is system_clock else None, confirmed=confirmed)


def _origin_of(journal: Journal) -> str:
    """The origin that entry 0 names; empty where it cannot be read, so that a damaged ledger can be
    verified."""
    if journal.head().size == 0:
        raise StoreTrouble("store-empty", path=journal.url)
    opened = Records(journal).recorded(0).event
    return opened.origin if isinstance(opened, LedgerOpened) else ""


def _no_type(_: int) -> None:
    return None
