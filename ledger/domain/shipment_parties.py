"""Who sent and who received a shipment, in the words that a confirmation of receipt needs (KPCS section
III)."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificates import as_endorsed
from ledger.domain.state import State


def exporter_and_importer(state: State, certificate: str) -> tuple[str | None, str | None]:
    """The exporter and the importer of a shipment that arrived, as its certificate states them; an importer
    that was not copied from it by name where that is known, else by its id. None where nothing was said."""
    found = state.certificate(certificate)
    acts = () if found is None else found.acts
    arrival = next((act.event for act in reversed(acts) if isinstance(act.event, e.Imported)), None)
    if arrival is None or found is None:
        return None, None
    exporter = as_endorsed(found, "exporter", arrival.exporter)
    exporter = exporter if isinstance(exporter, str) else None
    if isinstance(arrival.importer, str):
        return exporter, as_endorsed(found, "importer", arrival.importer)
    party = None if arrival.by is None else state.party(arrival.by)
    named = party.name if party is not None and isinstance(party.name, str) else None
    importer = f"{named} ({arrival.by})" if named is not None else arrival.by
    return exporter, importer
