"""What every act shares, how acts are registered under their wire names, and the lines they are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any, ClassVar, dataclass_transform

from ledger import values
from ledger.domain import fields as f
from ledger.domain.fields import may, need
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What a rule would have refused, stored with a documented act: the rule's code, its subject, its
    sentence.
    """

    rule: str = need(f.TEXT, "the rule's code", always=True)
    subject: str = may(f.TEXT, "what it is about")
    said: str = may(f.TEXT, "the rule's sentence, with the numbers")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[Any]) -> Any:
    """A frozen record of named fields, each with a default value: those it inherits, then its own.

    A dataclass whose methods are inherited from `Record` instead of being made for each class: making them
    for eighty acts would take most of the time in which a command starts.
    """
    stated: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        stated |= vars(base).get("_stated", {})
    stated |= values.stated_fields(cls)
    cls._stated = stated
    cls._defaults = {name: values.default_of(value) for name, value in stated.items()}
    cls.__dataclass_fields__ = values.LazyFields(stated, kw_only=True)
    for name, default in cls._defaults.items():
        if default is dataclasses.MISSING:
            raise TypeError(f"{cls.__name__}.{name} has no default value")
        setattr(cls, name, default)
    return cls


class Record:
    """What a frozen dataclass has, once for all records: values are set once, compared and shown by field."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    _stated: ClassVar[dict[str, Any]]
    _defaults: ClassVar[dict[str, Any]]

    def __init__(self, **given: Any) -> None:
        told = self.__dict__
        told.update(self._defaults)
        told.update(given)
        if len(told) != len(self._defaults):
            unknown = next(name for name in given if name not in self._defaults)
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {unknown!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.__dict__.values())))

    __replace__ = values.replaced

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({told})"


@record
class Event(Record):
    """What every act shares."""

    TYPE: ClassVar[str] = ""
    COMMAND: ClassVar[tuple[str, ...]] = ()

    by: str | None = need(f.PARTY, "the party that acts")
    documented: bool = False
    discrepancies: tuple[Discrepancy, ...] = ()
    country: str | None = may(f.COUNTRY, "where it happened")
    place: str | None = may(f.TEXT, "where it happened, in words")
    note: str | None = may(f.TEXT, "a remark")
    language: str | None = may(f.LANGUAGE, "the language of the texts")


EVENTS: dict[str, type[Event]] = {}
"""Every act that this version knows, by its wire name."""


def act(wire: str, command: str) -> Callable[[type[Event]], type[Event]]:
    """Registers a record class under its wire name and the words of its command."""

    def register(record: type[Event]) -> type[Event]:
        record.TYPE = wire
        record.COMMAND = tuple(command.split())
        EVENTS[wire] = record
        return record

    return register


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods that come to be a parcel: a line of a sheet, an output of a split."""

    parcel: str = need(f.PARCEL, "the id the parcel gets", always=True)
    weight: int | None = need(f.WEIGHT, "its weight")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    name: str | None = may(f.TEXT, "the name it is known by")


@dataclass(frozen=True, slots=True)
class Part:
    """A parcel that exists, with the weight found or stated for it."""

    parcel: str = need(f.PARCEL, "the parcel", always=True)
    weight: int | None = may(f.WEIGHT, "its weight")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A parcel that arrives from another participant, under the id it gets here."""

    parcel: str = need(f.PARCEL, "its id here", always=True)
    weight: int | None = need(f.WEIGHT, "its weight as measured")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    foreign: str | None = may(f.PARCEL, "its id in the sender's ledger")


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """The weight in one HS class."""

    hs: str = need(f.HS, "HS code", always=True)
    weight: int | None = need(f.WEIGHT, "weight in that class")
