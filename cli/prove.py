"""``adamas prove``: proofs that a stranger checks, of an entry, a certificate, or a parcel back to the
mines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import write_artefact
from cli.letters import disclosure_options
from cli.options import normal
from cli.output import AdamasGroup, adamas_command, emit_json, say
from cli.session import Session, pass_session
from ledger import edtf
from ledger.messages import how_many

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.federation.proving import Prover

EXITS = (0, 3, 4, 5, 6, 7, 8, 10)


@click.group("prove", cls=AdamasGroup)
def prove() -> None:
    """Prove an entry, a certificate or a parcel to a stranger, in one file.

    Prices, names and whatever else is sealed stay sealed, but for what grants (adamas grant give) allow the
    reader named with --reader. Whoever gets the file checks it with: adamas verify FILE --trust FILE
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--pinned", "pinned", metavar="SIZE", type=click.IntRange(1), multiple=True,
                     help="A size of which the reader holds a checkpoint: growth since then is proven too."),
        *disclosure_options("the reader"),
        click.option("--reader", metavar="READER",
                     help="Whom it is for: what grants allow this reader is opened.  [default: nobody]"),
        click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
                     metavar="FILE", help="Where the proof goes.  [needed]"),
    ):  # fmt: skip
        command = option(command)
    return command


@adamas_command("entry", example="adamas prove entry 17 --out 17.tlog-proof", exits=EXITS)
@click.argument("index", metavar="N", type=click.IntRange(0))
@click.option("--entitled", is_flag=True, help="A zip, with the proofs that its author was entitled.")
@_options
@pass_session
def entry(session: Session, index: int, entitled: bool, **given: Any) -> None:
    """One entry, as a .tlog-proof file: any tool that reads c2sp.org/tlog-proof can check its place."""
    _write(session, lambda prover: prover.entry(index), alone=not entitled, **given)


@adamas_command(
    "certificate",
    example="adamas prove certificate BW/00000107 --out 107.zip\n"
    "adamas prove certificate BW/00000107 --reader AE --disclose importer --out 107.zip",
    exits=EXITS,
)
@click.argument("certificate", metavar="KEY")
@_options
@pass_session
def certificate_(session: Session, certificate: str, **given: Any) -> None:
    """A certificate, by its key or its number as printed: all that changed it, and who was entitled to.

    Writes a zip of .tlog-proof files, all against one checkpoint.
    """
    _write(session, lambda prover: prover.certificate(normal(certificate)), alone=False, **given)


@adamas_command("parcel", example="adamas prove parcel P1 --out P1.zip", exits=EXITS)
@click.argument("parcel", metavar="ID")
@_options
@pass_session
def parcel_(session: Session, parcel: str, **given: Any) -> None:
    """A parcel's history back to the mines: every entry of it and of what it was made of.

    Writes a zip of .tlog-proof files, all against one checkpoint, with those that show their authors
    entitled.
    """
    _write(session, lambda prover: prover.parcel(normal(parcel)), alone=False, **given)


for _command in (entry, certificate_, parcel_):
    prove.add_command(_command)


def _readers(ledger: Ledger, reader: str | None) -> frozenset[str]:
    """Under which names grants may name the reader: a partner's ledger stands for its participant too."""
    if reader is None:
        return frozenset()
    partner = ledger.state().partner(reader)
    more = () if partner is None or partner.participant is None else (partner.participant,)
    return frozenset((normal(reader), *more))


def _write(
    session: Session,
    find: Callable[[Prover], list[int]],
    *,
    alone: bool,
    out: Path,
    disclose: Sequence[str],
    pinned: Sequence[int],
    reader: str | None,
    without_grant: bool,
) -> None:
    from ledger.chain import archive
    from ledger.federation.entitling import Opening
    from ledger.federation.proving import Prover

    ledger = session.keeping()
    day = edtf.parse(edtf.day_of(session.clock()))
    opening = Opening(_readers(ledger, reader), day, frozenset(disclose), without_grant)
    prover = Prover(ledger.keeper, ledger.journal, ledger.records)
    indexes = find(prover)
    bundles = prover.make(indexes, alone=alone, opening=opening, since=pinned)
    data = bundles[0].encode() if alone else archive.pack(bundles)
    write_artefact(out, data)
    if session.json:
        told = {"file": str(out), "size": prover.size, "entries": indexes, "bytes": len(data)}
        emit_json({**told, "proofs": [bundle.index for bundle in bundles]})
        return
    more = len(bundles) - len(indexes)
    proven = how_many("count-entries", len(indexes))
    say(f"{out}: {proven} of {prover.size}, {len(data):,} bytes")
    if more:
        say(f"  with {more} more that show who was entitled")
