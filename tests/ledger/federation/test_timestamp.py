"""Tokens of an authority made here with openssl: ours and openssl's verdicts agree."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ledger.errors import Faults, KeyTrouble, Malformed, Unavailable
from ledger.federation import timestamp
from tests.authority import AVAILABLE, Authority, authority
from tests.refusing import refusing
from tests.witnessing import Log

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="no openssl to make an authority with")

CHECKPOINT = Log().grow(9).checkpoint().encode()
OTHER = Log().grow(10).checkpoint().encode()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority."""
    return authority(tmp_path_factory.mktemp("tsa") / "here")


@pytest.fixture(scope="module")
def answer(here: Authority) -> bytes:
    """Its answer for the checkpoint."""
    return here.answer(timestamp.request(CHECKPOINT))


def test_a_token_is_asked_for_given_and_checked(here: Authority, answer: bytes, tmp_path: Path) -> None:
    """Its time is now, its authority the one that signed; openssl says the same of the same files."""
    stamp = timestamp.check(CHECKPOINT, answer, here.root)
    assert abs(stamp.time - time.time_ns() // 1000) < 600 * 1_000_000
    assert (stamp.accuracy, stamp.authority, stamp.policy) == (1_500_100, "CN=Example time", "1.2.3.4.1")
    data, kept = tmp_path / "cp", tmp_path / "cp.tsr"
    data.write_bytes(CHECKPOINT)
    kept.write_bytes(answer)
    assert here.verifies(data, kept)
    data.write_bytes(OTHER)
    assert not here.verifies(data, kept)


def test_the_same_bytes_ask_the_same(here: Authority) -> None:
    """Without a nonce, a request can be made again; openssl reads it."""
    query = timestamp.request(CHECKPOINT)
    assert query == timestamp.request(CHECKPOINT)
    assert query != timestamp.request(OTHER)
    (here.folder / "q").write_bytes(query)
    shown = here.openssl("ts", "-query", "-in", "q", "-text").stdout
    assert "Hash Algorithm: sha256" in shown
    assert "Nonce: unspecified" in shown


def test_only_checkpoints_are_stamped() -> None:
    """Other bytes are refused before anybody is asked."""
    with refusing(Malformed, "note-newline"):
        timestamp.request(b"hello")


def test_a_token_over_other_bytes_fails(here: Authority, answer: bytes) -> None:
    """Another checkpoint, or one byte more."""
    for data in (OTHER, CHECKPOINT + b"\n", b""):
        with refusing(Faults, "timestamp-fails"):
            timestamp.check(data, answer, here.root)


def test_another_root_is_not_trusted(here: Authority, answer: bytes, tmp_path: Path) -> None:
    """A root of the same name with another key; no root at all."""
    other = authority(tmp_path / "other")
    with refusing(Faults, "timestamp-fails"):
        timestamp.check(CHECKPOINT, answer, other.root)
    for none in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with refusing(KeyTrouble, "timestamp-roots"):
            timestamp.check(CHECKPOINT, answer, none)


def test_a_certificate_for_something_else_does_not_stamp(here: Authority, tmp_path: Path) -> None:
    """The same token under keys of the same root: one that may stamp, and one that is for web servers."""
    for purpose, may in (("timeStamping", True), ("serverAuth", False)):
        other = authority(tmp_path / purpose, root=here, purpose=purpose)
        answer = here.answer(timestamp.request(CHECKPOINT))  # later than the other's certificate begins
        forged = here.signs_as(other, answer)
        if may:
            assert timestamp.check(CHECKPOINT, forged, here.root).policy == "1.2.3.4.1"
            continue
        with refusing(Faults, "timestamp-fails"):
            timestamp.check(CHECKPOINT, forged, here.root)


@pytest.mark.parametrize("named", [True, False])
def test_certificates_may_come_in_any_order(tmp_path: Path, named: bool) -> None:
    """An answer that carries a chain in the order openssl writes it, which is not DER's."""
    for number in range(4):
        made = authority(tmp_path / str(number), chain=True, named=named)
        answer = made.answer(timestamp.request(CHECKPOINT))
        stamp = timestamp.check(CHECKPOINT, answer, made.root)
        assert ("Example time" in stamp.authority) == named
        ordered = timestamp.in_order(answer)
        assert len(ordered) == len(answer)
        assert sorted(ordered) == sorted(answer)


def test_what_is_no_answer_is_named(here: Authority, answer: bytes) -> None:
    """Nothing, a request, half an answer, an answer with something behind it."""
    for wrong in (
        b"",
        b"0",
        timestamp.request(CHECKPOINT),
        answer[:200],
        answer + b"\0",
        b"\x30\x80" + answer,
    ):
        assert timestamp.in_order(wrong) == wrong or wrong == answer + b"\0"
        with refusing(Malformed, "timestamp-form"):
            timestamp.check(CHECKPOINT, wrong, here.root)


def test_a_refusal_is_told_with_its_reason(here: Authority) -> None:
    """The authority's own words."""
    (here.folder / "bad").write_bytes(b"no request")
    here.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "bad", "-out", "refusal", check=False)
    refusal = (here.folder / "refusal").read_bytes()
    with pytest.raises(Faults) as told:
        timestamp.check(CHECKPOINT, refusal, here.root)
    assert told.value.code == "timestamp-refused"
    assert "Bad request format" in str(told.value)


def test_a_changed_token_fails_or_says_the_same(here: Authority, answer: bytes) -> None:
    """Every byte changed: refused, except in the few that nothing signs, which change nothing it says."""
    honest = timestamp.check(CHECKPOINT, answer, here.root)
    accepted = 0
    for place in range(len(answer)):
        changed = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
        try:
            stamp = timestamp.check(CHECKPOINT, changed, here.root)
        except (Malformed, Faults):
            continue
        accepted += 1
        assert stamp == honest, place
    assert accepted < 20


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the rest of Adamas works."""
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with refusing(Unavailable, "timestamp-unavailable"):
        timestamp.request(CHECKPOINT)


def test_an_authority_is_asked_over_http(here: Authority) -> None:
    """Its answer is taken when it is one; anything else is told."""

    class Time(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = here.answer(query)
            self.send_response(200 if self.path == "/" else 503)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Time) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            body = timestamp.fetch(url, timestamp.request(CHECKPOINT))
            assert timestamp.check(CHECKPOINT, body, here.root).authority == "CN=Example time"
            with refusing(Unavailable, "timestamp-status"):
                timestamp.fetch(f"{url}busy", timestamp.request(CHECKPOINT))
        finally:
            server.shutdown()
            thread.join()
