"""The verifier in Go says of authors what ours does: in zips of proofs, and in a directory read whole."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ledger import keys
from ledger.chain import archive, authority, bundle_check, checkpoint, merkle, note
from ledger.chain.authority import Act
from ledger.chain.bundle_check import Reader
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.proof_steps import AUTHORITY, OK
from ledger.chain.statement import Statement
from ledger.domain import events as e
from ledger.domain.parties import MAY_RECORD
from ledger.federation.entitling import roles
from tests import published
from tests.artefacts import Book, signing_key, trust_in
from tests.attacker import Attacker, signed
from tests.extent import extent
from tests.go_program import MARKS, SOURCES, run
from tests.scene import Scene
from tests.world import AUTHORITY as WORLDS
from tests.world import ORIGIN, SITE, goods
from tests.world import signing_key as key_of

WHO = ("gaborone", "miner-1", "clerk-6", "recovery", "dealer-7", "stranger")
DAYS = (
    "2023", "2024-01", "2024-01-15", "2024-01-16", "2025", "2023-12/2024-02", "../2024-01-14",
    "2024-01-15/..",
)  # fmt: skip
ROLES = (["dealer"], ["clerk"], "x")
GIVEN = ("dealer", "clerk", "archivist", "authority")


def test_its_table_of_roles_is_the_one_of_the_rules() -> None:
    """A line for each act, in the order of their names."""
    lines = [f"{act.TYPE}: {' '.join(sorted(map(str, held)))}\n" for act, held in MAY_RECORD.items()]
    assert (SOURCES / "roles.txt").read_text(encoding="ascii") == "".join(sorted(lines))


def hostile(chance: random.Random, count: int) -> Book:
    """A ledger whose keeper takes every act: of anybody, for anybody, with any days."""
    book = Book()
    book.open()
    while len(book.entries) < count:
        wire, body = chance.choice(ACTS)(chance)
        by = chance.choice(WHO)
        more = {"occurred": chance.choice(DAYS)} if chance.random() < 0.5 else {}
        if chance.random() < 0.2:
            more["on_behalf"] = by
        book.record(wire, {"by": by, **body}, by if chance.random() < 0.6 else chance.choice(WHO), **more)
    return book


def _days(chance: random.Random) -> dict[str, str]:
    return {name: chance.choice(DAYS) for name in ("since", "until") if chance.random() < 0.4}


def _enrolled(chance: random.Random) -> tuple[str, dict[str, object]]:
    party, key = chance.choice(WHO), signing_key(chance.choice(WHO))
    proof = keys.prove_possession(key, chance.choice((party, party, "x")), Book().origin)
    return "key-enrolled/1", {"party": party, "key": key.public, "proof": proof}


ACTS: list[Callable[[random.Random], tuple[str, dict[str, object]]]] = [
    lambda c: ("parcel-weighed/1", {"parcel": "P1", "weight": 5}),
    lambda c: ("certificate-validated/1", {"certificate": "BW/00000107"}),
    lambda c: ("parcel-mined/1", {"documented": c.choice((True, True, False, 1))}),
    lambda c: ("party-registered/1", {"party": c.choice(WHO), "roles": c.choice(ROLES)}),
    lambda c: (c.choice(("role-granted/1", "role-granted/1", "role-withdrawn/1")),
               {"party": c.choice(WHO), "role": c.choice(GIVEN), **_days(c)}),
    _enrolled,
    lambda c: ("key-revoked/1", {"key": signing_key(c.choice(WHO[1:])).public, **_days(c)}),
    lambda c: ("mandate-granted/1", {"mandate": c.choice(("M1", "M2")), "clerk": c.choice(WHO), "party":
               c.choice(WHO), "acts": ["parcel-weighed/1", "certificate-validated/1"], **_days(c)}),
    lambda c: ("mandate-withdrawn/1", {"mandate": c.choice(("M1", "M2")), **_days(c)}),
    lambda c: ("example-weighed/1", {"weight": 5}),
]  # fmt: skip


class TestZips:
    """Proofs that travel together."""

    pytestmark = MARKS

    def test_authors_are_judged_alike(self, program: Path, tmp_path: Path) -> None:
        """Which are entitled, which not shown to be, and which contradicted: of each entry of many zips."""
        chance, counted = random.Random(11), Counter[tuple[bool, bool]]()
        reader = Reader(trust_in(needed=0), roles=roles)
        (trust := tmp_path / "trust").write_bytes(reader.trust.encode())
        for number in range(extent(8, 200)):
            book = hostile(chance, 60)
            chosen = sorted({0, *chance.sample(range(60), chance.choice((3, 30, 59)))})
            proofs = [book.bundle(index) for index in chosen]
            (zipped := tmp_path / f"{number}.zip").write_bytes(archive.pack(proofs))
            _, lines = run(program, "-trust", trust, zipped)
            told = {line.split(": ")[2]: line for line in lines}
            for index, report in zip(chosen, bundle_check.verify_all(proofs, reader), strict=True):
                line = told[f"{index}.tlog-proof"]
                shown = report.outcomes[AUTHORITY - 1].standing == OK and report.fault is None
                verdict = (line.startswith("good: "), line.endswith(", its author entitled"))
                assert verdict == (report.fault is None, shown), (line, str(report.fault))
                counted[verdict] += 1
        assert min(counted[True, True], counted[True, False], counted[False, False]) > 10, counted

    def test_without_its_enrolment_nobody_is_shown_entitled(self, program: Path, tmp_path: Path) -> None:
        """With it, its author is."""
        book = Book()
        book.open()
        (trust := tmp_path / "trust").write_bytes(trust_in(needed=0).encode())
        act = book.record("parcel-weighed/1", {"by": "miner-1", "parcel": "P1"}, "miner-1")
        zipped = tmp_path / "a.zip"
        for along, entitled in ((range(5), True), ((0, 1), False)):
            zipped.write_bytes(archive.pack([book.bundle(index) for index in (*along, act)]))
            code, lines = run(program, "-trust", trust, zipped)
            (line,) = [line for line in lines if f" {act}.tlog-proof: " in line]
            assert (code, line.endswith(", its author entitled")) == (0, entitled)


class TestDirectories:
    """A whole log: what is missing in it is nowhere."""

    pytestmark = MARKS

    def test_every_author_is_judged_at_its_index(self, program: Path, tmp_path: Path) -> None:
        """By the entries before it, as ours judges a zip of all entries: what is not shown is found, too."""
        chance, found = random.Random(12), Counter[bool]()
        for number in range(extent(4, 100)):
            book = hostile(chance, 80)
            acts = [Act(one.index, one.recorded, Statement.decode(one.statement)) for one in
                    map(Entry.decode, book.entries)]  # fmt: skip
            register = authority.Register(roles)
            wrong = {act.index for act in acts if register.judge(act).standing != OK or not agreed(act)}
            wrong -= {act.index for act in acts if act.statement.type == "example-weighed/1"}
            folder = tmp_path / str(number)
            told = findings(program, folder, book.entries, Book().origin)
            known = {index for index in told if acts[index].statement.type != "example-weighed/1"}
            assert known == wrong
            found.update(act.index in wrong for act in acts)
        assert min(found.values()) > 40

    def test_what_stands_in_the_ledger_is_found_in_the_directory(
        self, program: Path, original: Scene, tmp_path: Path
    ) -> None:
        """Acts appended past all rules: both name the same entries; of licences ours alone speaks."""
        here = original.copy(tmp_path)
        with Attacker(here.path) as attacker:
            acts = attacker.acts()
            first = len(acts)
            for number, (event, by) in enumerate(past_all_rules(first)):
                key = key_of(by)
                said = Statement(ORIGIN, number.to_bytes(16, "big"), event.TYPE, key.public, e.write(event))
                acts.append(signed(said, key, acts[-1].recorded))
            attacker.rewrite(acts)
            entries = [attacker.entry(index) for index in range(len(acts))]
        faults = here.audit(views=False).faults
        ours = {one.index - first for one in faults if one.step == 8 and one.index is not None}
        theirs = {index - first for index in findings(program, tmp_path / "published", entries, ORIGIN)}
        assert (theirs, ours) == ({0, 1, 2, 3, 8, 9, 11, 13}, {0, 1, 2, 3, 6, 8, 9, 11, 13})


def agreed(act: Act) -> bool:
    """Whether an enrolment has the proof of its key's holder; other acts need none."""
    body = act.statement.body
    if act.statement.type != "key-enrolled/1":
        return True
    return keys.verify_possession(body["key"], body["party"], act.statement.ledger, body["proof"])


