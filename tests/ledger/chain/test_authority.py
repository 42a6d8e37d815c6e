"""By what right an author recorded an act, as far as entries that travel along show it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import keys
from ledger.chain.bundle_check import Reader, Report, verify_all
from tests.artefacts import Book, roles_of, signing_key, trust_in

READER = Reader(trust_in(), roles=roles_of)
WEIGHED = {"by": "miner-1", "weight": 1}


def book() -> Book:
    """An opened book."""
    made = Book()
    made.open()
    return made


def judged(ledger: Book, index: int, without: tuple[int, ...] = ()) -> tuple[str, str, str]:
    """Standing, code and text of step 10 for an entry, all others but ``without`` travelling along."""
    report = reports(ledger, without)[index]
    outcome = report.outcomes[9]
    assert outcome.step == 10
    return outcome.standing, outcome.code, str(outcome)


def reports(ledger: Book, without: tuple[int, ...] = ()) -> dict[int, Report]:
    """The reports of all entries but some, verified together."""
    indexes = [index for index in range(len(ledger.entries)) if index not in without]
    found = verify_all([ledger.bundle(index).encode() for index in indexes], READER)
    return dict(zip(indexes, found, strict=True))


def test_everything_begins_with_entry_0() -> None:
    """Its author is the key that it names; all others are shown by entries before them."""
    made = book()
    assert judged(made, 0)[:2] == ("ok", "authority-opening")
    for index in range(1, 7):
        assert judged(made, index)[:2] == ("ok", "authority-shown")
    assert judged(made, 1, without=(0,))[:2] == ("not shown", "authority-key")


def test_an_act_needs_key_and_role() -> None:
    """With either entry left out it is not shown, whichever others are there."""
    made = book()
    made.record("example-weighed/1", WEIGHED, "miner-1")
    assert judged(made, 7)[2] == "miner-1 as miner, by entries 1, 2"
    assert judged(made, 7, without=(2,))[:2] == ("not shown", "authority-key")
    assert judged(made, 7, without=(1,))[:2] == ("not shown", "authority-role")
    assert judged(made, 7, without=(0,))[:2] == ("not shown", "authority-key")
    assert judged(made, 7, without=(3, 4, 5, 6))[:2] == ("ok", "authority-shown")


def test_a_clerk_needs_role_and_mandate() -> None:
    """Recorded by the clerk for the miner, in force on the act's day."""
    made = book()
    made.record("example-weighed/1", WEIGHED, "clerk-6", on_behalf="miner-1", occurred="2024-06-30")
    assert judged(made, 7)[2] == "miner-1 as miner, by entries 1, 4, 5, 6"
    assert judged(made, 7, without=(6,))[:2] == ("not shown", "authority-mandate")
    assert judged(made, 7, without=(5,))[:2] == ("not shown", "authority-role")
    made.record("example-weighed/1", WEIGHED, "clerk-6", on_behalf="miner-1", occurred="2025-06-30")
    assert judged(made, 8)[:2] == ("not shown", "authority-role")
    made.record("example-other/1", WEIGHED, "clerk-6", on_behalf="miner-1")
    assert judged(made, 9)[:2] == ("not shown", "authority-mandate")
    made.record("mandate-withdrawn/1", {"by": "miner-1", "mandate": "M1", "since": "2024-02-01"}, "miner-1")
    made.record("example-weighed/1", WEIGHED, "clerk-6", on_behalf="miner-1", occurred="2024-06-30")
    assert judged(made, 11)[:2] == ("not shown", "authority-mandate")
    assert judged(made, 11, without=(10,))[:2] == ("ok", "authority-shown")


def test_a_withdrawn_role_is_none() -> None:
    """From its day on."""
    made = book()
    gone = {"by": "gaborone", "party": "miner-1", "role": "miner", "since": "2024-02-01"}
    made.record("role-withdrawn/1", gone, "gaborone")
    made.record("example-weighed/1", WEIGHED, "miner-1", occurred="2024-01-31")
    made.record("example-weighed/1", WEIGHED, "miner-1", occurred="2024-02-01")
    assert judged(made, 8)[:2] == ("ok", "authority-shown")
    assert judged(made, 9)[:2] == ("not shown", "authority-role")


