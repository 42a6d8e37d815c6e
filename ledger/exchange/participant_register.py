"""The register of participants and measures that ships with Adamas: a ledger's starting point.

It lies under ``ledger/data/participants.toml``, each row with its source. It holds what public sources show
and nothing else; what it lacks it calls unknown.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from ledger.domain.events import Admission, Event, MeasureLine, RegisterAdopted


def shipped_register() -> dict[str, Any]:
    """The register as it is written: ``register``, ``participant`` rows, ``measure`` rows."""
    file = resources.files("ledger") / "data" / "participants.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def adoption(by: str) -> Event:
    """The act by which a ledger adopts the shipped register."""
    register = shipped_register()
    admissions = tuple(
        Admission(row["code"], row["name"], row["since"], row.get("until"), row["source"])
        for row in register["participant"]
    )
    measures = tuple(
        MeasureLine(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        )
        for row in register["measure"]
    )
    return RegisterAdopted(by=by, register=register["register"], admissions=admissions, measures=measures)
