"""The dates of documented acts as EDTF: partial stays partial, words become an interval only if they say one.

| the source has                              | recorded as             | because                            |
|--------------------------------------------|------------------------|------------------------------------|
| `2015`, `2015-11`, `2015-11-16`             | the same                | that is the date                   |
| "1989-1990", "2014-2016", "2016-2021",      | `1989/1990` and so on   | two years with a dash between them |
| "2017-2020", "2021-2022"                    |                         | are an interval                    |
| "after 1973"                                | `1973/..`               | then or later                      |
| "not given (before late 2010)"              | `../2010`               | late 2010 lies in 2010             |
| 2010-05-28, "start of production window"    | `2010-05-28/2010-08-01` | the act's own note: "Only goods    |
|                                             |                         | mined 28 May-1 Aug 2010"           |
| "early 1980s",                              | nothing: unknown        | no year is said in which "early"   |
| "early 1980s (one source says 1984)"        |                         | ends                               |

Words are always kept beside the date, in the act's note.
"""

from __future__ import annotations

import re

from ledger.edtf import parse
from ledger.errors import Malformed
from ledger.exchange.history_form import SourceAct

WINDOWS = {("2010-05-28", "start of production window"): "2010-05-28/2010-08-01"}
"""Dates that are only one end of a period, with the whole period as the act's own note tells it."""

_YEARS = re.compile(r"([0-9]{4})-([0-9]{4})")
_AFTER = re.compile(r"after ([0-9]{4})")
_BEFORE = re.compile(r"(?:not given \()?before (?:early |mid |late )?([0-9]{4})\)?")


def occurred(act: SourceAct, where: str = "") -> str | None:
    """When the act is said to have happened, None where no date and no interval is said.

    Raises `Malformed` (``history-date``) for a date that is none; ``where`` says whose.
    """
    if act.date is None:
        return None if act.date_note is None else in_words(act.date_note)
    window = WINDOWS.get((act.date, act.date_note or ""))
    return window or _checked(act.date, where)


def _checked(date: str, where: str) -> str:
    try:
        parse(date)
    except Malformed as problem:
        raise Malformed("history-date", where=where, date=date[:40], reason=str(problem)) from None
    return date


def in_words(words: str) -> str | None:
    """The interval that words say, or None.

    >>> in_words("1989-1990"), in_words("after 1973"), in_words("early 1980s")
    ('1989/1990', '1973/..', None)
    """
    if (found := _YEARS.fullmatch(words)) and found[1] < found[2]:
        return f"{found[1]}/{found[2]}"
    if found := _AFTER.fullmatch(words):
        return f"{found[1]}/.."
    if found := _BEFORE.fullmatch(words):
        return f"../{found[1]}"
    return None
