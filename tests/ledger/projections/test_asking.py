"""What the questions answer: lists, the log, the search, counts, and one thing in full."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import pytest

from ledger.chain.statement import Statement, sign
from ledger.domain import events as e
from ledger.edtf import Span, spans
from ledger.errors import Malformed, NotFound
from ledger.investigation.accounts import statement
from ledger.projections import chronicle, particulars
from ledger.projections.balances import PARTY, SITE, Account
from ledger.projections.chronicle import Period, Query, all_of, newest, wires
from ledger.projections.following import reading
from ledger.projections.lists import LISTS, items
from ledger.projections.search import search
from ledger.projections.statistics import statistics
from ledger.projections.wording import replaced, summary, told
from ledger.store.journal import Draft
from tests.busy import busy as made_busy
from tests.extent import extent
from tests.world import AUTHORITY, START, World
from tests.world import SITE as MINE

DAY = 86_400_000_000


def newer_entry(world: World, wire: str = "parcel-tokenised/9") -> int:
    """An entry of a type that this version does not know; its index."""
    ledger, key = world.ledger, world.keys["miner-1"]
    name = b"newer".ljust(16, b"-")
    signed = sign(Statement(ledger.origin, name, wire, key.public, {"parcel": "P1"}), key)
    draft = Draft(signed.statement, signed.signature, name, wire, touched=("parcel:P1",))
    ledger.journal.append([draft], clock=world.clock, read={}, head=ledger.head())
    ledger.records.catch_up()
    return ledger.head().size - 1


@pytest.fixture
def busy(world: World) -> World:
    """Live and documented goods, and a sale that was corrected."""
    return made_busy(world)


def listed(world: World, name: str, **filters: Any) -> list[str]:
    """The ids of a list."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        key = LISTS[name].table.keys[0]
        return [line[key] for line in items(rows, name, filters, home="BW")]


# --- lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "filters", "ids"),
    [
        ("parcels", {}, ["P1", "P2", "T1"]),
        ("parcels", {"holder": "dealer-7"}, ["P1"]),
        ("parcels", {"holder": None}, ["P1", "P2", "T1"]),
        ("parcels", {"condition": "held"}, ["P1", "P2", "T1"]),
        ("parcels", {"condition": "seized"}, ["P2"]),
        ("parcels", {"condition": "lost"}, []),
        ("parcels", {"country": "ZA"}, ["P1"]),
        ("parcels", {"country": "BW"}, ["P2", "T1"]),
        ("parcels", {"documented": True}, ["T1"]),
        ("parcels", {"documented": False, "holder": "dealer-7"}, ["P1"]),
        ("parcels", {"site": MINE, "hs": "710231"}, ["P1", "P2"]),
        ("parties", {"role": "dealer"}, ["dealer-7", "dealer-8"]),
        ("parties", {"role": "deal"}, []),
        ("parties", {"residence": "ZA"}, []),
        ("licences", {"party": "cutter-2"}, ["cutting/cutter-2", "dealing/cutter-2"]),
        ("licences", {"licensed": "mining", "site": MINE}, ["mining/miner-1"]),
        ("sites", {"country": "BW"}, [MINE]),
        ("sites", {"operator": "miner-1"}, []),
        ("certificates", {}, []),
    ],
)
def test_a_list_holds_what_fulfils_its_filters(
    busy: World, name: str, filters: dict[str, Any], ids: list[str]
) -> None:
    """Live goods of which no act names a country are in the ledger's own."""
    assert listed(busy, name, **filters) == ids


def test_a_lists_line_has_its_values_apart(busy: World) -> None:
    """Several values are several, yes and no are not numbers."""
    with reading(busy.ledger.journal, busy.ledger.records) as rows:
        (line,) = items(rows, "parties", {"role": "archivist"})
    assert line["standings"] == (["archivist", None, None],)
    assert line["documented"] is False
    assert len(line["keys"]) == 1


# --- the log ------------------------------------------------------------------------------------------------


