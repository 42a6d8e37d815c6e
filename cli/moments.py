"""The options that say "as of", and always which clock: when it was recorded, or when it happened.

@adamas_command("status", ...)
@moment_options
@pass_session
def status(session: Session, moment: Moment) -> None: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from ledger.edtf import parse
from ledger.errors import Malformed

_ZONE = 12 * 3_600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on one of the two clocks; all None: now, with all that is known.

    ``recorded`` the last microsecond (since 1970 UTC) whose entries count; ``index`` the last entry that
    counts; ``occurred`` the last microsecond by which an act must certainly have happened; ``text`` as typed.
    """

    recorded: int | None = None
    index: int | None = None
    occurred: int | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return (self.recorded, self.index, self.occurred) != (None, None, None)


NOW = Moment()


def recorded_by(text: str) -> int:
    """The last microsecond of a date (its end in UTC) or of a moment's second.

    Raises `Malformed` (``moment-open`` for one without an end, ``edtf-...``).
    """
    latest = occurred_by(text)
    # edtf ends a day where the last zone on earth ends it; an entry's time is an instant in UTC.
    return latest if "T" in text else latest - _ZONE


def occurred_by(text: str) -> int:
    """The last microsecond that a date or moment can mean. Raises `Malformed` as `recorded_by`."""
    latest = parse(text).latest
    if latest is None or "/" in text:
        raise Malformed("moment-open", text=text)
    return latest


def moment_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--as-recorded``, ``--as-recorded-index`` and ``--as-occurred``; gives ``moment``."""

    @click.option(
        "--as-recorded", metavar="DATE", help="What the ledger knew by then (a date: its end, UTC)."
    )
    @click.option("--as-recorded-index", metavar="N", type=click.IntRange(0), help="What it knew at entry N.")
    @click.option("--as-occurred", metavar="DATE", help="What is now known to have happened by then.")
    @click.pass_context
    def with_moment(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return context.invoke(function, *args, moment=_moment(context, kwargs), **kwargs)

    return functools.update_wrapper(with_moment, function)


def _moment(context: click.Context, given: dict[str, Any]) -> Moment:
    recorded, index = given.pop("as_recorded"), given.pop("as_recorded_index")
    occurred = given.pop("as_occurred")
    if sum(value is not None for value in (recorded, index, occurred)) > 1:
        raise click.UsageError("Give one of --as-recorded, --as-recorded-index and --as-occurred.", context)
    if index is not None:
        return Moment(index=index, text=str(index))
    try:
        return moment(recorded=recorded, occurred=occurred)
    except Malformed as trouble:
        raise click.UsageError(str(trouble), context) from None


def moment(*, recorded: str | None = None, occurred: str | None = None) -> Moment:
    """The moment of a date as typed, on one clock. Raises `Malformed` as `recorded_by`."""
    if recorded is not None:
        return Moment(recorded=recorded_by(recorded), text=recorded)
    return NOW if occurred is None else Moment(occurred=occurred_by(occurred), text=occurred)
