"""A timestamping authority of our own, made with ``openssl``: a root, an authority under it, answers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

AVAILABLE = shutil.which("openssl") is not None

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500, microsecs:100
tsa_name = {named}
ess_cert_id_chain = no
ess_cert_id_alg = sha256
{chain}
[tsa_cert]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,{purpose}
[ca_cert]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[req]
distinguished_name = dn
[dn]
"""


@dataclass(frozen=True)
class Authority:
    """The folder with its keys and certificates."""

    folder: Path

    @property
    def root(self) -> bytes:
        """The root certificate, PEM."""
        return (self.folder / "root.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        """What it answers to a request."""
        (self.folder / "query").write_bytes(query)
        self.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def verifies(self, data: Path, answer: Path) -> bool:
        """Whether ``openssl ts -verify`` accepts the answer for the file."""
        done = self.openssl(
            "ts", "-verify", "-data", str(data), "-in", str(answer), "-CAfile", "root.pem", check=False
        )
        return done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr

    def signs_as(self, other: Authority, answer: bytes) -> bytes:
        """An answer with the same time and imprint, under another key: what a forger can make."""
        (self.folder / "answer").write_bytes(answer)
        self.openssl("ts", "-reply", "-config", "tsa.cnf", "-in", "answer", "-token_out", "-out", "token")
        self.openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "info")
        tsa = (str(other.folder / "tsa.pem"), str(other.folder / "tsa.key"))
        self.openssl(
            "cms", "-sign", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4",
            "-in", "info", "-signer", tsa[0], "-inkey", tsa[1], "-md", "sha256",
            "-outform", "DER", "-out", "token",
        )  # fmt: skip
        token = b"\x30\x03\x02\x01\x00" + (self.folder / "token").read_bytes()
        return b"\x30\x82" + len(token).to_bytes(2, "big") + token

    def openssl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run openssl in the folder."""
        return subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=check
        )


def authority(
    folder: Path,
    *,
    root: Authority | None = None,
    chain: bool = False,
    named: bool = True,
    purpose: str = "timeStamping",
) -> Authority:
    """A new authority. ``chain``: its answers carry the root; ``root``: that of another one."""
    folder.mkdir()
    text = _CONFIG.format(
        chain="certs = ./root.pem" if chain else "", named="yes" if named else "no", purpose=purpose
    )
    (folder / "tsa.cnf").write_text(text, encoding="ascii")
    (folder / "serial").write_text("01\n", encoding="ascii")
    made = Authority(folder)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf")
    if root is not None:
        for name in ("root.pem", "root.key"):
            shutil.copyfile(root.folder / name, folder / name)
    else:
        made.openssl(
            "req", "-x509", *new_key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Example root",
            "-days", "3650", "-extensions", "ca_cert",
        )  # fmt: skip
    made.openssl("req", *new_key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Example time")
    made.openssl(
        "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
        "-out", "tsa.pem", "-days", "3650", "-extfile", "tsa.cnf", "-extensions", "tsa_cert",
    )  # fmt: skip
    return made