def logged(world: World, limit: int | None = None, **asked: Any) -> list[str]:
    """The types of the entries that a query finds."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return [row[1] for row in newest(world.ledger.journal, rows, Query(**asked), limit)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"subjects": ("parcel:P1",)}, ["parcel-mined/1", "parcel-sold/1", "corrected/1"]),
        ({"subjects": ("parcel:P1", "party:dealer-7")}, ["parcel-sold/1", "corrected/1"]),
        ({"subjects": ("parcel:P1", "parcel:T1")}, []),
        ({"subjects": ("participant:ZA",)}, ["parcel-sold/1", "corrected/1"]),
        ({"types": ("parcel-sold",)}, ["parcel-sold/1", "parcel-sold/1"]),
        ({"types": ("parcel sell", "parcel seize")}, ["parcel-sold/1", "parcel-seized/1", "parcel-sold/1"]),
        ({"types": ("parcel-sold/1",), "subjects": ("party:dealer-8",)}, ["parcel-sold/1"]),
        ({"types": ("parcel-",)}, []),
        ({"occurred": Period("1905", "1905")}, ["parcel-mined/1", "parcel-sold/1"]),
        ({"occurred": Period("2023-11-17", "2023-12-15")}, ["parcel-sold/1", "parcel-sold/1"]),
        ({"occurred": Period("2023-11-16", "2023-11-30")}, ["parcel-mined/1", "parcel-sold/1"]),
        ({"recorded": Period(None, "2024-01-14")}, []),
        ({"recorded": Period("2024-01-16", None)}, []),
    ],
)
def test_the_log_finds_what_is_asked_for(busy: World, asked: dict[str, Any], found: list[str]) -> None:
    """An act without a date (the sale of T1) may have happened at any time."""
    assert logged(busy, **asked) == found


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 3, 400])
def test_the_log_names_what_names_all_whatever_the_pages(
    busy: World, store: str, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """From either end: what the indexes of each subject have in common, as sets. Of a server, which takes
    seconds for all, a part is asked, the same each time."""
    monkeypatch.setattr(chronicle, "_AT_ONCE", at_once)
    journal = busy.ledger.journal
    named: dict[str, set[int]] = defaultdict(set)
    for subject, _, index in journal.links():
        named[subject].add(index)
    for subject, index in journal.mentions():
        named[subject].add(index)
    with reading(journal, busy.ledger.records) as rows:
        pairs = list(product(sorted(named), repeat=2))
        for one, other in pairs[:: 1 if store == "sqlite" else extent(13, 1)]:
            if one.startswith("entry:") or other.startswith("entry:"):
                continue
            query = Query(subjects=tuple(dict.fromkeys((one, other))))
            asked = sorted(named[one] & named[other])
            assert [row[0] for row in all_of(journal, rows, query)] == asked
            assert [row[0] for row in newest(journal, rows, query, 2)] == asked[-2:]
            assert [row[0] for row in newest(journal, rows, query)] == asked


def test_the_log_shows_the_newest_and_the_newest_last(busy: World) -> None:
    """A limit leaves out what is older."""
    assert logged(busy, 2) == ["parcel-sold/1", "corrected/1"]
    assert logged(busy, 1, subjects=("parcel:P1",)) == ["corrected/1"]
    assert logged(busy, 0) == []
    assert len(logged(busy, recorded=Period("2024-01-15", "2024-01-15"))) == busy.ledger.head().size


def test_a_day_of_recording_is_a_day_in_utc(world: World) -> None:
    """Its first microsecond and its last belong to it, their neighbours do not."""
    first, last = Period("2024-01-16", "2024-01-16").recorded()
    midnight = START // DAY * DAY + DAY
    assert (first, last) == (midnight, midnight + DAY - 1)
    second = Period("2024-01-16T00:00:00+00:00", "2024-01-16T00:00:00+00:00").recorded()
    assert second == (midnight, midnight + 999_999)
    with pytest.raises(Malformed, match="no end"):
        Period("2023/2024").recorded()
    assert not Period()
    assert Period(until="2023")


@pytest.mark.parametrize(
    ("occurred", "period", "holds"),
    [
        ("2023-06", ("2023-05-31", None), True),
        ("2023-06", (None, "2023-05-31"), False),
        ("2023-06", (None, "2023-06-01"), True),
        ("2023-06", ("2023-07-01", None), False),
        ("../1973", ("1980", None), False),
        ("1973/..", ("1980", "1981"), True),
    ],
)
def test_a_period_holds_what_may_have_happened_in_it(
    occurred: str, period: tuple[str | None, str | None], holds: bool
) -> None:
    """By the calendar: a month that begins on the next day is not in the day before."""
    assert Period(*period).may_hold(spans(occurred)) == holds
    assert Period(*period).may_hold(Span("", None, None))


def test_a_type_is_named_as_people_name_it() -> None:
    """By its wire name with or without the version, or by its command."""
    assert wires("parcel-sold") == wires("parcel sell") == wires("parcel-sold/1") == ("parcel-sold/1",)
    assert wires("unheard-of") == ("unheard-of",)


# --- the search ---------------------------------------------------------------------------------------------


def found(world: World, text: str) -> list[tuple[str, str, str]]:
    """What the search finds."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return [(one.subject, one.kind, one.text) for one in search(rows, world.ledger.records, text, 100)]


