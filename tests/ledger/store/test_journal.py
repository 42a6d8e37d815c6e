"""One suite for every store: what a journal promises, whatever database is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from ledger.chain import disclosure, merkle
from ledger.chain.entry import LONGEST, ZERO_HASH, Entry, entry_hash
from ledger.errors import Malformed, NotFound
from ledger.store import opening
from ledger.store.journal import Appended, Draft, Head, Journal, Stale

STORES = ("file", "memory", "postgresql")
START = 1_700_000_000_000_000
_numbers = count(1)


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in each store."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").url()
    else:
        url = str(tmp_path / "ledger.db") if request.param == "file" else ":memory:"
    journal = opening.create(url)
    yield journal
    journal.close()


def draft(
    *guarded: str, touched: tuple[str, ...] = (), wire: str = "example-made/1", **more: object
) -> Draft:
    """A draft with an id of its own; the journal does not look into statements."""
    number = next(_numbers)
    fields = {
        "statement": b"statement %d" % number,
        "signature": b"s" * 64,
        "id": number.to_bytes(16, "big"),
        "disclosures": (),
        **more,
    }
    return Draft(wire=wire, guarded=guarded, touched=touched, **fields)  # type: ignore[arg-type]


def add(
    journal: Journal, *drafts: Draft, at: int = START, read: dict[str, int] | None = None
) -> list[Appended]:
    """Append behind the present head."""
    return journal.append(drafts, clock=lambda: at, read=read or {}, head=journal.head())[0]


def everything(journal: Journal) -> dict[str, list[object]]:
    """All that a journal holds."""
    return {
        "head": [journal.head()],
        "entries": list(journal.entries()),
        "links": list(journal.links()),
        "mentions": list(journal.mentions()),
        "ids": list(journal.ids()),
        "digests": list(journal.digests()),
        "types": sorted(journal.types().items()),
    }


def test_a_new_journal_is_empty(journal: Journal) -> None:
    """Size 0, zeros for the hash, the empty tree's root."""
    assert journal.head() == Head(0, ZERO_HASH, 0, merkle.Frontier().encode())
    assert journal.head().root() == merkle.EMPTY
    assert list(journal.entries()) == []


def test_entries_are_numbered_chained_and_timed(journal: Journal) -> None:
    """Each entry names the one before it; what is told of each is what its bytes say."""
    told = [*add(journal, draft("a"), draft("b")), *add(journal, draft("c"), at=START + 5)]
    kept = [data for _, data in journal.entries()]
    entries, hashes = [Entry.decode(data) for data in kept], [entry_hash(data) for data in kept]
    assert [entry.index for entry in entries] == [0, 1, 2]
    assert [entry.previous for entry in entries] == [ZERO_HASH, *hashes[:2]]
    assert [entry.recorded for entry in entries] == [START, START, START + 5]
    assert told == [
        Appended(entry.index, entry.recorded, own, data)
        for entry, own, data in zip(entries, hashes, kept, strict=True)
    ]


def test_the_head_is_the_last_entry_and_the_tree_over_all(journal: Journal) -> None:
    """Size, hash, time and root follow every append, whether it was one entry or many."""
    for batch in (1, 3, 1, 6, 2):
        _, told = journal.append(
            [draft() for _ in range(batch)], clock=lambda: START, read={}, head=journal.head()
        )
        hashes = [entry_hash(data) for _, data in journal.entries()]
        assert told == journal.head()
        assert (told.size, told.hash, told.recorded) == (len(hashes), hashes[-1], START)
        assert told.root() == merkle.root(hashes)


def test_time_never_goes_back(journal: Journal) -> None:
    """A clock that was set back gives entries the last one's time until it has caught up."""
    add(journal, draft(), at=START)
    assert add(journal, draft(), at=START - 10**9)[0].recorded == START
    assert add(journal, draft(), at=START + 1)[0].recorded == START + 1


def test_guarded_subjects_get_their_next_version(journal: Journal) -> None:
    """From 1 on, by entry, also within one append; touched subjects have none."""
    add(journal, draft("parcel:P1", "parcel:P2", touched=("party:x",)))
    add(journal, draft("parcel:P1"), draft("parcel:P1", "parcel:P3"))
    first, second, third = "parcel:P1", "parcel:P2", "parcel:P3"
    assert list(journal.links()) == [
        (first, 1, 0), (first, 2, 1), (first, 3, 2), (second, 1, 0), (third, 1, 2),
    ]  # fmt: skip
    asked = ["parcel:P1", "parcel:P3", "party:x"]
    assert journal.versions(asked) == {
        "parcel:P1": 3,
        "parcel:P3": 1,
        "party:x": 0,
    }
    assert journal.guarded_entries("parcel:P1") == [0, 1, 2]
    assert journal.guarding(["parcel:P1", "parcel:P2", "party:x"]) == {
        "parcel:P1": [0, 1, 2],
        "parcel:P2": [0],
    }
    assert journal.guarding(["parcel:P2"]) == {"parcel:P2": [0]}
    assert journal.guarding(["party:x"]) == {}


