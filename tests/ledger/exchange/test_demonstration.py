"""The play and its refusals: every act is recorded, and every kind of refusal of the rules is shown."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ledger import edtf
from ledger.application import Ledger
from ledger.domain import events as e
from ledger.exchange import demonstration_refusals
from ledger.exchange.demonstration import CAST, Cast, Scene, play
from ledger.exchange.demonstration_histories import all_yields, record
from ledger.exchange.demonstration_refusals import Attempt, attempts, refusals
from ledger.projections.tracing import trace
from ledger.projections.yields import yields
from tests import archive

RULES = Path(__file__).parents[3] / "ledger" / "data" / "messages" / "en" / "rules.toml"

NOT_SHOWN = {
    "type": "an entry of a newer version; nobody can make one here",
    "discrepancy": "a documented act is signed with its discrepancies named",
    "import": "said of documented acts only",
    "field": "a body's form, not a rule; or said of documented acts",
    "attestation": "needs goods under a supervision measure",
    "container": "needs a shipment from abroad that came opened",
    "inspection": "asked where the profile has every container opened",
    "seals": "asked where the profile wants their numbers",
    "retention": "asked where the profile says how long papers are kept",
}
"""Families (first words of the codes) that the play does not show, and why."""


class Played:
    """The ledger after the play."""

    def __init__(self) -> None:
        names = ("ministry", "recovery", "stranger", *CAST)
        self.keys = {name: archive.key_of(name) for name in names}
        opening = e.LedgerOpened(
            by="ministry", origin=archive.ORIGIN, participant="BW", keys=("a+b+c",),
            authority_key=self.keys["ministry"].public, recovery_key=self.keys["recovery"].public,
        )  # fmt: skip
        self.ledger = Ledger.create(
            ":memory:", opening, self.keys["ministry"], clock=archive.Clock(archive.START),
            chance=archive.Chance(),
        )  # fmt: skip
        self.cast = Cast(self.ledger, self.keys, lambda ago: edtf.day_of(archive.START - ago * edtf.DAY))
        self.scenes: list[Scene] = list(play(self.cast))


@pytest.fixture(scope="module")
def played() -> Played:
    """The play, once."""
    return Played()


def test_every_scene_is_an_entry_signed_by_who_acts_in_it(played: Played) -> None:
    """Nobody else's key signs, but for the clerk's."""
    assert played.ledger.head().size == 1 + len(played.scenes)
    for scene in played.scenes:
        recorded = played.ledger.records.recorded(scene.receipt.index)
        assert recorded.author == played.keys[scene.party].public
        assert recorded.event == scene.event
    assert [scene.party for scene in played.scenes if scene.event.by not in (None, scene.party)] == [
        "clerk-6"
    ]


def test_the_story_goes_from_the_sheet_to_the_border(played: Played) -> None:
    """Sheet, sorting, mix, sale, certificate, export: each is there, in this order."""
    told = [type(scene.event) for scene in played.scenes]
    wanted = [e.Mined, e.Sorted, e.Mixed, e.Sold, e.Received, e.Polished, e.CertificateIssued, e.Exported]
    assert [told.index(kind) for kind in wanted] == sorted(told.index(kind) for kind in wanted)


def test_the_polished_stones_trace_back_to_the_mine(played: Played) -> None:
    """Through a cutter, a dealer and a sorting, with a yield of 37.5 %."""
    lineage = trace(played.ledger.records, "K-1c")
    assert [(origin.kind, origin.site) for origin in lineage.origins] == [("mined", "karowe")]
    from ledger.projections.tracing import track

    assert [one.permille for one in yields(track(played.ledger.records, "K-1b"))] == [375]


def test_prices_and_names_are_sealed(played: Played) -> None:
    """They are kept beside the entries, and in none of them."""
    entries = b"".join(data for _, data in played.ledger.journal.entries())
    assert b"Example Diamonds" not in entries
    assert any("Example Diamonds Ltd" == r.event.name for r in played.ledger.records.between()
               if isinstance(r.event, e.PartyRegistered))  # fmt: skip


def test_every_attempt_is_refused_as_it_says(played: Played) -> None:
    """With its code, a whole sentence, and nothing recorded."""
    size = played.ledger.head().size
    shown = list(refusals(played.cast))
    assert [one.refusal.code for one in shown] == [attempt.code for attempt in attempts(played.cast)]
    assert all(str(one.refusal) for one in shown)
    assert played.ledger.head().size == size


def test_every_family_of_refusals_is_shown(played: Played) -> None:
    """The first words of all codes of the rules, but for those that no live act can meet."""
    codes = tomllib.loads(RULES.read_text(encoding="utf-8"))
    families = {code.split("-")[0] for code in codes} - NOT_SHOWN.keys()
    assert {attempt.code.split("-")[0] for attempt in attempts(played.cast)} == families


def test_no_code_is_shown_twice(played: Played) -> None:
    """One attempt for each kind."""
    codes = [attempt.code for attempt in attempts(played.cast)]
    assert len(codes) == len(set(codes)) >= 60


def test_an_attempt_that_would_be_recorded_is_found(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a rule no longer refuses what the tour shows, the tour says so instead of passing it over."""
    harmless = e.Weighed(by="mine-1", parcel="K-6", weight=2_250)
    planted = Attempt("x", "weight-grows", harmless, "mine-1", {"occurred": edtf.day_of(archive.START)})
    monkeypatch.setattr(demonstration_refusals, "attempts", lambda cast: [planted])
    with pytest.raises(LookupError, match="weight-grows"):
        list(refusals(played.cast))


def test_the_histories_are_counted_one_by_one() -> None:
    """The counts of the tour are those of the entries."""
    with archive.opened(":memory:") as ledger:
        documented = record(ledger, archive.key_of("archive"), "archive", archive.TODAY)
        counted = {one.history.id: one for one in documented.histories}
        assert (len(counted), documented.acts, documented.registered) == (37, 146, 125)
        assert sum(documented.discrepancies().values()) == 172
        assert counted["peace-diamond-709"].discrepancies["holder-only"] == 2
        assert counted["meya-391"].discrepancies == {}
        complete = [history.id for history, one in all_yields(ledger, documented.histories) if one.complete]
        assert len(complete) == 5
