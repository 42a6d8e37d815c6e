"""What the house says of itself, worked out here: the certificate index, the ledger's end, a revoked key.

The sizes and roots that these acts state are this ledger's own, so nobody has to type them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.acts import EXITS, about_options, acting, circumstances
from cli.artefacts import read_artefact, write_artefact
from cli.options import FieldType, normal
from cli.output import AdamasCommand, adamas_command, emit_json, remark, say
from cli.recording import party_of, record, rehearse
from cli.session import Session, pass_session
from ledger.domain import events as e
from ledger.domain.fields import TEXT

if TYPE_CHECKING:
    from ledger.application import Ledger

_FILE = click.Path(dir_okay=False, path_type=Path)


def _act(
    name: str, event: type[e.Event], make: Any, options: list[click.Parameter], **said: Any
) -> AdamasCommand:
    """The command of an act whose body is worked out from the ledger."""

    @pass_session
    def callback(session: Session, /, **given: Any) -> None:
        ledger = session.ledger(write=not given["dry_run"])
        key = session.key()
        by = acting(given, lambda: party_of(ledger, key))
        act = make(session, ledger, given, by)
        around = circumstances(session, given)
        if given["dry_run"]:
            rehearse(session, ledger, act, key, around)
        else:
            record(session, ledger, act, key, around)
            if isinstance(act, e.LedgerClosed):
                remark(
                    f"Next: adamas --ledger FILE init --origin {act.successor} --continues {ledger.origin}"
                )

    shared = [option for option in about_options(event) if option.name not in ("file",)]
    return AdamasCommand(name, callback=callback, params=[*options, *shared], exits=EXITS, **said)


def _index(session: Session, ledger: Ledger, given: dict[str, Any], by: str | None) -> e.Event:
    from ledger.federation.absences import next_index

    return next_index(ledger.journal, ledger.records, by)


def _close(session: Session, ledger: Ledger, given: dict[str, Any], by: str | None) -> e.Event:
    head = ledger.head()
    return e.LedgerClosed(by=by, size=head.size, root=head.root(), successor=given["successor"])


def _revoke(session: Session, ledger: Ledger, given: dict[str, Any], by: str | None) -> e.Event:
    """What the key signed counts up to the checkpoint that was kept, or up to now."""
    from ledger.chain.checkpoint import SignedCheckpoint

    head = ledger.head()
    size, root = head.size, head.root()
    if given["last"] is not None:
        last = SignedCheckpoint.parse(read_artefact(given["last"])).checkpoint
        size, root = last.size, last.root
    return e.LedgerKeyRevoked(by=by, key=given["verifier"], size=size, root=root, reason=given["reason"])


def _change(session: Session, ledger: Ledger, given: dict[str, Any], by: str | None) -> e.Event:
    """The new key is proven to be in its holder's hands by its own signature."""
    from ledger import keys
    from ledger.chain.note import verifier_key
    from ledger.chain.succession import possession_name

    signer = session.read_ledger_key(given["new"])
    verifier = verifier_key(ledger.origin, signer)
    proof = keys.prove_possession(signer, possession_name(verifier), ledger.origin)
    return e.LedgerKeyChanged(by=by, key=str(verifier), proof=proof)


index_certificates = _act(
    "index-certificates", e.CertificateIndex, _index, [],
    example="adamas house index-certificates",
    short_help="State the index of all certificate numbers",
    help="State the index of all certificate numbers that the ledger knows now.\n\n"
    "With it, anybody can be shown that a number was never issued: adamas certificate prove-absent. Record "
    "one a day, or one for every thousand certificates.",
)  # fmt: skip

close = _act(
    "close", e.LedgerClosed, _close,
    [click.Option(["--successor"], required=True, type=FieldType(TEXT), metavar="ORIGIN",
                  help="The origin of the ledger that continues.  [needed]")],
    example="adamas house close --successor ledger.example/bw/n3x7",
    short_help="The last entry: the ledger ends, another one continues",
    help="The last entry of this ledger: it says how far it went and which ledger continues.\n\n"
    "Needed, too, where an old copy was put back, and the guard beside the ledger's key refuses to sign. The "
    "one that continues is made with: adamas init --origin ORIGIN --continues ORIGIN",
)  # fmt: skip

revoke_key = _act(
    "revoke-key", e.LedgerKeyRevoked, _revoke,
    [click.Option(["verifier", "--verifier"], required=True, type=FieldType(TEXT), metavar="KEY",
                  help="The ledger's verifier key that is void, as adamas trust prints it.  [needed]"),
     click.Option(["--last"], type=_FILE, metavar="FILE",
                  help="The last checkpoint that it honestly signed.  [default: up to now]"),
     click.Option(["--reason"], type=FieldType(TEXT), metavar="TEXT", help="Why.")],
    example="adamas house revoke-key --verifier KEY --last bw.checkpoint --key recovery.pem",
    short_help="A key speaks for the ledger no more",
    help="A key speaks for the ledger no more: what it signed counts up to the last honest checkpoint.\n\n"
    "Signed by the authority, or with the recovery key where the others are lost or stolen. Readers are "
    "shown it by a zip, which they give to adamas verify --revoked: adamas prove entry N --entitled --pinned "
    "SIZE, with the size of the last honest checkpoint.",
)  # fmt: skip

change_key = _act(
    "change-key", e.LedgerKeyChanged, _change,
    [click.Option(["--new"], required=True, type=_FILE, metavar="FILE",
                  help="The file of the new key (adamas key new).  [needed]")],
    example="adamas house change-key --new ledger-2.pem",
    short_help="A further key speaks for the ledger",
    help="A further key speaks for the ledger: give it as --ledger-key from then on.\n\n"
    "The new key itself signs that its holder agrees. Whoever trusts the old one can be shown this entry. A "
    "key of ML-DSA-44 (adamas key new NAME --post-quantum) signs beside the ledger's Ed25519 key.",
)  # fmt: skip


@adamas_command(
    "prove-absent",
    example="adamas certificate prove-absent BW/00000999 --out 999.absence",
    exits=(0, 4, 5, 6, 7, 8, 10),
)
@click.argument("certificate", metavar="NUMBER")
@click.option(
    "--pinned",
    metavar="SIZE",
    type=click.IntRange(1),
    multiple=True,
    help="A size of which the reader holds a checkpoint: growth since then is proven too.",
)
@click.option(
    "-o", "--out", type=_FILE, required=True, metavar="FILE", help="Where the proof goes.  [needed]"
)
@pass_session
def prove_absent(session: Session, certificate: str, pinned: tuple[int, ...], out: Path) -> None:
    """Prove that a certificate number was never issued, or its status, as of the newest index.

    The index is stated by: adamas house index-certificates. The file is checked with: adamas verify FILE

    NUMBER is as printed, or a key such as BW/107, and is brought into normal form; the answer names the key.
    """
    from ledger.chain import certificate_index
    from ledger.chain.certificate_index import Leaf
    from ledger.federation.absences import prove

    ledger = session.keeping()
    made = prove(ledger.keeper, ledger.journal, ledger.records, normal(certificate), pinned)
    data = made.encode()
    write_artefact(out, data)
    leaf = certificate_index.decode(made.leaves[0].leaf) if len(made.leaves) == 1 else None
    status = leaf.status if isinstance(leaf, Leaf) else "never issued"
    if session.json:
        emit_json({"file": str(out), "certificate": made.key, "status": status, "bytes": len(data)})
    else:
        say(f"{made.key}: {status}, as of the index in entry {made.bundle.index}: {out}, {len(data):,} bytes")
