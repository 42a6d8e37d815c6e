"""Back through splits and mixes to where goods began: the countries they can come from."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.parcels import Parcel
from ledger.domain.state import State


def ancestors(state: State, parcel: str) -> Iterator[Parcel]:
    """The parcel and everything it was made from, each once, nearest first."""
    waiting, met = [parcel], {parcel}
    while waiting:
        found = state.parcel(waiting.pop(0))
        if found is None:
            continue
        yield found
        for source in found.sources:
            if source not in met:
                met.add(source)
                waiting.append(source)


def mining_origins(state: State, parcel: str) -> tuple[frozenset[str], bool]:
    """``(countries, whole)``: the countries where the goods can have been mined, as the acts say.

    ``whole`` is False where some of the goods began without a country: opening stock without origins, a
    seizure, a site that is not registered.
    """
    countries: set[str] = set()
    whole = True
    for found in ancestors(state, parcel):
        if found.sources:
            continue
        if found.origins:
            countries.update(found.origins)
            continue
        site = state.site(found.site) if found.site is not None else None
        if site is not None and site.country is not None:
            countries.add(site.country)
        else:
            whole = False
    return frozenset(countries), whole
