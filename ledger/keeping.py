"""What speaks for a ledger: the keeper signs where it ends, and makes proofs under that signature.

A checkpoint is signed **after** the commit that made its root durable: the head is read again from the store
for each signature, so whatever became of a commit whose outcome is unknown, only what is there is signed. In
these steps:

1. what the guard remembers (`ledger.guard`) is in this ledger: as many entries, the same root at that size;
2. the head is read;
3. the guard permits its size and root; where another process has signed a later head meanwhile, from 2 again;
4. it is signed: Ed25519, ML-DSA-44 where the ledger has such a key, and the further keys of a change-over.

Step 1 is what finds an old copy put back, and of two copies that both run the one that came second, also when
it has grown beyond what was signed: a checkpoint of it would convict the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from pathlib import Path

from ledger.chain import bundle, note
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.merkle import Frontier
from ledger.chain.note import Note, Signature, VerifierKey
from ledger.domain.parties import House
from ledger.errors import AdamasError, Conflict, KeyTrouble, Malformed, StoreTrouble
from ledger.guard import FileGuard, Guard, Moved, Signed
from ledger.keys import Signer
from ledger.store.journal import Head, Journal
from ledger.store.nodes import JournalTree
from ledger.store.opening import guard_row
from ledger.values import dataclass

_OF_CLOSED = {"guard-behind": "guard-behind-closed", "guard-sideways": "guard-sideways-closed"}


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """A ledger's Ed25519 key and its guard's file; ``also`` signs beside it: its ML-DSA-44 key, and others
    while keys change. ``row`` is the URL of the database that holds a guard for all machines that write; what
    it permits, the files remember too."""

    signer: Signer
    guard: Path
    also: tuple[tuple[Signer, Path], ...] = ()
    row: str | None = None

    def keeper(self, origin: str, journal: Journal) -> Keeper:
        """The keeper of a ledger with this key.

        Raises `KeyTrouble` (``guard-...``), `StoreTrouble` (``store-url``), `Unavailable`
        (``extra-postgresql``).
        """
        files = [FileGuard(path, origin) for path in (self.guard, *(path for _, path in self.also))]
        also = [signer for signer, _ in self.also]
        if self.row is None:
            return Keeper(origin, journal, self.signer, files, also)
        return Keeper(origin, journal, self.signer, [guard_row(self.row, origin, journal), *files], also)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the ledger answers: the entry's index and hash, and when it was recorded (microseconds UTC).

    ``signed`` is the checkpoint that covers it, None without a ledger key; ``trouble`` why there is none
    although a key was at hand: the entry is recorded all the same.
    """

    index: int
    hash: bytes
    recorded: int
    signed: SignedCheckpoint | None = field(default=None, compare=False, repr=False)
    trouble: AdamasError | None = field(default=None, compare=False)
    _prove: Callable[[], Bundle] | None = field(default=None, compare=False, repr=False)
    _reads: bool = field(default=False, compare=False, repr=False)  # whether the proof is read from the store

    @property
    def text(self) -> str:
        """``INDEX:HASH``, as ``adamas verify --head`` takes it."""
        return f"{self.index}:{self.hash.hex()}"

    def proof(self) -> Bundle:
        """The entry and its path to the signed checkpoint: ``proof().encode()`` is a ``.tlog-proof``.

        Raises ``trouble``, and `KeyTrouble` (``ledger-key-none``) where the ledger has no key at hand.
        """
        if self._prove is None:
            raise self.trouble or KeyTrouble("ledger-key-none")
        return self._prove()


Keys = LedgerKey | Callable[[], LedgerKey | None] | None
"""A ledger's key, or what fetches it when it is needed; None where nobody signs for the ledger here."""