def test_a_sealed_name_is_found_until_it_is_erased(busy: World) -> None:
    """It lies in one place; when it is erased there, nothing else remembers it."""
    assert found(busy, "THE FIRM dealer-8") == [("party:dealer-8", "name", "The firm dealer-8")]
    registered = next(
        one.index
        for one in busy.ledger.records.between()
        if isinstance(one.event, e.PartyRegistered) and one.event.party == "dealer-8"
    )
    digests = tuple(busy.ledger.sealed(registered).values())
    busy.do(e.DisclosureErased(by=AUTHORITY, index=registered, digests=digests, ground="court order"))
    assert found(busy, "the firm dealer-8") == []
    assert ("party:dealer-7", "name", "The firm dealer-7") in found(busy, "the firm")
    with reading(busy.ledger.journal, busy.ledger.records):
        known = particulars.party(busy.ledger.records, "dealer-8")
    assert not isinstance(known.party.name, str)


def test_a_corrected_name_is_the_one_that_is_found(busy: World) -> None:
    """The name that stood before is not the party's any more."""
    receipt = busy.do(
        e.PartyRegistered(by=AUTHORITY, party="dealer-9", roles=("dealer",), name="Wrong House")
    )
    right = e.PartyRegistered(by=AUTHORITY, party="dealer-9", roles=("dealer",), name="Right House")
    assert found(busy, "wrong h") == [("party:dealer-9", "name", "Wrong House")]
    busy.do(
        e.Corrected(
            by=AUTHORITY, index=receipt.index, hash=receipt.hash, replacement=e.write(right), reason="typed"
        )
    )
    assert found(busy, "wrong h") == []
    assert found(busy, "right h") == [("party:dealer-9", "name", "Right House")]


# --- accounts -----------------------------------------------------------------------------------------------


def closing(world: World, account: Account, **period: Period) -> tuple[int, int, int]:
    """Opening and closing weight, and how many movements the lines open to."""
    ledger = world.ledger
    with statement(ledger.journal, ledger.records, account, **period) as found:
        whole = found.balance
        opened = [row for line in whole.lines for row in found.opens(line)]
        assert len(opened) == sum(line.amount.movements for line in whole.lines)
        return whole.opening.weight, whole.closing.weight, len(opened)


