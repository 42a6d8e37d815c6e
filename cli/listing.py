"""``adamas list``: parcels, certificates, parties, licences, sites, as of now or of any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import click

from cli.asking import Counted, answer, csv_option, limit_option, rows_at, values
from cli.moments import Moment, moment_options
from cli.options import FieldType, normal
from cli.output import AdamasGroup, adamas_command, remark
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain import certificates, parcels, vocabulary
from ledger.domain.fields import COUNTRY

CONDITIONS = (parcels.HELD, parcels.CONSUMED, parcels.EXPORTED, parcels.LOST, "seized")


@click.group("list", cls=AdamasGroup)
def list_() -> None:
    """List what the ledger knows: parcels, certificates, parties, licences, sites."""


def _listing(name: str, example: str) -> Callable[[Callable[..., None]], click.Command]:
    """A list's command: filters come from the decorated function's options, the rest is the same for all."""

    def make(function: Callable[..., None]) -> click.Command:
        command: Callable[..., Any] = pass_session(function)
        command = moment_options(command)
        command = limit_option(None)(csv_option(command))
        made = adamas_command(name, example=example, exits=(0, 4, 5, 7))(command)
        list_.add_command(made)
        return made

    return make


def _documented(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--documented/--live",
        default=None,
        help="Only what is known from sources, or only what is recorded live.",
    )(function)


def _print(
    session: Session,
    name: str,
    moment: Moment,
    limit: int | None,
    as_csv: bool,
    filters: Mapping[str, Any],
    more: _Disputes | None = None,
) -> None:
    """Read, filter, print; ``more`` adds a column, and may leave lines out."""
    from ledger.projections.lists import LISTS

    given = {key: normal(value) if isinstance(value, str) else value for key, value in filters.items()}
    with rows_at(session, moment) as found:
        lines = values(session, found, name, given, limit if more is None else None)
        columns = LISTS[name].columns
        if more is not None:
            lines, columns = islice(more(lines), limit or None), (*columns, more.column)
        shown = Counted(lines)
        answer(session, found, name, shown, columns, as_csv=as_csv)
    if not shown.count and any(value is not None for value in given.values()):
        remark(messages.text("no-lines", {}))


@_listing(
    "parcels",
    "adamas list parcels --holder dealer-7 --condition held\nadamas list parcels --as-occurred 2016",
)
@click.option("--holder", metavar="PARTY", help="In whose hands.")
@click.option("--owner", metavar="PARTY", help="To whom they belong.")
@click.option("--condition", type=click.Choice(CONDITIONS), help="In which condition.")
@click.option("--country", type=FieldType(COUNTRY), metavar="COUNTRY", help="In which country.")
@click.option("--site", metavar="SITE", help="Mined at which site.")
@click.option("--certificate", metavar="CERTIFICATE", help="Under which certificate last.")
@click.option("--hs", type=click.Choice(vocabulary.HS_CODES), help="Of which HS class.")
@_documented
def list_parcels(session: Session, moment: Moment, limit: int | None, as_csv: bool, **filters: Any) -> None:
    """Parcels with weight, condition and holder."""
    _print(session, "parcels", moment, limit, as_csv, filters)


@_listing("certificates", "adamas list certificates --status exported")
@click.option("--status", metavar="STATUS", type=click.Choice(certificates.STATES), help="In which state.")
@click.option("--exporter", metavar="PARTY", help="Who exports.")
@click.option("--provenance", metavar="COUNTRY", help="From which participant.")
@click.option("--destination", metavar="COUNTRY", help="To which participant.")
@click.option(
    "--disputed", is_flag=True, help="Only those that lack attestations under special measures now."
)
@_documented
def list_certificates(
    session: Session, moment: Moment, limit: int | None, as_csv: bool, disputed: bool, **filters: Any
) -> None:
    """Certificates with their state, and how many attestations they lack under special measures now."""
    if disputed and moment:
        raise click.UsageError("--disputed tells of now: leave the moment out.")
    _print(session, "certificates", moment, limit, as_csv, filters, _Disputes(session, moment, disputed))


class _Disputes:
    """How many attestations each line's certificate lacks, as a further column ``lacking``."""

    column = "lacking"

    def __init__(self, session: Session, moment: Moment, only: bool) -> None:
        self._session, self._now, self._only = session, not moment, only

    def __call__(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The lines with that column, only the disputed ones where that was asked."""
        from ledger.domain.supervision_rules import is_supervised, missing_attestations

        today = edtf.parse(edtf.day_of(self._session.clock()))
        state = self._session.ledger().state() if self._now else None
        for line in lines:
            lacking = 0
            if state is not None and is_supervised(state, line["origins"]):
                lacking = missing_attestations(state, line["certificate"], today)
            if lacking or not self._only:
                yield {**line, self.column: lacking or None}


@_listing("parties", "adamas list parties --role dealer")
@click.option("--role", type=click.Choice([role.value for role in vocabulary.Role]), help="With which role.")
@click.option("--residence", type=FieldType(COUNTRY), metavar="COUNTRY", help="Of which country.")
@_documented
def list_parties(session: Session, moment: Moment, limit: int | None, as_csv: bool, **filters: Any) -> None:
    """Parties with their roles; names where they are known here."""
    _print(session, "parties", moment, limit, as_csv, filters)


@_listing("licences", "adamas list licences --party dealer-7")
@click.option("--party", metavar="PARTY", help="Whose.")
@click.option("--licensed", type=click.Choice([k.value for k in vocabulary.LicenceKind]), help="For what.")
@click.option("--site", metavar="SITE", help="For which site.")
def list_licences(session: Session, moment: Moment, limit: int | None, as_csv: bool, **filters: Any) -> None:
    """Licences with their dates."""
    _print(session, "licences", moment, limit, as_csv, filters)


@_listing("sites", "adamas list sites --country BW")
@click.option("--country", type=FieldType(COUNTRY), metavar="COUNTRY", help="In which country.")
@click.option("--operator", metavar="PARTY", help="Worked by whom.")
@_documented
def list_sites(session: Session, moment: Moment, limit: int | None, as_csv: bool, **filters: Any) -> None:
    """Mines and fields."""
    _print(session, "sites", moment, limit, as_csv, filters)
