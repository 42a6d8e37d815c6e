"""``adamas trust``: whose signatures make a ledger's checkpoints count, as a file of the verifier's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.artefacts import write_artefact
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.chain.note import VerifierKey


@adamas_command(
    "trust",
    example="adamas trust --out bw.trust\n"
    "adamas trust --log KEY --witness 'KEY https://witness.example' --witness KEY --quorum 1 --out bw.trust",
    exits=(0, 4, 7),
)
@click.option(
    "--log",
    "logs",
    metavar="KEY",
    multiple=True,
    help="A verifier key of the ledger, had from its keeper by a way that you trust.  "
    "[default: those that the ledger here names]",
)
@click.option(
    "--witness",
    "witnesses",
    metavar="'KEY [URL]'",
    multiple=True,
    help="A witness's verifier key and where it is.",
)
@click.option(
    "--quorum", type=click.IntRange(0), default=0, metavar="N", help="How many of them must have cosigned."
)
@click.option(
    "--affiliated",
    metavar="NAME",
    multiple=True,
    help="A witness that belongs to the ledger's keeper: left out.",
)
@click.option("--url", metavar="URL", help="Where the ledger is published.")
@click.option(
    "--post-quantum/--classical",
    default=None,
    help="Trust the ledger's ML-DSA-44 keys only, or its Ed25519 keys only: of those in a trust file any one "
    "suffices.  [default: ML-DSA-44 where the ledger has it]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the trust file goes.",
)
@pass_session
def trust(
    session: Session,
    logs: tuple[str, ...],
    witnesses: tuple[str, ...],
    quorum: int,
    affiliated: tuple[str, ...],
    url: str | None,
    post_quantum: bool | None,
    out: Path | None,
) -> None:
    """Write a trust file (c2sp.org/tlog-policy) for one ledger, its keys and its witnesses.

    Of a ledger with ML-DSA-44 keys these are demanded: a checkpoint without that line does not count. The
    ledger's own and affiliated witnesses are left out. Verifying asks this file and nothing else, so make
    it yourself, from keys that you have from somebody you trust.
    """
    from ledger.chain import note
    from ledger.chain.note import VerifierKey
    from ledger.chain.trust import Log, Witness, make

    texts, void = (logs, ()) if logs else _own_keys(session)
    keys = [VerifierKey.parse(text) for text in texts]
    known = [Log(key, url) for key in _demanded(keys, post_quantum)]
    if not known:
        raise Malformed("trust-no-log")
    if len(known) < len(keys):
        other = "Ed25519" if known[0].key.kind == note.MLDSA44 else "ML-DSA-44"
        left = len(keys) - len(known)
        remark(f"Left out, keys of {other}: {left}. Of the keys in a trust file any one suffices.")
    asked = [_witness(text) for text in witnesses]
    own = [*keys, *map(VerifierKey.parse, void)]
    made = make(known, [Witness(key.name, key, place) for key, place in asked], quorum, affiliated, own)
    if out is not None:
        write_artefact(out, made.encode())
    if session.json:
        rows = [str(log.key) for log in made.logs], [str(one.key) for one in made.witnesses]
        emit_json({"origin": made.origin, "logs": rows[0], "witnesses": rows[1], "quorum": made.quorum})
    elif out is None:
        say(made.encode().decode("utf-8").removesuffix("\n"))
    else:
        known_to = f"keys: {len(made.logs)}, witnesses: {len(made.witnesses)}, quorum: {made.quorum}"
        say(f"trust in {made.origin}: {known_to}: {out}")
    if not made.witnesses:
        remark(
            "Without witnesses the ledger's key alone is trusted: it could show two histories to two people."
        )


def _demanded(keys: list[VerifierKey], post_quantum: bool | None) -> list[VerifierKey]:
    """The keys of one algorithm, or keys of another kind, which the trust file will refuse."""
    from ledger.chain import note

    if post_quantum is None:
        post_quantum = any(key.kind == note.MLDSA44 for key in keys)
    left_out = note.ED25519 if post_quantum else note.MLDSA44
    return [key for key in keys if key.kind != left_out]


def _own_keys(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys that the ledger here names, and those that it has revoked."""
    house = session.ledger().state().house()
    if house is None:
        return (), ()
    void = tuple(key for key, _, _ in house.revoked)
    return tuple(key for key in house.keys if key not in void), void


def _witness(text: str) -> tuple[VerifierKey, str | None]:
    from ledger.chain.note import VerifierKey

    key, *rest = text.split()
    if len(rest) > 1:
        raise Malformed("note-key", text=text[:120])
    return VerifierKey.parse(key), rest[0] if rest else None
