"""What every act shares, how acts are registered under their wire names, and the lines they are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ledger.domain import fields as f
from ledger.domain.fields import may, need


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What a rule would have refused, stored with a documented act: the rule's code, its subject, its
    sentence.
    """

    rule: str = need(f.TEXT, "the rule's code", always=True)
    subject: str = may(f.TEXT, "what it is about")
    said: str = may(f.TEXT, "the rule's sentence, with the numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
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
