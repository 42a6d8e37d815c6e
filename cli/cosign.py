"""``adamas cosign``: collect witnesses' cosignatures on a checkpoint until the trust file's quorum holds.

    adamas cosign published --trust bw.trust             its checkpoint is replaced by the cosigned one
    adamas cosign --trust bw.trust --out checkpoint      of the ledger itself

The proofs that witnesses ask for come from the published directory's own tiles, or from the ledger.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import click

from cli.artefacts import read_artefact, write_artefact
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.errors import Faults

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.federation.cosigning import Collected

_HOUR = 3_600


class Growing(Protocol):
    """What is asked of a ledger here."""

    def checkpoint(self) -> SignedCheckpoint:
        """Its newest checkpoint, signed."""
        ...

    def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The proof that the tree of ``old`` entries is a prefix of that of ``new``."""
        ...


Prove = Callable[[int], Sequence[bytes]]


@adamas_command(
    "cosign",
    example="adamas cosign published --trust bw.trust\n"
    "adamas cosign --trust bw.trust --max-age 48 --out checkpoint",
    exits=(0, 1, 4, 6, 7, 10),
)
@click.argument(
    "published", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]", required=False
)
@click.option(
    "--trust",
    "trust_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The trust file: the witnesses with their URLs, and the quorum.",
)
@click.option(
    "--max-age",
    type=click.IntRange(1, 87_600),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="How old a cosignature may be; older ones are asked for again.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the cosigned checkpoint goes.  [default: DIR/checkpoint; without DIR, standard output]",
)
@pass_session
def cosign(
    session: Session, published: Path | None, trust_file: Path, max_age: int, out: Path | None
) -> None:
    """Collect cosignatures of witnesses on the checkpoint of DIR, or of the ledger.

    Every witness of the trust file that has a URL is asked. What is wrong with one is told on standard error
    and keeps nobody else from signing. Without the quorum nothing is written.
    """
    from ledger.chain.trust import Trust
    from ledger.federation.cosigning import Terms, collect

    trust = Trust.parse(read_artefact(trust_file))
    if published is None:
        signed, prove = _of_ledger(cast(Growing, session.keeping()))
    else:
        signed, prove = _of_directory(published)
        out = out or published / "checkpoint"
    found = collect(signed, prove, Terms(trust, session.clock() // 1_000_000, max_age * _HOUR))
    for trouble in found.troubles:
        remark(f"{trouble.code}: {trouble}")
    if found.enough and out is not None:
        write_artefact(out, found.checkpoint.encode())
    _show_collected(session, found, out)
    if not found.enough:
        raise Faults("cosign-quorum", quorum=trust.quorum, count=len(found.cosigned))


def _of_ledger(ledger: Growing) -> tuple[SignedCheckpoint, Prove]:
    signed = ledger.checkpoint()
    return signed, lambda old: ledger.consistency(old, signed.checkpoint.size)


def _of_directory(folder: Path) -> tuple[SignedCheckpoint, Prove]:
    """Its checkpoint, and proofs from its tiles; every hash used leads to the checkpoint's root."""
    from ledger.chain import merkle
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.tile_source import TileSource

    signed = SignedCheckpoint.parse(read_artefact(folder / "checkpoint"))
    head = signed.checkpoint
    source = functools.cache(lambda: TileSource(_reading(folder), head))
    return signed, lambda old: merkle.consistency(old, head.size, source().node)


def _reading(folder: Path) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        file = folder / path
        return read_artefact(file) if file.exists() else None

    return read


def _show_collected(session: Session, found: Collected, out: Path | None) -> None:
    head = found.checkpoint.checkpoint
    if session.json:
        rows: list[dict[str, Any]] = [
            {"witness": item.witness.name, "key": str(item.witness.key), "time": item.timestamp}
            for item in found.cosigned
        ]
        emit_json(
            {
                "origin": head.origin,
                "size": head.size,
                "root": head.root,
                "enough": found.enough,
                "cosigned": rows,
                "troubles": [{"url": t.url, "code": t.code, "said": str(t)} for t in found.troubles],
                "checkpoint": found.checkpoint.encode().decode("utf-8"),
            }
        )
    elif out is None and found.enough:
        say(found.checkpoint.encode().decode("utf-8").removesuffix("\n"))
    elif found.enough:
        names = ", ".join(item.witness.name for item in found.cosigned)
        say(f"cosigned {head.origin} {head.size} by {names or 'nobody, and nobody is needed'}: {out}")
