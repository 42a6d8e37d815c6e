"""Entries as the domain sees them: decoded without an exception, folded by subject, remembered within
bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import encoding
from ledger.application import Ledger
from ledger.chain import disclosure
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.statement import Statement
from ledger.domain import events as e
from ledger.domain.fields import WITHHELD
from ledger.domain.state import fold
from ledger.errors import NotFound, Refused
from ledger.store import opening, records
from ledger.store.decoding import decode
from ledger.store.journal import Draft
from ledger.store.records import Records
from ledger.store.remembered import Remembered
from tests import writers
from tests.refusing import refusing
from tests.world import AUTHORITY, ORIGIN, World, goods

DIGESTS = sorted(disclosure.digest(str(number)) for number in range(9))


@pytest.fixture
def peopled(world: World) -> World:
    """A world in which something happened to goods."""
    world.mine("P1", "12.500", "P2", "3.000", occurred="2024-01-10")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.sell("P1a", to="dealer-7", price=1_234_500)
    world.mix("M1", "P2", "P1b")
    return world


@pytest.fixture
def twin(peopled: World) -> Iterator[Records]:
    """The records of the same ledger as another process would read them."""
    journal = opening.open(peopled.ledger.journal.url)
    yield Records(journal)
    journal.close()


def foreign(world: World, wire: str, body: dict[str, object], **more: object) -> int:
    """Put an entry into the journal behind the ledger's back, as a newer version may have done; its
    index."""
    journal = world.ledger.journal
    fields = {"occurred": None, **more}
    statement = Statement(ORIGIN, world.chance(16), wire, world.keys[AUTHORITY].public, body, **fields)  # type: ignore[arg-type]
    drafts = [Draft(encoding.encode(statement._fields()), bytes(64), statement.id, wire)]
    return journal.append(drafts, clock=world.clock, read={}, head=journal.head())[0][0].index


def test_a_record_is_what_its_entry_says(peopled: World) -> None:
    """Index, time, hash and author from the bytes; the event with its sealed price put back."""
    found = peopled.ledger.records.recorded(peopled.ledger.head().size - 2)
    data = peopled.ledger.journal.entry(found.index)
    assert (found.index, found.recorded) == (Entry.decode(data).index, Entry.decode(data).recorded)
    assert found.hash == entry_hash(data)
    assert found.author == peopled.keys["miner-1"].public
    assert found.event == e.Sold(by="miner-1", parcels=("P1a",), to="dealer-7", price=1_234_500)
    assert "1234500" not in repr(data)


def test_what_happened_and_sources_come_along(peopled: World) -> None:
    """The date as it was spelled; how many things the evidence names."""
    (mined, *_) = peopled.ledger.records.of("parcel:P2")
    assert mined.occurred == "2024-01-10"
    told = peopled.tell(e.Reported(by="dealer-7", report="seen in a shop"), occurred="2023")
    assert peopled.ledger.records.recorded(told.index).sources == 1


def test_without_its_disclosure_a_field_is_withheld(peopled: World) -> None:
    """Every sealed field that is absent, since a digest does not say which one it hides."""
    index = peopled.ledger.head().size - 2
    withheld = decode(index, peopled.ledger.journal.entry(index)).event
    assert isinstance(withheld, e.Sold)
    assert withheld.price is WITHHELD
    assert withheld.invoice is WITHHELD
    assert withheld.parcels == ("P1a",)


def test_disclosures_of_another_entry_disclose_nothing(peopled: World) -> None:
    """As if nobody had any; no exception."""
    index = peopled.ledger.head().size - 2
    others = peopled.ledger.journal.disclosures(2)
    assert others
    event = decode(index, peopled.ledger.journal.entry(index), others).event
    assert isinstance(event, e.Sold)
    assert event.price is WITHHELD


@pytest.mark.parametrize(
    ("wire", "body", "problem"),
    [
        ("parcel-teleported/1", {"by": "miner-1"}, "type-unknown"),
        (
            "parcel-sold/1",
            {"by": "miner-1", "parcels": ["P1"], "to": "dealer-7", "drone": 1},
            "field-unknown",
        ),
        ("parcel-sold/1", {"by": "miner-1", "parcels": "P1", "to": "dealer-7"}, "field-array"),
        ("parcel-sold/1", {"_sd": DIGESTS, "by": "x", "parcels": ["P"], "to": "y"}, "field-unknown"),
        ("corrected/1", {"by": "x", "hash": bytes(32), "index": 10**6, "reason": "r"}, "field-missing"),
        ("attested/1", {"by": "x"}, "entry-unreadable"),
        ("corrected/1", {"by": "x", "index": "1"}, "entry-unreadable"),
    ],
)
def test_what_is_not_understood_is_opaque(
    world: World, wire: str, body: dict[str, object], problem: str
) -> None:
    """A newer type, a newer field, another form: in its place, with the reason, and reading goes on."""
    index = foreign(world, wire, body)
    after = world.mine("P1", "1.000").index
    world.ledger.records.forget()
    event = world.ledger.records.recorded(index).event
    assert isinstance(event, e.Opaque)
    assert event.problems[0].code == problem
    assert [record.index for record in world.ledger.records.between(index)] == [index, after]
    assert world.parcel("P1").weight == 1000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        encoding.encode([1, 2]),
        encoding.encode([1, 0, bytes(32), 5, b"\x80", bytes(64)]),
        encoding.encode([1, 0, bytes(32), 5, encoding.encode({"body": [], "type": []}), bytes(64)]),
        encoding.encode([1, 0, bytes(32), "late", b"", b""]),
        encoding.encode({"a": 1}),
    ],
)
def test_no_bytes_stop_the_reading(data: bytes) -> None:
    """Whatever lies in an entry's place, it gives a record with a hash and no exception."""
    found = decode(7, data)
    assert isinstance(found.event, e.Opaque)
    assert (found.index, found.hash) == (7, entry_hash(data))


