"""A ledger collects cosignatures from real witnesses on this machine, from dead ones and from liars."""

from __future__ import annotations

from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ledger.chain import note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.errors import Malformed, Unavailable
from ledger.federation import posting
from ledger.federation.cosigning import Collected, Terms, collect
from ledger.federation.posting import Reply
from ledger.keys import MlDsa44Key
from tests.refusing import refusing
from tests.witnessing import NOW, Log, key, serving, trusting, witness

DAY = 86_400


@pytest.fixture
def log() -> Log:
    """A log of a hundred entries."""
    return Log().grow(100)


def terms(log: Log, rows: list[Any], needed: int, now: int = NOW, max_age: int = DAY) -> Terms:
    """The witnesses at their URLs, and how many must sign."""
    return Terms(trusting(log, rows, needed), now, max_age)


def codes(found: Collected) -> list[str]:
    """What was wrong with which witness, in order."""
    return [trouble.code for trouble in found.troubles if str(trouble)]


def test_three_witnesses_cosign_a_growing_ledger(tmp_path: Path, log: Log) -> None:
    """From first contact on, whatever each of them saw last; the note verifies under the trust file."""
    with ExitStack() as stack:
        aa, bb, cc = (witness(tmp_path / name, f"witness.example/{name}") for name in ("aa", "bb", "cc"))
        rows = [(item, stack.enter_context(serving(item))[0].url) for item in (aa, bb, cc)]
        bb.add_checkpoint(log.request(0, 33))
        wanted = terms(log, rows, 3)
        for size in (40, 40, 41, 100):
            found = collect(log.checkpoint(size), lambda old, size=size: log.prove(old, size), wanted)
            assert found.enough
            assert found.troubles == ()
            again = SignedCheckpoint.parse(found.checkpoint.encode())
            assert [item.timestamp for item in wanted.trust.check_quorum(again, NOW, DAY)] == [NOW] * 3
            assert wanted.trust.signed_by(again) == (log.pinned,)


def test_two_of_three_are_enough_and_the_third_is_told_of(tmp_path: Path, log: Log) -> None:
    """A witness that is not there costs its signature and nobody else's."""
    with ExitStack() as stack:
        aa, bb, cc = (witness(tmp_path / name, f"witness.example/{name}") for name in ("aa", "bb", "cc"))
        rows: list[Any] = [(item, stack.enter_context(serving(item))[0].url) for item in (aa, bb)]
        rows.append((cc, "http://127.0.0.1:1"))
        found = collect(log.checkpoint(), log.prove, terms(log, rows, 2))
        assert (found.enough, len(found.cosigned), codes(found)) == (True, 2, ["server-silent"])
        assert found.troubles[0].url == "http://127.0.0.1:1"
        assert not collect(log.checkpoint(), log.prove, terms(log, rows, 3)).enough


def test_what_is_fresh_is_kept_and_what_is_old_is_asked_for_again(tmp_path: Path, log: Log) -> None:
    """Fresh cosignatures cost no request; those older than the maximal age are replaced."""
    with ExitStack() as stack:
        aa, bb = witness(tmp_path / "a", "w.example/a"), witness(tmp_path / "b", "w.example/b", now=NOW + DAY)
        servers = [stack.enter_context(serving(item)) for item in (aa, bb)]
        rows: list[Any] = [(item, server.url) for item, (server, _) in zip((aa, bb), servers, strict=True)]
        first = collect(log.checkpoint(), log.prove, terms(log, rows[:1], 1)).checkpoint
        later = terms(log, rows, 2, now=NOW + DAY)
        found = collect(first, log.prove, later)
        assert (found.enough, codes(found)) == (True, [])
        assert len(servers[0][1]) == 1
        assert len(found.checkpoint.note.signatures) == 3
        too_late = terms(log, rows, 2, now=NOW + DAY + 1)
        found = collect(first, log.prove, too_late)
        assert (found.enough, codes(found)) == (False, ["witness-time"])
        assert [item.witness.key for item in found.cosigned] == bb.keys
        assert len(found.checkpoint.note.signatures) == 2


def test_a_cosignature_of_the_future_does_not_count(tmp_path: Path, log: Log) -> None:
    """Five minutes of a clock's error are allowed, six are not."""
    for ahead, enough in ((300, True), (360, False)):
        aa = witness(tmp_path / str(ahead), now=NOW + ahead)
        with serving(aa) as (server, _):
            found = collect(log.checkpoint(), log.prove, terms(log, [(aa, server.url)], 1))
            assert (found.enough, codes(found)) == (enough, [] if enough else ["witness-time"])


