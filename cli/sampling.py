"""``adamas sample``: certificates drawn for a review visit, each with its trace or its proofs in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.asking import Counted, rows_at
from cli.options import FieldType, normal
from cli.output import adamas_command, as_json, emit_json, emit_table, progress, remark, say
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain import moments
from ledger.domain.fields import TEXT
from ledger.errors import NotFound, StoreTrouble

if TYPE_CHECKING:
    from ledger.investigation.sampling import Drawn

_FORMAT = "adamas-sample/1"
Writer = Callable[[str], tuple[str, bytes]]
"""What is written of a certificate: the file's ending and its bytes."""


@adamas_command(
    "sample",
    example="adamas sample --count 50 --seed review-2026 --out review\n"
    "adamas sample --count 20 --seed 7351 --period 2025 --bundles --out review",
    exits=(0, 2, 4, 5, 6, 7),
)
@click.option("--count", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option(
    "--seed",
    type=FieldType(TEXT),
    required=True,
    metavar="TEXT",
    help="What decides the draw: chosen by the reviewers, told to everybody.  [needed]",
)
@click.option(
    "--period", metavar="DATE", help="Only certificates first met in 2024, 2024-03, 2024-01/2024-06."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the files go; made now.  [needed]",
)
@click.option("--bundles", is_flag=True, help="Write proofs (zip) instead of traces; takes the keeper's key.")
@pass_session
def sample(session: Session, count: int, seed: str, period: str | None, out: Path, bundles: bool) -> None:
    """Draw certificates for a review, the same for everybody who knows the seed, and write each one's trace.

    The draw: SHA-256(seed || key) of every certificate issued or received here, in ascending order; the
    sample is the first --count. FOLDER gets sample.json, which says all this with the ledger's head, and a
    file for each certificate: its sheet and the traces of its parcels, or with --bundles the proofs of its
    entries and of its parcels' back to the mines.
    """
    from ledger.investigation.sampling import draw, population

    span = None if period is None else edtf.parse(period)
    with rows_at(session, moments.NOW) as rows:
        names = Counted(population(rows.rows, session.ledger(write=True).journal, span))
        drawn = draw(normal(seed), names, count)
    if not drawn:
        raise NotFound("sample-nothing")
    about = {"seed": normal(seed), "period": period, "population": names.count, **_ledger(session)}
    writer = _proofs(session) if bundles else _traces(session)
    _tell(session, _written(out, drawn, writer, about), names.count)


def _ledger(session: Session) -> dict[str, str]:
    """From which ledger, as of which head, a sample was drawn."""
    ledger = session.ledger(write=True)
    head = ledger.head()
    return {"ledger": ledger.origin, "head": f"{head.size - 1}:{head.hash.hex()}"}


def _traces(session: Session) -> Writer:
    """A certificate's sheet and its parcels' traces, as JSON."""
    from dataclasses import asdict

    from ledger.exchange.certificate_sheet import sheet
    from ledger.exchange.lineage_record import value
    from ledger.projections.particulars import certificate
    from ledger.projections.tracing import trace

    ledger = session.ledger(write=True)

    def write(key: str) -> tuple[str, bytes]:
        found = certificate(ledger.records, key).certificate
        parts = found.parts if found.returns is None else ()  # what goes back unentered was no parcel here
        traces = [value(trace(ledger.records, part.parcel)) for part in parts]
        told = {"certificate": key, "sheet": asdict(sheet(found, ledger.state())), "traces": traces}
        return ".json", (as_json(told) + "\n").encode("utf-8")

    return write


def _proofs(session: Session) -> Writer:
    """The proofs of a certificate's entries and of its parcels', under one checkpoint, with nothing sealed
    opened.
    """
    from ledger.chain import archive
    from ledger.federation.proving import Prover

    ledger = session.keeping()
    prover = Prover(ledger.keeper, ledger.journal, ledger.records)

    def write(key: str) -> tuple[str, bytes]:
        found = ledger.state().certificate(key)
        indexes = set(prover.certificate(key))
        for part in () if found is None or found.returns is not None else found.parts:
            indexes.update(prover.parcel(part.parcel))
        return ".zip", archive.pack(prover.make(sorted(indexes)))

    return write


def _written(
    out: Path, drawn: Sequence[Drawn], writer: Writer, about: dict[str, Any]
) -> list[dict[str, str]]:
    """The lines of ``sample.json``, whose folder is made now. Raises `StoreTrouble` (``sample-...``)."""
    from ledger.investigation.sampling import METHOD

    lines: list[dict[str, str]] = []
    try:
        out.mkdir(parents=True)
        for number, one in enumerate(progress(drawn, len(drawn), "Writing"), 1):
            ending, data = writer(one.certificate)
            name = f"{number:04}-{re.sub('[^A-Za-z0-9._-]', '-', one.certificate)}{ending}"
            (out / name).write_bytes(data)
            lines.append({"certificate": one.certificate, "digest": one.digest, "file": name})
        whole = {"format": _FORMAT, **about, "count": len(lines), "method": METHOD, "certificates": lines}
        (out / "sample.json").write_text(as_json(whole) + "\n", encoding="utf-8", newline="\n")
    except FileExistsError:
        raise StoreTrouble("sample-exists", path=str(out)) from None
    except OSError as problem:
        raise StoreTrouble("sample-unwritable", path=str(out), reason=problem.strerror) from None
    return lines


def _tell(session: Session, lines: list[dict[str, str]], population: int) -> None:
    if session.json:
        emit_json({"population": population, "certificates": lines})
        return
    emit_table(("CERTIFICATE", "FILE"), [(line["certificate"], line["file"]) for line in lines])
    say()
    say(messages.text("sample-drawn", {"count": len(lines), "population": population}))
    remark(messages.text("sample-seed", {}))
