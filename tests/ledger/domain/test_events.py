"""Bodies are read strictly, written in one way, and frozen: a vector for every act, live and documented."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import messages
from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.fields import WITHHELD, Problem
from ledger.domain.state import EMPTY, evolve, guarded, touched
from ledger.encoding import decode, encode
from tests.book import key
from tests.examples import documented_example, example, row
from tests.extent import extent

VECTORS = Path(__file__).parents[2] / "data" / "event_bodies.json"
ALL = sorted(e.EVENTS.values(), key=lambda record: record.TYPE)


def bodies() -> dict[str, str]:
    """Every act's example bodies, in hexadecimal, by wire name and form."""
    made = {f"{record.TYPE} live": encode(e.write(example(record))).hex() for record in ALL}
    made |= {f"{record.TYPE} documented": encode(e.write(documented_example(record))).hex() for record in ALL}
    return made


def test_every_act_reads_and_writes_the_bytes_it_always_did() -> None:
    """The vectors are permanent: a change here breaks ledgers that exist. New acts add, nothing changes."""
    if os.environ.get("ADAMAS_VECTORS") == "add":
        known = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}
        VECTORS.write_text(json.dumps({**bodies(), **known}, indent=1, sort_keys=True) + "\n")
    frozen = json.loads(VECTORS.read_text())
    assert frozen == bodies()
    for name, body in frozen.items():
        wire = name.split()[0]
        event, problems = e.read(wire, decode(bytes.fromhex(body)))
        assert problems == []
        assert event is not None
        assert encode(e.write(event)).hex() == body


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.TYPE)
def test_a_body_with_a_field_more_or_a_needed_field_less_is_a_problem(record: type[e.Event]) -> None:
    """The problem names the field, and an old reader keeps such an entry opaque instead of failing."""
    body = e.write(example(record))
    assert e.read(record.TYPE, {**body, "colour": "D"})[1] == [Problem("colour", "field-unknown", "D")]
    for field in fields.table(record):
        if not field.required:
            continue
        less = {name: value for name, value in body.items() if name != field.name}
        assert e.read(record.TYPE, less)[1] == [Problem(field.name, "field-missing")]
        assert isinstance(e.recall(record.TYPE, less), e.Opaque)


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.TYPE)
def test_every_field_says_what_it_takes(record: type[e.Event]) -> None:
    """A value of another kind is a problem naming field, value and form; only sealed fields may be
    withheld.
    """
    body = e.write(example(record))
    for field in fields.table(record):
        event, problems = e.read(record.TYPE, {**body, field.name: 1.5})
        assert event is None
        assert problems[0].field == field.name
        assert problems[0].code in ("field-kind", "field-array")
        withheld = e.read(record.TYPE, {**body, field.name: WITHHELD})[1]
        assert (withheld == []) == field.sealed
        assert field.about


def test_rows_are_named_by_their_number() -> None:
    """A fault in the second line of a sheet says so."""
    body = e.write(example(e.Mined))
    body["lines"] = [body["lines"][0], {"parcel": "P:2", "weight": 1}]
    assert e.read("parcel-mined/1", body)[1] == [Problem("lines.2.parcel", "field-kind", "P:2")]


def test_an_unknown_act_is_opaque_and_changes_nothing() -> None:
    """The chain still verifies; folds pass over it."""
    opaque = e.recall("parcel-dreamt/9", {"by": "x"})
    assert isinstance(opaque, e.Opaque)
    assert guarded(opaque) == touched(opaque) == ()
    state = evolve(EMPTY, e.Recorded(0, 0, key("x"), opaque))
    assert dict(state.subjects()) == {}


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.TYPE)
def test_folding_is_total(record: type[e.Event]) -> None:
    """Every act folds on an empty ledger, with everything known, unknown or withheld."""
    sealed = {field.name: WITHHELD for field in fields.table(record) if field.sealed}
    withheld, _ = e.read(record.TYPE, {**e.write(example(record)), **sealed})
    assert withheld is not None
    for event in (example(record), documented_example(record), withheld):
        about = e.Recorded(0, 0, key("x"), example(e.Weighed))
        named = about if isinstance(event, e.Corrected | e.Attested | e.DisclosureErased) else None
        recorded = e.Recorded(1, 0, key("x"), event, about=named)
        state = evolve(EMPTY, recorded)
        assert set(state.subjects()) == set(guarded(event, named))


def test_every_kind_reads_what_it_shows() -> None:
    """What a person types and what is shown are one spelling of one value."""
    for record in (*ALL, e.Goods, e.Part, e.Arrival, e.ClassWeight, e.Discrepancy):
        for field in fields.table(record):
            if field.kind is None or field.kind in (fields.BODY, fields.VALUE):
                continue
            value = getattr(example(record) if issubclass(record, e.Event) else row(record), field.name)
            value = value[0] if field.many else value
            assert field.kind.holds(value)
            assert field.kind.read(field.kind.show(value)) == value
            with pytest.raises(ValueError):
                field.kind.read("\x00")


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=8)
)
@pytest.mark.slow
@settings(max_examples=extent(80, 400), deadline=None)
def test_no_value_in_any_field_raises(value: Any) -> None:
    """Hostile bodies are problems, never exceptions."""
    for record in ALL:
        body = {field.name: value for field in fields.table(record)}
        event, problems = e.read(record.TYPE, {**body, "documented": value, "discrepancies": value})
        assert event is None
        assert all(messages.catalogue()[problem.code] for problem in problems)
