"""One command for each act, made from its field table when it is used.

    adamas parcel split P1 --output P2=3.500 --output P3=9.000,hs=710231,stones=1 --loss 0.1

What an act's command adds to its fields: who acts (``--by``, ``--for``), when it happened (``--occurred``),
what it rests on (``--evidence``, ``--source``, ``--documented``), which sealed fields are published, a
prepared body (``--file``), and a rehearsal (``--dry-run``). `attest`, `correct` and `erase` have their own
ways of saying what they are about and stand in `cli.about_entries`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import bodies, defaults
from cli.examples import example
from cli.options import (
    FieldType,
    act_classes,
    body_of,
    first_field,
    form,
    normal,
    option_name,
    parameters,
    shown_first,
)
from cli.output import AdamasCommand, AdamasGroup
from cli.recording import (
    Circumstances,
    ask_about_weights,
    here_and_now,
    party_of,
    record,
    rehearse,
    source,
)
from cli.session import Session, pass_session
from ledger import edtf
from ledger.domain import events
from ledger.domain.events import Event, Mined
from ledger.domain.fields import PARTY, TEXT, Field, table
from ledger.domain.parties import ARCHIVED
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.domain.state import State

EXITS = (0, 2, 3, 4, 6, 7, 8, 9)
UNKNOWN = "unknown"
Given = dict[str, Any]
Run = Callable[[Session, click.Context, type[Event], Given], None]


def _occurred(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and text != UNKNOWN:
        try:
            edtf.parse(text)
        except Malformed as trouble:
            raise click.BadParameter(str(trouble), context, parameter) from None
    return text


def _sources(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            source(text, "2000")
        except Malformed as trouble:
            raise click.BadParameter(str(trouble), context, parameter) from None
    return texts


def circumstance_options(event: type[Event], *, signing: bool) -> list[click.Parameter]:
    """The options that every act has beside its own fields."""
    existing = click.Path(exists=True, dir_okay=False, path_type=Path)
    sealed = [field.name for field in table(event) if field.sealed]
    options: list[click.Parameter] = [
        click.Option(["--by"], type=FieldType(PARTY), metavar="PARTY",
                     help="The party that acts.  [default: the party of the key, or of --for]"),
        click.Option(["on_behalf", "--for"], type=FieldType(PARTY), metavar="PARTY",
                     help="Record on behalf of this party, as its clerk, under a mandate in force."),
        click.Option(["--occurred"], metavar="DATE", callback=_occurred,
                     help="When it happened: 2015, 2015-11, 2015-11-16, 2015-11-16T14:05:00+02:00, 1989/1990 "
                     "or unknown.  [default: now; with --documented: unknown]"),
        click.Option(["--evidence"], type=existing, multiple=True, metavar="FILE",
                     help="A document it rests on: its hash is signed, a copy kept beside the ledger."),
        *(_documented_options() if event in ARCHIVED else ()),
        click.Option(["file", "--file"], type=existing, metavar="BODY",
                     help="A prepared body: JSON, weights in thousandths of a carat, values in US cents. "
                     "Options given beside it take its fields' place."),
    ]  # fmt: skip
    if sealed:
        shown = "Do not seal this field."
        options.append(click.Option(["--publish"], type=click.Choice(sealed), multiple=True, help=shown))
    if not signing:
        if event is Mined:
            looked = "Somebody looked: the weights are not a slip of the unit."
            options.append(click.Option(["--weights-confirmed"], is_flag=True, help=looked))
        options.append(click.Option(["--dry-run"], is_flag=True, help="Ask the rules, record nothing."))
        options.append(
            click.Option(
                ["--receipt"],
                type=click.Path(dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Write the receipt as a proof (.tlog-proof) that verifies at once.",
            )
        )
        return options
    return [*options, *_signing_options()]


def _signing_options() -> list[click.Parameter]:
    return [
        click.Option(["-o", "--out"], type=click.Path(path_type=Path), required=True, metavar="FILE",
                     help="The statement file; it must not be there yet.  [needed]"),
        click.Option(["--ledger-origin"], type=FieldType(TEXT), metavar="ORIGIN",
                     help="The ledger it is for.  [default: the origin of the ledger that is here]"),
    ]  # fmt: skip


def _documented_options() -> list[click.Parameter]:
    return [
        click.Option(["sources", "--source"], multiple=True, metavar='"TITLE <URL>"', callback=_sources,
                     help="A published source; add the day it was seen behind it if that is not today."),
        click.Option(["--documented"], is_flag=True,
                     help="Recorded from sources: what they lack stays unknown, discrepancies are named."),
    ]  # fmt: skip


def about_options(event: type[Event], *, signing: bool = False) -> list[click.Parameter]:
    """The options of an act whose command says its own fields in its own way."""
    shared = {f"field_{field.name}" for field in table(Event)}
    own = [
        parameter for parameter in parameters(event, {}) if (parameter.name or "")[len("field_") :] in shared
    ]
    return [*own, *circumstance_options(event, signing=signing)]


def act_command(event: type[Event], name: str, run: Run, *, signing: bool = False) -> AdamasCommand:
    """The command of an act; ``run`` gets the session, the record class and everything that was given."""

    @click.pass_context
    @pass_session
    def callback(session: Session, context: click.Context, /, **given: Any) -> None:
        run(session, context, event, given)

    notes = defaults.NOTES.get(event.TYPE, {})
    return AdamasCommand(
        name, callback=callback, help=_help(event, notes), exits=EXITS,
        example=example(event, signing=signing),
        params=[*parameters(event, notes), *circumstance_options(event, signing=signing)],
        short_help=_about(event),
    )  # fmt: skip


def _help(event: type[Event], notes: Mapping[str, str]) -> str:
    first = first_field(event)
    shown = f"{shown_first(first)}: {first.about}."
    note = notes.get(first.name)
    if note is not None:
        shown += f" Filled in when left out: {note}."
    return f"{_about(event)}\n\n{shown}\n\nThe act's type is {event.TYPE}."


def _about(event: type[Event]) -> str:
    return " ".join((event.__doc__ or "").replace("``", "").split())


def circumstances(session: Session, given: Given) -> Circumstances:
    """What was given beside the act's own fields."""
    now = session.clock()
    occurred = given["occurred"]
    if occurred is None and not given.get("documented"):
        occurred = here_and_now(now)
    today = here_and_now(now)[:10]
    return Circumstances(
        None if occurred == UNKNOWN else occurred, given["on_behalf"], tuple(given["evidence"]),
        tuple(source(normal(text), today) for text in given.get("sources", ())),
        frozenset(given.get("publish", ())), given.get("receipt"),
    )  # fmt: skip