def past_all_rules(first: int) -> list[tuple[e.Event, str]]:
    """Acts and whose key signed each; they begin at the index ``first``."""

    def mined(by: str) -> e.Mined:
        return e.Mined(by=by, site=SITE, lines=(goods("X1", "1.000", "710231"),))

    def enrolled(party: str, proof: bytes) -> e.KeyEnrolled:
        return e.KeyEnrolled(by=WORLDS, party=party, key=key_of(party).public, proof=proof)

    agreed = keys.prove_possession(key_of("miner-9"), "miner-9", ORIGIN)
    again = e.LedgerOpened(by=WORLDS, origin=ORIGIN, keys=("k",), authority_key=key_of("thief").public,
                           recovery_key=key_of("other").public)  # fmt: skip
    registered = e.PartyRegistered(by=WORLDS, party="miner-9", roles=("miner",))
    instead = e.write(replace(registered, roles=("cutter",)))
    return [
        (mined("dealer-7"), "dealer-7"),
        (mined("miner-1"), "dealer-7"),
        (mined("miner-1"), "thief"),
        (again, WORLDS),
        (registered, WORLDS),
        (enrolled("miner-9", agreed), WORLDS),
        (mined("miner-9"), "miner-9"),  # without a licence, which ours alone looks at
        (e.Corrected(by=WORLDS, index=first + 4, hash=bytes(32), replacement=instead, reason="x"), WORLDS),
        (mined("miner-9"), "miner-9"),
        (enrolled("dealer-8", bytes(64)), WORLDS),
        (e.KeyRevoked(by=WORLDS, key=key_of("miner-1").public, since="2024-01-15"), WORLDS),
        (mined("miner-1"), "miner-1"),
        (e.LedgerClosed(by=WORLDS, size=1, root=bytes(32), successor="ledger.example/bw/next"), WORLDS),
        (registered, WORLDS),
    ]


def findings(program: Path, folder: Path, entries: list[bytes], origin: str) -> set[int]:
    """Which entries of a log, published under a key of the tests, have an author who was not entitled."""
    leaves = [entry_hash(entry) for entry in entries]
    head = Checkpoint(origin, len(leaves), merkle.root(leaves))
    log = note.verifier_key(origin, signing_key("log"))
    made = published.Book(entries)
    published.publish(made, folder, checkpoint.sign(head, signing_key("log")))
    _, lines = run(program, "-key", str(log), folder)
    found = [re.fullmatch(r"bad: [^:]*: entry ([0-9]+): authority: .*", line) for line in lines]
    assert all(found) or lines[0].endswith(", authors entitled"), lines
    return {int(one[1]) for one in found if one}
