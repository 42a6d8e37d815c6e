"""Values behave as the library's dataclasses do, and cost nothing until one is made."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field
from typing import Any, ClassVar

import pytest
from hypothesis import given as given_
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A value."""

    KIND: ClassVar[str] = "value"

    one: int
    two: str | None = None
    three: tuple[int, ...] = field(default=(), compare=False)
    four: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def twice(self) -> int:
        """Twice the first."""
        return 2 * self.one


def _theirs() -> Any:
    namespace = {
        "__annotations__": dict(Ours.__annotations__),
        "__module__": __name__,
        "__qualname__": "Ours",
        "KIND": "value",
        "two": None,
        "three": field(default=(), compare=False),
        "four": field(default_factory=dict, repr=False, compare=False),
    }
    return dataclasses.dataclass(frozen=True, slots=True)(type("Ours", (), namespace))


Theirs = _theirs()
ARGUMENTS = st.tuples(
    st.integers(0, 3), st.sampled_from((None, "a", "b")), st.sampled_from(((), (1,))), st.just({"x": 1})
)


@given_(ARGUMENTS, ARGUMENTS, st.integers(1, 4), st.integers(1, 4))
def test_values_are_compared_hashed_and_shown_as_the_librarys(
    one: Any, other: Any, few: int, many: int
) -> None:
    """Whatever they are made from, by place or by name, all or only the first."""
    a, b = Ours(*one[:few]), Ours(*other[:many])
    c, d = Theirs(*one[:few]), Theirs(*other[:many])
    assert (a == b, a != b, hash(a) == hash(b)) == (c == d, c != d, hash(c) == hash(d))
    assert (repr(a), hash(a)) == (repr(c), hash(c))
    assert a != c
    assert a.__eq__(c) is NotImplemented
    names = ("one", "two", "three", "four")
    assert Ours(**dict(zip(names, one, strict=True))) == Ours(*one)
    assert dataclasses.asdict(a) == dataclasses.asdict(c)
    assert dataclasses.replace(a, two="c") == Ours(a.one, "c")


def test_fields_signature_and_match_are_the_librarys() -> None:
    """What asks a dataclass about itself gets the same answers."""
    for ours, theirs in zip(dataclasses.fields(Ours), dataclasses.fields(Theirs), strict=True):
        for name in (
            "name",
            "type",
            "default",
            "default_factory",
            "init",
            "repr",
            "compare",
            "hash",
            "kw_only",
        ):
            assert getattr(ours, name) == getattr(theirs, name)
    assert dataclasses.is_dataclass(Ours)
    assert list(inspect.signature(Ours).parameters) == list(inspect.signature(Theirs).parameters)
    assert (Ours.__match_args__, Ours.__slots__) == (Theirs.__match_args__, Theirs.__slots__)
    assert (Ours.KIND, Ours.__doc__, Ours(2).twice) == ("value", "A value.", 4)


def test_a_factory_makes_a_new_default_each_time() -> None:
    """Two values do not share what was made for one of them."""
    one, other = Ours(1), Ours(1)
    assert one.four == other.four
    assert one.four is not other.four


def test_values_stay_as_they_were_made() -> None:
    """No field is set, added or deleted; no value has room for another attribute."""
    value = Ours(1)
    for name in ("one", "five"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.one
    assert value.one == 1
    assert not hasattr(value, "__dict__")


def test_values_are_copied_and_pickled() -> None:
    """Other processes are given them."""
    value = Ours(1, "a", (2,), {"x": 3})
    assert value.__replace__(one=2) == Ours(2, "a", (2,), {"x": 3})  # type: ignore[attr-defined]
    assert e.Weighed(parcel="P1").__replace__(weight=2) == e.Weighed(parcel="P1", weight=2)
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        assert again == value
        assert again.four == value.four


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1,), {"five": 2}), ((1,), {"one": 2})])
def test_wrong_arguments_are_refused(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    """A missing one, an unknown one, one given twice."""
    with pytest.raises(TypeError, match=r"Ours.__init__\(\)"):
        Ours(*given, **named)


def test_what_is_asked_for_besides_is_the_librarys() -> None:
    """An order, an own equality, something done after making: none is lost."""

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        one: int

    @dataclass(frozen=True, slots=True)
    class Checked:
        one: int

        def __post_init__(self) -> None:
            if self.one < 0:
                raise ValueError(self.one)

        def __eq__(self, other: object) -> bool:
            return True

    assert Ordered(1) < Ordered(2)
    assert Checked(1) == 2
    with pytest.raises(ValueError, match="-1"):
        Checked(-1)
    assert hash(Checked(1)) == hash((1,))


def test_acts_are_dataclasses_too() -> None:
    """Their fields come in the order of declaration, the shared ones first, and take names only."""
    assert [one.name for one in dataclasses.fields(e.Weighed)][:3] == ["by", "documented", "discrepancies"]
    assert all(one.kw_only and one.init for one in dataclasses.fields(e.Weighed))
    act = e.Weighed(by="miner-1", parcel="P1", weight=5)
    assert dataclasses.replace(act, weight=6) == e.Weighed(weight=6, parcel="P1", by="miner-1") != act
    assert pickle.loads(pickle.dumps(act)) == act
    assert hash(copy.copy(act)) == hash(act)
    assert repr(act).startswith("Weighed(by='miner-1', documented=False")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        e.Weighed(by="miner-1", parcel="P1", colour="D")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        e.Weighed("miner-1")  # type: ignore[call-arg]
    for name in ("weight", "colour"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(act, name, 7)


def test_a_method_is_written_when_the_first_value_is_made() -> None:
    """The cost of two hundred classes is paid by the few that are used."""

    @dataclass(frozen=True, slots=True)
    class Unused:
        one: int

    before = Unused.__init__
    assert Unused(1).one == 1
    after = Unused.__init__
    assert before is not after
    assert (Unused(2).one, Unused.__init__) == (2, after)
    assert before.__code__ is not after.__code__
    late = Unused.__new__(Unused)
    before(late, 3)
    assert (late.one, list(inspect.signature(Unused).parameters)) == (3, ["one"])
