"""A national profile as a TOML file: what KPCS leaves to each State, in one file that an official can read.

    profile = "example/1"                 its name and version, needed
    validity_days = 60                    how long a certificate is valid
    confirmation_days = 10                within how many days an import is confirmed
    confirmation_working = true           those are working days, Monday to Friday
    detention_days = 30                   within how many days a detained shipment is decided on
    weight_tolerance = "0.05"             carats, by how much a shipment may differ on arrival
    value_tolerance = "0.50"              percent, by how much its value may differ
    stone_tolerance = 5                   by how many stones, where they were counted
    number_pattern = "BW########"         the form of own numbers, # for a digit
    application_needed = true             no certificate is issued but on an application
    seals_needed = true                   validation names the seals
    retention_years = 5                   how long papers are kept: until then nothing sealed is erased
    inspection = "risk"                   all containers are opened, or those that a risk analysis picks
    governing = "highest"                 which of several valuations governs
    [[range]]                             numbers that an issuer gave out: issuer, first, last, since, until
    [[trade]]                             who may sell to whom: seller, buyer; none: everybody
    [[licence]]                           who needs which licence for what: role, act, licensed, national
    [[source]]                            where it is written: title, url, seen

Decimals stand in quotes: a TOML float is refused, since it may not be the number that was written. What is
absent stays open. Weights become thousandths of a carat, tolerances of value hundredths of a percent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from ledger import messages
from ledger.domain import events as e
from ledger.domain import fields as f
from ledger.domain.forms import parse_percent
from ledger.domain.vocabulary import parse_carats
from ledger.errors import Malformed, NotFound
from ledger.values import dataclass

SHIPPED = ("canada", "eu", "example")
"""The profiles that ship with Adamas, by the names of their files."""

TEMPLATE = "example"
"""The one that `adamas template profile` prints."""

_ROWS = {"range": "ranges", "trade": "trade", "licence": "licences"}
_LINES = {"range": e.RangeLine, "trade": e.TradeLine, "licence": e.LicenceLine}
_SINGLE = {
    field.name: field.kind
    for field in f.table(e.ProfileAdopted)
    if field.row is None and field.kind is not None and field.name not in {x.name for x in f.table(e.Event)}
}
_QUOTED = {"weight_tolerance", "value_tolerance"}
_FORMS = {
    "weight_tolerance": 'carats in quotes with at most three decimals, such as "0.05"',
    "value_tolerance": 'percent in quotes with at most two decimals, such as "0.50"',
}
_SOURCE = ("title", "url", "seen")


@dataclass(frozen=True, slots=True)
class Profile:
    """The act that adopts a profile, and the sources it rests on, as a statement names them."""

    event: e.ProfileAdopted
    sources: tuple[dict[str, str], ...]


def shipped(name: str) -> str:
    """The text of a profile that ships with Adamas. Raises `NotFound` (``profile-not-shipped``)."""
    if name not in SHIPPED:
        raise NotFound("profile-not-shipped", name=name, names=", ".join(SHIPPED))
    file = resources.files("ledger") / "data" / "profiles" / f"{name}.toml"
    return file.read_text(encoding="utf-8")


def read_profile(text: str, by: str, where: str = "profile") -> Profile:
    """The profile in a TOML text, adopted ``by`` a party.

    Raises `Malformed`: ``profile-toml`` for what is no TOML, ``profile-faults`` naming every field at fault.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Malformed("profile-toml", where=where, reason=str(problem)) from None
    faults: list[str] = []
    body = _body(document, faults)
    sources = _sources(document.get("source", []), faults)
    event, problems = e.read(e.ProfileAdopted.TYPE, {"by": by, **body})
    faults += [_said(problem) for problem in problems if problem.field not in _QUOTED]
    if faults or not isinstance(event, e.ProfileAdopted):
        said = ", ".join(f"({number}) {fault}" for number, fault in enumerate(faults, 1))
        raise Malformed("profile-faults", where=where, faults=said)
    return Profile(event, sources)


def _body(document: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in document.items():
        if name in _QUOTED:
            body[name] = _decimal(name, value, faults)
        elif name in _SINGLE:
            body[name] = value
        elif name in _ROWS:
            body[_ROWS[name]] = value
        elif name != "source":
            known = ", ".join([*_SINGLE, *_ROWS, "source"])
            faults.append(messages.text("profile-unknown", {"field": name, "known": known}))
    return body


def _decimal(name: str, value: object, faults: list[str]) -> int:
    """Thousandths of a carat, or hundredths of a percent."""
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        return parse_carats(value) if name == "weight_tolerance" else parse_percent(value)
    except ValueError:
        faults.append(_at_fault(name, value))
        return 0


def _sources(rows: object, faults: list[str]) -> tuple[dict[str, str], ...]:
    found: list[dict[str, str]] = []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
        if not isinstance(row, dict) or set(row) != set(_SOURCE) or not all(map(f.TEXT.holds, row.values())):
            faults.append(messages.text("profile-source", {"number": number}))
        elif not f.DATE.holds(row["seen"]):
            faults.append(_at_fault(f"source.{number}.seen", row["seen"]))
        else:
            found.append({name: row[name] for name in _SOURCE})
    return tuple(found)


def _said(problem: f.Problem) -> str:
    name = problem.field
    for written, kept in _ROWS.items():
        name = re.sub(rf"^{kept}(?=\.|$)", written, name)
    if problem.code == "field-missing":
        return messages.text("profile-missing", {"field": name})
    if problem.code == "field-unknown":
        return messages.text("profile-unknown", {"field": name, "known": _columns(name)})
    return _at_fault(name, problem.value)


def _columns(name: str) -> str:
    return ", ".join(field.name for field in f.table(_LINES[name.partition(".")[0]]))


def _at_fault(name: str, value: object) -> str:
    return messages.text("profile-field", {"field": name, "value": repr(value), "form": _form(name)})


def _form(name: str) -> str:
    if name in _FORMS:
        return _FORMS[name]
    kind: f.Kind | None = _SINGLE.get(name)
    first, _, last = name.partition(".")
    if first in _LINES:
        column = last.rpartition(".")[2]
        kind = next((field.kind for field in f.table(_LINES[first]) if field.name == column), None)
    elif last.endswith("seen"):
        kind = f.DATE
    if kind is f.YES:
        return "true or false"
    return kind.form if kind is not None else "tables in double brackets"