def test_mentions_are_found_from_either_end(journal: Journal) -> None:
    """The entries that touch a subject, within bounds, oldest or newest first, no more than asked for."""
    add(journal, *(draft(touched=("party:x",) if index % 2 else ("party:y",)) for index in range(10)))
    assert journal.touched_entries("party:x") == [1, 3, 5, 7, 9]
    assert journal.touched_entries("party:x", 3, 9) == [3, 5, 7]
    assert journal.touched_entries("party:x", newest_first=True, limit=2) == [9, 7]
    assert journal.touched_entries("party:x", limit=0) == []
    assert journal.touched_entries("party:z") == []
    assert list(journal.mentions())[:2] == [("party:x", 1), ("party:x", 3)]


def test_ids_and_types_are_found(journal: Journal) -> None:
    """A statement's place by its id; the first entry of each type, and how many there are."""
    one, two, three = draft(wire="a/1"), draft(wire="b/1"), draft(wire="a/1")
    add(journal, one, two)
    add(journal, three)
    assert journal.indexes_of([three.id, b"\xff" * 16, one.id, two.id]) == {three.id: 2, one.id: 0, two.id: 1}
    assert journal.types() == {"a/1": 0, "b/1": 1}
    assert (journal.count("a/1"), journal.count("b/1"), journal.count("c/1")) == (2, 1, 0)
    assert list(journal.wires()) == [(0, "a/1"), (1, "b/1"), (2, "a/1")]


def test_disclosures_are_kept_by_entry_and_digest(journal: Journal) -> None:
    """In the order in which they came, one entry's or a page's."""
    price, name = (disclosure.disclosure(bytes(16), field, 1) for field in ("price", "name"))
    add(journal, draft(disclosures=(price, name)), draft(), draft(disclosures=(price,)))
    assert journal.disclosures(0) == (price, name)
    assert journal.disclosures(1) == ()
    assert journal.disclosed(0, 2) == {0: (price, name)}
    assert journal.disclosed(1, 3) == {2: (price,)}
    assert next(journal.digests()) == (0, disclosure.digest(price), price)


def test_what_is_erased_is_gone_and_nothing_else(journal: Journal) -> None:
    """The digests of one entry; the same value disclosed elsewhere stays, and so do all entries."""
    price, name = (disclosure.disclosure(bytes(16), field, 1) for field in ("price", "name"))
    add(
        journal,
        draft(disclosures=(price, name)),
        draft(disclosures=(price,)),
        draft(wire="disclosure-erased/1"),
    )
    before = everything(journal)
    assert journal.erase(0, [disclosure.digest(price), disclosure.digest("never")]) == 1
    assert (journal.disclosures(0), journal.disclosures(1)) == ((name,), (price,))
    assert journal.erase(0, [disclosure.digest(price)]) == 0
    assert {**everything(journal), "digests": before["digests"]} == before
    assert journal.erasures() == [2]


def test_a_batch_is_recorded_whole_or_not_at_all(journal: Journal) -> None:
    """An id that is taken, in whatever place of the batch, leaves everything as it was."""
    first = draft("parcel:P1", touched=("party:x",))
    add(journal, first)
    before = everything(journal)
    taken = draft("parcel:P3", id=first.id)
    for batch in ([draft("parcel:P2"), taken], [taken, draft("parcel:P2")]):
        with pytest.raises(Stale):
            add(journal, *batch)
        assert everything(journal) == before


def test_what_fits_into_no_entry_is_refused_with_its_batch(journal: Journal) -> None:
    """At most 65,535 bytes; the draft before the long one is not recorded either."""
    add(journal, draft())
    before = everything(journal)
    with pytest.raises(Malformed) as caught:
        add(journal, draft("parcel:P1"), draft(statement=bytes(LONGEST)))
    assert caught.value.code == "entry-too-long"
    assert everything(journal) == before


def test_two_that_change_the_same_parcel_cannot_both_be_recorded(journal: Journal) -> None:
    """Both decided on the same knowledge of it; the second is told which subject moved, and leaves
    nothing."""
    other = opening.open(journal.url)
    head, read = journal.head(), {"parcel:P1": 0}
    add(other, draft("parcel:P1"), read=read)
    before = everything(journal)
    with pytest.raises(Stale) as caught:
        journal.append([draft("parcel:P1")], clock=lambda: START, read=read, head=head)
    assert caught.value.subjects == {"parcel:P1"}
    assert everything(journal) == before
    other.close()