def test_contradictions_are_faults() -> None:
    """Another party's act, a revoked key, a recovery key at work: these are seen, not merely missing."""
    made = book()
    made.record("example-weighed/1", {**WEIGHED, "by": "clerk-6"}, "miner-1")
    made.record("example-weighed/1", WEIGHED, "clerk-6", on_behalf="clerk-6")
    made.record("example-weighed/1", WEIGHED, "recovery")
    made.record(
        "key-revoked/1",
        {"by": "gaborone", "key": signing_key("miner-1").public, "since": "2024"},
        "recovery",
    )
    made.record("example-weighed/1", WEIGHED, "miner-1")
    assert judged(made, 7)[:2] == ("fault", "authority-other-party")
    assert judged(made, 8)[:2] == ("fault", "authority-other-party")
    assert judged(made, 9)[:2] == ("fault", "authority-recovery")
    assert judged(made, 10)[:2] == ("ok", "authority-shown")
    assert judged(made, 11)[:2] == ("fault", "authority-key-revoked")
    assert not reports(made)[11].holds


def test_a_later_revocation_disputes_the_act() -> None:
    """Where it travels along and covers the act's time; nobody can show that there is none."""
    made = book()
    made.record("example-weighed/1", WEIGHED, "miner-1", occurred="2024-01-10")
    made.record("example-weighed/1", WEIGHED, "miner-1", occurred="2024-01-15")
    body = {"by": "miner-1", "key": signing_key("miner-1").public, "since": "2024-01-12"}
    made.record("key-revoked/1", body, "miner-1")
    found = reports(made)
    assert found[7].holds
    assert found[7].outcomes[10].code == "bundle-as-of"
    assert not found[8].holds
    assert found[8].fault is not None
    assert (found[8].fault.step, found[8].fault.code) == (11, "proof-disputed")
    assert "entry 9" in str(found[8].fault)
    assert reports(made, without=(9,))[8].holds


def test_nobody_acts_for_others_without_being_an_authority() -> None:
    """Mandates are given for oneself, and only one's own keys revoked."""
    made = book()
    mandate = {"mandate": "M2", "clerk": "clerk-6", "acts": ["example-weighed/1"], "since": "2024"}
    made.record("mandate-granted/1", {"by": "clerk-6", "party": "miner-1", **mandate}, "clerk-6")
    made.record("mandate-withdrawn/1", {"by": "clerk-6", "mandate": "M1", "since": "2024"}, "clerk-6")
    key = signing_key("miner-1").public
    made.record("key-revoked/1", {"by": "clerk-6", "key": key, "since": "2024"}, "clerk-6")
    made.record("mandate-granted/1", {"by": "gaborone", "party": "miner-1", **mandate}, "gaborone")
    for index in (7, 8, 9):
        assert judged(made, index)[:2] == ("fault", "authority-not-own")
    assert judged(made, 10)[:2] == ("ok", "authority-shown")
    made.record("example-weighed/1", WEIGHED, "miner-1")
    assert judged(made, 11)[:2] == ("ok", "authority-shown")


def test_what_an_unentitled_party_records_gives_nobody_a_right() -> None:
    """A miner enrols a friend's key and grants a role; both stay what they were."""
    made = book()
    friend = signing_key("friend")
    proof = keys.prove_possession(friend, "gaborone", made.origin)
    body = {"by": "miner-1", "party": "gaborone", "key": friend.public, "proof": proof}
    made.record("key-enrolled/1", body, "miner-1")
    made.record("role-granted/1", {"by": "miner-1", "party": "miner-1", "role": "authority"}, "miner-1")
    made.record("example-other/1", {"by": "gaborone"}, "friend")
    made.record("example-other/1", {"by": "miner-1"}, "miner-1")
    assert judged(made, 7)[:2] == ("not shown", "authority-role")
    assert judged(made, 9)[:2] == ("not shown", "authority-key")
    assert judged(made, 10)[:2] == ("not shown", "authority-role")


