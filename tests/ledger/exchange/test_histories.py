"""The 37 documented histories in a real ledger: none dropped, nothing guessed, each discrepancy as listed.

``ADAMAS_REGENERATE=1 pytest tests/ledger/exchange/test_histories.py`` writes the list of discrepancies anew,
to be read before it is committed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.domain.events import Recorded
from ledger.domain.vocabulary import carats
from ledger.exchange.demonstration_data import histories_path
from ledger.exchange.drafts import Draft
from ledger.exchange.histories import Teller, Told
from ledger.exchange.history_form import History, read_histories
from ledger.exchange.rehearsal import Rehearsal, signed
from ledger.projections.tracing import track
from ledger.projections.yields import Yield, yields
from tests import archive

LISTED = Path(__file__).parents[2] / "data" / "discrepancies.json"
HISTORIES = list(read_histories(histories_path()))

TYPES = {
    "mined": e.Mined, "split": e.Split, "weighed": e.Weighed, "tendered": e.Offered, "sold": e.Sold,
    "polished": e.Polished, "imported": e.Imported, "exported": e.Exported, "mixed": e.Mixed,
    "stolen": e.Lost, "reported": e.Reported, "certified": e.Reported,
}  # fmt: skip


class Archived:
    """The ledger with all histories, and what was told beside what was recorded."""

    def __init__(self) -> None:
        self.ledger: Ledger = archive.opened(":memory:")
        key = archive.key_of("archive")
        rehearsal = Rehearsal(self.ledger, key.public, archive.START)
        teller = Teller("archive", archive.TODAY, known=rehearsal.knows)
        self.told: list[Told] = [told for history in HISTORIES for told in teller.tell(history)]
        statements = []
        for told in self.told:
            draft, refusals = rehearsal.judge(
                Draft(told.event, (0,), told.occurred, None, told.evidence, told.published)
            )
            assert refusals == []
            statements.append(signed(self.ledger, draft, key))
        receipts = self.ledger.append(statements)
        self.recorded: list[Recorded] = [self.ledger.records.recorded(r.index) for r in receipts]

    def pairs(self, history: str) -> Iterator[tuple[Told, Recorded]]:
        """What was told of a history and how it was recorded."""
        return (p for p in zip(self.told, self.recorded, strict=True) if p[0].history == history)

    def act(self, history: str, number: int) -> Recorded:
        """A history's act by its number, from 1."""
        return next(recorded for told, recorded in self.pairs(history) if told.number == number)

    def yield_of(self, parcel: str) -> Yield:
        """The yield of one rough parcel."""
        return yields(track(self.ledger.records, parcel))[0]


@pytest.fixture(scope="module")
def archived() -> Archived:
    """All histories, recorded once."""
    return Archived()


def test_every_act_of_every_source_is_one_entry(archived: Archived) -> None:
    """37 histories, 146 acts, each recorded exactly once under its own history and number."""
    wanted = [(history.id, act.number) for history in HISTORIES for act in history.acts]
    recorded = [(told.history, told.number) for told in archived.told if told.number]
    assert len(wanted) == 146
    assert recorded == wanted
    assert len({history for history, _ in recorded}) == 37


def test_every_act_keeps_the_type_the_source_gives_it(archived: Archived) -> None:
    """Of the 37 none had to be turned into a report, but for the one certificate without a number."""
    by_id = {history.id: history for history in HISTORIES}
    for told, recorded in zip(archived.told, archived.recorded, strict=True):
        if told.number:
            act = by_id[told.history].acts[told.number - 1]
            assert type(recorded.event) is TYPES[act.type], (told.history, told.number)


def listed(archived: Archived) -> list[list[Any]]:
    """Every discrepancy: history, act, code, subject."""
    return [
        [told.history, told.number, line.rule, line.subject]
        for told, recorded in zip(archived.told, archived.recorded, strict=True)
        for line in recorded.event.discrepancies
    ]


def test_the_discrepancies_are_those_on_the_list(archived: Archived) -> None:
    """A change of a rule, or of the reading, that changes what is said of the sources shows here."""
    found = listed(archived)
    if os.environ.get("ADAMAS_REGENERATE"):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in found)
        LISTED.write_text(f"[\n{rows}\n]\n", encoding="utf-8")
    assert found == json.loads(LISTED.read_text(encoding="utf-8"))


