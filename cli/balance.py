"""``adamas balance``: opening + in - out - loss = closing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cli.asking import csv_option, opaque_at, opaque_remark, opaque_values
from cli.moments import NOW
from cli.options import FieldType, normal
from cli.output import adamas_command, emit_csv, emit_json, emit_table, heading, remark
from cli.session import Session, pass_session
from ledger import messages
from ledger.domain import fields
from ledger.domain.vocabulary import carats
from ledger.projections.balances import COUNTRY, LEDGER, PARCEL, PARTY, SITE

if TYPE_CHECKING:
    from ledger.investigation.accounts import Statement
    from ledger.projections.balances import Amount, Balance, Line
    from ledger.projections.chronicle import Period

_HEADERS = ("part", "kind", "weight", "of unknown weight", "movements", "entry", "parcel")
_PARTS = ("in", "out", "loss", "worked")


@adamas_command(
    "balance",
    example="adamas balance party dealer-7 --recorded-since 2024-01-01 --recorded-until 2024-12-31\n"
    "adamas balance country BW --occurred-since 2016 --occurred-until 2016 --documented",
    exits=(0, 4, 5, 7),
)
@click.argument("kind", metavar="KIND", type=click.Choice((PARCEL, PARTY, SITE, COUNTRY, LEDGER)))
@click.argument("name", metavar="[ID]", default="")
@click.option("--recorded-since", metavar="DATE", help="From that day on, as recorded (UTC).")
@click.option("--recorded-until", metavar="DATE", help="Until that day, as recorded (UTC).")
@click.option("--occurred-since", metavar="DATE", help="From that day on, as certainly happened.")
@click.option(
    "--occurred-until",
    metavar="DATE",
    help="Until that day has ended everywhere on earth, as certainly happened.",
)
@click.option(
    "--documented", is_flag=True, help="Goods known from sources, which have accounts of their own."
)
@click.option("--entries", is_flag=True, help="Open every line to the movements and entries it is made of.")
@csv_option
@pass_session
@click.pass_context
def balance(
    context: click.Context,
    /,
    session: Session,
    kind: str,
    name: str,
    documented: bool,
    entries: bool,
    as_csv: bool,
    **dates: str | None,
) -> None:
    """The account of a parcel, party, site, country, or of the whole ledger, over a period.

    KIND is parcel, party, site, country or ledger; ID which one. Opening + in - out - loss = closing,
    exactly, in 0.001 ct; what was used up and made again in splitting, sorting, mixing and polishing stands
    beside. Goods of unknown weight are counted as parcels. A site's account holds what was mined there as
    long as it is undivided in the hands of who mined it.
    """
    from ledger.investigation.accounts import statement
    from ledger.projections.balances import Account

    if (kind == LEDGER) == bool(name):
        raise click.UsageError("Give the ID of what the balance is of, and none for the ledger.", context)
    if kind == COUNTRY:
        FieldType(fields.COUNTRY).convert(name, context.command.params[1], context)
    recorded, occurred = _periods(context, dates)
    ledger = session.ledger(write=True)
    account = Account(kind, normal(name), documented)
    opaque = opaque_at(session, NOW)
    with statement(ledger.journal, ledger.records, account, recorded=recorded, occurred=occurred) as found:
        if session.json:
            emit_json({**_values(found, dates, opened=entries), **opaque_values(*opaque)})
            return
        if as_csv:
            emit_csv(_HEADERS, _lines(found, opened=entries))
        else:
            _print(found, kind, name, dates, documented=documented, opened=entries)
        opaque_remark(*opaque)


def _periods(context: click.Context, dates: dict[str, str | None]) -> tuple[Period, Period]:
    from ledger.projections.chronicle import Period

    recorded = Period(dates["recorded_since"], dates["recorded_until"])
    occurred = Period(dates["occurred_since"], dates["occurred_until"])
    if recorded and occurred:
        raise click.UsageError("A period lies on one clock: --recorded-... or --occurred-...", context)
    return recorded, occurred


def _print(
    found: Statement, kind: str, name: str, dates: dict[str, str | None], *, documented: bool, opened: bool
) -> None:
    goods = "documented" if documented else "live"
    heading(f"balance of {kind} {name}".rstrip() + f", {goods} goods")
    given = [f"{option.replace('_', ' ')} {date}" for option, date in dates.items() if date is not None]
    remark(", ".join(given) if given else messages.text("whole-period", {}))
    wide = 7 if any(line[5] is not None for line in _lines(found, opened=opened)) else 5
    lines = _lines(found, opened=opened)
    texts = ((line[0], line[1], carats(line[2]), *line[3:wide]) for line in lines)
    emit_table([header.upper() for header in _HEADERS[:wide]], texts)
    if found.balance.unweighed:
        remark(messages.text("unknown-weights", {"count": found.balance.unweighed}))
    if found.apart.lines or found.apart.opening.weight or found.apart.opening.unknown:
        apart = {
            "goods": "live" if documented else "documented",
            "weight": carats(found.apart.closing.weight),
        }
        remark(messages.text("balance-apart", apart))


def _lines(found: Statement, *, opened: bool) -> Iterator[tuple[Any, ...]]:
    """One line for each part, one below it for each kind of movement, one for each movement where wanted."""
    whole = found.balance
    yield _line("opening", "", whole.opening)
    totals = {
        "in": whole.received,
        "out": whole.delivered,
        "loss": whole.lost,
        "worked": whole.total("worked"),
    }
    for part in _PARTS:
        lines = whole.part(part)
        if part != "worked" or lines:
            yield _line(part, "", totals[part])
        for line in lines:
            name = line.kind if part != "worked" or line.way > 0 else f"{line.kind} (used up)"
            yield _line("", name, line.amount, line.amount.movements)
            for row in found.opens(line) if opened else ():
                yield ("", "", row["weight"], row["unknown"] or None, None, row["entry"], row["parcel"])
    yield _line("closing", "", whole.closing)


def _line(part: str, kind: str, amount: Amount, movements: int | None = None) -> tuple[Any, ...]:
    return (part, kind, amount.weight, amount.unknown or None, movements, None, None)


def _values(found: Statement, dates: dict[str, str | None], *, opened: bool) -> dict[str, Any]:
    return {
        "account": {"kind": found.balance.account.kind, "id": found.balance.account.id or None},
        "documented": found.balance.account.documented,
        **{name: date for name, date in dates.items() if date is not None},
        **_parts(found.balance),
        "lines": (_opened(found, line, opened=opened) for line in found.balance.lines),
        "apart": {"documented": found.apart.account.documented, **_parts(found.apart)},
    }


def _parts(balance: Balance) -> dict[str, Any]:
    named = {
        "opening": balance.opening, "in": balance.received, "out": balance.delivered, "loss": balance.lost,
        "closing": balance.closing,
    }  # fmt: skip
    return {
        **{name: {"weight": amount.weight, "unknown": amount.unknown} for name, amount in named.items()},
        "movements_of_unknown_weight": balance.unweighed,
    }


def _opened(found: Statement, line: Line, *, opened: bool) -> dict[str, Any]:
    from ledger.projections.balances import part_of

    values: dict[str, Any] = {
        "part": part_of(line), "kind": line.kind, "way": "in" if line.way > 0 else "out",
        "weight": line.amount.weight, "unknown": line.amount.unknown, "movements": line.amount.movements,
    }  # fmt: skip
    if opened:
        values["opens_to"] = (
            {name: row[name] for name in ("entry", "parcel", "weight", "unknown")}
            for row in found.opens(line)
        )
    return values