def test_a_date_that_is_none_is_opaque(world: World) -> None:
    """Every fold may rely on `occurred`."""
    body = {"by": "dealer-7", "report": "r"}
    good, bad = (
        foreign(world, "parcel-reported/1", body),
        foreign(world, "parcel-reported/1", body, occurred="soon"),
    )
    assert isinstance(world.ledger.records.recorded(good).event, e.Reported)
    assert isinstance(world.ledger.records.recorded(bad).event, e.Opaque)


def test_opaque_entries_are_counted(world: World) -> None:
    """How many are of types that this version does not know, and where the first one is."""
    assert world.ledger.records.opaque() == (0, None)
    first = foreign(world, "parcel-teleported/1", {"by": "x"})
    world.mine("P1", "1.000")
    foreign(world, "parcel-cloned/2", {"by": "x"})
    foreign(world, "parcel-teleported/1", {"by": "x"})
    assert world.ledger.records.opaque() == (3, first)


def test_an_act_about_an_entry_has_it_attached(peopled: World) -> None:
    """A correction, an attestation, an erasure; one about another ledger's entry has nothing."""
    sold = peopled.ledger.records.recorded(peopled.ledger.head().size - 2)
    about = e.Attested(by="dealer-7", origin=ORIGIN, index=sold.index, hash=sold.hash)
    elsewhere = e.Attested(by="dealer-7", origin="ledger.example/ae/x1", index=1, hash=bytes(32))
    mine, other = peopled.do(about), peopled.do(elsewhere)
    again = peopled.do(e.Attested(by="dealer-8", origin=ORIGIN, index=mine.index, hash=mine.hash))
    for _ in range(2):
        assert peopled.ledger.records.recorded(mine.index).about == sold
        assert peopled.ledger.records.recorded(other.index).about is None
        attested = peopled.ledger.records.recorded(again.index).about
        assert attested is not None
        assert attested.event == about
        peopled.ledger.records.forget()


def test_a_long_chain_of_acts_about_acts_is_read(world: World) -> None:
    """Each attests the one before it; how many there are does not matter."""
    wire, body = "attested/1", {"by": "dealer-7", "origin": ORIGIN, "hash": bytes(32)}
    last = 0
    for _ in range(1_500):
        last = foreign(world, wire, {**body, "index": last})
    about = world.ledger.records.recorded(last).about
    assert about is not None
    assert about.index == last - 1


