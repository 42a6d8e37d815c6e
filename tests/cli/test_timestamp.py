"""``adamas timestamp`` by files alone, with an authority made here by openssl."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.authority import AVAILABLE, Authority, authority
from tests.laptop import Laptop
from tests.witnessing import Log

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="no openssl to make an authority with")


@pytest.fixture
def here(bare: Laptop) -> Authority:
    """An authority whose root lies on the laptop, beside a checkpoint."""
    made = authority(bare.folder / "tsa")
    (bare.folder / "root.pem").write_bytes(made.root)
    (bare.folder / "cp").write_bytes(Log().grow(9).checkpoint().encode())
    return made


def stamped(bare: Laptop, here: Authority) -> Path:
    """Request, answer, keep."""
    bare.ok("timestamp", "request", "cp")
    (bare.folder / "answer").write_bytes(here.answer((bare.folder / "cp.tsq").read_bytes()))
    bare.ok("timestamp", "keep", "cp", "answer", "--root", "root.pem")
    return bare.folder / "cp.tsr"


def test_a_token_goes_by_files(bare: Laptop, here: Authority) -> None:
    """Made, kept beside the checkpoint, verified by us and by openssl."""
    kept = stamped(bare, here)
    ran = bare.ok("timestamp", "verify", "cp", "--root", "root.pem")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["token", "existed", "authority"]
    assert "CN=Example time, policy 1.2.3.4.1" in ran.out
    told = bare.data("timestamp", "verify", "cp", "--root", "root.pem", "--token", "answer")
    assert (told["accuracy"], told["serial"]) == (1_500_100, 2)
    assert here.verifies(bare.folder / "cp", kept)


def test_another_checkpoint_has_no_token(bare: Laptop, here: Authority) -> None:
    """A byte more in the file; nothing wrong is kept."""
    kept = stamped(bare, here)
    kept.unlink()
    file = bare.folder / "cp"
    file.write_bytes(Log().grow(10).checkpoint().encode())
    for words in (("keep", "cp", "answer"), ("verify", "cp", "--token", "answer")):
        ran = bare("timestamp", *words, "--root", "root.pem")
        assert (ran.code, "timestamp-fails" in ran.err) == (1, True)
    assert not kept.exists()
    assert not here.verifies(file, bare.folder / "answer")


def test_what_will_not_do_is_told(bare: Laptop, here: Authority) -> None:
    """No checkpoint, no token, no roots, no server."""
    (bare.folder / "text").write_text("hello", encoding="utf-8")
    assert bare("timestamp", "request", "text").code == 4
    assert bare("timestamp", "request", "missing").code == 7
    assert bare("timestamp", "verify", "cp", "--root", "root.pem").code == 7
    assert bare("timestamp", "verify", "cp", "--token", "text", "--root", "text").code == 6
    assert bare("timestamp", "verify", "cp", "--token", "text", "--root", "root.pem").code == 4
    asked = ("timestamp", "ask", "cp", "--root", "root.pem", "--url")
    assert bare(*asked, "http://127.0.0.1:1/").code == 10
    assert bare(*asked, "file:///etc/passwd").code == 4
    assert not (bare.folder / "cp.tsr").exists()


def test_requests_may_go_elsewhere(bare: Laptop, here: Authority) -> None:
    """With --out, and with JSON."""
    assert bare.data("timestamp", "request", "cp", "--out", "q") == {"request": "q"}
    bare.ok("timestamp", "request", "cp")
    assert (bare.folder / "q").read_bytes() == (bare.folder / "cp.tsq").read_bytes()
