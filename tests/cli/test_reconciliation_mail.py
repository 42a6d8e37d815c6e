"""A reconciliation's statement that both sides attest: sent, compared, attested, listed."""

from __future__ import annotations

import pytest

from tests.laptop import Laptop
from tests.ministries import HUB, PRODUCER, Ministries

CERTIFICATE = "SL/00004201"


@pytest.fixture
def two(two: Ministries) -> Ministries:
    """Two ministries, and one certificate that went between them and was confirmed."""
    two.receive(two.exported("K1", "SL 004201"))
    two.confirmed(CERTIFICATE)
    return two


def state(two: Ministries, laptop: Laptop, period: str = "2024", *more: str) -> None:
    """A ministry compares with the other one's ledger, and records the statement."""
    other, whose = (two.hub, "AE") if laptop is two.producer else (two.producer, "SL")
    file = f"{period.replace('/', '-')}-{laptop.size()}.jsonl"
    laptop.ok("reconcile", other.ledger, "--participant", whose, "--period", period,
              "--statement", file, "--record", *more)  # fmt: skip


def sent(two: Ministries, laptop: Laptop, *more: str) -> str:
    """The letter of what a ministry stated."""
    path = str(two.post / f"stated-{laptop.folder.name}-{laptop.size()}.zip")
    laptop.ok("reconciliation", "send", "--to", "AE" if laptop is two.producer else "SL", *more, "-o", path)
    return path


def listed(laptop: Laptop) -> list[tuple[str, str, list[str]]]:
    """What the ministry's list says of each statement."""
    rows = laptop.data("list", "reconciliations")["reconciliations"]
    return [(row["period"], row["state"], row["attested"]) for row in rows]


def test_both_sides_state_and_attest_the_same(two: Ministries) -> None:
    """Each in its own ledger, naming the other's entry."""
    state(two, two.producer)
    state(two, two.hub)
    assert [row[1] for row in listed(two.producer) + listed(two.hub)] == ["stated here"] * 2
    there, here = two.producer.size() - 1, two.hub.size()
    two.hub.ok("reconciliation", "receive", sent(two, two.producer))
    assert listed(two.hub) == [("2024", "attested by both", [f"{PRODUCER} {there}, by {here}"])]
    assert two.hub.body(here)["origin"] == PRODUCER
    assert listed(two.producer)[0][1] == "stated here"
    two.producer.ok("reconciliation", "receive", sent(two, two.hub))
    assert listed(two.producer)[0][1] == "attested by both"
    assert HUB in two.producer.ok("list", "reconciliations").out
    assert two.hub.ok("list", "reconciliations", "--csv").out.count("\n") == 2


def test_another_statement_is_not_attested(two: Ministries) -> None:
    """Other terms, other bytes: both hashes are told and nothing is recorded; again the same, once only."""
    state(two, two.producer)
    state(two, two.hub, "2024", "--days", "31")
    letter, size = sent(two, two.producer), two.hub.size()
    ran = two.hub("reconciliation", "receive", letter)
    assert (ran.code, "reconciliation-differs" in ran.err, two.hub.size()) == (3, True, size)
    state(two, two.hub)
    two.hub.ok("reconciliation", "receive", letter)
    again = two.hub("reconciliation", "receive", letter)
    assert (again.code, "reconciliation-attested" in again.err) == (3, True)
    assert [row[1] for row in listed(two.hub)] == ["stated here", "attested by both"]


def test_what_was_not_stated_is_not_attested(two: Ministries) -> None:
    """Nothing of that period here; nothing stated there; a letter about something else."""
    path = str(two.post / "none.zip")
    none = two.producer("reconciliation", "send", "--to", "AE", "-o", path)
    assert (none.code, "reconciliation-none" in none.err) == (5, True)
    state(two, two.producer, "2024-02")
    state(two, two.hub)
    letter = sent(two, two.producer, "--period", "2024-02")
    assert "reconciliation-unstated" in two.hub("reconciliation", "receive", letter).err
    assert "mail-no-reconciliation" in two.hub("reconciliation", "receive", two.sent(CERTIFICATE)).err
    assert "reconciliation-none" in two.producer(
        "reconciliation", "send", "--to", "AE", "--period", "2023", "-o", path
    ).err  # fmt: skip


def test_a_dealer_attests_no_reconciliation(two: Ministries) -> None:
    """Whoever is no authority may agree with an entry; it does not make the ministry's word."""
    state(two, two.hub)
    (row,) = two.hub.data("list", "reconciliations")["reconciliations"]
    two.hub.ok("attest", "3", "--origin", PRODUCER, "--hash", "00" * 32, "--key", "trader-ae",
               "--note", f"reconciliation statement {row['statement']}")  # fmt: skip
    assert listed(two.hub)[0][1] == "stated here"
