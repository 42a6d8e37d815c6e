"""How one act of a source is read: its form, its date, its names, the piece it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.domain import events as e
from ledger.errors import Malformed
from ledger.exchange.histories import Teller, Told
from ledger.exchange.history_dates import in_words
from ledger.exchange.history_form import History, SourceAct, SourcePiece, read_histories
from ledger.exchange.history_names import party_id, pseudonym
from ledger.exchange.history_pieces import Pieces

ACT: dict[str, Any] = {
    "type": "mined",
    "date": "2015",
    "carats": 12.345,
    "sources": ["https://example.org/a"],
}


def written(folder: Path, **changes: Any) -> Path:
    """A file with one history of one act."""
    history = {"id": "h", "name": "H", "kind": "stone", "events": [{**ACT, **changes}]}
    path = folder / "histories.jsonl"
    path.write_text(json.dumps(history) + "\n", encoding="utf-8")
    return path


def test_weights_are_read_from_their_decimals(tmp_path: Path) -> None:
    """0.1 + 0.2 in floats is not 0.3; 1234567.891 is exact here."""
    (history,) = read_histories(written(tmp_path, carats=1234567.891, price_usd=0.29))
    assert (history.acts[0].weight, history.acts[0].price) == (1_234_567_891, 29)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"carats": 1.2345}, "history-number"),
        ({"carats": -1}, "history-number"),
        ({"carats": "12"}, "history-field"),
        ({"price_usd": 0.001}, "history-number"),
        ({"type": "dreamt"}, "history-field"),
        ({"country": "Botswana"}, "history-field"),
        ({"sources": []}, "history-field"),
        ({"outputs": [{"weight": 1}]}, "history-field"),
        ({"note": ""}, "history-field"),
        ({"colour": "D"}, "history-field"),
    ],
)
def test_what_has_not_the_form_is_named(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    """Nothing is repaired: the line, the act and the field are named."""
    with pytest.raises(Malformed, match="line 1, act 1") as trouble:
        list(read_histories(written(tmp_path, **changes)))
    assert trouble.value.code == code


@pytest.mark.parametrize("line", ["{", '{"id": 1, "id": 2}', '{"carats": NaN}', "[" * 100_000])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    """Broken JSON, a key twice, a number that is none, a tower of brackets."""
    path = tmp_path / "x.jsonl"
    path.write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(Malformed, match="line 2") as trouble:
        list(read_histories(path))
    assert trouble.value.code == "history-json"


def test_a_line_without_end_is_not_read(tmp_path: Path) -> None:
    """A history has at most a million bytes."""
    path = tmp_path / "x.jsonl"
    path.write_text("x" * 1_000_001, encoding="utf-8")
    with pytest.raises(Malformed, match="line 1") as trouble:
        list(read_histories(path))
    assert trouble.value.code == "history-line-long"


@pytest.mark.parametrize(
    ("words", "date"),
    [
        ("1989-1990", "1989/1990"),
        ("after 1973", "1973/.."),
        ("not given (before late 2010)", "../2010"),
        ("early 1980s", None),
        ("1990-1989", None),
        ("1989-1989", None),
        ("start of production window", None),
    ],
)
def test_words_become_an_interval_only_where_they_say_one(words: str, date: str | None) -> None:
    """Nobody here decides when the early eighties end."""
    assert in_words(words) == date


def test_a_date_that_is_none_is_refused() -> None:
    """The 31st of November is named with its act."""
    act = SourceAct(1, "mined", date="2015-11-31", sources=("https://example.org",))
    with pytest.raises(Malformed, match="h, act 1") as trouble:
        list(Teller("archive", "2026-11-24").tell(History("h", "H", "stone", (act,))))
    assert trouble.value.code == "history-date"


@pytest.mark.parametrize(
    ("name", "party"),
    [
        ("Lucara Diamond Corp", "lucara-diamond-corp"),
        ("Letšeng Diamonds (Gem Diamonds 70%)", "letseng-diamonds-gem-diamonds-70"),
        ("Sotheby's", "sothebys"),
        ("local dealers", "h-local-dealers"),
        ("undisclosed exporter", None),
        ("anonymous telephone bidder", None),
        ("owners", None),
        ("group led by Henry Ho (Thailand)", "group-led-by-henry-ho-thailand"),
        (None, None),
    ],
)
def test_names_descriptions_and_nobody(name: str | None, party: str | None) -> None:
    """A name is a party everywhere, a description in its history only, not knowing is nobody."""
    assert party_id("h", name) == party


def test_ids_of_names_that_do_not_fit_differ_and_stay() -> None:
    """Cut off or not written in Latin letters: six digits of the name's hash keep names apart."""
    long, longer = "A" * 60, "A" * 61
    assert len({pseudonym(long), pseudonym(longer), pseudonym("Алроса"), pseudonym("周大福")}) == 4
    assert pseudonym("Алроса") == pseudonym("Алроса")
    assert all(len(pseudonym(name)) <= 48 for name in (long, longer))


