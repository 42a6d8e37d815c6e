"""How acts become entries: signed or taken apart, decided one after the other, and appended together.

`ledger.application` is the door; this is the room behind it, entered when something is to be written for the
first time. Rules are asked on what this process remembers. When another process was first with something that
the decision rests on, the store says so, and it is decided again on what is there now; before anything is
refused, the same is made sure of.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ledger.admission import Act, Chance, Proposed, propose, take, time_ordered_id
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.entry import fields as entry_fields
from ledger.chain.merkle import Frontier, Grown, inclusion
from ledger.chain.statement import SignedStatement
from ledger.decision import Batch
from ledger.domain.events import DisclosureErased
from ledger.domain.refusal import Refusal
from ledger.domain.state import State
from ledger.errors import AdamasError, Conflict, Malformed, Refused
from ledger.keeping import AtHand, Receipt
from ledger.store.clock import Watch
from ledger.store.journal import Appended, Head, Journal, Stale
from ledger.store.records import Records
from ledger.store.roots import Roots

_ATTEMPTS = 50
"""How often something is decided anew because another process was first, before that is told."""
_OWN = (Refused, Malformed, Conflict)
"""What is wrong with one act, and not with the store or the clock."""


class _Wanted:
    """What is to be recorded, while it is tried: an act to be signed, or a signed statement."""

    __slots__ = ("fresh", "id", "item", "ready")

    def __init__(self, item: Act | SignedStatement) -> None:
        self.item = item
        self.fresh = isinstance(item, Act) and item.id is None  # its id is made here, so it is new
        self.id = b""
        self.ready: Proposed | None = None


class Recording:
    """Writes into one ledger. One object is for one thread at a time.

    ``erase`` is told every erasure that was recorded. The methods raise `StoreTrouble` and `Conflict` as the
    store does, `Unconfirmed` where the clock jumped.
    """

    def __init__(
        self,
        origin: str,
        journal: Journal,
        records: Records,
        watch: Watch,
        chance: Chance,
        at_hand: AtHand,
        erase: Callable[[DisclosureErased], None],
    ) -> None:
        self._origin = origin
        self._journal = journal
        self._records = records
        self._roots = Roots(journal)
        self._watch = watch
        self._chance = chance
        self._at_hand = at_hand
        self._erase = erase

    def sign(self, act: Act) -> SignedStatement:
        """See `Ledger.sign`."""
        return self._propose(act, act.id or self._new_id()).signed

    def preview(self, act: Act) -> list[Refusal]:
        """See `Ledger.preview`."""
        self._records.catch_up()
        batch = self._batch()
        proposed = self._named(act, act.id or self._new_id(), batch)
        batch.expect([proposed])
        return batch.refusals(proposed)

    def together(self, items: Sequence[Act | SignedStatement]) -> list[Receipt]:
        """Record all of them or none; the first refusal is raised. See `Ledger.record_batch`."""
        self._journal.check_writable()
        wanted = [_Wanted(item) for item in items]
        for _ in range(_ATTEMPTS):
            known = self._records.head
            try:
                return self._attempt(wanted)
            except Stale:
                self._records.catch_up()
            except Refused:
                if self._records.catch_up() == known:
                    raise
        raise Conflict("ledger-busy", attempts=_ATTEMPTS)

    def each(self, items: Sequence[Act | SignedStatement]) -> list[Receipt | AdamasError]:
        """Record each for itself. See `Ledger.record_each`."""
        self._journal.check_writable()
        wanted = [_Wanted(item) for item in items]
        for _ in range(_ATTEMPTS):
            try:
                answers, certain = self._attempt_each(wanted)
            except Stale:
                self._records.catch_up()
                continue
            return [
                answer if certain or isinstance(answer, Receipt) else self._alone(one)
                for one, answer in zip(wanted, answers, strict=True)
            ]
        raise Conflict("ledger-busy", attempts=_ATTEMPTS)

    def _alone(self, one: _Wanted) -> Receipt | AdamasError:
        """Decide what was refused once more, by itself, on what is there now."""
        try:
            return self.together([one.item])[0]
        except _OWN as trouble:
            return trouble

    def _attempt(self, wanted: Sequence[_Wanted]) -> list[Receipt]:
        batch = self._batch()
        for one in wanted:
            self._prepare(one)
        batch.expect(one.ready for one in wanted if one.ready is not None)
        before = self._before(wanted)
        places = [self._place(one, batch, before) for one in wanted]
        receipts = self._append(batch)
        return [place if isinstance(place, Receipt) else receipts[place] for place in places]

    def _attempt_each(self, wanted: Sequence[_Wanted]) -> tuple[list[Receipt | AdamasError], bool]:
        """The answers, and whether nobody else wrote meanwhile, so that what was refused is refused."""
        batch = self._batch()
        places: list[Receipt | int | AdamasError] = []
        for one in wanted:
            try:
                self._prepare(one)
                batch.expect([one.ready] if one.ready is not None else [])
                places.append(self._place(one, batch, self._before([one])))
            except _OWN as trouble:
                places.append(trouble)
        receipts = self._append(batch)
        certain = bool(receipts) and receipts[0].index == batch.head.size
        return [receipts[place] if isinstance(place, int) else place for place in places], certain

    def _before(self, wanted: Sequence[_Wanted]) -> Mapping[bytes, int]:
        """Where statements with these ids are already; an id that was made here is new."""
        asked = [one.id for one in wanted if not one.fresh]
        return self._journal.indexes_of(asked) if asked else {}

    def _place(self, one: _Wanted, batch: Batch, before: Mapping[bytes, int]) -> Receipt | int:
        """The first receipt of what is there already, or the act's number in the batch."""
        proposed = one.ready or self._named(one.item, one.id, batch)
        first = before.get(one.id)
        return batch.admit(proposed) if first is None else self._first_receipt(first, proposed)

    def _prepare(self, one: _Wanted) -> None:
        """Sign, or take apart, what does not depend on what comes before it: all but documented acts."""
        if one.ready is not None:
            return
        item = one.item
        if isinstance(item, SignedStatement):
            one.ready = take(item, self._origin, self._type_of)
            one.id = one.ready.statement.id
            return
        one.id = one.id or item.id or self._new_id()
        if not item.event.documented:
            one.ready = self._propose(item, one.id)

    def _batch(self) -> Batch:
        records = self._records
        return Batch(self._origin, records, self._journal, self._roots, self._watch.read(records.head))

    def _append(self, batch: Batch) -> list[Receipt]:
        if not batch.drafts:
            return []
        keeper = self._at_hand.keeper()
        if keeper is not None and not batch.only_closes:
            keeper.check()
        appended, head = self._journal.append(
            batch.drafts, clock=lambda: batch.moment, read=batch.knowledge.versions, head=batch.head
        )
        self._records.advance(batch.decided, appended, head)
        for decided in batch.decided:
            if isinstance(decided.act.event, DisclosureErased):
                self._erase(decided.act.event)
        return self._receipts(appended, batch.head, head)

    def _receipts(self, appended: Sequence[Appended], before: Head, durable: Head) -> list[Receipt]:
        """What is answered for entries that are durable now; ``before`` is the head they were decided on."""
        if self._at_hand.keeper() is None:
            return [Receipt(one.index, one.hash, one.recorded) for one in appended]
        try:
            keeper = self._at_hand.speaking(State(self._records.knowledge()).house())
            signed = keeper.checkpoint(durable)
        except AdamasError as trouble:
            return [Receipt(one.index, one.hash, one.recorded, trouble=trouble) for one in appended]
        known = self._known_path(appended, before, signed)
        return [
            Receipt(
                one.index,
                one.hash,
                one.recorded,
                signed,
                _prove=partial(keeper.proof, one.index, signed, path=known, entry=one.entry),
                _reads=known is None,
            )
            for one in appended
        ]

    def _known_path(
        self, appended: Sequence[Appended], before: Head, signed: SignedCheckpoint
    ) -> Callable[[int], Sequence[bytes]] | None:
        """The paths of new entries, worked out from the head before them; None where others wrote between."""
        size = signed.checkpoint.size
        if appended[0].index != before.size or appended[-1].index + 1 != size:
            return None
        frontier = Frontier.decode(before.frontier)
        if len(appended) == 1:
            return lambda _: frontier.path_of_next()
        grown = Grown(frontier, [one.hash for one in appended])
        return lambda index: inclusion(index, size, grown.node)

    def _first_receipt(self, index: int, proposed: Proposed) -> Receipt:
        """What was answered when these same bytes were recorded. Raises `Conflict` for other bytes."""
        data = self._journal.entry(index)
        _, _, recorded, statement, signature = entry_fields(data)
        if statement != proposed.signed.statement or signature != proposed.signed.signature:
            raise Conflict("statement-id-taken", id=proposed.statement.id.hex(), index=index)
        keeper = self._at_hand.keeper()
        prove = None if keeper is None else partial(keeper.proof, index)
        return Receipt(index, entry_hash(data), recorded, _prove=prove, _reads=True)

    def _new_id(self) -> bytes:
        return time_ordered_id(self._watch.now(), self._chance)

    def _propose(self, act: Act, statement_id: bytes) -> Proposed:
        return propose(act, self._origin, statement_id, self._chance, self._type_of)

    def _named(self, act: Act | SignedStatement, statement_id: bytes, batch: Batch) -> Proposed:
        """An act; a documented one with what the rules find in it, behind the acts before, as
        discrepancies."""
        if isinstance(act, SignedStatement):
            return take(act, self._origin, self._type_of)
        proposed = self._propose(act, statement_id)
        event = batch.named(proposed) if act.event.documented else proposed.event
        if event is proposed.event:
            return proposed
        return self._propose(dataclasses.replace(act, event=event), statement_id)

    def _type_of(self, index: int) -> str | None:
        return self._records.recorded(index).event.TYPE if index < self._records.head.size else None
