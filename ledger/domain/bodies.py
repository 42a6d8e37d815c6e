"""Bodies and records: a body is read as its field table says (`ledger.domain.fields`), and written.

Reading strictly gives the record, or names every problem; what is plainly right is read without looking for
problems. A sheet has hundreds of lines alike, so lines are looked at and written by columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from ledger.domain.fields import WITHHELD, Field, Problem, table


def read(
    record: type[Any], body: Mapping[str, Any], *, lenient: bool = False, at: str = ""
) -> tuple[Any, list[Problem]]:
    """``(record, [])`` from a body, or ``(None, problems)``.

    ``lenient`` permits required fields to be absent: what a documented act does not know. A sealed field may
    be `WITHHELD`.
    """
    plain = plainly(record, body, lenient=lenient)
    return closely(record, body, lenient=lenient, at=at) if plain is None else (plain, [])


def closely(
    record: type[Any], body: Mapping[str, Any], *, lenient: bool = False, at: str = ""
) -> tuple[Any, list[Problem]]:
    """`read`, with all that can be said of a body that is not as its table says."""
    by_name = {field.name: field for field in table(record)}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in body.items():
        field = by_name.get(name)
        if field is None:
            problems.append(Problem(at + name, "field-unknown", value))
            continue
        values[name] = _read_value(field, value, lenient, at, problems)
    for field in table(record):
        if field.required and (field.always or not lenient) and field.name not in values:
            problems.append(Problem(at + field.name, "field-missing"))
    return (None, problems) if problems else (record(**values), problems)


def _read_value(field: Field, value: Any, lenient: bool, at: str, problems: list[Problem]) -> Any:
    name = at + field.name
    if value is WITHHELD:
        if not field.sealed:
            problems.append(Problem(name, "field-not-sealed"))
        return value
    if not field.many:
        if not field.kind.holds(value):  # type: ignore[union-attr]
            problems.append(Problem(name, "field-kind", value))
        return value
    if not isinstance(value, (list, tuple)) or not value:
        problems.append(Problem(name, "field-array", value))
        return ()
    if field.row is not None:
        return _read_rows(field.row, value, lenient, name, problems)
    holds = field.kind.holds  # type: ignore[union-attr]
    problems.extend(
        Problem(f"{name}.{n}", "field-kind", item) for n, item in enumerate(value, 1) if not holds(item)
    )
    return tuple(value)


def _read_rows(
    row: type[Any], value: Any, lenient: bool, name: str, problems: list[Problem]
) -> tuple[Any, ...]:
    lines = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, Mapping):
            problems.append(Problem(f"{name}.{number}", "field-kind", item))
            continue
        line, found = read(row, item, lenient=lenient, at=f"{name}.{number}.")
        problems.extend(found)
        lines.append(line)
    return tuple(lines)


Check = Callable[[Any], bool]


class _Plan(NamedTuple):
    """A field table, sorted out for reading and writing."""

    single: dict[str, Check]
    several: dict[str, Check]
    rows: dict[str, type[Any]]
    needed: frozenset[str]
    always: frozenset[str]


_PLANS: dict[Any, _Plan] = {}


def _plan(record: type[Any]) -> _Plan:
    found = _PLANS.get(record)
    if found is None:
        every = sorted(table(record), key=lambda row: row.name)  # as canonical bytes have them
        found = _PLANS[record] = _Plan(
            {row.name: row.kind.holds for row in every if row.kind is not None and not row.many},
            {row.name: row.kind.holds for row in every if row.kind is not None and row.many},
            {row.name: row.row for row in every if row.row is not None},
            frozenset(row.name for row in every if row.required),
            frozenset(row.name for row in every if row.required and row.always),
        )
    return found


def plainly(record: type[Any], body: Mapping[str, Any], *, lenient: bool = False) -> Any:
    """The record of a body that plainly is as its table says; None: look `closely`. Most bodies are plain."""
    single, several, lines, needed, always = _plan(record)
    if not (always if lenient else needed) <= body.keys():
        return None
    values = {}
    for name, value in body.items():
        if name in single:
            if not single[name](value):
                return None
        else:
            found = _arrayed(value, several.get(name), lines.get(name), lenient)
            if found is None:
                return None
            value = found
        values[name] = value
    return record(**values)


def _arrayed(value: Any, holds: Check | None, row: type[Any] | None, lenient: bool) -> tuple[Any, ...] | None:
    if type(value) is not list or not value:
        return None
    if holds is not None:
        return tuple(value) if all(map(holds, value)) else None
    if row is None:
        return None
    found = [plainly(row, item, lenient=lenient) if type(item) is dict else None for item in value]
    return None if None in found else tuple(found)


def plain(record: Any) -> bool:
    """Whether a record is as its table says: `read` gives an equal one from what `write` makes of it."""
    plan = _plan(type(record))
    for name, holds in plan.single.items():
        value = getattr(record, name)
        if value is None:
            if name in plan.needed:
                return False
        elif not holds(value):
            return False
    for name in (*plan.several, *plan.rows):
        items = getattr(record, name)
        if type(items) is not tuple or (name in plan.needed and not items):
            return False
        each = plan.several.get(name)
        if not (_plain_lines(plan.rows[name], items) if each is None else all(map(each, items))):
            return False
    return True


def _plain_lines(row: type[Any], lines: tuple[Any, ...]) -> bool:
    """`plain` of many records, by columns: a sheet has hundreds."""
    plan = _plan(row)
    if not {row}.issuperset(map(type, lines)):
        return False
    if plan.several or plan.rows:
        return all(map(plain, lines))
    for name, holds in plan.single.items():
        column = map(attrgetter(name), lines)
        if not all(map(holds, column if name in plan.needed else (one for one in column if one is not None))):
            return False
    return True


def write(record: Any) -> dict[str, Any]:
    """The body of a record: fields that are absent or empty are left out, `read` gives the record back."""
    plan = _plan(type(record))
    if not plan.several and not plan.rows:
        return {name: value for name in plan.single if (value := getattr(record, name)) is not None}
    body: dict[str, Any] = {}
    for field in table(type(record)):
        value = getattr(record, field.name)
        if value is None or (field.many and value == ()):
            continue
        if field.row is not None:
            value = _written(field.row, value)
        elif field.many and value is not WITHHELD:
            value = list(value)
        body[field.name] = value
    return body


def _written(row: type[Any], lines: tuple[Any, ...]) -> list[dict[str, Any]]:
    """`write` of many records."""
    plan = _plan(row)
    if not plan.several and not plan.rows:
        columns = {name: [*map(attrgetter(name), lines)] for name in plan.single}
        known = {name: column for name, column in columns.items() if column.count(None) < len(lines)}
        if known and not any(None in column for column in known.values()):
            return [dict(zip(known, line, strict=True)) for line in zip(*known.values(), strict=True)]
    return [write(line) for line in lines]
