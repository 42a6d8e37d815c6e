"""Files that people and other programs bring, changed after they were good: tables, workbooks and the parts
inside them, prepared imports, profiles, keys, guards, histories, letters, requests to a witness, paths."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

from ledger.application import Ledger
from ledger.chain import archive as letters
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader
from ledger.chain.tiles import Tile
from ledger.chain.trust import Trust
from ledger.exchange import import_file, tabular
from ledger.exchange.demonstration_data import histories_path
from ledger.exchange.history_form import read_histories
from ledger.exchange.importing import Importer, plan, prepare
from ledger.exchange.profile_file import SHIPPED, read_profile, shipped
from ledger.exchange.templates import TEMPLATES, as_csv
from ledger.federation.add_checkpoint import AddCheckpoint
from ledger.guard import FileGuard
from ledger.keys import MlDsa44Key, key_from_pem, ledger_key_from_pem
from tests import archive
from tests.fuzzing import COUNT, fed
from tests.malformed import data_of, read
from tests.witnessing import Log

Decoder = Callable[[bytes], object]


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """A ledger that nothing is recorded in."""
    with archive.opened(":memory:") as opened:
        yield opened


IMPORTER = Importer(archive.key_of("mine-1"), "mine-1", archive.START, archive.TODAY, archive.TODAY)


def held(name: str, good: list[bytes], decoder: Decoder, *, count: int = COUNT, least: float = 0.0) -> int:
    """The good files are taken; of the changed ones each is taken or refused in our own words, and more than
    ``least`` of them refused: how many."""
    for data in good:
        decoder(data)
    refused = fed(name, good, decoder, count=count)
    assert refused > least * count
    return refused


def rows_of(book: bytes) -> bytes:
    """A template's own example as a workbook."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for line in book.decode().splitlines():
        sheet.append(line.split(","))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_table_becomes_acts_or_faults(name: str, ledger: Ledger) -> None:
    """All the way to what would be recorded, and what is asked is asked in words."""
    template = TEMPLATES[name]
    good = [as_csv(template).encode(), as_csv(template).replace(",", ";").encode("utf-16")]

    def decoder(data: bytes) -> None:
        options = tabular.Options(decimal="." if data.startswith(good[0][:8]) else None)
        plan(tabular.read_table(data, template, options), ledger, IMPORTER)

    held(name, good, decoder, count=COUNT // 4)


def test_a_workbook_is_read_or_refused() -> None:
    """The zip as it came."""
    template = TEMPLATES["production-sheet"]
    good = [rows_of(as_csv(template).encode())]
    options = tabular.Options(decimal=".")
    held("workbooks", good, lambda data: tabular.read_table(data, template, options), least=0.3)


def test_the_parts_of_a_workbook_are_read_or_refused() -> None:
    """Whole zips around parts that are not."""
    template = TEMPLATES["production-sheet"]
    good = rows_of(as_csv(template).encode())
    with zipfile.ZipFile(io.BytesIO(good)) as parts:
        members = {item: parts.read(item) for item in parts.namelist()}
    read_by = [name for name in members if name.startswith(("xl/", "[Content", "_rels"))]
    refused = 0
    for name in sorted(read_by):

        def decoder(data: bytes, name: str = name) -> None:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as packed:
                for item, content in members.items():
                    packed.writestr(item, data if item == name else content)
            tabular.read_table(stream.getvalue(), template, tabular.Options(decimal="."))

        refused += held(name, [members[name]], decoder, count=COUNT // len(read_by) + 1, least=-1)
    assert refused > 0.3 * COUNT  # not of each part: some are not read


def test_a_prepared_import_is_gone_on_with_or_refused(ledger: Ledger, tmp_path: Path) -> None:
    """The signed statements beside a table."""
    template = TEMPLATES["production-sheet"]
    table = as_csv(template).encode()
    path = tmp_path / "sheet.csv.adamas-import"
    prepare(path, table, plan(tabular.read_table(table, template, tabular.Options(decimal=".")),
                              ledger, IMPORTER), ledger, IMPORTER)  # fmt: skip

    def decoder(data: bytes) -> None:
        other = tmp_path / "other"
        other.write_bytes(data)
        import_file.header_of(other)
        list(import_file.statements_of(other))

    held("imports", [path.read_bytes()], decoder, least=0.5)


def test_a_profile_is_read_or_refused() -> None:
    """TOML from a person's editor."""
    good = [shipped(name).encode() for name in SHIPPED]
    held("profiles", good, lambda data: read_profile(data.decode("utf-8", "replace"), "ministry"), least=0.3)


def test_a_key_file_is_read_or_refused() -> None:
    """PEM of both algorithms; what is encrypted needs its passphrase first."""
    secret = b"a passphrase of some length"
    plain = [archive.key_of("mine-1").pem(None), archive.key_of("dealer-1").pem(None)]
    held("keys", plain, lambda data: key_from_pem(data, name="key.pem"), least=0.3)
    both = [*plain, MlDsa44Key(bytes(32)).pem(None)]
    held("ledger keys", both, lambda data: ledger_key_from_pem(data, name="key.pem"), least=0.3)
    key_from_pem(archive.key_of("mine-1").pem(secret), lambda: secret, name="key.pem")


def test_a_guard_is_read_or_refused(tmp_path: Path) -> None:
    """What was signed last is known, or nothing is signed."""
    path = tmp_path / "guard"
    guard = FileGuard(path, archive.ORIGIN)
    guard.permit(7, bytes(range(32)))
    guard.close()

    def decoder(data: bytes) -> None:
        other = tmp_path / "other"
        other.write_bytes(data)
        FileGuard(other, archive.ORIGIN).close()

    held("guards", [path.read_bytes()], decoder, least=0.3)


def test_histories_are_read_or_refused(tmp_path: Path) -> None:
    """JSON lines from a museum."""
    good = histories_path().read_bytes().splitlines(keepends=True)[:6]

    def decoder(data: bytes) -> None:
        other = tmp_path / "other"
        other.write_bytes(data)
        list(read_histories(other))

    held("histories", good, decoder, least=0.3)


def test_a_letter_is_opened_or_refused() -> None:
    """A zip of proofs, and nothing of it is written anywhere."""
    corpus = read("bundle")
    reader = Reader(Trust.parse(corpus["given"]["trust"].encode()))
    good = letters.pack(Bundle.decode(data_of(item)) for item in corpus["good"])
    held("letters", [good], lambda data: letters.verify(data, reader), least=0.5)


def test_a_request_to_a_witness_is_decoded_or_refused() -> None:
    """From anybody on the network."""
    log = Log().grow(100)
    held("requests", [log.request(0), log.request(37)], AddCheckpoint.decode, least=0.5)


def test_a_path_of_a_published_directory_has_one_spelling() -> None:
    """Others are refused."""
    good = [b"tile/0/x001/234", b"tile/entries/000.p/17", b"tile/63/x999/x999/000"]

    def decoder(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        assert Tile.parse(text).path == text

    held("paths", good, decoder, least=0.5)