def test_a_key_is_enrolled_by_its_holder_and_once() -> None:
    """A proof of possession for another party shows nothing, and a key does not change hands."""
    made = book()
    stolen = signing_key("stolen")
    for_other = keys.prove_possession(stolen, "clerk-6", made.origin)
    body = {"by": "gaborone", "party": "miner-1", "key": stolen.public, "proof": for_other}
    made.record("key-enrolled/1", body, "gaborone")
    made.record("example-weighed/1", WEIGHED, "stolen")
    made.enrol("miner-1", "clerk-6")
    made.record("example-weighed/1", WEIGHED, "clerk-6")
    assert judged(made, 8)[:2] == ("not shown", "authority-key")
    assert judged(made, 10)[:2] == ("fault", "authority-other-party")


def test_documented_acts_need_an_archivist() -> None:
    """Whoever acted in them, on the day of recording."""
    made = book()
    body = {"by": "somebody-in-1905", "documented": True}
    made.record("example-weighed/1", body, "clerk-6", occurred="1905")
    grant = {"by": "gaborone", "party": "clerk-6", "role": "archivist", "since": "2024-01-01"}
    made.record("role-granted/1", grant, "gaborone")
    made.record("example-weighed/1", body, "clerk-6", occurred="1905")
    assert judged(made, 7)[:2] == ("not shown", "authority-role")
    assert judged(made, 9)[2] == "clerk-6 as archivist, by entries 4, 8"


def test_a_ledger_opened_by_another_key_or_again_is_a_fault() -> None:
    """Entry 0 is signed by the authority that it names, for its own origin, and there is one."""
    for change in ({"origin": "other.example/x"}, {"authority_key": signing_key("miner-1").public}):
        made = Book()
        body = {"by": "g", "origin": made.origin, "authority_key": signing_key("g").public, **change}
        made.record("ledger-opened/1", body, "g")
        assert judged(made, 0)[:2] == ("fault", "authority-opening-other")
    made = book()
    body = {"by": "g", "origin": made.origin, "authority_key": signing_key("g").public}
    made.record("ledger-opened/1", body, "g")
    assert judged(made, 7)[:2] == ("fault", "authority-opening-other")


STRANGE: list[dict[str, Any]] = [
    {},
    {"by": ["gaborone"]},
    {"by": "gaborone", "party": ["miner-1"], "role": {}, "roles": "miner", "key": [], "mandate": {}},
    {"by": "gaborone", "party": "p", "role": "r", "since": "yesterday", "key": b"", "proof": b"", "acts": 1},
    {"by": "gaborone", "key": "text", "clerk": 1, "mandate": "M9", "acts": [1], "party": None},
]


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize(
    "wire",
    [
        "ledger-opened/1",
        "party-registered/1",
        "role-granted/1",
        "role-withdrawn/1",
        "key-enrolled/1",
        "key-revoked/1",
        "mandate-granted/1",
        "mandate-withdrawn/1",
        "documented/1",
    ],
)
def test_a_body_of_another_form_shows_nothing_and_breaks_nothing(wire: str, body: dict[str, Any]) -> None:
    """A hostile ledger may sign anything; the right of others is judged as if it were not there."""
    made = book()
    for author in ("gaborone", "clerk-6", "recovery"):
        made.record(wire, body, author)
    made.record("example-weighed/1", WEIGHED, "miner-1")
    found = reports(made)
    assert found[10].outcomes[9].code == "authority-shown"
    assert all(str(outcome) for report in found.values() for outcome in report.outcomes)


def test_a_time_beyond_the_calendar_is_not_shown() -> None:
    """The keeper's clock is his claim; no year 290000 has a licence."""
    made = book()
    made.record("example-weighed/1", WEIGHED, "miner-1")
    from ledger.chain.entry import Entry  # the one place that needs the entry's own form

    entry = Entry.decode(made.entries.pop())
    made.leaves.pop()
    made.add(Entry(7, entry.previous, 2**62, entry.statement, entry.signature).encode())
    assert judged(made, 7)[:2] == ("not shown", "edtf-range")
