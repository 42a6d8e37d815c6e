"""A sample: the same for everybody, another for another seed, from live certificates of the period."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.edtf import parse
from ledger.investigation.sampling import draw, population
from ledger.projections.following import reading
from tests.border import on_paper
from tests.world import World

KEYS = [f"BW/{n:08}" for n in range(200)]
IMPORT = on_paper(
    by="dealer-7",
    certificate="ZW/00000009",
    number="ZW 9",
    lines=(e.Arrival("Z1", 5_000),),
    weight=5_000,
    provenance="ZW",
    expiry="2024-06-30",
)


@given(st.permutations(KEYS), st.text(max_size=8), st.integers(0, 250))
def test_the_order_of_the_certificates_does_not_matter(keys: list[str], seed: str, count: int) -> None:
    """Only seed and keys do; every key is drawn once at most."""
    drawn = draw(seed, keys, count)
    assert drawn == draw(seed, KEYS + KEYS, count)
    assert len({one.certificate for one in drawn}) == min(count, len(KEYS))


def test_the_draw_is_the_documented_one() -> None:
    """By the first digests of SHA-256(seed || key), as anybody can compute them."""
    expected = sorted(KEYS, key=lambda key: sha256(("7351" + key).encode()).hexdigest())
    assert [one.certificate for one in draw("7351", KEYS, 10)] == expected[:10]


def test_a_larger_sample_contains_the_smaller_one() -> None:
    """Reviewers who want more go on where they were."""
    assert draw("x", KEYS, 50)[:20] == draw("x", KEYS, 20)


def test_every_certificate_can_be_drawn() -> None:
    """Over many seeds each comes up about as often: 10 of 200, a thousand times."""
    counted = Counter(one.certificate for seed in range(1_000) for one in draw(str(seed), KEYS, 10))
    assert set(counted) == set(KEYS)
    assert 20 < min(counted.values()) < 50 < max(counted.values()) < 90


def test_the_population_are_the_live_certificates_first_met_in_the_period(world: World) -> None:
    """Issued or received; what is known from sources only is left out, and an announcement is a beginning."""
    world.mine("P1", "12.500", "P2", "1.000")
    world.certify("BW 107", "P1")
    world.do(IMPORT, occurred="2023-12-30")
    world.clock.now += 40 * 86_400_000_000
    world.certify("BW 108", "P2")
    world.tell(replace(IMPORT, certificate="ZW/00000010", number="ZW 10", lines=(e.Arrival("Z2", 1),)))
    journal = world.ledger.journal
    with reading(journal, world.ledger.records) as rows:
        assert list(population(rows, journal)) == ["BW/00000107", "BW/00000108", "ZW/00000009"]
        assert list(population(rows, journal, parse("2024-01"))) == ["BW/00000107"]
        assert list(population(rows, journal, parse("2023"))) == ["ZW/00000009"]
        assert list(population(rows, journal, parse("2024-02/.."))) == ["BW/00000108"]
        assert list(population(rows, journal, parse("2022"))) == []
