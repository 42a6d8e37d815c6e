"""Files, file descriptors and commands sign alike; a command that signs wrongly is not believed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ledger import keys
from ledger.errors import KeyTrouble
from ledger.signers import signer
from tests.refusing import refusing

KEY = keys.SigningKey.from_seed(bytes(range(32)))

PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from ledger import keys
key = keys.SigningKey.from_seed(bytes(range(32)))
if sys.argv[1] == "public":
    print(key.public.hex())
else:
    print(key.sign(sys.stdin.buffer.read() + {extra!r}).hex())
"""


def command(tmp_path: Path, extra: bytes = b"") -> str:
    """A signing program."""
    program = tmp_path / "sign.py"
    program.write_text(PROGRAM.format(root=str(Path(__file__).parents[2]), extra=extra))
    return f"command:{sys.executable} {program}"


def test_a_file_a_descriptor_and_a_command_sign_alike(tmp_path: Path) -> None:
    """Ed25519 is deterministic, so the three signatures are one."""
    path = tmp_path / "key.pem"
    keys.write_key(path, KEY, b"secret")
    reading, writing = os.pipe()
    os.write(writing, path.read_bytes())
    os.close(writing)
    try:
        signers = [
            signer(str(path), lambda: b"secret"),
            signer(f"fd:{reading}", lambda: b"secret"),
            signer(command(tmp_path)),
        ]
    finally:
        os.close(reading)
    assert {one.sign(b"message") for one in signers} == {KEY.sign(b"message")}
    assert {one.public for one in signers} == {KEY.public}


def test_a_command_that_signs_something_else_is_found_out(tmp_path: Path) -> None:
    """What it says would go out under our name."""
    with refusing(KeyTrouble, "signer-wrong"):
        signer(command(tmp_path, b"!")).sign(b"message")


@pytest.mark.parametrize("line", ["command:no-such-program", f"command:{sys.executable} -c pass"])
def test_a_command_that_does_not_answer_is_named(line: str) -> None:
    """Missing, or silent."""
    with refusing(KeyTrouble, "signer-failed"):
        signer(line)


@pytest.mark.parametrize("spelled", ["fd:x", "fd:987"])
def test_a_descriptor_that_is_not_there_is_named(spelled: str) -> None:
    """The number is in the sentence."""
    with refusing(KeyTrouble, "signer-descriptor") as trouble:
        signer(spelled)
    assert spelled.removeprefix("fd:") in str(trouble.value)