def test_the_discrepancies_are_of_these_kinds(archived: Archived) -> None:
    """The counts that a person reads; `field-unknown-value` is what no source tells."""
    counts = Counter(code for _, number, code, _ in listed(archived) if number)
    assert counts == {
        "field-unknown-value": 56, "holder-only": 51, "certificate-needed": 15, "date-in-words": 13,
        "import-without-export": 10, "output-derived": 5, "field-unknown-date": 5, "parcel-unknown": 4,
        "parcel-consumed": 3, "pieces-by-sum": 2, "piece-inferred": 2, "piece-untold": 2,
        "weight-conserved": 1, "weight-conserved-mix": 1, "certified-without-number": 1, "piece-unknown": 1,
    }  # fmt: skip
    registrations = Counter(code for _, number, code, _ in listed(archived) if not number)
    assert registrations == {"field-unknown-value": 98}


def test_every_discrepancy_says_a_whole_sentence(archived: Archived) -> None:
    """The sentence is stored with the act: nobody needs this version's catalogue to read it."""
    lines = [line for recorded in archived.recorded for line in recorded.event.discrepancies]
    assert all(line.said and line.subject and "None" not in line.said for line in lines)


@pytest.mark.parametrize(
    ("parcel", "permille", "complete"),
    [
        ("star-of-sierra-leone", 246, True),
        ("lesotho-promise", 370, True),
        ("alrosa-dynasty", 426, True),
        ("cullinan-blue-122", 431, True),
        ("golden-jubilee", 722, True),
        ("light-of-letseng", 215, False),
        ("graff-venus", 333, False),
        ("cullinan-1905", 342, False),
        ("centenary", 457, False),
        ("blue-moon", 406, False),
    ],
)
def test_yields_are_printed_only_where_outputs_are_complete(
    archived: Archived, parcel: str, permille: int, complete: bool
) -> None:
    """As the data's README says; everywhere else a yield is "at least"."""
    found = archived.yield_of(parcel)
    assert (found.permille, found.complete) == (permille, complete)


def test_complete_yields_are_these_five(archived: Archived) -> None:
    """No other history tells all its outputs."""
    found = [yields(track(archived.ledger.records, history.id)) for history in HISTORIES]
    whole = {one[0].parcel for one in found if one and one[0].complete}
    assert whole == {
        "star-of-sierra-leone", "lesotho-promise", "alrosa-dynasty", "cullinan-blue-122", "golden-jubilee",
    }  # fmt: skip


def test_the_recut_stone_counts_once(archived: Archived) -> None:
    """The 143.2 ct stone of 1973 and the 17 stones made after it do not add up."""
    found = archived.yield_of("star-of-sierra-leone")
    assert (found.polished, found.rough) == (238_480, 968_900)


def test_weights_are_exact(archived: Archived) -> None:
    """279,723 ct and 39,586.96 ct come through in thousandths; nothing passed through a float."""
    assert archived.act("marange-antwerp-2013-12", 2).event.weight == 279_723_000
    assert archived.act("williamson-2017-11", 1).event.weight == 39_586_960
    assert archived.act("williamson-2017-11", 3).event.price == 1_026_122_776


def test_prices_are_public_and_nothing_else_is_sealed(archived: Archived) -> None:
    """What stood in the press is not withheld: the statement's own bytes hold it."""
    for told, recorded in zip(archived.told, archived.recorded, strict=True):
        assert archived.ledger.journal.disclosures(recorded.index) == (), told


@pytest.mark.parametrize(
    ("history", "number", "occurred"),
    [
        ("lesedi-la-rona", 1, "2015-11"),
        ("graff-venus", 1, "2015"),
        ("centenary", 2, "1989/1990"),
        ("star-of-sierra-leone", 4, "1973/.."),
        ("light-of-letseng", 4, "../2010"),
        ("alrosa-spectacle", 2, "2016/2021"),
        ("incomparable-890", 2, None),
        ("marange-harare-2010-08", 1, "2010-05-28/2010-08-01"),
    ],
)
def test_dates_stay_as_partial_as_they_are(
    archived: Archived, history: str, number: int, occurred: str | None
) -> None:
    """A year is a year; words become an interval only where they say one."""
    assert archived.act(history, number).occurred == occurred


