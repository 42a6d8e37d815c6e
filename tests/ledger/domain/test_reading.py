"""Reading a body plainly gives what reading it closely gives, or nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import bodies
from ledger.domain import events as e
from ledger.domain.fields import WITHHELD
from ledger.encoding import decode, encode
from tests.examples import documented_example, example
from tests.extent import extent

ALL = sorted(e.EVENTS.values(), key=lambda record: record.TYPE)
BODIES = [
    (
        record,
        {name: value for name, value in decode(encode(e.write(made(record)))).items() if name not in SHARED},
    )
    for SHARED in [("documented", "discrepancies")]
    for record in ALL
    for made in (example, documented_example)
]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        2**60,
        "",
        "X",
        "BW",
        "a:b",
        b"",
        b"x",
        [],
        [1],
        ["X"],
        ("X",),
        [None],
        {},
        [{}],
        WITHHELD,
    )
)


def _changed(body: Any, draw: Any) -> Any:
    """The body with something in it made odd, left out or added; most often a small thing."""
    if isinstance(body, dict) and body:
        name = draw(st.sampled_from(sorted(body)))
        what = draw(st.sampled_from(("inside", "odd", "without", "more")))
        if what == "without":
            return {key: value for key, value in body.items() if key != name}
        if what == "more":
            return {**body, draw(st.sampled_from(("colour", "weight", "parcel", "note"))): draw(ODD)}
        return {**body, name: draw(ODD) if what == "odd" else _changed(body[name], draw)}
    if isinstance(body, list) and body:
        place = draw(st.integers(0, len(body) - 1))
        return [*body[:place], _changed(body[place], draw), *body[place:]]
    return draw(ODD)


def _any(value: object) -> Any:
    return value


@given(st.sampled_from(BODIES), st.booleans(), st.integers(0, 2), st.data())
@pytest.mark.slow
@settings(max_examples=extent(200, 1_200), deadline=None)
def test_reading_plainly_is_reading_closely(
    case: tuple[type[e.Event], dict[str, Any]], lenient: bool, changes: int, data: st.DataObject
) -> None:
    """Of every act, as it is and with fields made odd: the same record, or left to the closer look."""
    record, body = case[0], _any(case[1])
    for _ in range(changes):
        body = _changed(body, data.draw)
    if not isinstance(body, dict):
        return
    plain = bodies.plainly(record, body, lenient=lenient)
    close, problems = bodies.closely(record, body, lenient=lenient)
    assert (plain is None) or (plain, []) == (close, problems)
    assert bodies.read(record, body, lenient=lenient) == (close, problems)
    if plain is not None:
        assert [type(value) for value in vars(plain).values()] == [type(v) for v in vars(close).values()]


def test_bodies_as_they_are_recorded_are_read_plainly() -> None:
    """Nothing of the usual is left to the closer look; what is withheld is."""
    for record, body in BODIES:
        assert bodies.plainly(record, body, lenient=True) == bodies.closely(record, body, lenient=True)[0]
    assert bodies.plainly(e.Valued, {"by": "miner-1", "parcel": "P1", "value": WITHHELD}) is None
    assert e.recall(e.Valued.TYPE, {"by": "miner-1", "parcel": "P1", "value": WITHHELD}) == e.Valued(
        by="miner-1", parcel="P1", value=WITHHELD
    )


EVENTS = [made(record) for record in ALL for made in (example, documented_example)]


def _odd(value: Any, draw: Any) -> Any:
    """A value of a record's field made odd, deep inside or as a whole."""
    if isinstance(value, tuple) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return (*value[:place], _odd(value[place], draw), *value[place + draw(st.integers(0, 1)) :])
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and draw(st.integers(0, 9)):
        name = draw(st.sampled_from([field.name for field in dataclasses.fields(value)]))
        return dataclasses.replace(value, **{name: _odd(getattr(value, name), draw)})
    return draw(ODD)


@given(st.sampled_from(EVENTS), st.integers(0, 2), st.data())
@pytest.mark.slow
@settings(max_examples=extent(200, 1_200), deadline=None)
def test_what_is_plainly_an_event_need_not_be_read_back(
    event: e.Event, odd: int, data: st.DataObject
) -> None:
    """Whatever a program puts into an event: it is what reading its body gives, or is read."""
    for _ in range(odd):
        name = data.draw(st.sampled_from([field.name for field in dataclasses.fields(event)]))
        event = dataclasses.replace(event, **{name: _odd(getattr(event, name), data.draw)})
    if e.plain(event):
        assert e.read(event.TYPE, e.write(event)) == (event, [])
        assert encode(e.write(event))


def test_the_usual_event_is_plain_and_an_odd_one_is_not() -> None:
    """Live examples of every type are; lists for tuples, other records and lines out of range are not."""
    assert all(e.plain(example(record)) for record in ALL)
    assert not any(e.plain(documented_example(record)) for record in ALL)
    mined = example(e.Mined)
    assert isinstance(mined, e.Mined)
    lines = mined.lines
    for odd in ([*lines], (*lines, None), (e.Part("P9", 1),), (e.Goods("P9", -1),), (e.Goods("P:9", 1),), ()):
        assert not e.plain(e.Mined(by="miner-1", site="s", lines=odd))  # type: ignore[arg-type]


@given(
    st.lists(
        st.builds(
            e.Goods,
            st.text("PQ1", min_size=1, max_size=3),
            st.none() | st.integers(0, 9),
            st.none() | st.integers(1, 9),
            st.none() | st.just("710231"),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_lines_are_written_together_as_each_by_itself(lines: list[e.Goods]) -> None:
    """Also where some of them leave out what others have."""
    assert e.write(e.Mined(site="s", lines=tuple(lines))) == {
        "site": "s",
        "lines": [bodies.write(line) for line in lines],
    }
