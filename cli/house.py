"""What the house says of itself, worked out here: the certificate index, the ledger's end, a revoked key.

The sizes and roots that these acts state are this ledger's own, so nobody has to type them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.acts import EXITS, about_options, acting, body_given, circumstances, event_given
from cli.artefacts import read_artefact, write_artefact
from cli.options import FieldType, normal
from cli.output import AdamasCommand, adamas_command, emit_json, remark, say
from cli.recording import party_of, record, rehearse
from cli.session import Session, pass_session
from ledger.domain import events as e
from ledger.domain.fields import TEXT
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.application import Ledger

_FILE = click.Path(dir_okay=False, path_type=Path)


Body = dict[str, Any]
Fill = Callable[[Session, "Ledger", dict[str, Any], Body], Body]
"""From what was given, and the body that it makes, to the fields that are worked out."""


def _act(
    name: str, event: type[e.Event], fill: Fill, options: Sequence[click.Parameter], **said: Any
) -> AdamasCommand:
    """The command of an act whose body is worked out, where neither option nor file states it."""

    @pass_session
    def callback(session: Session, /, **given: Any) -> None:
        ledger = session.ledger(write=not given["dry_run"])
        key = session.key()
        by = acting(given, lambda: party_of(ledger, key))
        body = body_given(event, given, by=by, state=None)
        act = event_given(event, {**body, **fill(session, ledger, given, body)}, given["file"])
        around = circumstances(session, given)
        if given["dry_run"]:
            rehearse(session, ledger, act, key, around)
        else:
            record(session, ledger, act, key, around)
            if isinstance(act, e.LedgerClosed):
                remark(
                    f"Next: adamas --ledger FILE init --origin {act.successor} --continues {ledger.origin}"
                )

    return AdamasCommand(
        name, callback=callback, params=[*options, *about_options(event)], exits=EXITS, **said
    )


def _index(session: Session, ledger: Ledger, given: dict[str, Any], body: Body) -> Body:
    """The index as of the size that a file states, or as of now; what else a file states must be so."""
    from ledger.federation.absences import next_index

    head = ledger.head().size
    size = body.get("size", head)
    if not isinstance(size, int) or not 0 < size <= head:
        raise Malformed("body-stated", field="size", stated=size, size=head, found=head)
    found = e.write(next_index(ledger.journal, ledger.records, None, size))
    for field, value in found.items():
        if body.get(field, value) != value:
            said, here = (one.hex() if isinstance(one, bytes) else one for one in (body[field], value))
            raise Malformed("body-stated", field=field, stated=said, size=size, found=here)
    return found


def _close(session: Session, ledger: Ledger, given: dict[str, Any], body: Body) -> Body:
    """What ends a ledger for ever must name one that can be. Raises `Malformed` (``name-origin``)."""
    from ledger.chain.names import check_origin

    if isinstance(successor := body.get("successor"), str):
        check_origin(successor)
        if successor == ledger.origin:
            raise click.UsageError(f"{successor} is this ledger itself; name its successor's own origin.")
    return _root_so_far(ledger, body)


def _root_so_far(ledger: Ledger, body: Body) -> Body:
    """How far the ledger goes, unless a file says how far it counts; the ledger is asked when it records."""
    head = ledger.head()
    return {} if "size" in body or "root" in body else {"size": head.size, "root": head.root()}


def _revoke(session: Session, ledger: Ledger, given: dict[str, Any], body: Body) -> Body:
    """What the key signed counts up to the checkpoint that was kept, or up to now."""
    from ledger.chain.checkpoint import SignedCheckpoint

    if "key" not in body:
        raise click.UsageError("Missing --verifier: the ledger's verifier key that is void.")
    if given["last"] is None:
        return _root_so_far(ledger, body)
    last = SignedCheckpoint.parse(read_artefact(given["last"])).checkpoint
    return {"size": last.size, "root": last.root}


def _change(session: Session, ledger: Ledger, given: dict[str, Any], body: Body) -> Body:
    """The new key is proven to be in its holder's hands by its own signature."""
    from ledger import keys
    from ledger.chain.note import verifier_key
    from ledger.chain.succession import possession_name

    if given["new"] is None:
        if "key" not in body:
            raise click.UsageError("Missing --new: the file of the new key.")
        return {}
    signer = session.read_ledger_key(given["new"])
    verifier = verifier_key(ledger.origin, signer)
    proof = keys.prove_possession(signer, possession_name(verifier), ledger.origin)
    return {"key": str(verifier), "proof": proof}


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
    [click.Option(["field_successor", "--successor"], type=FieldType(TEXT), metavar="ORIGIN",
                  help="The origin of the ledger that continues.  [needed]")],
    example="adamas house close --successor ledger.example/bw/n3x7",
    short_help="The last entry: the ledger ends, another one continues",
    help="The last entry of this ledger: it says how far it went and which ledger continues.\n\n"
    "Needed, too, where an old copy was put back, and the guard beside the ledger's key refuses to sign. The "
    "one that continues is made with: adamas init --origin ORIGIN --continues ORIGIN",
)  # fmt: skip

revoke_key = _act(
    "revoke-key", e.LedgerKeyRevoked, _revoke,
    [click.Option(["field_key", "--verifier"], type=FieldType(TEXT), metavar="KEY",
                  help="The ledger's verifier key that is void, as adamas trust prints it.  [needed]"),
     click.Option(["--last"], type=_FILE, metavar="FILE",
                  help="The last checkpoint that it honestly signed.  [default: up to now]"),
     click.Option(["field_reason", "--reason"], type=FieldType(TEXT), metavar="TEXT", help="Why.")],
    example="adamas house revoke-key --verifier KEY --last bw.checkpoint --key recovery.pem",
    short_help="A key speaks for the ledger no more",
    help="A key speaks for the ledger no more: what it signed counts up to the last honest checkpoint.\n\n"
    "Signed by the authority, or with the recovery key where the others are lost or stolen. Readers are "
    "shown it by a zip, which they give to adamas verify --revoked: adamas prove entry N --entitled --pinned "
    "SIZE, with the size of the last honest checkpoint.",
)  # fmt: skip

change_key = _act(
    "change-key", e.LedgerKeyChanged, _change,
    [click.Option(["--new"], type=_FILE, metavar="FILE",
                  help="The file of the new key (adamas key new); a body has key and proof.  [needed]")],
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