def test_an_account_over_a_period_of_either_clock(busy: World) -> None:
    """Recorded all on one day of 2024; occurred in November and in December of 2023."""
    miner, dealer = Account(PARTY, "miner-1"), Account(PARTY, "dealer-7")
    assert closing(busy, miner) == (0, 0, 4)
    assert closing(busy, miner, recorded=Period("2024-01-15", "2024-01-15")) == (0, 0, 4)
    assert closing(busy, miner, recorded=Period(None, "2024-01-14")) == (0, 0, 0)
    assert closing(busy, miner, recorded=Period("2024-01-16", None)) == (0, 0, 0)
    assert closing(busy, miner, occurred=Period(None, "2023-11-30")) == (0, 12_850, 2)
    assert closing(busy, miner, occurred=Period("2023-12-01", "2024-01-01")) == (12_850, 350, 1)
    assert closing(busy, dealer, occurred=Period("2023-12-01", "2024-01-01")) == (0, 12_500, 1)
    assert closing(busy, dealer, occurred=Period("2024-01-02", None)) == (12_500, 12_500, 0)
    assert closing(busy, Account(SITE, MINE), occurred=Period(None, "2023-11-16")) == (0, 12_850, 2)


@pytest.mark.parametrize("kind", ["parcel", "party", "site"])
def test_an_account_of_what_is_not_known_is_not_found(world: World, kind: str) -> None:
    """An empty account would say that there was nothing."""
    with (
        pytest.raises(NotFound, match="P9"),
        statement(world.ledger.journal, world.ledger.records, Account(kind, "P9")),
    ):
        pass


# --- counts, words, opaque entries --------------------------------------------------------------------------


def test_counts(busy: World) -> None:
    """Documented goods apart, unknown weights beside."""
    with reading(busy.ledger.journal, busy.ledger.records) as rows:
        stock = statistics(rows)
    assert [
        (one.condition, one.documented, one.parcels, one.weight, one.unknown) for one in stock.parcels
    ] == [
        ("held", False, 2, 12_850, 0),
        ("held", True, 1, 0, 1),
    ]
    assert (stock.documented, stock.corrections, stock.opaque) == (2, 1, 0)
    assert stock.discrepancies > 2
    assert stock.entries == busy.ledger.head().size == sum(stock.types.values())


def test_an_act_in_words() -> None:
    """What it is about first; many lines are counted; unknown values are left out."""
    lines = tuple(e.Goods(f"P{n}", 1_000 + n) for n in range(5))
    mined = e.Mined(by="miner-1", site="karowe", lines=lines, note="a remark")
    assert summary(mined) == "karowe; P0 1.00 ct, P1 1.001 ct, P2 1.002 ct and 2 more"
    assert summary(e.Sold(by="a", parcels=("P1",), to="b", price=500)) == "P1; to b; price US$ 5.00"
    assert dict(told(mined))["lines"].endswith("P4 1.004 ct")
    assert list(
        replaced(e.Weighed(by="a", parcel="P1", weight=2), e.Weighed(by="a", parcel="P1", note="x"))
    ) == [
        ("note", "x", ""),
        ("weight", "", "0.002 ct"),
    ]


@pytest.fixture
def newer(busy: World) -> tuple[World, int]:
    """A ledger with an entry of a newer version."""
    return busy, newer_entry(busy)


def test_an_entry_of_a_newer_version_is_kept_and_counted(newer: tuple[World, int]) -> None:
    """It is shown as it is, changes nothing, and every answer can say that it is there."""
    world, index = newer
    ledger = world.ledger
    with reading(ledger.journal, ledger.records) as rows:
        assert statistics(rows).opaque == 1
        row = newest(ledger.journal, rows, Query(subjects=("parcel:P1",)))[-1]
    assert row[:2] == (index, "parcel-tokenised/9")
    assert ledger.records.opaque() == (1, index)
    known = particulars.entry(ledger.journal, ledger.records, index)
    assert dict(told(known.recorded.event)) == {"parcel": "P1"}
    assert (known.signer, known.sealed) == ("miner-1", ())
    assert summary(known.recorded.event) == "not understood by this version"
    assert particulars.parcel(ledger.records, "P1").parcel.holder == "dealer-7"
