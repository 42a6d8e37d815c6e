"""The README's tables, each made from what it describes, so that neither can drift from the other.

A table stands between ``<!-- table NAME -->`` and ``<!-- end NAME -->``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

from cli.main import TABLE
from cli.options import act_classes
from ledger import errors
from ledger.chain.steps import STEPS
from ledger.domain import applications, certificates, events, fields
from ledger.domain.parties import ARCHIVED, MAY_RECORD
from ledger.domain.vocabulary import Role

README = Path(__file__).resolve().parent.parent / "README.md"


def steps() -> str:
    """The steps of verification, in the words of the command."""
    return "\n".join(f"{step.number}. **{step.name}**: {step.shows}" for step in STEPS)


def roles() -> str:
    """Act by role."""
    columns = [role for role in Role if role not in (Role.CLERK, Role.ARCHIVIST)]
    lines = ["| act | " + " | ".join(columns) + " | from sources |", "|" + "---|" * (len(columns) + 2)]
    for record, allowed in MAY_RECORD.items():
        cells = ["x" if role in allowed else "" for role in columns]
        archived = "archivist" if record in ARCHIVED else ""
        lines.append(f"| `{record.TYPE}` | " + " | ".join(cells) + f" | {archived} |")
    return "\n".join(lines)


def acts() -> str:
    """Every act with its command and its first sentence, in the order of ``adamas --help``."""
    lines = ["| command | act | what |", "|---|---|---|"]
    for record in sorted(events.EVENTS.values(), key=_told_at):
        said = inspect.getdoc(record) or ""
        first = " ".join(said.split("\n\n")[0].split())
        command = "init" if record is events.LedgerOpened else " ".join(record.COMMAND)
        lines.append(f"| `adamas {command}` | `{record.TYPE}` | {first} |")
    return "\n".join(lines)


def _told_at(record: type[events.Event]) -> tuple[int, int]:
    family = "init" if record is events.LedgerOpened else record.COMMAND[0]
    within = [act.TYPE for act in act_classes()]
    return list(TABLE).index(family), within.index(record.TYPE) if record.TYPE in within else -1


def life() -> str:
    """The state machines of a certificate and of an application, as one drawing: every arrow, loops too."""
    arrows = [(before, after, record) for before, after, record in certificates.transitions()]
    for record, (states, after) in applications.APPLICATION_LIFE.items():
        arrows += [(_application(state), _application(after), record) for state in states]
    lines = [f"    {_drawn(before)} --> {after}: {_short(record)}" for before, after, record in arrows]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _drawn(state: str) -> str:
    return "[*]" if state == certificates.UNKNOWN else state


def _short(record: type[events.Event]) -> str:
    return record.TYPE.partition("/")[0]


def _application(state: str) -> str:
    return state if state == certificates.UNKNOWN else f"application_{state}"


def exit_codes() -> str:
    """The table of exit codes, as `ledger.errors` has it."""
    found = re.search(r"(\| exit \|.*?)\n\n", errors.__doc__ or "", re.DOTALL)
    assert found is not None
    return found[1]


def sealed() -> str:
    """Which fields are sealed unless their author publishes them."""
    lines = ["| act | sealed |", "|---|---|"]
    for record in events.EVENTS.values():
        names = [row.name for row in fields.table(record) if row.sealed]
        if names:
            lines.append(f"| `{record.TYPE}` | {', '.join(names)} |")
    return "\n".join(lines)


def attack_table() -> str:
    """What somebody who has the file and no key can try, and what finds it."""
    from tests.attacks import markdown

    return markdown().strip()


TABLES: dict[str, Callable[[], str]] = {
    "steps": steps,
    "attacks": attack_table,
    "roles": roles,
    "acts": acts,
    "life": life,
    "sealed": sealed,
    "exit-codes": exit_codes,
}


def found(text: str, name: str) -> str | None:
    """The table as the text has it, None where it has none of that name."""
    match = re.search(_between(name), text, re.DOTALL)
    return None if match is None else match[1].strip()


def renewed(text: str) -> str:
    """The text with every table made anew."""
    for name, make in TABLES.items():
        table = f"<!-- table {name} -->\n\n{make()}\n\n<!-- end {name} -->"
        found = re.search(_between(name), text, re.DOTALL)
        text = text if found is None else text[: found.start()] + table + text[found.end() :]
    return text


def _between(name: str) -> str:
    return rf"<!-- table {name} -->(.*?)<!-- end {name} -->"
