"""The register: what is now known of every parcel, certificate, party, licence, site and key, a row each.

A row stands for a subject's state, and is read back as one: folding the next entry onto it gives the next
row, so a view goes on from where it stands without reading what came before.

Sealed values (names and addresses of parties, prices, values) are never in a row. They can be erased by
law, and are then gone from the one place where they were; `find` and the lists read them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.domain.state import Subject
from ledger.projections.register_goods import GOODS
from ledger.projections.register_parties import PEOPLE
from ledger.projections.stored import Register
from ledger.store.rows import Changes, Key, Rows

REGISTERS: dict[str, Register] = {**GOODS, **PEOPLE}
"""The registers by kind of subject. Of other kinds (mandates, participants) no rows are kept."""


def key_of(subject: str) -> tuple[Register | None, Key]:
    """The register that a subject belongs to, and its row's key there."""
    kind, _, name = subject.partition(":")
    return REGISTERS.get(kind), (name,)


def states(rows: Rows, subjects: list[str]) -> dict[str, Subject | None]:
    """The states of many subjects as their rows have them; None where there is no row."""
    wanted: dict[str, list[Key]] = {}
    for subject in subjects:
        kind, _, name = subject.partition(":")
        wanted.setdefault(kind, []).append((name,))
    found: dict[str, Subject | None] = dict.fromkeys(subjects)
    for kind, keys in wanted.items():
        register = REGISTERS.get(kind)
        if register is not None:
            for row in rows.among(register.table, keys).values():
                found[f"{kind}:{row[0]}"] = register.read(row)
    return found


def put(changes: Changes, states: Mapping[str, Any]) -> None:
    """The rows of subjects as they are now."""
    for subject, state in states.items():
        register, key = key_of(subject)
        if register is None:
            continue
        if state is None:
            changes.delete(register.table, key)
        else:
            changes.put(register.table, register.write(state))
