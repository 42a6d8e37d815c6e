"""What another ledger published, read from a folder and over the network: the same bytes, and no others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledger.errors import Malformed, StoreTrouble, Unavailable
from ledger.federation import posting, publications
from ledger.federation.publications import _is_web, is_url, reading
from tests.raw_server import answering
from tests.refusing import refusing


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the library
        """Nothing."""

    def do_GET(self) -> None:
        """A file, or a fault for ``broken``."""
        if self.path.endswith("/broken"):
            self.send_error(503)
            return
        if self.path.endswith("/dripping"):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(1_000):
                    self.wfile.write(b"x")
                    time.sleep(0.01)
            return
        super().do_GET()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a checkpoint and a tile."""
    (tmp_path / "tile" / "0").mkdir(parents=True)
    (tmp_path / "checkpoint").write_bytes(b"a checkpoint\n")
    (tmp_path / "tile" / "0" / "000").write_bytes(bytes(range(256)) * 32)
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    """The same folder behind a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_folder_and_a_server_give_the_same_bytes(folder: Path, url: str) -> None:
    """Every file, and None for what is not there; a slash behind the URL changes nothing."""
    read = reading(str(folder))
    for place in (url, url + "/"):
        for path in ("checkpoint", "tile/0/000"):
            assert reading(place)(path) == read(path) != b""
        assert reading(place)("tile/0/001") is None
    assert read("tile/0/001") is None
    assert read("checkpoint/below") is None


def test_only_http_is_a_url() -> None:
    """A path stays a path, whatever it looks like; a URL without a host is none."""
    assert is_url("https://tiles.example/bw")
    assert not is_url("http.folder/bw")
    assert not is_url("C:/tiles")
    with pytest.raises(Malformed) as refused:
        reading("http:///tile")
    assert refused.value.code == "server-url"


def test_a_server_in_trouble_is_told_apart_from_a_file_that_is_missing(url: str) -> None:
    """A fault of the server is no missing tile."""
    with pytest.raises(Unavailable) as silent:
        reading(url)("broken")
    assert (silent.value.code, "503" in str(silent.value)) == ("server-silent", True)


def test_nobody_listening_is_told(url: str) -> None:
    """A port where no server is."""
    with pytest.raises(Unavailable) as silent:
        reading("http://127.0.0.1:1")("checkpoint")
    assert silent.value.code == "server-silent"


def test_an_endless_answer_is_cut_off(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of a publication is longer than the limit."""
    monkeypatch.setattr(publications, "MOST_BYTES", 8_191)
    with pytest.raises(Unavailable) as long:
        reading(url)("tile/0/000")
    assert long.value.code == "server-long"
    monkeypatch.setattr(publications, "MOST_BYTES", 8_192)
    assert len(reading(url)("tile/0/000") or b"") == 8_192


def test_an_answer_that_drips_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps nobody waiting for ever."""
    monkeypatch.setattr(publications, "_WHOLE", 0.1)
    with refusing(Unavailable, "server-silent"):
        reading(url)("dripping")
    assert reading(url)("checkpoint") == b"a checkpoint\n"


OK = b"HTTP/1.1 200 OK\r\n"
NEVER = {
    "headers without end": (OK, b"X: y\r\n", 0.05),
    "a header without end": (OK + b"X: ", b"y", 0.01),
    "more is to come, for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "a status without end": (b"HTTP/1.1 200 ", b"O", 0.01),
}


@pytest.mark.parametrize("what", NEVER)
def test_an_answer_that_never_begins_is_given_up(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes keep coming, so no read times out; the whole of it has a limit."""
    monkeypatch.setattr(publications, "_WHOLE", 0.3)
    with answering(*NEVER[what]) as url, refusing(Unavailable, "server-silent"):
        reading(url)("checkpoint")


NOWHERE = [
    "http://[::1/x",
    "ftp://127.0.0.1/checkpoint",
    "file:///etc/passwd",
    "http://\x00/",
    "http://x:99999999/",
]


@pytest.mark.parametrize("place", NOWHERE)
def test_nobody_is_sent_where_no_web_is(place: str) -> None:
    """A location that is no URL, or of another scheme, is no answer and no fault of the program."""
    moved = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with answering(moved) as url:
        with pytest.raises(Unavailable) as silent:
            reading(url)("checkpoint")
        assert silent.value.code == "server-silent"
        reply = posting.post(url, b"", "x/y", timeout=5)  # where it leads is not even read
        assert reply.status == 302


def test_files_may_have_moved_on_the_web(url: str) -> None:
    """To another place under http; what was asked for encrypted is not fetched in the clear."""
    moved = f"HTTP/1.1 301 Moved\r\nLocation: {url}/checkpoint\r\nContent-Length: 0\r\n\r\n"
    with answering(moved.encode()) as elsewhere:
        assert reading(elsewhere)("checkpoint") == b"a checkpoint\n"
    asked = "https://ledger.example/bw/checkpoint"
    ways = ("https://x.example/y", "/elsewhere", "", "http://x.example/y", "ftp://x.example/y", "//[::1/")
    assert [_is_web(asked, place) for place in ways] == [True, True, True, False, False, False]


def test_of_what_a_server_says_only_the_beginning_is_told() -> None:
    """A screen full of nonsense tells nobody anything."""
    with answering(b"\x01nonsense " * 5_000 + b"\r\n\r\n") as url:
        with pytest.raises(Unavailable) as silent:
            reading(url)("checkpoint")
    assert len(str(silent.value)) < 300


def test_a_folder_that_cannot_be_read_is_told(folder: Path) -> None:
    """A directory where a file should be is trouble, not absence."""
    with pytest.raises(StoreTrouble) as trouble:
        reading(str(folder))("tile")
    assert trouble.value.code == "artefact-unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    """A pipe that nobody writes to, a device that never ends, a file too long for anything published."""
    os.mkfifo(folder / "pipe")
    (folder / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        with refusing(StoreTrouble, "artefact-unreadable"):
            reading(str(folder))(name)
    with (folder / "long").open("wb") as file:
        file.truncate(publications.MOST_BYTES + 1)
    with refusing(StoreTrouble, "artefact-too-long"):
        reading(str(folder))("long")
    (folder / "link").symlink_to(folder / "checkpoint")
    assert reading(str(folder))("link") == b"a checkpoint\n"
