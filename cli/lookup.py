"""``adamas show``, ``find`` and ``status``: one thing in full, where something is, the ledger at a glance."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from cli import particulars
from cli.asking import answer, counted, csv_option, limit_option, opaque_at, rows_at
from cli.moments import NOW, Moment, moment_options
from cli.options import normal
from cli.output import AdamasGroup, Settings, adamas_command
from cli.session import Session, pass_session, session_of
from ledger.edtf import day_of, parse, text_of
from ledger.errors import NotFound

if TYPE_CHECKING:
    from ledger.application import Ledger


class ShowGroup(AdamasGroup):
    """``adamas show P2`` shows what the ledger knows under P2; where that is several things, the answer says
    what to type."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a word that is no kind of thing and stands alone is looked up.

        Raises `NotFound` (``show-...``), `StoreTrouble` where there is no ledger to look into.
        """
        if not args or self.get_command(ctx, args[0]) is not None or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        if args[1:] and not args[1].startswith("-"):
            return super().resolve_command(ctx, args)
        _take_ledger(ctx, args[1:])
        known = _kinds(session_of(ctx), args[0])
        if len(known) == 1:
            return known[0], self.get_command(ctx, known[0]), args
        if not known:
            raise _not_shown(session_of(ctx), args[0])
        told = " or ".join(f"adamas show {kind} {shlex.quote(args[0])}" for kind in known)
        raise click.UsageError(f"say what {args[0]} is: {told}", ctx)


def _take_ledger(ctx: click.Context, words: list[str]) -> None:
    """The ledger that is named behind what could not be read as a command, for looking it up."""
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option == "--ledger" and (equals or words[place + 1 : place + 2]):
            ctx.ensure_object(Settings).ledger = value if equals else words[place + 1]


def _kinds(session: Session, text: str) -> list[str]:
    """What the ledger knows under an id: entry, parcel, certificate, party. Raises `StoreTrouble`."""
    from ledger.projections import particulars as known

    ledger, name, found = session.ledger(), normal(text), []
    if name.isascii() and name.isdecimal() and int(name) < ledger.head().size:
        found.append("entry")
    for kind in (known.parcel, known.certificate, known.party):
        with suppress(NotFound):
            kind(ledger.records, name)
            found.append(kind.__name__)
    return found


def _not_shown(session: Session, text: str) -> NotFound:
    """What an id is that nothing can be shown of."""
    state = session.ledger().state()
    if state.licence(normal(text)) is not None:
        return NotFound("show-licence", text=text)
    if state.site(normal(text)) is not None:
        return NotFound("show-site", text=text)
    return NotFound("show-unknown", text=text)


@click.group("show", cls=ShowGroup)
def show() -> None:
    """Show one entry, parcel, certificate or party in full.

    adamas show P2 looks up what P2 is; where it could be several things, say which: adamas show parcel P2.
    """


@adamas_command("entry", example="adamas show entry 17", exits=(0, 5, 7))
@click.argument("index", metavar="N", type=click.IntRange(0))
@csv_option
@pass_session
def show_entry(session: Session, index: int, as_csv: bool) -> None:
    """An entry: what was recorded, by whom, from which sources, what was corrected, attested, erased since.

    Sealed values are marked as withheld, disclosed (given here, sealed in the entry) or public.
    """
    from ledger.projections import particulars as known

    ledger = session.ledger()
    found = known.entry(ledger.journal, ledger.records, index)
    particulars.emit(session, *particulars.of_entry(found), as_csv=as_csv)


@adamas_command(
    "parcel", example="adamas show parcel P1\nadamas show parcel P1 --as-occurred 2016", exits=(0, 4, 5, 7)
)
@click.argument("parcel", metavar="ID")
@moment_options
@csv_option
@pass_session
def show_parcel(session: Session, parcel: str, moment: Moment, as_csv: bool) -> None:
    """A parcel: weight, condition, holder, certificate, and every act that names it.

    An act that was corrected stands beside what it replaced.
    """
    from ledger.projections import particulars as known

    ledger = session.ledger()
    found = known.parcel(ledger.records, normal(parcel), moment)
    opaque = opaque_at(session, moment)
    particulars.emit(session, *particulars.of_parcel(found, moment), as_csv=as_csv, opaque=opaque)


@adamas_command("certificate", example="adamas show certificate BW/00000107", exits=(0, 4, 5, 7))
@click.argument("certificate", metavar="KEY")
@moment_options
@csv_option
@pass_session
def show_certificate(session: Session, certificate: str, moment: Moment, as_csv: bool) -> None:
    """A certificate, by its key or by the number as printed: its state, parcels, weights, and every act."""
    from ledger.projections import particulars as known

    ledger = session.ledger()
    found = known.certificate(ledger.records, normal(certificate), moment)
    opaque = opaque_at(session, moment)
    lacking = 0 if moment else _lacking(session, ledger, found.certificate.id)
    told = particulars.of_certificate(found, moment, lacking)
    particulars.emit(session, *told, as_csv=as_csv, opaque=opaque)


def _lacking(session: Session, ledger: Ledger, certificate: str) -> int:
    """How many attestations a certificate lacks under special measures."""
    from ledger.domain.supervision_rules import missing_attestations

    return missing_attestations(ledger.state(), certificate, parse(day_of(session.clock())))


@adamas_command("party", example="adamas show party dealer-7", exits=(0, 4, 5, 7))
@click.argument("party", metavar="ID")
@moment_options
@csv_option
@pass_session
def show_party(session: Session, party: str, moment: Moment, as_csv: bool) -> None:
    """A party: roles, licences, mandates, keys, with their dates."""
    from ledger.projections import particulars as known

    ledger = session.ledger()
    found = known.party(ledger.records, normal(party), moment)
    opaque = opaque_at(session, moment)
    particulars.emit(session, *particulars.of_party(found, moment), as_csv=as_csv, opaque=opaque)


for command in (show_entry, show_parcel, show_certificate, show_party):
    show.add_command(command)


@adamas_command("find", example="adamas find letseng\nadamas find 'bw 1-07'", exits=(0, 5, 7))
@click.argument("text")
@limit_option(100)
@csv_option
@pass_session
def find(session: Session, text: str, limit: int, as_csv: bool) -> None:
    """Where TEXT is a name or begins one: ids, names, aliases, seals, certificate numbers.

    Letter case, diacritics, and in numbers spaces and dashes do not matter. Where nothing begins with TEXT,
    what contains it is shown.
    """
    from ledger.projections.search import search

    with rows_at(session, NOW) as rows:
        if not text.strip():
            raise click.BadParameter("it is empty", param_hint="TEXT")
        found = search(rows.rows, session.ledger(write=True).records, text, limit or 2**31)
        if not found:
            raise NotFound("nothing-found", text=text)
        lines = [{"subject": one.subject, "kind": one.kind, "text": one.text} for one in found]
        answer(session, rows, "found", lines, ("subject", "kind", "text"), as_csv=as_csv)


@adamas_command("status", example="adamas status", exits=(0, 6, 7))
@csv_option
@pass_session
def status(session: Session, as_csv: bool) -> None:
    """The ledger at a glance: whose it is, where it ends, what it holds."""
    with rows_at(session, NOW) as found:
        head = _identity(session.ledger(write=True), session.shown)
        row = session.guard_row()
        counted(session, found, as_csv=as_csv, head=head if row is None else {**head, "guard": row})


def _identity(ledger: Ledger, path: str) -> dict[str, Any]:
    house, head = ledger.state().house(), ledger.head()
    return {
        "ledger": path,
        "origin": ledger.origin,
        "of": (house.participant or house.authority or "") if house is not None else "",
        "head": f"{head.size - 1}:{head.hash.hex()}",
        "recorded": text_of(head.recorded),
    }
