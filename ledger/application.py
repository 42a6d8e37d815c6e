"""A ledger that can be opened, read and added to: the one door for the commands, scripts and programs.

    ledger = Ledger.create("gaborone.db", LedgerOpened(by="gaborone", ...), authority_key)
    receipt = ledger.record(Mined(by="karowe", site="AK6", lines=(...)), miners_key, occurred="2015-11-16")
    receipt.text          '17:5f3a...'  whoever keeps it can hold the ledger to it
    ledger.state().parcel("P1").holder

Recording is deciding, in this order: the statement is taken apart and its signature checked
(`ledger.admission`); an id that is there already answers with its first receipt, or is refused; what its
author has ``seen`` must be this ledger's; the rules are asked; then one transaction. A batch is decided one
act after the other, each on what the ones before it change, and recorded together or not at all.

With the ledger's key at hand (``keeper``), where the ledger ends is signed after every commit, and a receipt
gives a proof that verifies at once. Before anything is recorded, the guard beside that key is asked: a copy
that does not contain what was signed takes nothing but its own end (``ledger-closed/1``).

Times come from the keeper's clock, which is asked about when it jumps (`ledger.store.clock`). One ledger
object is for one thread at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Unpack

from ledger.admission import Act, Chance, Said, propose, time_ordered_id
from ledger.chain import disclosure, merkle
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.statement import SignedStatement
from ledger.domain.events import DisclosureErased, Event, LedgerOpened
from ledger.domain.refusal import Refusal
from ledger.domain.state import State
from ledger.errors import AdamasError, StoreTrouble
from ledger.keeping import AtHand, Keeper, Keys
from ledger.keeping import Receipt as Receipt
from ledger.keys import SigningKey
from ledger.store import opening as stores
from ledger.store.clock import Clock, Watch, steady_clock, system_clock
from ledger.store.journal import Head, Journal
from ledger.store.nodes import JournalTree
from ledger.store.records import Records

if TYPE_CHECKING:
    from ledger.recording import Recording


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
        self._at_hand = AtHand(origin, journal, key)
        self._writing = (watch, chance)
        self._recording: Recording | None = None

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
        return self._recorder().sign(Act(event, key, **said))

    def record(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> Receipt:
        """Sign and record one event; ``said`` as in `sign`, exceptions as in `record_batch`."""
        return self.record_batch([Act(event, key, **said)])[0]

    def record_batch(self, acts: Iterable[Act]) -> list[Receipt]:
        """Sign and record acts, together or not at all; a documented one gets all its discrepancies named.

        Raises `Refused` with the refusals of the first act that may not be recorded, `Malformed`,
        `Unconfirmed` (the clock), `Conflict` (``statement-id-taken``, ``ledger-busy``).
        """
        return self._recorder().together(list(acts))

    def append(self, statements: Iterable[SignedStatement]) -> list[Receipt]:
        """Record signed statements, together or not at all; what is there already has its first receipt.

        Raises as `record_batch` does, and what `ledger.admission` finds in a statement.
        """
        return self._recorder().together(list(statements))

    def record_each(self, items: Iterable[Act | SignedStatement]) -> list[Receipt | AdamasError]:
        """Record acts and statements, each for itself, in one transaction where that is possible.

        The answer to each is its receipt, or the `Refused`, `Malformed` or `Conflict` that `record` or
        `append` would raise for it; the others are recorded all the same. What fails for all of them is
        raised.
        """
        return self._recorder().each(list(items))

    def preview(self, event: Event, key: SigningKey, **said: Unpack[Said]) -> list[Refusal]:
        """What `record` would be refused for, in the rules' order; nothing is recorded. Raises
        `Malformed`."""
        return self._recorder().preview(Act(event, key, **said))

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
        return self._at_hand.speaking(self.state().house())

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
        try:
            self._at_hand.close()
        finally:
            self.journal.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recorder(self) -> Recording:
        if self._recording is None:
            from ledger.recording import Recording  # who only reads needs no rules

            watch, chance = self._writing
            self._recording = Recording(
                self.origin, self.journal, self.records, watch, chance, self._at_hand, self._erase
            )
        return self._recording

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
