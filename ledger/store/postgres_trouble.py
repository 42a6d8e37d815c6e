"""What PostgreSQL reports, in the words of the exit-code table, and whether asking again can help.

Its five-letter SQLSTATE says what happened; what has none is a connection that was not made or is gone.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import errors

from ledger.errors import AdamasError, Conflict, StoreTrouble

_CODES = {
    "28P01": "store-denied",  # wrong password
    "28000": "store-denied",  # no such role, or not from this host
    "42501": "store-denied",  # no permission for a table
    "3D000": "store-database-missing",
    "42P01": "store-missing",  # no such table
    "3F000": "store-missing",  # no such schema
    "42703": "store-damaged",  # no such column
    "25006": "store-replica",  # read-only transaction
    "53100": "store-full",
    "XX001": "store-damaged",
    "XX002": "store-damaged",
    "58030": "store-io",
}
_LOCKED = ("55P03", "40P01", "57014")
_OUTAGE = ("08", "57P", "53300")
"""Beginnings of the states in which a server is going down, coming up, full of others, or out of reach."""


def is_outage(problem: BaseException) -> bool:
    """Whether the server is out of reach for now: nothing is known to be wrong but the connection."""
    if not isinstance(problem, (psycopg.OperationalError, psycopg.InterfaceError)):
        return False
    return problem.sqlstate is None or problem.sqlstate.startswith(_OUTAGE)


def is_denied(problem: BaseException) -> bool:
    """Whether libpq says, without a state of its own, that it was not let in or found no database."""
    text = str(problem)
    return problem_state(problem) is None and any(word in text for word in _FINAL)


_FINAL = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "does not support SSL",
    "certificate",
)


_NO_VIEW = re.compile(r"\b(?:views|view_\w+)\b")
"""A view's table that somebody dropped: the ledger is there, and ``adamas views rebuild`` makes it again."""

_NO_DATABASE = re.compile(r'database "[^"]*" does not exist')
"""Who is not let in is told to which database, too."""


def problem_state(problem: BaseException) -> str | None:
    """The SQLSTATE, where there is one."""
    return problem.sqlstate if isinstance(problem, psycopg.Error) else None


def trouble(problem: Exception, url: str) -> AdamasError | None:
    """What a person can act on; None where the exception is a fault of the program."""
    if not isinstance(problem, psycopg.Error):
        return None
    state, reason = problem.sqlstate, _first_line(problem)
    if state in _LOCKED:
        return Conflict("store-locked", path=url)
    if state == "42P01" and _NO_VIEW.search(reason):
        return StoreTrouble("store-damaged", path=url, reason=reason)
    if state in _CODES:
        return StoreTrouble(_CODES[state], path=url, reason=reason)
    if is_denied(problem):
        code = "store-database-missing" if _NO_DATABASE.search(str(problem)) else "store-denied"
        return StoreTrouble(code, path=url, reason=reason)
    if is_outage(problem):
        return StoreTrouble("store-unreachable", path=url, reason=reason)
    if isinstance(problem, errors.InternalError):
        return StoreTrouble("store-damaged", path=url, reason=reason)
    return None


def _first_line(problem: psycopg.Error) -> str:
    told = problem.diag.message_primary or str(problem)
    return told.strip().splitlines()[0] if told.strip() else type(problem).__name__