def test_words_for_a_date_are_kept(archived: Archived) -> None:
    """What cannot be a date is in the note, and named."""
    act = archived.act("incomparable-890", 1)
    assert "[date: early 1980s (one source says 1984)" in str(act.event.note)
    assert "date-in-words" in {line.rule for line in act.event.discrepancies}


def test_goods_that_nothing_fits_are_a_parcel_of_their_own(archived: Archived) -> None:
    """6,737.07 ct left Abidjan; that they hold the 1,074.15 ct mined in 2014 is not said and not recorded."""
    event = archived.act("cote-divoire-2014", 4).event
    assert event.parts == (e.Part("cote-divoire-2014/1", 6_737_070),)
    mined = archived.ledger.state().parcel("cote-divoire-2014")
    assert mined is not None
    assert mined.condition == "held"


def test_a_sale_of_several_pieces_is_found_by_their_sum(archived: Archived) -> None:
    """24.84 ct are the four smaller Dynasty stones, and no other choice of pieces weighs that."""
    event = archived.act("alrosa-dynasty", 3).event
    assert event.parcels == tuple(f"alrosa-dynasty/{n}" for n in (2, 3, 4, 5))


def test_goods_the_source_does_not_tell_stay_untold(archived: Archived) -> None:
    """The second Antwerp tender offered other goods than the first; which ones no source says."""
    act = archived.act("marange-antwerp-2013-12", 5)
    assert act.event.parcels == ()
    assert "piece-untold" in {line.rule for line in act.event.discrepancies}


def test_who_is_not_named_is_nobody(archived: Archived) -> None:
    """Two undisclosed buyers are not one party; the words stay in the note."""
    for history, number in (("alrosa-spectacle", 3), ("williamson-pink-star", 4)):
        event = archived.act(history, number).event
        assert event.to is None
        assert "to: undisclosed" in str(event.note)
    assert archived.ledger.state().party("undisclosed") is None


def test_one_name_is_one_party_in_all_histories(archived: Archived) -> None:
    """Petra Diamonds of six histories is registered once, its name public."""
    parties = [r.event for r in archived.recorded if isinstance(r.event, e.PartyRegistered)]
    assert len({event.party for event in parties}) == len(parties)
    petra = [event for event in parties if event.party == "petra-diamonds"]
    assert [event.name for event in petra] == ["Petra Diamonds"]


def test_documented_goods_and_parties_are_marked(archived: Archived) -> None:
    """Every parcel that a source tells of is known from sources only, also one that begins on a scale."""
    state = archived.ledger.state()
    for history in HISTORIES:
        parcel = state.parcel(history.id)
        assert parcel is None or parcel.documented, history.id
    assert state.parcel("williamson-2017-11").documented
    assert state.party("petra-diamonds").documented


def test_sources_travel_as_evidence(archived: Archived) -> None:
    """Each act names all its addresses, and when they were seen."""
    by_id = {history.id: history for history in HISTORIES}
    for told, recorded in zip(archived.told, archived.recorded, strict=True):
        if told.number:
            urls = [item["url"] for item in told.evidence]
            assert urls == list(by_id[told.history].acts[told.number - 1].sources)
            assert recorded.sources == len(urls)


def test_nothing_a_source_says_is_lost(archived: Archived) -> None:
    """Every weight, output, price, note and country of every act stands in its entry, in a field or note."""
    by_id: dict[str, History] = {history.id: history for history in HISTORIES}
    for told, recorded in zip(archived.told, archived.recorded, strict=True):
        if not told.number:
            continue
        act = by_id[told.history].acts[told.number - 1]
        body = json.dumps(e.write(recorded.event), ensure_ascii=False)
        state = archived.ledger.state()
        names = [*(getattr(recorded.event, "parcels", None) or ()), getattr(recorded.event, "parcel", "")]
        weights = {p.weight for name in names if (p := state.parcel(name)) is not None}
        for piece in act.outputs:
            assert piece.name is None or json.dumps(piece.name, ensure_ascii=False)[1:-1] in body
            assert piece.weight is None or str(piece.weight) in body
        if act.note:
            assert json.dumps(act.note, ensure_ascii=False)[1:-1] in body, (told.history, told.number)
        if act.price is not None:
            assert str(act.price) in body
        assert act.country is None or recorded.event.country == act.country
        if act.weight is not None:
            assert str(act.weight) in body or carats(act.weight) in body or act.weight in weights, told