def body_given(event: type[Event], given: Given, *, by: str | None, state: State | None) -> dict[str, Any]:
    """The body from file and options, with what can be filled in."""
    file = given["file"]
    body = bodies.read_body(file, event) if file is not None else {}
    body |= body_of(event, given)
    if by is not None:
        body = {"by": by, **body} if given["by"] is None else {**body, "by": by}
    if given.get("documented"):
        return {**body, "documented": True}
    wrong = [problem for problem in events.read(event.TYPE, body)[1] if problem.code != "field-missing"]
    return body if wrong or state is None else defaults.fill(event.TYPE, body, state)


def acting(given: Given, party: Callable[[], str]) -> str | None:
    """The party that acts: as given, the one acted for, none in a documented act, or the key's own."""
    if given["by"] is not None or given["on_behalf"] is not None:
        by: str = given["by"] or given["on_behalf"]
        return by
    return None if given.get("documented") else party()


def event_given(event: type[Event], body: dict[str, Any], file: Path | None) -> Event:
    """The act. Raises click's usage error where an option is missing, `Malformed` for a file's faults."""
    found, problems = events.read(event.TYPE, body)
    if found is not None:
        return found
    if file is not None:
        return bodies.event_of(event.TYPE, body, file=file)
    said = [_asked_for(event, problem.field, body) for problem in problems if problem.code == "field-missing"]
    others = [problem for problem in problems if problem.code != "field-missing"]
    raise click.UsageError("\n".join(said + bodies.sentences(others, event.TYPE, in_file=False)))


