"""``adamas participant``: adopt the register that ships, and ask who may trade on a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.acts import Given, act_command, acting, circumstances, no_file, run_act
from cli.asking import csv_option
from cli.options import FieldType, normal
from cli.output import AdamasCommand, adamas_command, emit_csv, emit_json, heading, remark, say
from cli.recording import party_of, record, rehearse
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain.events import Event, RegisterAdopted
from ledger.domain.fields import COUNTRY, DATE, PARTY, TEXT
from ledger.messages import how_many

if TYPE_CHECKING:
    from ledger.domain.passages import Passage
    from ledger.domain.state import State


def _adopt(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
    """Record the register that ships, or the one that was typed."""
    if not given["shipped"]:
        instead = "adopt the register that ships with: --shipped, or give a prepared body with: --file BODY"
        no_file(context, given["field_register"], instead)
        run_act(session, context, event, given)
        return
    from ledger.exchange.participant_register import adoption

    ledger = session.ledger(write=not given["dry_run"])
    key = session.key()
    act = adoption(acting(given, lambda: party_of(ledger, key)) or "")
    (rehearse if given["dry_run"] else record)(session, ledger, act, key, circumstances(session, given))


def _command() -> AdamasCommand:
    command = act_command(RegisterAdopted, "adopt", _adopt)
    command.params[1:1] = [
        click.Option(
            ["--shipped"], is_flag=True, help="The register that ships with Adamas, each row with its source."
        )
    ]
    command.example = "adamas participant adopt --shipped\n" + command.example
    return command


participant_adopt = _command()


@adamas_command(
    "standing",
    example="adamas participant standing CI --on 2010-05-01\n"
    "adamas participant standing CF --on 2016-09-19 --zone Berberati\n"
    "adamas participant standing ZW --to AE --on 2010-09-19 --zone Marange",
    exits=(0, 4, 7),
)
@click.argument("code", type=FieldType(COUNTRY), metavar="COUNTRY")
@click.option("--on", "day", type=FieldType(DATE), metavar="DATE", help="On which day.  [default: today]")
@click.option("--to", type=FieldType(COUNTRY), metavar="COUNTRY", help="Whether it may export to that one.")
@click.option("--mined", type=FieldType(COUNTRY), metavar="COUNTRY",
              help="Where the goods were mined; takes --to.  [default: the exporter's]")  # fmt: skip
@click.option("--zone", type=FieldType(TEXT), metavar="ZONE", help="Goods from which zone or field.")
@click.option("--party", "parties", type=FieldType(PARTY), metavar="PARTY", multiple=True,
              help="Moved by whom; repeat for more.")  # fmt: skip
@csv_option
@pass_session
def participant_standing(session: Session, code: str, day: str | None, as_csv: bool, **asked: Any) -> None:
    """Whether a participant may trade on a day: yes, no, or unknown to this register; why, and who says so.

    The answer rests on the register that the ledger adopted and on what was recorded since, never on a guess.
    Without --zone, measures on zones leave the answer unknown. With --to the exporter, the importer and the
    goods are asked about, as each of the two would ask.
    """
    state = session.ledger().state()
    on = edtf.parse(day or edtf.day_of(session.clock()))
    if asked["mined"] is not None and asked["to"] is None:
        raise click.UsageError("--mined takes --to COUNTRY.")
    found = _asked(state, code, on, asked)
    house = state.house()
    register = None if house is None else house.register
    row = _row(code, on.text, asked, found, register)
    if session.json:
        emit_json(row)
        return
    if as_csv:
        emit_csv(list(row), [list(row.values())])
        return
    _tell(row, state)
    if register is None:
        remark(messages.text("register-not-adopted", {}))


def _asked(state: State, code: str, on: edtf.Span, asked: dict[str, Any]) -> Passage:
    """The answer, and whom it is about."""
    from ledger.domain.measure_rules import names_moving
    from ledger.domain.participants import standing
    from ledger.domain.passages import Passage, barred_parties, passage, worst

    house = state.house()
    zone, parties = (normal(asked["zone"]) if asked["zone"] else None), names_moving(state, *asked["parties"])
    barring = () if house is None else house.barring
    if asked["to"] is not None:
        return passage(
            state.participant, code, asked["to"], on, origin=asked["mined"], zone=zone, parties=parties,
            barring=barring,
        )  # fmt: skip
    here = None if house is None else house.participant
    own = Passage(code, standing(state.participant(code), on, zone=zone, here=here))
    return worst([own, *barred_parties(state.participant, barring, on, parties, here=here)])


def _row(code: str, day: str, asked: dict[str, Any], found: Passage, register: str | None) -> dict[str, Any]:
    from ledger.domain.measure_rules import reason

    answer = found.answer
    return {
        "participant": code,
        "on": day,
        "to": asked["to"],
        "mined": asked["mined"],
        "zone": asked["zone"],
        "may_trade": str(answer.reply),
        "about": found.participant,
        "reason": answer.reason,
        "because": reason(answer),
        "measure": answer.measure,
        "attestations": answer.attestations,
        "source": answer.source,
        "register": register,
    }


def _tell(row: dict[str, Any], state: State) -> None:
    who = _called(row["participant"], state)
    if row["to"]:
        who += f" to {_called(row['to'], state)}"
    goods = f", goods mined in {row['mined']}" if row["mined"] else ""
    goods += f", {row['zone']}" if row["zone"] else ""
    heading(f"{who}{goods}, {row['on']}: {row['may_trade']}")
    measure = f" ({row['measure']})" if row["measure"] else ""
    about = f"{row['about']}: " if row["to"] or row["about"] != row["participant"] else ""
    say(f"  because   {about}{row['because']}{measure}")
    if row["attestations"]:
        say(f"  needs     {how_many('count-attestations', row['attestations'])}")
    say(f"  source    {row['source']}")
    if row["register"]:
        say(f"  register  {row['register']}")


def _called(code: str, state: State) -> str:
    participant = state.participant(code)
    return f"{code} ({participant.name})" if participant is not None and participant.name else code
