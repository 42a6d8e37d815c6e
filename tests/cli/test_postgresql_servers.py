"""The commands on servers that ask for more: TLS with a certificate that is checked, and a replica that is
preferred for reading."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ledger.store import opening
from tests import writers
from tests.laptop import FIRST, Laptop
from tests.postgres_server import SETTINGS, PostgresServer, _is_root, _who

NAME = "localhost"


class Authority:
    """Who signs servers' certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._signed(self._name, self._key.public_key(), None))

    def certify(self, folder: Path, host: str) -> None:
        """A server's certificate and key, in its own folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        (folder / "server.crt").write_bytes(self._signed(subject, key.public_key(), host))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "server.key").write_bytes(secret)
        (folder / "server.key").chmod(0o600)
        if _is_root():
            for name in ("server.crt", "server.key"):
                shutil.chown(folder / name, "nobody")

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, host: str | None) -> bytes:
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Authority]]:
    """A server that takes no connection over the network without TLS: its URL, and who certified it."""
    authority = Authority(tmp_path_factory.mktemp("authority"), "authority")
    server = PostgresServer.start()
    try:
        asked = [str(server._bin / "postgres"), "-D", str(server.data), "-c", "ssl=on", "-C", "ssl"]
        told: subprocess.CompletedProcess[bytes] = subprocess.run(
            asked, capture_output=True, check=False, **_who()
        )
        if b"not supported" in told.stderr:
            pytest.skip("this PostgreSQL was built without TLS")
        server.halt()
        authority.certify(server.data, NAME)
        (server.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
        port = _free_port()
        server._settings = (*SETTINGS[1:], "listen_addresses=127.0.0.1", "ssl=on", f"port={port}")
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("PGPORT", str(port))
            server.restart()
        place = f"host={NAME}&hostaddr=127.0.0.1&port={port}&user=postgres"
        yield f"postgresql:///postgres?{place}&options=-csearch_path%3Dsecured", authority
    finally:
        server.stop()


def refused(tmp_path: Path, url: str, *reasons: str) -> None:
    """The command ends at once, with one sentence that says what was wrong."""
    begun = time.monotonic()
    ran = Laptop(tmp_path, url)("verify")
    said = [line for line in ran.err.splitlines() if not line.startswith("  next:")]
    assert (ran.code, len(said), ran.out) == (7, 1, ""), ran.err
    assert said[0].startswith("adamas: store-denied: ")
    assert any(reason in said[0] for reason in reasons), said
    assert time.monotonic() - begun < 10


def test_tls_is_libpqs_own(
    tmp_path: Path, secured: tuple[str, Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sslmode=verify-full`` in the URL, or in libpq's variables: the whole work goes through it, encrypted,
    and a certificate of another authority, for another host, or none at all is refused in one sentence."""
    url, authority = secured
    checked = f"{url}&sslmode=verify-full&sslrootcert={authority.file}"
    laptop = Laptop(tmp_path, checked)
    laptop.ok("init", *FIRST, "--no-passphrase")
    assert "no fault found" in laptop.ok("verify").out
    with opening.open(checked, write=False) as journal, journal.transaction(write=False) as cursor:
        found = cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchall()
    assert [bool(one) for (one,) in found] == [True]
    laptop.ok("verify", "--ledger", f"{url}&sslmode=require")

    stranger = Authority(tmp_path, "stranger")
    refused(tmp_path, f"{url}&sslmode=verify-full&sslrootcert={stranger.file}", "certificate verify failed")
    elsewhere = checked.replace(f"host={NAME}&", "host=db.example&")
    refused(tmp_path, elsewhere, "does not match host name")
    refused(tmp_path, checked.replace(authority.file.name, "no.pem"), "does not exist")
    refused(tmp_path, f"{url}&sslmode=disable", "no encryption", "SSL off")

    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(authority.file))
    Laptop(tmp_path, url).ok("verify")
    monkeypatch.setenv("PGSSLROOTCERT", str(stranger.file))
    refused(tmp_path, url, "certificate verify failed")


def test_a_server_without_tls_is_refused_where_it_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent in the clear because the other side has no TLS."""
    server = PostgresServer.start()
    try:
        server.halt()
        port = _free_port()
        server._settings = (*SETTINGS[1:], "listen_addresses=127.0.0.1", "ssl=off", f"port={port}")
        monkeypatch.setenv("PGPORT", str(port))
        server.restart()
        url = f"postgresql:///postgres?host={NAME}&hostaddr=127.0.0.1&user=postgres&sslmode=require"
        refused(tmp_path, url, "server does not support SSL")
    finally:
        server.stop()


def _answers_in_recovery(url: str) -> bool:
    with opening.open(url, write=False) as journal, journal.transaction(write=False) as cursor:
        [(found,)] = cursor.execute("SELECT pg_is_in_recovery()").fetchall()
    return bool(found)


def test_a_replica_is_preferred_for_reading(tmp_path: Path) -> None:
    """``target_session_attrs=prefer-standby`` with both hosts: the replica answers every reading command and
    refuses to write; where it is gone, the leader answers."""
    leader = PostgresServer.start()
    replica = None
    try:
        url = leader.url("bw")
        keeper = Laptop(tmp_path, url)
        keeper.ok("init", *FIRST, "--no-passphrase")
        keeper.ok("attest", "0")
        head = keeper.data("verify")["head"]
        replica = PostgresServer.follow(leader)
        hosts = f"host={leader.folder},{replica.folder}"
        both = url.replace(f"host={leader.folder}", hosts) + "&target_session_attrs=prefer-standby"
        writers.wait_for(url.replace(str(leader.folder), str(replica.folder)), keeper.size())
        assert _answers_in_recovery(both)
        reader = Laptop(tmp_path, both)
        assert reader.data("verify", "--views")["head"] == head
        for words in (
            ("log",),
            ("show", "entry", "0"),
            ("list", "parties"),
            ("replay", "--as-recorded-index", "1"),
            ("status",),
        ):
            reader.ok(*words)
        ran = reader("attest", "0")
        assert (ran.code, "adamas: store-replica: " in ran.err) == (7, True), ran.err
        assert reader("house", "index-certificates").code == 7
        assert keeper.data("verify")["head"] == head
        replica.halt()
        assert not _answers_in_recovery(both)
        assert reader.data("verify")["head"] == head
    finally:
        if replica is not None:
            replica.stop()
        leader.stop()