class Keeper:
    """Signs for one ledger. One object is for one thread at a time; several processes may keep one ledger.

    ``key`` is the verifier key under which it signs, ``tree`` the ledger's tree.
    """

    def __init__(
        self,
        origin: str,
        journal: Journal,
        signer: Signer,
        guards: Sequence[Guard],
        also: Sequence[Signer] = (),
    ) -> None:
        self.origin = origin
        self.key: VerifierKey = note.verifier_key(origin, signer)
        self.tree = JournalTree(journal)
        self._journal = journal
        self._signer = signer
        self._guards = tuple(guards)
        self._also = tuple(also)
        self._mark = self.key.id
        self._known: dict[Guard, Signed | None] = {}
        self._last: SignedCheckpoint | None = None
        self._spoke: tuple[tuple[str, ...], tuple[tuple[str, int, bytes], ...]] | None = None
        self._successor: str | None = None

    def check_speaks(self, house: House | None) -> None:
        """Raises `KeyTrouble` unless the ledger's entries name each key (``ledger-key-other``) and have not
        revoked it (``ledger-key-void``); the first is an Ed25519 key (``ledger-key-kind``), and one is of
        ML-DSA-44 where the ledger has one in force (``ledger-key-second``)."""
        said = None if house is None else (house.keys, house.revoked)
        self._successor = None if house is None else house.successor
        if said is None or said != self._spoke:
            self._check_keys(house)
            self._spoke = said

    def _check_keys(self, house: House | None) -> None:
        signing = [self.key, *(note.verifier_key(self.origin, one) for one in self._also)]
        void = {name for name, _, _ in house.revoked} if house is not None else set()
        for key in map(str, signing):
            if house is None or key not in house.keys:
                raise KeyTrouble("ledger-key-other", key=key[:120], origin=self.origin)
            if key in void:
                raise KeyTrouble("ledger-key-void", key=key[:120], origin=self.origin)
        if self.key.kind != note.ED25519:
            raise KeyTrouble("ledger-key-kind", origin=self.origin)
        named = () if house is None else [VerifierKey.parse(key) for key in house.keys if key not in void]
        if note.MLDSA44 in {key.kind for key in named} - {key.kind for key in signing}:
            raise KeyTrouble("ledger-key-second", origin=self.origin)

    def check(self) -> None:
        """Raises `Conflict` (``guard-behind``, ``guard-sideways``) unless this ledger contains what each of
        its keys signed last (step 1). Of a ledger that was closed, it says that it is, and what continues it
        (``guard-behind-closed``, ``guard-sideways-closed``)."""
        for guard in self._guards:
            self._contains_signed(guard)

    def _contains_signed(self, guard: Guard) -> None:
        while (newest := guard.look()) is not None and newest != self._known.get(guard):
            head = self._head()
            try:
                if head.size < newest.size:
                    guard.permit(head.size, head.root)
                else:
                    guard.permit(newest.size, self.tree.root(newest.size))
            except Conflict as refused:
                if guard.newest != newest:  # another process has signed meanwhile
                    continue
                self._check_tree(newest)
                raise self._told(refused) from None
            else:
                self._known[guard] = newest

    def _told(self, refused: Conflict) -> Conflict:
        """What the guard refuses, as it is told of a ledger that may have been closed."""
        if self._successor is None:
            return refused
        return Conflict(_OF_CLOSED[refused.code], **refused.values, successor=self._successor)

    def _check_tree(self, signed: Signed) -> None:
        """Before a ledger is called another one: its entries decide, not the kept subtrees.

        Raises `StoreTrouble` (``store-damaged``) where the entries have the root that was signed.
        """
        frontier = Frontier()
        for _, entry in self._journal.entries(0, signed.size):
            frontier.append(entry_hash(entry))
        if frontier.size == signed.size and frontier.root() == signed.root:
            raise StoreTrouble(
                "store-damaged", path=self._journal.url, reason="kept subtrees of the tree differ"
            )

    def checkpoint(self, durable: Head | None = None) -> SignedCheckpoint:
        """The signed checkpoint of the durable head; the same one as long as the head stays.

        ``durable`` is a head that the caller knows to be the store's, or to have been it.
        Raises `Conflict` as `check`, `KeyTrouble` (``guard-...``, ``signer-...``), and `StoreTrouble`
        (``store-replica``) where the store only follows.
        """
        self._journal.check_signable()
        head = self._permitted(self._lasting() if durable is None else self._of(durable))
        if self._last is None or self._last.checkpoint != head:
            self._last = self._sign(head)
        return self._last

    def proof(
        self,
        index: int,
        signed: SignedCheckpoint | None = None,
        *,
        disclosures: Sequence[str] = (),
        since: Iterable[int] = (),
        path: Callable[[int], Sequence[bytes]] | None = None,
        entry: bytes | None = None,
    ) -> Bundle:
        """The bundle of an entry under a checkpoint, by default one of now; its path has been checked.

        ``since`` as in `bundle.make`; ``path`` (by index) and ``entry`` where they are known. Raises
        `NotFound` (``entry-missing``), `Malformed` (``tree-index``), `StoreTrouble` (``store-damaged``), and
        what `checkpoint` raises.
        """
        under = self.checkpoint() if signed is None else signed
        entry = self._journal.entry(index) if entry is None else entry
        if path is None:
            made = bundle.make(index, entry, under, self.tree.node, disclosures=disclosures, since=since)
        else:
            return Bundle(index, tuple(path(index)), under, entry, tuple(disclosures))
        try:
            made.proof.check(entry_hash(entry))
        except Malformed as trouble:
            raise StoreTrouble("store-damaged", path=self._journal.url, reason=str(trouble)) from trouble
        return made

    def close(self) -> None:
        """Let the guards force onto the disk what was signed last, and let go of their files and
        connections."""
        for guard in self._guards:
            guard.close()

    def _lasting(self) -> Checkpoint:
        return self._of(self._journal.lasting_head())

    def _head(self) -> Checkpoint:
        return self._of(self._journal.head())

    def _of(self, head: Head) -> Checkpoint:
        return Checkpoint(self.origin, head.size, head.root())

    def _permitted(self, head: Checkpoint) -> Checkpoint:
        while True:
            try:
                for guard in self._guards:
                    guard.permit(head.size, head.root, after=self._known.get(guard))
            except Moved:
                self.check()  # what another process has signed must be contained here
            except Conflict as refused:
                self.check()
                again = self._lasting()
                if again == head:
                    raise self._told(refused) from None
                head = again
            else:
                self._known = {guard: guard.newest for guard in self._guards}
                return head

    def _sign(self, head: Checkpoint) -> SignedCheckpoint:
        text = head.text
        own = Signature(self.origin, self._mark, self._signer.sign(text.encode("utf-8")))
        signed = SignedCheckpoint(head, Note(text, (own,)))
        more = [note.sign(text, self.origin, signer) for signer in self._also]
        return signed.with_signatures(more) if more else signed


class AtHand:
    """A ledger's keeper where its key is at hand; the key is fetched when something is to be signed for the
    first time."""

    def __init__(self, origin: str, journal: Journal, key: Keys) -> None:
        self._origin = origin
        self._journal = journal
        self._key = key
        self._keeper: Keeper | None = None

    def keeper(self) -> Keeper | None:
        """The keeper, None where nobody signs here. Raises `KeyTrouble`."""
        key = self._key
        if key is not None:
            found = key if isinstance(key, LedgerKey) else key()
            self._keeper = None if found is None else found.keeper(self._origin, self._journal)
            self._key = None
        return self._keeper

    def speaking(self, house: House | None) -> Keeper:
        """The keeper, whose key speaks for the ledger.

        Raises `KeyTrouble`: ``ledger-key-none`` where nobody signs here, and as `Keeper.check_speaks`.
        """
        found = self.keeper()
        if found is None:
            raise KeyTrouble("ledger-key-none")
        found.check_speaks(house)
        return found

    def close(self) -> None:
        """Close the keeper; nobody signs here any more."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.close()
