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
    admissions = tuple(map(_admission, register["participant"]))
    measures = tuple(_measure(row) for row in register["measure"])
    return RegisterAdopted(by=by, register=register["register"], admissions=admissions, measures=measures)


def _admission(row: dict[str, Any]) -> Admission:
    return Admission(
        participant=row["code"],
        name=row["name"],
        since=row["since"],
        until=row.get("until"),
        source=row["source"],
        apart=row.get("apart"),
        national_since=row.get("national_since"),
        nation=row.get("nation"),
        within=row.get("within"),
    )


def _measure(row: dict[str, Any]) -> MeasureLine:
    return MeasureLine(
        measure=row["measure"],
        participant=row["participant"],
        effect=row["effect"],
        zones=tuple(row.get("zones", ())),
        parties=tuple(row.get("parties", ())),
        attestations=row.get("attestations"),
        authority=row.get("authority"),
        since=row["since"],
        until=row.get("until"),
        national_since=row.get("national_since"),
        national_until=row.get("national_until"),
        nation=row.get("nation"),
        source=row["source"],
    )
