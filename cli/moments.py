"""The options that say "as of", and always which clock: when it was recorded, or when it happened.

@adamas_command("status", ...)
@moment_options
@pass_session
def status(session: Session, moment: Moment) -> None: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from ledger.domain.moments import NOW, Moment, as_occurred, as_recorded, as_recorded_index
from ledger.errors import Malformed

__all__ = ["NOW", "Moment", "moment_options"]


def moment_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--as-recorded``, ``--as-recorded-index`` and ``--as-occurred``; gives ``moment``.

    Options may stand above it and below it.
    """

    @click.pass_context
    def with_moment(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return context.invoke(function, *args, moment=_moment(context, kwargs), **kwargs)

    wrapped: Callable[..., Any] = functools.update_wrapper(with_moment, function)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option(
        "--as-recorded", metavar="DATE", help="What the ledger knew by then (a date: its end, UTC)."
    ),
    click.option("--as-recorded-index", metavar="N", type=click.IntRange(0), help="What it knew at entry N."),
    click.option(
        "--as-occurred",
        metavar="DATE",
        help="What is now known to have happened by then (a date: until it has ended everywhere on earth).",
    ),
)


def _moment(context: click.Context, given: dict[str, Any]) -> Moment:
    recorded, index = given.pop("as_recorded"), given.pop("as_recorded_index")
    occurred = given.pop("as_occurred")
    if sum(value is not None for value in (recorded, index, occurred)) > 1:
        raise click.UsageError("Give one of --as-recorded, --as-recorded-index and --as-occurred.", context)
    try:
        if recorded is not None:
            return as_recorded(recorded)
        if occurred is not None:
            return as_occurred(occurred)
    except Malformed as trouble:
        raise click.UsageError(str(trouble), context) from None
    return NOW if index is None else as_recorded_index(index)
