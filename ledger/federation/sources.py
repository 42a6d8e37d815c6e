"""Where a partner's acts are read: its ledger's file, its published directory, or a letter of proofs.

A `Source` answers the questions of a trace (`ledger.domain.moments.Acts`) and those that hold it to what
another ledger recorded of it: the hash of an entry, the root at a size, who signed. A ledger's file and a
published directory are whole; a letter has only the entries that were put into it. Of a published directory
every entry is read once, since there is no index of its parcels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from ledger.chain import archive, merkle
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.note import VerifierKey
from ledger.chain.tile_source import TileSource
from ledger.chain.tiles import CHECKPOINT
from ledger.domain.events import EVENTS, LedgerOpened, Opaque, Recorded
from ledger.domain.moments import Acts
from ledger.domain.state import guarded, touched
from ledger.errors import Malformed, NotFound, StoreTrouble
from ledger.federation import publications
from ledger.federation.filed_acts import FiledActs
from ledger.store import opening
from ledger.store.decoding import together
from ledger.store.nodes import JournalTree
from ledger.store.records import Records
from ledger.values import dataclass

LEDGER, PUBLISHED, LETTER = "ledger", "published", "letter"
_MOST_LETTER = archive.MOST_BYTES + 1


@dataclass(frozen=True, slots=True)
class Source:
    """A partner's acts. ``kind`` ledger, published or letter; ``size`` of its tree; ``signed`` the checkpoint
    that it stands under, None for a ledger's file, which is nobody's word; ``leaf`` an entry's hash and
    ``root`` the root at a size, None where the source cannot tell."""

    place: str
    kind: str
    origin: str
    size: int
    acts: Acts
    signed: SignedCheckpoint | None
    leaf: Callable[[int], bytes | None]
    root: Callable[[int], bytes | None]
    close: Callable[[], None] = field(default=lambda: None)


class Gathered:
    """Acts at hand in memory, found by the subjects they change or name (`Acts`)."""

    def __init__(self, records: Iterable[Recorded]) -> None:
        self._own: dict[str, list[Recorded]] = {}
        self._all: dict[str, list[Recorded]] = {}
        self._types: dict[str, int] = {}
        self._opaque: list[int] = []
        for record in records:
            self._take(record)

    def _take(self, record: Recorded) -> None:
        event = record.event
        self._types.setdefault(event.TYPE, record.index)
        if isinstance(event, Opaque) or event.TYPE not in EVENTS:
            self._opaque.append(record.index)
        own = guarded(event, record.about)
        for name in own:
            self._own.setdefault(name, []).append(record)
        for name in (*own, *touched(event, record.about, own)):
            self._all.setdefault(name, []).append(record)

    def of(self, subject: str) -> Sequence[Recorded]:
        """The entries that change the subject."""
        return self._own.get(subject, ())

    def histories(self, subjects: Iterable[str]) -> Mapping[str, Sequence[Recorded]]:
        """Of each subject the entries that change it and those that only name it."""
        return {name: self._all.get(name, ()) for name in subjects}

    def has(self, wire: str) -> bool:
        """Whether there is any entry of that type at all."""
        return wire in self._types

    def opaque(self) -> tuple[int, int | None]:
        """How many entries are not understood, and the first one's index."""
        return len(self._opaque), min(self._opaque, default=None)


def open_all(place: str) -> list[Source]:
    """The sources at a place: one, or of a folder that is no publication, such as ``adamas.db.evidence``,
    every letter that lies in it. Raises as `open_`.
    """
    folder = Path(place)
    if publications.is_url(place) or not folder.is_dir() or (folder / CHECKPOINT).exists():
        return [open_(place)]
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and _is_letter(path):
            try:
                found.append(_letter(str(path)))
            except Malformed:
                continue  # a document that only begins as a letter does
    return found


def open_(place: str) -> Source:
    """The source at a place: a ledger's file or database, a published directory or URL, a letter.

    Raises `StoreTrouble`, `NotFound` (``published-no-checkpoint``), `Malformed`, `Unavailable`.
    """
    if publications.is_url(place) or Path(place).is_dir():
        return _published(place)
    if "://" in place or not _is_letter(Path(place)):
        return _ledger(place)
    return _letter(place)


def _is_letter(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begin = file.read(16)
    except FileNotFoundError:
        return False  # the store says what is missing
    except OSError as problem:
        raise StoreTrouble("artefact-unreadable", path=str(path), reason=problem.strerror) from None
    return archive.is_zip(begin) or begin.startswith(b"c2sp.org/tlog-pr")


def _ledger(place: str) -> Source:
    journal = opening.open(place, write=False)
    records, tree, size = Records(journal), JournalTree(journal), journal.head().size
    opened = records.recorded(0).event if size else None
    origin = opened.origin if isinstance(opened, LedgerOpened) else ""
    return Source(
        place, LEDGER, origin, size, records, None,
        lambda index: entry_hash(journal.entry(index)) if index < size else None,
        lambda at: tree.root(at) if at <= size else None,
        journal.close,
    )  # fmt: skip


def _published(place: str) -> Source:
    read = publications.reading(place)
    data = read(CHECKPOINT)
    if data is None:
        raise NotFound("published-no-checkpoint", place=place)
    signed = SignedCheckpoint.parse(data)
    head = signed.checkpoint
    tiles = TileSource(read, head)
    acts = FiledActs(tiles.entries())
    return Source(
        place, PUBLISHED, head.origin, head.size, acts, signed,
        lambda index: tiles.node(0, index) if index < head.size else None,
        lambda at: merkle.root_of(at, tiles.node) if at <= head.size else None,
        acts.close,
    )  # fmt: skip


def _letter(place: str) -> Source:
    data = Path(place).read_bytes()
    if len(data) >= _MOST_LETTER:
        raise Malformed("archive-too-long", most=archive.MOST_BYTES)
    packed = archive.unpack(data) if archive.is_zip(data) else {-1: data}
    signed = Bundle.decode(next(iter(packed.values()))).checkpoint
    held = _proven(packed.values(), signed)
    acts = together({index: (one.entry, one.disclosures) for index, one in held.items()})
    head = signed.checkpoint
    return Source(
        place, LETTER, head.origin, head.size, Gathered(acts.values()), signed,
        lambda index: entry_hash(held[index].entry) if index in held else None,
        lambda at: head.root if at == head.size else None,
    )  # fmt: skip


def _proven(packed: Iterable[bytes], signed: SignedCheckpoint) -> dict[int, Bundle]:
    """The bundles that are in the tree of the letter's checkpoint; who signed that, is asked at each
    border."""
    found: dict[int, Bundle] = {}
    for data in packed:
        bundle = Bundle.decode(data)
        if bundle.checkpoint.checkpoint != signed.checkpoint:
            raise Malformed("archive-checkpoints")
        bundle.proof.check(entry_hash(bundle.entry))
        found[bundle.index] = bundle
    return found


def signed_by(source: Source, keys: Sequence[str]) -> bool | None:
    """Whether one of these keys signed the source's checkpoint; None where there is no checkpoint, or no key
    is known."""
    if source.signed is None or not keys:
        return None
    known = [VerifierKey.parse(key) for key in keys]
    try:
        return bool(source.signed.verify([key for key in known if key.name == source.origin]))
    except Malformed:
        return False
