"""The play and its refusals: every act is recorded, and every kind of refusal of the rules is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from ledger import edtf
from ledger.application import Ledger
from ledger.chain.note import verifier_key
from ledger.domain import events as e
from ledger.domain import rules
from ledger.exchange.demonstration import CAST, Cast, Scene, play
from ledger.exchange.demonstration_histories import all_yields, record
from ledger.exchange.demonstration_port import TRADER, play_port
from ledger.exchange.demonstration_port_refusals import port_attempts
from ledger.exchange.demonstration_refusals import FAMILIES, AsSigned, Attempt, attempts, refusals
from ledger.projections.tracing import trace
from ledger.projections.yields import yields
from tests import archive, message_codes
from tests.world import Chance, Clock

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.xdist_group("sources")  # read and parsed by one process

NOT_SHOWN = {
    "field-unknown-date": "said of documented acts only, which it never stops: it is stored with them",
    "field-unknown-value": "said of documented acts only, which it never stops: it is stored with them",
    "import-without-export": "said of documented acts only, which it never stops: it is stored with them",
}
"""Codes of refusals that no act can be made to meet, and why."""


class Played:
    """A ledger after its play, in memory."""

    def __init__(
        self, participant: str, parties: Iterable[str], story: Callable[[Cast], Iterator[Scene]]
    ) -> None:
        names = ("ministry", "recovery", "ledger", "stranger", *parties)
        self.keys = {name: archive.key_of(name) for name in names}
        opening = e.LedgerOpened(
            by="ministry", origin=archive.ORIGIN, participant=participant,
            keys=(str(verifier_key(archive.ORIGIN, self.keys["ledger"])),),
            authority_key=self.keys["ministry"].public, recovery_key=self.keys["recovery"].public,
        )  # fmt: skip
        self.ledger = Ledger.create(
            ":memory:", opening, self.keys["ministry"], clock=Clock(archive.START),
            chance=Chance(),
        )  # fmt: skip
        self.cast = Cast(self.ledger, self.keys, lambda ago: edtf.day_of(archive.START - ago * edtf.DAY))
        self.scenes: list[Scene] = list(story(self.cast))


@pytest.fixture(scope="module")
def port() -> Played:
    """The port's play, once."""
    return Played("AE", [TRADER], play_port)


@pytest.fixture(scope="module")
def played() -> Played:
    """The play, once."""
    return Played("BW", CAST, play)


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


def all_attempts(played: Played, port: Played) -> list[Attempt]:
    """What the tour shows, in both ledgers."""
    return [*attempts(played.cast), *port_attempts(port.cast)]


@pytest.mark.parametrize("name", ["played", "port"])
def test_every_attempt_is_refused_as_it_says(name: str, request: pytest.FixtureRequest) -> None:
    """With its code, a whole sentence, and nothing recorded."""
    ledger: Played = request.getfixturevalue(name)
    tried = list((attempts if name == "played" else port_attempts)(ledger.cast))
    size = ledger.ledger.head().size
    shown = list(refusals(ledger.cast, tried))
    assert [one.refusal.code for one in shown] == [attempt.code for attempt in tried]
    assert all(str(one.refusal) for one in shown)
    assert ledger.ledger.head().size == size


def test_the_ports_play_is_signed_by_who_acts_in_it(port: Played) -> None:
    """Every scene is an entry, in order."""
    assert port.ledger.head().size == 1 + len(port.scenes)
    for index, scene in enumerate(port.scenes, 1):
        assert scene.receipt.index == index
        assert port.ledger.records.recorded(index).author == port.keys[scene.party].public


def codes_of_the_rules() -> set[str]:
    """Every code that a module of the domain makes a refusal of, read from the sources."""
    uses, _ = message_codes.uses(message_codes.sources(ROOT))
    of_rules = [use for use in uses if use.at.startswith("ledger.domain.")]
    return {use.code for use in of_rules if use.maker not in ("Malformed", "Problem", "text")}


def test_every_refusal_of_the_rules_is_shown_once(played: Played, port: Played) -> None:
    """One attempt for each code, but for those that no act can be made to meet; each family has some."""
    shown = [attempt.code for attempt in all_attempts(played, port)]
    assert len(shown) == len(set(shown)) > 100
    wanted = codes_of_the_rules() - NOT_SHOWN.keys()
    assert set(shown) == wanted, "an attempt goes into demonstration_refusals or demonstration_port_refusals"
    assert {attempt.family for attempt in all_attempts(played, port)} == set(FAMILIES)


def test_what_is_not_shown_is_stored_with_documented_acts(played: Played) -> None:
    """The reason given is so: the same goods, from a source alone, are recorded with these discrepancies."""
    nobody = e.Sold(by=None, parcels=("OLD-1",), to=None, documented=True)
    arrives = e.Imported(
        by=None, lines=(e.Arrival("OLD-1", 1_000),), weight=None, provenance=None, documented=True
    )
    said = {
        refusal.code
        for event in (nobody, arrives)
        for refusal in rules.discrepancies(
            played.ledger.state(), e.Recorded(99, archive.START, b"", event, None, sources=1)
        )
    }
    assert NOT_SHOWN.keys() <= said


def test_an_act_that_is_offered_as_it_is_and_recorded_is_no_refusal() -> None:
    """The tour says so instead of passing it over."""
    played = Played("BW", CAST, play)
    harmless = e.Weighed(by="mine-1", parcel="K-6", weight=2_250)
    with pytest.raises(LookupError, match="was recorded"):
        AsSigned(played.ledger).preview(harmless, played.keys["mine-1"])


def test_an_attempt_that_would_be_recorded_is_found(played: Played) -> None:
    """If a rule no longer refuses what the tour shows, the tour says so instead of passing it over."""
    harmless = e.Weighed(by="mine-1", parcel="K-6", weight=2_250)
    planted = Attempt("x", "weight-grows", harmless, "mine-1", {"occurred": edtf.day_of(archive.START)})
    with pytest.raises(LookupError, match="weight-grows"):
        list(refusals(played.cast, [planted]))


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