def test_two_that_change_different_parcels_do_not_meet(journal: Journal) -> None:
    """The second is recorded behind the first, although the head has moved since it was decided."""
    other = opening.open(journal.url)
    head = journal.head()
    add(other, draft("parcel:P1"), read={"parcel:P1": 0})
    told, _ = journal.append([draft("parcel:P2")], clock=lambda: START, read={"parcel:P2": 0}, head=head)
    assert told[0].index == 1
    other.close()


def test_what_was_only_read_must_not_have_changed(journal: Journal) -> None:
    """A licence that was withdrawn meanwhile stops the act that relied on it."""
    other = opening.open(journal.url)
    head = journal.head()
    add(other, draft("licence:L1"))
    with pytest.raises(Stale) as caught:
        journal.append(
            [draft("parcel:P2")], clock=lambda: START, read={"licence:L1": 0, "parcel:P2": 0}, head=head
        )
    assert caught.value.subjects == {"licence:L1"}
    other.close()


def test_entries_come_in_pages_without_holding_a_lock(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounds hold, and what is appended while somebody reads comes too."""
    monkeypatch.setitem(type(journal)._stream.__globals__, "_PAGE_ROWS", 4)
    monkeypatch.setitem(type(journal)._stream.__globals__, "_STRIDE", 2)
    add(journal, *(draft() for _ in range(11)))
    assert [index for index, _ in journal.entries(3, 9)] == list(range(3, 9))
    assert [index for index, _ in journal.entries(9)] == [9, 10]
    reading = journal.entries()
    assert next(reading)[0] == 0
    add(journal, draft(), draft())
    assert [index for index, _ in reading] == list(range(1, 13))
    assert len(list(journal.links())) == 0
    assert [index for _, index in journal.ids()] == list(range(13))


def test_pages_are_bounded_by_bytes_too(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large entries make short pages, and none is lost."""
    monkeypatch.setitem(type(journal)._stream.__globals__, "_PAGE_BYTES", 100_000)
    monkeypatch.setitem(type(journal)._stream.__globals__, "_STRIDE", 3)
    add(journal, *(draft(statement=bytes(60_000)) for _ in range(10)))
    assert [index for index, _ in journal.entries()] == list(range(10))


def test_an_entry_that_is_not_there_is_named(journal: Journal) -> None:
    """By its index."""
    add(journal, draft())
    assert Entry.decode(journal.entry(0)).index == 0
    for index in (1, -1):
        with pytest.raises(NotFound) as caught:
            journal.entry(index)
        assert (caught.value.code, caught.value.values) == ("entry-missing", {"index": index})


def in_a_table(journal: Journal, work: Callable[[], None]) -> list[int]:
    """What a table of somebody's own holds after ``work`` in a transaction that also writes to it."""
    with journal.transaction(write=True) as rows:
        rows.execute("CREATE TABLE IF NOT EXISTS own (number INTEGER)")
    try:
        with journal.transaction(write=True) as rows:
            rows.execute("INSERT INTO own VALUES (1)")
            work()
    except LookupError:
        assert journal.head().size == 0
    with journal.transaction(write=False) as rows:
        return [number for (number,) in rows.execute("SELECT number FROM own").fetchall()]


def test_a_transaction_commits_on_leaving(journal: Journal) -> None:
    """What others of the store write is there, also for another reader."""
    assert in_a_table(journal, lambda: None) == [1]
    other = opening.open(journal.url)
    with other.transaction(write=False) as rows:
        assert rows.execute("SELECT number FROM own").fetchall() == [(1,)]
    other.close()


def test_a_transaction_that_fails_leaves_nothing(journal: Journal) -> None:
    """An exception on the way takes everything back, and the journal goes on."""

    def fail() -> None:
        raise LookupError

    assert in_a_table(journal, fail) == []
    assert add(journal, draft())[0].index == 0


def test_a_transaction_inside_another_is_part_of_it(journal: Journal) -> None:
    """Reading inside sees what was written; an entry appended inside goes when the whole fails."""

    def append_and_fail() -> None:
        add(journal, draft("parcel:P1"))
        assert journal.versions(["parcel:P1"]) == {"parcel:P1": 1}
        raise LookupError

    assert in_a_table(journal, append_and_fail) == []
    assert everything(journal)["links"] == []
    assert add(journal, draft("parcel:P1"))[0].index == 0


def test_discarding_removes_only_what_holds_nothing(tmp_path: Path) -> None:
    """A ledger with an entry is never removed."""
    empty, kept = opening.create(str(tmp_path / "empty.db")), opening.create(str(tmp_path / "kept.db"))
    add(kept, draft())
    empty.discard()
    kept.discard()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.db"]
    with opening.open(str(tmp_path / "kept.db")) as journal:
        assert journal.head().size == 1
    journal.close()
