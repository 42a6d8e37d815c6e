"""A ledger's opening from a prepared body: what it answers, and the keys that it names and nobody makes here.

A body of ``adamas init --file`` holds what an opening holds (``adamas show entry 0 --json`` prints one), as
much of it as is known before the keys are::

    {"origin": "ledger.example/bw/k7q2", "participant": "BW", "by": "ministry", "recovery_key": "01ab..."}

A key that it names is in somebody's hands already, so `init` makes none in its place: the recovery key may
lie in a safe in another town, the authority's key is the one given with ``--key``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import bodies
from cli.output import emit_json, remark, say
from cli.session import Session
from ledger.domain import events
from ledger.domain.events import LedgerOpened
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.keys import SigningKey

_ANSWERS = {
    "participant": "participant",
    "by": "authority",
    "name": "name",
    "origin": "origin",
    "predecessor": "continues",
}
"""Fields of the body, and the questions of `init` that they answer."""


def prepared(file: Path | None) -> dict[str, Any]:
    """The body in a file, as far as it goes; nothing without a file.

    Raises `Malformed` (``body-...``) for a field that is not of its form.
    """
    if file is None:
        return {}
    body = bodies.read_body(file, LedgerOpened)
    problems = events.read(LedgerOpened.TYPE, body)[1]
    if wrong := [problem for problem in problems if problem.code != "field-missing"]:
        said = bodies.sentences(wrong, LedgerOpened.TYPE, in_file=True)
        where = f"the body in {file}"
        raise Malformed("body-faults", where=where, type=LedgerOpened.TYPE, faults=" " + "; ".join(said))
    return body


def answered(body: dict[str, Any], given: dict[str, str | None]) -> dict[str, str | None]:
    """What was given on the command line, and behind it what the body answers."""
    told = {_ANSWERS[name]: value for name, value in body.items() if name in _ANSWERS}
    return {**given, **{name: text for name, text in told.items() if given[name] is None}}


def rehearse(session: Session, opening: LedgerOpened, key: SigningKey, made: set[str]) -> None:
    """Open such a ledger where it is thrown away at once, and say that it could be.

    ``made`` are the fields with keys that would be made only then: they are not shown. Raises as
    `ledger.application.Ledger.create`.
    """
    import tempfile

    from ledger.application import Ledger

    with tempfile.TemporaryDirectory() as folder:
        Ledger.create(
            str(Path(folder) / "rehearsal.db"), opening, key, clock_confirmed=session.settings.clock_is_right
        ).close()
    body = {name: value for name, value in events.write(opening).items() if name not in made}
    if session.json:
        emit_json({"dry_run": True, "type": LedgerOpened.TYPE, "body": body})
        return
    say(f"would be opened: {opening.origin} by {opening.by}")
    remark("nothing was made and nothing was recorded (--dry-run)")