def _asked_for(event: type[Event], path: str, body: Mapping[str, Any]) -> str:
    """What to type for a field that is missing; a row's field is told by its row."""
    name, _, rest = path.partition(".")
    if name == "by":
        return "Missing --by: the party that acts."
    field = next(field for field in table(event) if field.name == name)
    shown = form(field)
    what = _lacking(field, rest, body) if rest else field.about + (f" ({shown})" if shown else "")
    if name == first_field(event).name:
        return f"Missing {shown_first(field)}: {what}."
    return f"Missing {option_name(event, field)}: {what}."


def _lacking(field: Field, place: str, body: Mapping[str, Any]) -> str:
    """What a row lacks, and how the row is written."""
    number, _, name = place.partition(".")
    first, second, *_ = table(field.row) if field.row is not None else (field, field)
    key = body[field.name][int(number) - 1].get(first.name, first.name.upper())
    return (
        f"{name} of line {number}; write {key}"
        + ("" if name == second.name else ",...,")
        + f"={name.upper()}"
    )


def no_file(context: click.Context, text: str | None, instead: str) -> None:
    """A name that reads like a file's is not recorded as a name: whoever typed it meant the file."""
    if text is not None and (Path(text).suffix in (".toml", ".json", ".csv") or Path(text).is_file()):
        raise click.UsageError(f"'{text}' reads like a file, and a name belongs here; {instead}", context)


def run_act(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
    """Record an act from what was given on the command line, or rehearse it."""
    ledger = session.ledger(write=not given["dry_run"])
    key = session.key()
    by = acting(given, lambda: party_of(ledger, key))
    body = body_given(event, given, by=by, state=ledger.state())
    act = event_given(event, body, given["file"])
    around = circumstances(session, given)
    if isinstance(act, Mined) and not given["weights_confirmed"]:
        ask_about_weights(ledger, act)
    if given["dry_run"]:
        rehearse(session, ledger, act, key, around)
    else:
        record(session, ledger, act, key, around)


class ActGroup(AdamasGroup):
    """A family of acts; a command is made when it is asked for."""

    def __init__(self, name: str, about: str, run: Run = run_act, *, signing: bool = False) -> None:
        super().__init__(name, help=about)
        self.acts = {event.COMMAND[1]: event for event in act_classes() if event.COMMAND[0] == name}
        self._run = run
        self._signing = signing

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The family's acts, then whatever else was added to it."""
        return [*self.acts, *(name for name in super().list_commands(ctx) if name not in self.acts)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, made now; one that was added takes the place of a generated one."""
        added = super().get_command(ctx, cmd_name)
        if added is not None or cmd_name not in self.acts:
            return added
        return act_command(self.acts[cmd_name], cmd_name, self._run, signing=self._signing)


FAMILIES = {
    "party": "Parties: who is known to the ledger, under public pseudonyms.",
    "role": "Roles: what a party may do.",
    "licence": "Licences: for what, where, from when to when.",
    "mandate": "Mandates: whom a clerk may record for, and what.",
    "site": "Mines and fields.",
    "key": "Keys: who signs for whom.",
    "parcel": "Parcels: stones packed together; one stone is a parcel with stones=1.",
    "certificate": "Kimberley Process certificates, each for one shipment.",
    "shipment": "Shipments: what one certificate covers, crossing a border.",
    "house": "The ledger itself: its end, and the keys that speak for it.",
    "participant": "Participants of the Kimberley Process, as this ledger knows them.",
    "measure": "Measures that bind a participant.",
    "profile": "What KPCS leaves to each State.",
    "partner": "The ledgers of other participants.",
    "reconciliation": "Reconciliations with other participants.",
    "alert": "Alerts: others should look.",
    "review": "What reviews and analyses found.",
    "governance": "Decisions and offices.",
    "grant": "Who may be given sealed fields.",
}
"""The families of acts, and what each is about."""


def __getattr__(name: str) -> ActGroup:
    """A family's group, made when it is asked for: ``cli.acts.parcel``."""
    if name not in FAMILIES:
        raise AttributeError(name)
    return ActGroup(name, FAMILIES[name])
