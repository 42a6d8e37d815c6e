"""Proofs of a certificate's status, or that this ledger never knew its number (`ledger.chain.absence`)."""

from __future__ import annotations

from ledger.chain import absence
from ledger.chain.absence import Absence
from ledger.domain import events as e
from ledger.domain.vocabulary import certificate_key
from ledger.errors import NotFound, StoreTrouble
from ledger.keeping import Keeper
from ledger.projections.certificate_leaves import CertificateLeaves
from ledger.store.journal import Journal
from ledger.store.records import Records


def next_index(journal: Journal, records: Records, by: str | None) -> e.CertificateIndex:
    """The act that states the index of all certificates that the ledger knows now."""
    size = journal.head().size
    index = CertificateLeaves(journal, records).at(size)
    return e.CertificateIndex(by=by, size=size, count=index.count, root=index.root)


def prove(keeper: Keeper, journal: Journal, records: Records, named: str) -> Absence:
    """The proof for a certificate, by its key or by a number of this participant as printed, as of the newest
    index.

    Raises `NotFound` (``index-none``) where no index was recorded, `StoreTrouble` (``index-wrong``) where the
    newest one is not what the entries give.
    """
    house = records.state().house()
    if house is None or house.indexed is None:
        raise NotFound("index-none")
    event = records.recorded(house.indexed).event
    if not isinstance(event, e.CertificateIndex):
        raise NotFound("index-none")
    index = CertificateLeaves(journal, records).at(event.size)
    if (index.count, index.root) != (event.count, event.root):
        raise StoreTrouble("index-wrong", index=house.indexed, size=event.size)
    key = named if "/" in named else certificate_key(house.participant or "", named)
    return absence.make(key, index, keeper.proof(house.indexed))