def test_both_signatures_of_a_post_quantum_witness_are_taken(tmp_path: Path, log: Log) -> None:
    """Two keys at one address: one request, two lines, of which either suffices; a missing one is told of."""
    aa = witness(tmp_path / "a", second=MlDsa44Key(bytes(32)))
    with serving(aa) as (server, lines):
        found = collect(log.checkpoint(), log.prove, terms(log, [(aa, server.url)], 1))
        assert (found.enough, codes(found), len(lines)) == (True, [], 1)
        assert [item.witness.key.kind for item in found.cosigned] == [note.COSIGNATURE, note.MLDSA44]
    plain = witness(tmp_path / "b")
    with serving(plain) as (server, _):
        found = collect(log.checkpoint(), log.prove, terms(log, [(aa, server.url)], 1))
        assert (found.enough, codes(found), len(found.cosigned)) == (True, ["witness-key-missing"], 1)
    with refusing(Malformed, "trust-witness-twice"):
        terms(log, [(aa, server.url)], 2)  # both are one witness's


def test_a_witness_that_saw_another_history_is_told_of(tmp_path: Path, log: Log) -> None:
    """A longer ledger than ours, or one that ours did not grow from."""
    aa = witness(tmp_path / "a")
    aa.add_checkpoint(log.request(0))
    forged = log.fork(50).grow(50)
    with serving(aa) as (server, _):
        wanted = terms(log, [(aa, server.url)], 1)
        found = collect(log.checkpoint(60), lambda old: log.prove(old, 60), wanted)
        assert codes(found) == ["witness-ahead"]
        assert found.troubles[0].values == {"size": 100, "ours": 60}
        for size in (100, 120):
            forged.grow(size - len(forged.leaves))
            found = collect(forged.checkpoint(), forged.prove, wanted)
            assert (codes(found), found.enough) == (["witness-status"], False)
            assert found.troubles[0].values["status"] == 422


def answering(*replies: Reply | Exception) -> Any:
    """A network that gives these answers, one after the other."""
    left = list(replies)

    def post(url: str, body: bytes) -> Reply:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return post


def lies(log: Log, tmp_path: Path) -> dict[str, tuple[Reply, str]]:
    """Answers that must not be believed, and what is said of each."""
    aa = witness(tmp_path / "aa")
    good = aa.add_checkpoint(log.request(0)).body
    other = witness(tmp_path / "other").add_checkpoint(log.request(0, 99)).body
    thief = note.cosign(log.checkpoint().note.text, aa.name, key("thief"), NOW)
    wrong = f"{good[:-10]}AAAA{good[-6:]}"
    size = "text/x.tlog.size"
    return {
        "another checkpoint's": (Reply(200, other.encode(), ""), "witness-answer"),
        "a changed signature": (Reply(200, wrong.encode(), ""), "witness-answer"),
        "an unknown key's": (Reply(200, str(thief).encode(), ""), "witness-key-missing"),
        "twice": (Reply(200, (good + good).encode(), ""), "witness-answer"),
        "nothing": (Reply(200, b"", ""), "witness-answer"),
        "no signature line": (Reply(200, b"ok\n", ""), "witness-answer"),
        "an empty line in it": (Reply(200, b"\n" + good.encode(), ""), "witness-answer"),
        "no UTF-8": (Reply(200, b"\xff\n", ""), "witness-answer"),
        "no newline": (Reply(200, good.encode()[:-1], ""), "witness-answer"),
        "the size we said": (Reply(409, b"0\n", size), "witness-answer"),
        "a size without newline": (Reply(409, b"7", size), "witness-answer"),
        "a size with a sign": (Reply(409, b"+7\n", size), "witness-answer"),
        "too large a size": (Reply(409, b"9007199254740992\n", size), "witness-answer"),
        "a size beyond ours": (Reply(409, b"101\n", size), "witness-ahead"),
        "409 without a size": (Reply(409, b"no\n", "text/plain"), "witness-status"),
        "a redirection": (Reply(302, b"", ""), "witness-status"),
        "an error": (Reply(500, b"\x1b[31moh no", ""), "witness-status"),
    }


