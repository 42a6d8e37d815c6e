"""The witness over HTTP: real servers on this machine, and strangers who do not behave."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.errors import Malformed, StoreTrouble
from ledger.federation.add_checkpoint import MOST_BYTES
from ledger.federation.witness_http import MOST_CONNECTIONS, WitnessServer, parse_address
from tests.refusing import refusing
from tests.witnessing import ORIGIN, Log, serving, witness


@pytest.fixture
def log() -> Log:
    """A log of a hundred entries."""
    return Log().grow(100)


def ask(server: WitnessServer, method: str, path: str, body: bytes = b"") -> tuple[int, str, str, bytes]:
    """Status, content type, connection header and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return (
            answer.status,
            answer.headers["Content-Type"],
            answer.headers.get("Connection", ""),
            answer.read(),
        )
    finally:
        connection.close()


def talk(server: WitnessServer, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What comes back for bytes sent as they are, until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as line:
        heard = b""
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while more := line.recv(65_536):
                heard += more
        except (ConnectionError, BrokenPipeError):
            return heard
        return heard


def test_the_specifications_answers_come_over_http(tmp_path: Path, log: Log) -> None:
    """200, 400, 403, 404, 409 with its content type, 422; each is a line of the operator's log."""
    with serving(witness(tmp_path)) as (server, lines):
        assert ask(server, "POST", "/add-checkpoint", log.request(0, 64))[0] == 200
        assert ask(server, "POST", "/add-checkpoint", log.request(0, 100))[1:] == (
            "text/x.tlog.size",
            "",
            b"64\n",
        )
        statuses = [
            ask(server, "POST", "/add-checkpoint", body)[0]
            for body in (
                b"old",
                log.request(64).replace(b"\n100\n", b"\n101\n"),
                Log("ledger.example/zz/other").grow(3).request(0),
                log.request(0, 100),
                log.fork(10).grow(90).request(64),
            )
        ]
        assert statuses == [400, 403, 404, 409, 422]
    assert lines[0] == f"200 {ORIGIN} 64"
    assert lines[1] == f"409 {ORIGIN} 100 from 0"
    assert [line[:3] for line in lines] == ["200", "409", "400", "403", "404", "409", "422"]


def test_a_connection_is_kept_for_many_requests(tmp_path: Path, log: Log) -> None:
    """One connection grows a ledger step by step."""
    with serving(witness(tmp_path)) as (server, _):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        for size in range(1, 20):
            connection.request("POST", "/add-checkpoint", log.request(size - 1, size))
            answer = connection.getresponse()
            assert (answer.status, answer.will_close) == (200, False)
            assert answer.read().startswith("— witness.example/aa ".encode())
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("HEAD", "/add-checkpoint", 405),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/add-checkpoint/", 404),
        ("POST", "/add-checkpoint?x=1", 404),
        ("POST", "/../add-checkpoint", 404),
        ("PUT", "/add-checkpoint", 501),
    ],
)
def test_there_is_one_address_and_one_method(tmp_path: Path, method: str, path: str, status: int) -> None:
    """Anything else is refused without looking at its body."""
    with serving(witness(tmp_path)) as (server, _):
        assert ask(server, method, path, b"old 0\n")[0] == status
        assert ask(server, "POST", "/add-checkpoint", Log().grow(1).request(0))[0] == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 65537", b"413"),
        (b"Content-Length: 99999999999999999999", b"413"),
        (b"Content-Length: -1", b"411"),
        (b"Content-Length: +5", b"411"),
        (b"Content-Length: 5\r\nContent-Length: 6", b"411"),
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"411"),
        (b"Host: x", b"411"),
    ],
)
def test_a_body_without_a_good_length_is_not_read(tmp_path: Path, head: bytes, status: bytes) -> None:
    """It is answered and the connection ended."""
    with serving(witness(tmp_path)) as (server, _):
        heard = talk(server, b"POST /add-checkpoint HTTP/1.1\r\n" + head + b"\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in heard


def test_the_largest_body_is_read(tmp_path: Path) -> None:
    """65,536 bytes of nonsense are a malformed request and not a broken connection."""
    with serving(witness(tmp_path)) as (server, _):
        assert ask(server, "POST", "/add-checkpoint", b"x" * MOST_BYTES)[0] == 400


@pytest.mark.parametrize(
    "noise",
    [b"\x16\x03\x01\x02\x00\x01\xfc\x03\r\n\r\n", b"hello\r\n\r\n", b"\r\n" * 3, b"GET / HTTP/9.9\r\n\r\n"],
)
def test_noise_does_not_stop_it(tmp_path: Path, log: Log, noise: bytes) -> None:
    """Bytes that are no HTTP; the next request is answered, and no control character reaches the log."""
    with serving(witness(tmp_path), most_silence=0.3) as (server, lines):
        talk(server, noise)
        assert ask(server, "POST", "/add-checkpoint", log.request(0))[0] == 200
    assert all(line.isprintable() for line in lines)


def test_a_request_cut_short_is_not_one(tmp_path: Path, log: Log) -> None:
    """Half a body and then nothing: nothing is cosigned."""
    body = log.request(0)
    head = f"POST /add-checkpoint HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with serving(witness(tmp_path), most_silence=0.3) as (server, _):
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as line:
            line.sendall(head + body[:-20])
            line.shutdown(socket.SHUT_WR)
            assert line.recv(65_536).startswith(b"HTTP/1.1 400")
        assert talk(server, head + body[:-20]) == b""  # silence: hung up
        assert list(tmp_path.glob("*.checkpoint")) == []
        assert ask(server, "POST", "/add-checkpoint", body)[0] == 200


def test_a_request_that_drips_is_cut_off(tmp_path: Path, log: Log) -> None:
    """Never silent for long, and never done: it ends after the most time for one request."""
    body = log.request(0)
    head = f"POST /add-checkpoint HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    drops = [bytes([letter]) for letter in body[:40]]
    with serving(witness(tmp_path), most_silence=0.5, most_time=0.6) as (server, _):
        started = time.monotonic()
        assert not talk(server, head, *drops, pause=0.1).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - started < 3
        assert ask(server, "POST", "/add-checkpoint", body)[0] == 200


def test_more_connections_than_there_is_room_for_are_turned_away(tmp_path: Path, log: Log) -> None:
    """503 while all places are taken; afterwards it answers again."""
    with serving(witness(tmp_path), most_silence=2.0) as (server, _):
        place = ("127.0.0.1", server.server_address[1])
        held = [socket.create_connection(place, timeout=10) for _ in range(MOST_CONNECTIONS)]
        time.sleep(0.3)
        assert talk(server).startswith(b"HTTP/1.1 503")
        for line in held:
            line.close()
        time.sleep(0.5)
        assert ask(server, "POST", "/add-checkpoint", log.request(0))[0] == 200


def test_many_ledgers_and_many_requests_at_once(tmp_path: Path, log: Log) -> None:
    """Thirty-two requests for the two continuations of one history: all that are cosigned are of one."""
    aa = witness(tmp_path)
    stories = [log, log.fork(40).grow(60)]
    with serving(aa) as (server, _), ThreadPoolExecutor(16) as pool:
        ask(server, "POST", "/add-checkpoint", log.request(0, 40))
        answers = list(
            pool.map(
                lambda n: (n % 2, ask(server, "POST", "/add-checkpoint", stories[n % 2].request(40))[0]),
                range(32),
            )
        )
        assert len({story for story, status in answers if status == 200}) == 1
        assert {status for _, status in answers} <= {200, 409, 422}
        winner = next(story for story, status in answers if status == 200)
        statuses = [ask(server, "POST", "/add-checkpoint", story.request(100))[0] for story in stories]
        assert statuses == ([200, 422] if winner == 0 else [422, 200])


def test_damaged_memory_is_a_fault_of_the_server(tmp_path: Path, log: Log) -> None:
    """500, no cosignature, and the operator is told why."""
    with serving(witness(tmp_path)) as (server, lines):
        ask(server, "POST", "/add-checkpoint", log.request(0))
        next(tmp_path.glob("*.checkpoint")).write_bytes(b"")
        status, _, _, body = ask(server, "POST", "/add-checkpoint", log.request(100))
        assert (status, body) == (500, b"")
    assert "memory-damaged" in lines[-1]


def test_an_address_in_use_is_told(tmp_path: Path) -> None:
    """Two servers cannot have one port."""
    with serving(witness(tmp_path)) as (server, _), refusing(StoreTrouble, "witness-no-address"):
        WitnessServer(server.witness, ("127.0.0.1", server.server_address[1]), print)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8300", ("127.0.0.1", 8300)),
        ("[::1]:0", ("::1", 0)),
        (":80", ("", 80)),
        ("a.b:1", ("a.b", 1)),
    ],
)
def test_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    """Host and port, as they are written everywhere."""
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "127.0.0.1", "x:", "x:65536", "x:-1", "x:٣"])
def test_other_addresses_are_refused(text: str) -> None:
    """A port is a decimal number of 16 bits."""
    with refusing(Malformed, "witness-address"):
        parse_address(text)
