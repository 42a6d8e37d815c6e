"""Acts about entries: `attest` agrees with one, `correct` replaces its body, `erase` removes its sealed
values.

What they must name (the entry's hash, its digests) is read from the ledger, so that a person types the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import bodies
from cli.acts import EXITS, Run, about_options, act_command, run_act
from cli.examples import example
from cli.options import FieldType, clipped, option_name, read_row, read_value
from cli.output import AdamasCommand, remark
from cli.session import Session, pass_session
from ledger import messages
from ledger.domain import events
from ledger.domain.events import Attested, Corrected, DisclosureErased, Event, Opaque, Recorded
from ledger.domain.fields import INDEX, TEXT, WITHHELD, Field, table
from ledger.errors import NotFound, Refused

if TYPE_CHECKING:
    from ledger.application import Ledger

Given = dict[str, Any]


def entry(ledger: Ledger, index: int) -> Recorded:
    """An entry. Raises `NotFound` (``no-entry``)."""
    size = ledger.head().size
    if index >= size:
        raise NotFound("no-entry", index=index, size=size)
    return ledger.records.recorded(index)


def present_body(ledger: Ledger, about: Recorded) -> dict[str, Any]:
    """An entry's body as it stands: the original, or what corrections put in its place.

    Sealed values that this ledger does not hold are left out; they are told of on standard error.
    """
    if isinstance(about.event, Opaque):
        raise Refused("type-unknown", type=about.event.TYPE)
    body: Mapping[str, Any] = events.write(about.event)
    for later in ledger.records.of(f"entry:{about.index}"):
        if isinstance(later.event, Corrected):
            body = later.event.replacement
    withheld = [name for name, value in body.items() if value is WITHHELD]
    for name in withheld:
        remark(f"{name} is not known here and is left out; give it with --set {name}=...")
    return {name: value for name, value in body.items() if name not in withheld}


def changed(record: type[Event], body: Mapping[str, Any], settings: tuple[str, ...]) -> dict[str, Any]:
    """A body with fields set: ``field=value``, the field named as in the body or as its option is; one that
    holds several is set by repeating it.

    ``field=`` takes the field away. Raises click's usage error.
    """
    fields = {option_name(record, field).removeprefix("--"): field for field in table(record)}
    fields |= {field.name: field for field in table(record)}
    new: dict[str, Any] = {}
    for setting in settings:
        name, mark, text = setting.partition("=")
        if name not in fields or not mark:
            known = ", ".join(field.name for field in table(record))
            values = {"text": clipped(setting), "type": record.TYPE, "fields": known}
            raise click.BadParameter(messages.text("set-field", values), param_hint="'--set'")
        field = fields[name]
        new[field.name] = _added(field, new.get(field.name), text) if text else None
    merged = {**body, **new}
    return {name: value for name, value in merged.items() if value is not None}


def _added(field: Field, before: Any, text: str) -> Any:
    try:
        if field.row is not None:
            return [*(before or ()), read_row(field.row, text)]
        if field.kind is None:
            raise ValueError(text)
        value = read_value(field.kind, text)
    except ValueError as trouble:
        raise click.BadParameter(f"{field.name}: {trouble}", param_hint="'--set'") from None
    return [*(before or ()), value] if field.many else value


def attest_command(run: Run, *, signing: bool = False) -> AdamasCommand:
    """``attest INDEX``: the origin is this ledger's and the hash the entry's, unless given."""

    def filled(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
        wanted = given.get("ledger_origin")
        here = session.ledger() if wanted is None or session.file.exists() else None
        about = given["field_origin"] or wanted or (here.origin if here is not None else None)
        index = given["field_index"]
        if index is not None and given["field_hash"] is None and here is not None and here.origin == about:
            given["field_hash"] = entry(here, index).hash
        given["field_origin"] = about
        run(session, context, event, given)

    return act_command(Attested, "attest", filled, signing=signing)


def correct_command(run: Run, *, signing: bool = False) -> AdamasCommand:
    """``correct INDEX``: the new body from a file, from settings, or from settings upon a file."""

    @click.pass_context
    @pass_session
    def callback(session: Session, context: click.Context, /, **given: Any) -> None:
        ledger = session.ledger(write=not signing and not given["dry_run"])
        about = entry(ledger, given["field_index"])
        given |= {"field_hash": about.hash, "field_replacement": _replacement(ledger, about, given, context)}
        given["file"] = None
        run(session, context, Corrected, given)

    return AdamasCommand(
        "correct",
        callback=callback,
        params=[*_correct_options(), *about_options(Corrected, signing=signing)],
        example=example(Corrected, signing=signing),
        exits=(*EXITS, 5),
        help="Replace an entry's body from here on; the original stays. By its author or an authority.\n\n"
        "INDEX: the entry's index.\n\nGive the whole new body with --file, or what changes with --set; "
        "what a later act rests on cannot be corrected away.",
    )


def _correct_options() -> list[click.Parameter]:
    return [
        click.Argument(["field_index"], type=FieldType(INDEX), metavar="INDEX"),
        click.Option(
            ["settings", "--set"],
            multiple=True,
            metavar="FIELD=VALUE",
            help="Set a field of the present body, as its command's option takes it; repeat it for "
            "several values; FIELD= takes the field away.",
        ),
        click.Option(
            ["field_reason", "--reason"], type=FieldType(TEXT), metavar="TEXT", help="Why.  [needed]"
        ),
        click.Option(["--publish"], multiple=True, metavar="FIELD", help="Do not seal this field."),
    ]


def _replacement(ledger: Ledger, about: Recorded, given: Given, context: click.Context) -> dict[str, Any]:
    record = events.EVENTS.get(about.event.TYPE)
    if record is None:
        raise Refused("type-unknown", type=about.event.TYPE)
    file: Path | None = given["file"]
    settings: tuple[str, ...] = given.pop("settings")
    if file is None and not settings:
        raise click.UsageError("Give the new body with --file, or what changes with --set.", context)
    body = present_body(ledger, about) if file is None else bodies.read_body(file, record)
    body = changed(record, body, settings)
    bodies.event_of(about.event.TYPE, body, file=file)
    return body


def erase_command(run: Run, *, signing: bool = False) -> AdamasCommand:
    """``erase INDEX --field NAME``: the digests are looked up."""

    @click.pass_context
    @pass_session
    def callback(session: Session, context: click.Context, /, **given: Any) -> None:
        names = given.pop("names")
        if given["file"] is None:
            _demand(context, {"INDEX: which entry": given["field_index"], "--field: what of it goes": names})
        if names:
            ledger = session.ledger(write=not signing and not given["dry_run"])
            about = entry(ledger, _erased_of(given))
            given["field_digests"] = _digests(ledger, about.index, names)
        run(session, context, DisclosureErased, given)
        if not given.get("dry_run", signing):
            remark("Replicas, backups and bundles already given away are beyond this erasure.")

    options: list[click.Parameter] = [
        click.Argument(["field_index"], type=FieldType(INDEX), metavar="INDEX", required=False),
        click.Option(
            ["names", "--field"],
            multiple=True,
            metavar="FIELD",
            help="The sealed field whose value goes; repeat for more.  [needed]",
        ),
        click.Option(
            ["field_ground", "--ground"],
            type=FieldType(TEXT),
            metavar="TEXT",
            help="On what legal ground.  [needed]",
        ),
    ]
    return AdamasCommand(
        "erase",
        callback=callback,
        params=[*options, *about_options(DisclosureErased, signing=signing)],
        example=example(DisclosureErased, signing=signing),
        exits=(*EXITS, 5),
        help="Erase sealed values of an entry from this ledger, by law; the erasure itself is an act.\n\n"
        "INDEX: the entry's index.\n\nNo hash changes and every proof still holds. No value comes back.",
    )


def _demand(context: click.Context, wanted: Mapping[str, Any]) -> None:
    lacking = [f"Missing {what}." for what, value in wanted.items() if value is None or value == ()]
    if lacking:
        raise click.UsageError("\n".join(lacking), context)


def _erased_of(given: Given) -> int:
    """The entry that is named, else the one that the body names."""
    index: Any = given["field_index"]
    if index is None:
        index = bodies.read_body(given["file"], DisclosureErased).get("index")
    if type(index) is not int:
        raise click.UsageError("Missing INDEX: the entry.")
    return index


def _digests(ledger: Ledger, index: int, names: tuple[str, ...]) -> tuple[str, ...]:
    held = ledger.sealed(index)
    for name in names:
        if name not in held:
            raise NotFound("no-sealed-value", index=index, field=name, held=", ".join(sorted(held)) or "none")
    return tuple(sorted(held[name] for name in names))


attest = attest_command(run_act)
correct = correct_command(run_act)
erase = erase_command(run_act)