def pieces(*weighed: tuple[str, int], kind: str = "stone") -> Pieces:
    """A history whose stone was broken into pieces."""
    found = Pieces("h", kind)
    found.begin("whole", 100_000)
    if weighed:
        found.close(["h"])
        for name, weight in weighed:
            found.begin(name, weight)
    return found


def test_the_piece_of_exactly_that_weight() -> None:
    """A thousandth off is another stone."""
    some = pieces(("pear", 5_000), ("heart", 5_001))
    assert some.find(5_001, "").ids == ("h/2",)
    assert some.find(5_001, "").doubt is None


def test_two_of_one_weight_are_told_apart_by_name_or_not_at_all() -> None:
    """A pear is named; that something appeared names no pear."""
    some = pieces(("pear", 5_000), ("heart", 5_000))
    assert some.find(5_000, "the heart was sold").ids == ("h/2",)
    found = some.find(5_000, "it appeared on the market")
    assert (found.doubt, found.ids, found.told) == ("piece-unresolved", ("h/1", "h/2"), False)


def test_pieces_by_their_sum_only_where_one_choice_fits() -> None:
    """1 + 4 and 2 + 3 are both five: nobody guesses."""
    assert pieces(("a", 1_000), ("b", 4_000)).find(5_000, "").doubt == "pieces-by-sum"
    found = pieces(("a", 1_000), ("b", 4_000), ("c", 2_000), ("d", 3_000)).find(5_000, "")
    assert found.doubt == "piece-unknown"


def test_a_stone_used_up_is_still_known_by_its_weight() -> None:
    """The act is on it; that it was used up the rules say."""
    assert pieces(("a", 1_000), ("b", 2_000)).find(100_000, "").ids == ("h",)


def test_without_weight_and_name_only_one_stones_history_tells() -> None:
    """Of bulk goods nothing follows from there being one parcel."""
    assert pieces().find(None, "").doubt == "piece-inferred"
    assert pieces(kind="parcel").find(None, "").doubt == "piece-untold"


def told(*acts: SourceAct) -> list[Told]:
    """The acts of a history of one stone, without registrations."""
    history = History("h", "H", "stone", acts)
    return [one for one in Teller("archive", "2026-11-24").tell(history) if one.number]


def test_an_act_on_one_of_several_is_a_report_that_says_so() -> None:
    """Two stones of 5 ct, one polished: the report names both and the type it could not have."""
    sources = ("https://example.org",)
    two, cut = (SourcePiece("a", 5_000), SourcePiece("b", 5_000)), (SourcePiece("c", 2_000),)
    polished = told(
        SourceAct(1, "mined", "2015", weight=10_000, sources=sources),
        SourceAct(2, "split", "2016", weight=10_000, outputs=two, sources=sources),
        SourceAct(3, "polished", "2017", weight=5_000, outputs=cut, note="One.", sources=sources),
    )[2]
    assert isinstance(polished.event, e.Reported)
    assert polished.event.parcels == ("h/1", "h/2")
    assert {line.rule for line in polished.event.discrepancies} == {"recorded-as-report", "piece-unresolved"}
    assert "outputs: c 2.00 ct" in str(polished.event.note)
    assert "weight stated: 5.00 ct" in str(polished.event.note)


def test_another_spelling_of_a_name_is_an_alias() -> None:
    """The same letters in the same order are the same party; both spellings are kept."""
    sources = ("https://example.org",)
    acts = (
        SourceAct(1, "mined", "2015", actor="Letšeng", weight=1_000, sources=sources),
        SourceAct(2, "sold", "2016", actor="LETSENG", counterparty="Graff", weight=1_000, sources=sources),
    )
    every = list(Teller("archive", "2026-11-24").tell(History("h", "H", "stone", acts)))
    aliases = [one.event for one in every if isinstance(one.event, e.AliasRecorded)]
    assert [(alias.subject, alias.alias) for alias in aliases] == [("party:letseng", "LETSENG")]