LIES = (
    "another checkpoint's", "a changed signature", "an unknown key's", "twice", "nothing",
    "no signature line", "an empty line in it", "no UTF-8", "no newline", "the size we said",
    "a size without newline", "a size with a sign", "too large a size", "a size beyond ours",
    "409 without a size", "a redirection",
    "an error",
)  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_witness_is_not_believed(tmp_path: Path, log: Log, lie: str) -> None:
    """Its answer is told of and adds nothing to the checkpoint."""
    aa = witness(tmp_path / "pinned")
    reply, code = lies(log, tmp_path)[lie]
    found = collect(log.checkpoint(), log.prove, terms(log, [(aa, "http://x")], 1), answering(reply))
    assert (found.enough, codes(found)) == (False, [code])
    assert found.checkpoint == log.checkpoint()
    assert str(found.troubles[0]).isprintable()


def test_every_lie_is_tried(tmp_path: Path, log: Log) -> None:
    """The list above is the whole."""
    assert tuple(lies(log, tmp_path)) == LIES


def test_an_answer_beside_lines_of_unknown_keys_is_taken(tmp_path: Path, log: Log) -> None:
    """Unknown keys are ignored, as the specification demands, and do not enter the note."""
    aa = witness(tmp_path / "a")
    thief = note.cosign(log.checkpoint().note.text, "stranger.example/x", key("thief"), NOW)
    body = f"{thief}{aa.add_checkpoint(log.request(0)).body}".encode()
    found = collect(
        log.checkpoint(), log.prove, terms(log, [(aa, "http://x")], 1), answering(Reply(200, body, ""))
    )
    assert found.enough
    assert [line.name for line in found.checkpoint.note.signatures] == [log.origin, aa.name]


def test_a_witness_that_names_ever_other_sizes_is_left(tmp_path: Path, log: Log) -> None:
    """Four rounds, and no more."""
    aa = witness(tmp_path / "a")
    sizes = [Reply(409, b"%d\n" % size, "text/x.tlog.size") for size in (3, 4, 5, 6, 7)]
    found = collect(log.checkpoint(), log.prove, terms(log, [(aa, "http://x")], 1), answering(*sizes))
    assert codes(found) == ["witness-restless"]


def test_a_witness_without_a_url_cannot_be_asked(tmp_path: Path, log: Log) -> None:
    """It is told of by its name in the trust file."""
    found = collect(log.checkpoint(), log.prove, terms(log, [(witness(tmp_path), None)], 1))
    assert [(trouble.url, trouble.code) for trouble in found.troubles] == [("w0-4", "witness-no-url")]


def test_only_the_pinned_ledgers_checkpoint_is_carried_around(tmp_path: Path, log: Log) -> None:
    """Unsigned, or another ledger's: no witness is asked."""
    wanted = terms(log, [(witness(tmp_path), "http://x")], 1)
    other = Log("ledger.example/zz/other").grow(3)
    with refusing(Malformed, "trust-origin"):
        collect(other.checkpoint(), other.prove, wanted, answering())
    signed = log.checkpoint()
    foreign = note.sign(signed.note.text, "x", key("x"))
    unsigned = SignedCheckpoint(signed.checkpoint, note.Note(signed.note.text, (foreign,)))
    with refusing(Malformed, "note-unsigned"):
        collect(unsigned, log.prove, wanted, answering())


class Rude(BaseHTTPRequestHandler):
    """A server that sends too much, or sends people elsewhere."""

    def do_POST(self) -> None:
        """By path."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/much")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * (2_000_000 if self.path == "/much" else 10))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


def test_posting_has_bounds(tmp_path: Path) -> None:
    """Too long an answer is refused, a redirection is not followed, a port without a server is told."""
    with HTTPServer(("127.0.0.1", 0), Rude) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            assert posting.post(f"{url}/", b"", "x/y", timeout=5).body == b"x" * 10
            assert posting.post(f"{url}/elsewhere", b"", "x/y", timeout=5).status == 302
            with refusing(Unavailable, "server-long"):
                posting.post(f"{url}/much", b"", "x/y", timeout=5)
        finally:
            server.shutdown()
            thread.join()
    with refusing(Unavailable, "server-silent"):
        posting.post(url, b"", "x/y", timeout=5)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://x/y", "http://", "http://x:0/", "http://a b", "x"]
)
def test_only_http_is_spoken(url: str) -> None:
    """Other schemes never reach the network or the disk."""
    with refusing(Malformed, "server-url"):
        posting.post(url, b"", "x/y", timeout=1)
