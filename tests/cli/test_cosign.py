"""``adamas cosign``: a published directory's checkpoint, and a ledger's, gathered from real witnesses."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli import cosign as module
from ledger.chain import note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.trust import Trust
from ledger.federation.memory import Memory
from ledger.federation.witness import Witness
from tests.laptop import Laptop
from tests.published import Book, book, publish
from tests.witnessing import ORIGIN, Log, key, serving, trusting

NOW = int(time.time())


@pytest.fixture(scope="module")
def whole() -> Book:
    """A log of three hundred entries."""
    return book(300)


def witnesses(folder: Path, count: int, now: int = NOW) -> list[Witness]:
    """Witnesses of the log, with their clocks near this machine's."""
    pinned = {ORIGIN: [note.verifier_key(ORIGIN, key(ORIGIN))]}
    names = [f"witness.example/{n}" for n in range(count)]
    return [
        Witness(name, key(name), pinned, Memory.at(folder / str(n)), lambda: now)
        for n, name in enumerate(names)
    ]


def trust_file(path: Path, rows: list[tuple[Witness, str | None]], needed: int) -> Trust:
    """Written, and as it is read."""
    made = trusting(Log(), rows, needed)
    path.write_bytes(made.encode())
    return made


def test_a_published_checkpoint_is_cosigned_in_its_place(bare: Laptop, whole: Book) -> None:
    """From tiles alone, twice as the log grows; the file then holds under the trust file's quorum."""
    log = publish(Book(whole.entries[:200]), bare.folder / "published")
    with ExitStack() as stack:
        rows = [(item, stack.enter_context(serving(item))[0].url) for item in witnesses(bare.folder / "w", 3)]
        trust = trust_file(bare.folder / "bw.trust", list(rows), 3)
        for size in (200, 300):
            publish(Book(whole.entries[:size]), log)
            ran = bare.ok("cosign", "published", "--trust", "bw.trust")
            assert ran.out.startswith(f"cosigned {ORIGIN} {size} by w0-4, w1-4, w2-4")
            signed = SignedCheckpoint.parse((log / "checkpoint").read_bytes())
            assert signed.checkpoint.size == size
            assert len(trust.check_quorum(signed, NOW, 3_600)) == 3
        assert rows[0][0].memory.latest(ORIGIN, trust.keys).checkpoint.size == 300  # type: ignore[union-attr]


def test_without_the_quorum_nothing_is_written(bare: Laptop, whole: Book) -> None:
    """Exit 1, every witness's trouble on standard error, the checkpoint as it was."""
    log = publish(whole, bare.folder / "published")
    before = (log / "checkpoint").read_bytes()
    one, two, three = witnesses(bare.folder / "w", 3)
    with serving(one) as (server, _):
        trust_file(
            bare.folder / "bw.trust", [(one, server.url), (two, "http://127.0.0.1:1"), (three, None)], 2
        )
        ran = bare("cosign", "published", "--trust", "bw.trust")
        assert ran.code == 1
        assert [line.split(":")[0] for line in ran.err.splitlines()] == [
            "witness-no-url", "server-silent", "adamas", "  next",
        ]  # fmt: skip
        assert "cosign-quorum" in ran.err
        assert (log / "checkpoint").read_bytes() == before
        told = bare("cosign", "published", "--trust", "bw.trust", "--json")
        assert (told.code, told.data["enough"], len(told.data["cosigned"])) == (1, False, 1)
        assert {row["code"] for row in told.data["troubles"]} == {"witness-no-url", "server-silent"}
        trust_file(bare.folder / "bw.trust", [(one, server.url), (two, "http://127.0.0.1:1")], 1)
        assert bare("cosign", "published", "--trust", "bw.trust", "--out", "cp").code == 0
        assert (log / "checkpoint").read_bytes() == before
        assert (bare.folder / "cp").read_bytes().startswith(before)


def test_the_maximal_age_is_enforced(bare: Laptop, whole: Book) -> None:
    """A witness whose clock stands a day behind does not count, unless two days are allowed."""
    publish(whole, bare.folder / "published")
    (late,) = witnesses(bare.folder / "w", 1, NOW - 90_000)
    with serving(late) as (server, _):
        trust_file(bare.folder / "bw.trust", [(late, server.url)], 1)
        ran = bare("cosign", "published", "--trust", "bw.trust")
        assert (ran.code, "witness-time" in ran.err) == (1, True)
        assert bare("cosign", "published", "--trust", "bw.trust", "--max-age", "48").code == 0


def test_a_damaged_directory_is_not_shown_to_witnesses(bare: Laptop, whole: Book) -> None:
    """A proof from tiles that do not lead to the checkpoint is never sent."""
    log = publish(Book(whole.entries[:200]), bare.folder / "published")
    (one,) = witnesses(bare.folder / "w", 1)
    with serving(one) as (server, lines):
        trust_file(bare.folder / "bw.trust", [(one, server.url)], 1)
        bare.ok("cosign", "published", "--trust", "bw.trust")
        publish(whole, log)
        tile = log / "tile/0/000"
        tile.write_bytes(tile.read_bytes()[:-1] + b"x")
        ran = bare("cosign", "published", "--trust", "bw.trust")
        assert (ran.code, "tile-hash" in ran.err) == (4, True)
        assert [line[:3] for line in lines] == ["200", "409"]


def test_a_ledger_itself_is_cosigned(laptop: Laptop, whole: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it signs and proves is carried to the witnesses; without --out it comes on standard output."""
    log = Log().grow(50)

    class Here:
        def checkpoint(self) -> SignedCheckpoint:
            return log.checkpoint()

        def consistency(self, old: int, new: int) -> list[bytes]:
            return log.prove(old, new)

    monkeypatch.setattr(module.Session, "keeping", lambda self: Here())
    (one,) = witnesses(laptop.folder / "w", 1)
    one.add_checkpoint(log.request(0, 20))
    with serving(one) as (server, _):
        made = trust_file(laptop.folder / "bw.trust", [(one, server.url)], 1)
        ran = laptop.ok("cosign", "--trust", "bw.trust")
        signed = SignedCheckpoint.parse(ran.out.encode())
        assert len(made.check_quorum(signed, NOW, 3_600)) == 1
        assert laptop.data("cosign", "--trust", "bw.trust")["checkpoint"].startswith(signed.note.text)


def test_what_cannot_be_read_is_told(bare: Laptop, whole: Book) -> None:
    """No directory, no checkpoint, no trust file, another ledger's trust file."""
    publish(whole, bare.folder / "published")
    assert bare("cosign", "published", "--trust", "missing").code == 7
    trust_file(bare.folder / "bw.trust", [], 0)
    assert bare("cosign", "nowhere", "--trust", "bw.trust").code == 7
    (bare.folder / "za.trust").write_bytes(trusting(Log("ledger.example/za/x"), [], 0).encode())
    ran = bare("cosign", "published", "--trust", "za.trust")
    assert (ran.code, "trust-origin" in ran.err) == (4, True)
    ran = bare.ok("cosign", "published", "--trust", "bw.trust")
    assert "nobody is needed" in ran.out
