"""Where keys are that sign: one narrow interface, ``sign(bytes)``, for files, file descriptors and commands.

| spelled          | what signs                                                                             |
|------------------|----------------------------------------------------------------------------------------|
| ``PATH``         | a key file, PKCS #8 in PEM, encrypted or plain (`ledger.keys`)                         |
| ``fd:N``         | the same, read once from file descriptor N: the key never lies in a file               |
| ``command:LINE`` | a program: ``LINE public`` prints the author bytes in hex, ``LINE sign`` reads the     |
|                  | message from standard input and prints the signature in hex: for hardware and agents   |
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from ledger import keys
from ledger.errors import KeyTrouble

Ask = Callable[[], bytes]
"""Asks for a passphrase."""

_SECONDS = 60


class CommandSigner:
    """A program that signs. Its signatures are checked, since what it says goes out under our name."""

    def __init__(self, line: str) -> None:
        self._line = shlex.split(line, posix=os.name != "nt")
        self.public = self._answer("public", b"", keys.AUTHOR_BYTES[keys.ED25519])

    def sign(self, message: bytes) -> bytes:
        """The signature. Raises `KeyTrouble` (``signer-failed``, ``signer-wrong``)."""
        signature = self._answer("sign", message, keys.SIGNATURE_BYTES)
        if not keys.verify(self.public, signature, message):
            raise KeyTrouble("signer-wrong", command=self._line[0])
        return signature

    def _answer(self, verb: str, message: bytes, length: int) -> bytes:
        try:
            done = subprocess.run(
                [*self._line, verb], input=message, capture_output=True, timeout=_SECONDS, check=True
            )
            answer = bytes.fromhex(done.stdout.decode("ascii").strip())
        except (OSError, ValueError, subprocess.SubprocessError) as trouble:
            raise KeyTrouble("signer-failed", command=self._line[0], reason=str(trouble)) from trouble
        if len(answer) != length:
            raise KeyTrouble("signer-failed", command=self._line[0], reason=f"{len(answer)} bytes")
        return answer


def signer(spelled: str, ask: Ask | None = None) -> keys.Signer:
    """What speaks for a ledger, from how it is spelled; a file's key may be of ML-DSA-44.

    Raises `KeyTrouble`, `Unavailable` (``mldsa-unavailable``).
    """
    if spelled.startswith("command:"):
        return CommandSigner(spelled.removeprefix("command:"))
    if spelled.startswith("fd:"):
        number = spelled.removeprefix("fd:")
        try:
            with os.fdopen(int(number), "rb", closefd=False) as file:
                pem = file.read()
        except (OSError, ValueError) as trouble:
            raise KeyTrouble("signer-descriptor", number=number, reason=str(trouble)) from trouble
        return keys.ledger_key_from_pem(pem, ask, name=spelled)
    return keys.read_ledger_key(Path(spelled), ask)
