"""The other side of a reconciliation: a partner's ledger, its letters, or its certificates as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.artefacts import read_artefact
from cli.output import remark
from cli.session import Session
from ledger import messages
from ledger.errors import Malformed
from ledger.store import opening

if TYPE_CHECKING:
    from ledger.investigation.shipments import Shipment

LEDGER, LETTER, TABLE = "ledger", "letter", "table"
_DATABASE = b"SQLite format 3\x00"
_PROOF = b"c2sp.org/tlog-pr"
_ZIP = b"PK\x03\x04"
_WORKBOOK = "[Content_Types].xml"
_LONGEST = 64 << 20
_LOOKED_AT = 4_096


def shipments_of(
    session: Session, named: Sequence[str], participant: str, given: dict[str, Any]
) -> Iterable[Shipment]:
    """The other side's shipments: one ledger, in a file or on a server, one table, or any number of letters
    and folders of them.

    Raises `Malformed` (``reconcile-several``, ``reconcile-neither``, ``reconcile-no-letters``,
    ``table-...``, ``archive-...``), `Refused` (``partner-...``, ``mail-...``), `StoreTrouble`.
    """
    servers = [name for name in named if opening.is_postgresql(name)]
    if servers and len(named) == 1:
        return _their_ledger(servers[0], participant)
    if servers:
        raise Malformed("reconcile-several", path=opening.shown(servers[0]))
    others = [Path(name) for name in named]
    kinds = {path: LETTER if path.is_dir() else _kind(path) for path in others}
    if set(kinds.values()) == {LETTER}:
        return _their_letters(session, others, participant)
    if len(others) > 1:
        strange = next(path for path, kind in kinds.items() if kind != LETTER)
        raise Malformed("reconcile-several", path=str(strange))
    (path,) = others
    return _their_ledger(str(path), participant) if kinds[path] == LEDGER else _their_table(path, given)


def _kind(path: Path) -> str:
    """What a file is, by how it begins. Raises `Malformed` (``table-unreadable``, ``reconcile-neither``)."""
    begin = _first(path)
    if begin.startswith(_DATABASE):
        return LEDGER
    if begin.startswith(_PROOF):
        return LETTER
    if begin.startswith(_ZIP):
        return TABLE if _is_workbook(path) else LETTER
    if b"\x00" in begin and not begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Malformed("reconcile-neither", path=str(path))
    return TABLE


def _first(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LOOKED_AT)
    except OSError as problem:
        raise Malformed("table-unreadable", path=str(path), reason=problem.strerror) from None


def _is_workbook(path: Path) -> bool:
    """Whether a zip is a workbook and not a letter. Raises `Malformed` (``reconcile-neither``)."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as parts:
            names = parts.namelist()
    except (BadZipFile, OSError, NotImplementedError, ValueError):
        raise Malformed("reconcile-neither", path=str(path)) from None
    if _WORKBOOK in names:
        return True
    if not any(name.endswith(".tlog-proof") for name in names):
        raise Malformed("reconcile-neither", path=str(path))
    return False


def _their_letters(session: Session, others: Sequence[Path], participant: str) -> list[Shipment]:
    from ledger.federation.proven_shipments import proven

    letters = {
        str(path): read_artefact(path, most=_LONGEST)
        for other in others
        for path in (_letters_in(session, other, participant) if other.is_dir() else [other])
    }
    if not letters:
        raise Malformed("reconcile-no-letters", path=", ".join(map(str, others)), participant=participant)
    found = proven(session.ledger().state(), letters, participant)
    remark(messages.text("reconcile-letters", {"count": len(letters), "participant": participant}))
    return found


def _letters_in(session: Session, folder: Path, participant: str) -> Iterator[Path]:
    """The letters of a participant's ledgers in a folder; what else lies there is counted."""
    from ledger.chain.bundle import Bundle
    from ledger.federation import mail

    state, passed = session.ledger().state(), 0
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            first = next(iter(mail.files(read_artefact(path, most=_LONGEST)).values()))
            partner = state.partner(Bundle.decode(first).checkpoint.checkpoint.origin)
        except Malformed:
            partner = None
        if partner is not None and partner.participant == participant:
            yield path
        else:
            passed += 1
    if passed:
        values = {"count": passed, "folder": str(folder), "participant": participant}
        remark(messages.text("reconcile-passed-over", values))


def _their_table(path: Path, given: dict[str, Any]) -> list[Shipment]:
    """The shipments of a table; how it was read is said. Raises `Malformed`, `Unconfirmed`."""
    from ledger.exchange.certificate_rows import read_certificates
    from ledger.exchange.dialect import GIVEN_AS
    from ledger.exchange.tabular import Options, read_file

    names = ("separator", "decimal", "encoding", "unit", "sheet", "dates")
    options = Options(**{name: GIVEN_AS.get(given[name], given[name]) for name in names})
    found, dialect = read_certificates(read_file(path), options)
    for part in dialect.parts:
        remark(f"  {part.name:<10} {part.shown:<10} {part.because}")
    return found


def _their_ledger(url: str, participant: str) -> Iterable[Shipment]:
    from ledger.application import Ledger
    from ledger.investigation.shipments import shipments

    with Ledger.open(url, write=False) as ledger:
        house = ledger.state().house()
        whose = None if house is None else house.participant
        if whose != participant:
            name = opening.shown(url)
            raise Malformed("reconcile-other", path=name, whose=whose or "nobody", wanted=participant)
        return shipments(ledger.journal, ledger.records, whose)