def test_subjects_fold_from_their_own_entries(peopled: World, twin: Records) -> None:
    """What another process reads is what a fold over everything gives, for every subject there is."""
    everything = fold(twin.between()).subjects()
    state = twin.state()
    assert len(everything) > 30
    for name, subject in everything.items():
        assert state.subject(name) == subject, name
        assert peopled.ledger.state().subject(name) == subject, name
    assert state.parcel("P9") is None
    known = twin.knowledge()
    assert "parcel:P1" in known
    assert "parcel:P9" not in known
    assert known.versions == {"parcel:P1": 2, "parcel:P9": 0}


def test_entries_of_a_subject_and_those_that_mention_it(peopled: World) -> None:
    """Those that change it, and those that only name it."""
    guarded = peopled.ledger.records.of("parcel:P1")
    assert [type(record.event) for record in guarded] == [e.Mined, e.Split]
    mentioned = peopled.ledger.records.mentioning("party:dealer-7", newest_first=True, limit=1)
    assert [type(record.event) for record in mentioned] == [e.Sold]
    assert peopled.ledger.records.mentioning("party:nobody") == []


def test_reading_in_pages_reads_everything_once(
    peopled: World, twin: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its disclosures, between bounds, the same as one by one."""
    monkeypatch.setattr(records, "_PAGE", 7)
    size = peopled.ledger.head().size
    assert list(twin.between()) == [twin.recorded(index) for index in range(size)]
    assert [record.index for record in twin.between(5, 9)] == [5, 6, 7, 8]


def test_a_missing_entry_is_told(world: World) -> None:
    """By its index."""
    with pytest.raises(NotFound):
        world.ledger.records.recorded(10**6)


def test_what_this_process_appends_it_knows(peopled: World) -> None:
    """States that were read before follow what is recorded, without a question to the store."""
    assert peopled.parcel("P1a").holder == "dealer-7"
    for to in ("dealer-8", "dealer-7", "cutter-2"):
        peopled.sell("P1a", to=to)
        assert peopled.parcel("P1a").holder == to
    kept = peopled.parcel("P1a")
    peopled.ledger.records.forget()
    assert peopled.parcel("P1a") == kept
    assert [act.hash for act in kept.acts] == [
        record.hash for record in peopled.ledger.records.of("parcel:P1a")
    ]


def test_what_another_process_appends_is_looked_at(peopled: World, twin: Records) -> None:
    """After few entries and after many, what was remembered and has changed is read anew."""
    state = twin.state()
    assert state.parcel("P1a").holder == "dealer-7"  # type: ignore[union-attr]
    peopled.sell("P1a", to="dealer-8")
    assert state.parcel("P1a").holder == "dealer-7"  # type: ignore[union-attr]
    assert twin.state().parcel("P1a").holder == "dealer-8"  # type: ignore[union-attr]
    for number in range(70):
        peopled.mine(f"N{number}", "1.000")
    peopled.sell("P1a", to="cutter-2")
    assert twin.state().parcel("P1a").holder == "cutter-2"  # type: ignore[union-attr]


def test_an_older_copy_in_the_file_s_place_is_noticed(tmp_path: Path) -> None:
    """Entries that are no longer there are forgotten, also when the copy has grown past them."""
    world = World(tmp_path / "ledger.db")
    world.mine("P1", "1.000")
    reading = Records(opening.open(world.ledger.journal.url))
    assert reading.state().parcel("P1") is not None
    other = World(tmp_path / "other.db")
    other.mine("P2", "1.000")
    other.mine("P3", "1.000")
    reading._journal.close()
    reading._journal = other.ledger.journal
    state = reading.state()
    assert state.parcel("P1") is None
    assert state.parcel("P3") is not None
    world.close()
    other.close()


def test_a_correction_is_folded_anew(peopled: World, twin: Records) -> None:
    """The subjects that the corrected act or its replacement names, in this process and in another."""
    (mined,) = (
        record for record in peopled.ledger.records.of("parcel:P2") if isinstance(record.event, e.Mined)
    )
    lines = (goods("P1", "12.500", "710231"), goods("P2", "3.000", "710231"))
    body = e.write(e.Mined(by="miner-1", site="kalahari-1", lines=lines, note="from the second scale"))
    twin.state().parcel("P2")
    peopled.do(
        e.Corrected(
            by="miner-1", index=mined.index, hash=mined.hash, replacement=body, reason="the note was missing"
        )
    )
    for state in (peopled.ledger.state(), twin.state(), fold(twin.between())):
        parcel = state.parcel("P2")
        assert parcel is not None
        assert parcel.acts[0].corrected_by == peopled.ledger.head().size - 1
        assert parcel.acts[0].event.note == "from the second scale"  # type: ignore[union-attr]


def test_memory_has_bounds() -> None:
    """The oldest unused is forgotten first; what alone is too much is not kept."""
    memory: Remembered[str, int] = Remembered(10)
    memory.put("a", 1, 4)
    memory.put("b", 2, 4)
    assert memory.get("a") == 1
    memory.put("c", 3, 4)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, None, 3)
    memory.put("a", 5, 1)
    assert (memory.get("a"), len(memory)) == (5, 2)
    memory.put("d", 6, 11)
    assert ("d" in memory, len(memory)) == (False, 0)
    memory.put("e", 7, 10)
    memory.drop("e")
    memory.put("f", 8, 10)
    assert memory.get("f") == 8


def test_what_is_shared_weighs_once() -> None:
    """A sheet weighs as long as one of its parcels is remembered, and only once for all of them."""
    memory: Remembered[str, int] = Remembered(10)
    for number, name in enumerate("abc"):
        memory.put(name, number, 1, {"sheet": 6})
    assert len(memory) == 3
    memory.put("d", 4, 2)
    assert (len(memory), "a" in memory) == (3, False)
    memory.drop("b")
    memory.drop("c")
    memory.put("e", 5, 8)
    assert "d" in memory
    memory.share("e", "another sheet", 1)
    assert ("d" in memory, "e" in memory) == (False, True)
    memory.share("e", "another sheet", 1)
    memory.put("f", 6, 1)
    assert "e" in memory


def test_sheets_do_not_pile_up_in_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parcels of many sheets are read; what is remembered stays within its bound."""
    monkeypatch.setattr(records, "SUBJECT_LINES", 300)
    monkeypatch.setattr(records, "ENTRY_BYTES", 30_000)
    reading = Records(world.ledger.journal)
    for sheet in range(12):
        world.mine(*(text for line in range(50) for text in (f"S{sheet}-{line}", "1.000")))
    state = reading.state()
    for sheet in range(12):
        assert state.parcel(f"S{sheet}-7").weight == 1000  # type: ignore[union-attr]
    assert 0 < len(reading._subjects) <= 6
    assert sum(weight for _, weight, _ in reading._entries._kept.values()) <= 30_000


def test_what_others_write_elsewhere_is_compared_and_not_read(tmp_path: Path) -> None:
    """Two processes that weigh their own parcels in turn read nothing of each other, until one wants what the
    other changed."""
    world = World(tmp_path / "ledger.db")
    world.mine("P1", "12.500", "P2", "12.500")
    with Ledger.open(str(tmp_path / "ledger.db"), clock=world.clock) as other:
        for weight in (12_500, 12_499):
            world.do(e.Weighed(by="miner-1", parcel="P1", weight=weight))
            other.record(e.Weighed(by="miner-1", parcel="P2", weight=weight), world.keys["miner-1"])
        behind = other.records.head.size
        for weight in range(12_498, 12_488, -1):
            world.do(e.Weighed(by="miner-1", parcel="P1", weight=weight))
            other.record(e.Weighed(by="miner-1", parcel="P2", weight=weight), world.keys["miner-1"])
        assert other.records.head.size == behind
        assert not any(index in other.records._entries for index in range(behind, other.head().size, 2))
        world.sell("P2", to="dealer-7")
        with refusing(Refused, "holder-only"):
            other.record(e.Weighed(by="miner-1", parcel="P2", weight=12_000), world.keys["miner-1"])
        assert other.records.head == world.ledger.head()
        world.do(e.KeyRevoked(by="gaborone", key=world.keys["miner-1"].public, since="2024-01-01"))
        with refusing(Refused, "key-revoked"):
            other.record(e.Weighed(by="miner-1", parcel="P1", weight=12_000), world.keys["miner-1"])
        assert writers.faults(other) == []
