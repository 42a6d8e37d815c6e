"""Which proofs a stranger needs of an entry, a certificate or a parcel, and making them.

A certificate is proven by all entries that changed it, a parcel by all that changed it or what it was made
of, back to the mines. Beside them travel the entries that show their authors entitled, all under one
checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.domain.vocabulary import certificate_key
from ledger.errors import NotFound
from ledger.federation.entitling import Opening, opened, supporting
from ledger.keeping import Keeper
from ledger.projections.tracing import trace
from ledger.store.journal import Journal
from ledger.store.records import Records


class Prover:
    """Makes proofs from one ledger, all under the checkpoint ``signed`` of its ``keeper``."""

    def __init__(self, keeper: Keeper, journal: Journal, records: Records) -> None:
        self.signed: SignedCheckpoint = keeper.checkpoint()
        self._keeper = keeper
        self._journal = journal
        self._records = records

    @property
    def size(self) -> int:
        """How many entries the checkpoint covers."""
        return self.signed.checkpoint.size

    def entry(self, index: int) -> list[int]:
        """An entry, which must be there. Raises `NotFound` (``entry-missing``)."""
        self._journal.entry(index)
        return [index]

    def certificate(self, named: str) -> list[int]:
        """The entries that changed a certificate, by its key or by the number as printed.

        Raises `NotFound` (``certificate-unknown``).
        """
        house = self._records.state().house()
        issuer = "" if house is None or house.participant is None else house.participant
        for key in (named, certificate_key(issuer, named)):
            found = self._of(["certificate:" + key])
            if found:
                return found
        raise NotFound("certificate-unknown", certificate=named)

    def parcel(self, parcel: str) -> list[int]:
        """The entries that changed a parcel, whatever it was made of, and their certificates.

        Raises `NotFound` (``parcel-unknown``).
        """
        if not self._of(["parcel:" + parcel]):
            raise NotFound("parcel-unknown", parcel=parcel)
        lineage = trace(self._records, parcel)
        certificates = ["certificate:" + key for key in lineage.certificates]
        return self._of(["parcel:" + name for name in lineage.nodes] + certificates)

    def make(
        self,
        indexes: Sequence[int],
        *,
        alone: bool = False,
        opening: Opening | None = None,
        since: Iterable[int] = (),
    ) -> list[Bundle]:
        """The bundles of entries, in order; unless ``alone``, with those that show their authors entitled.

        ``opening`` says which sealed fields of ``indexes`` are opened (none by default), ``since`` sizes that
        the reader may have pinned. Raises as `entitling.opened`.
        """
        told, older = set(indexes), tuple(since)
        shown = opened(self._journal, self._records, told, Opening() if opening is None else opening)
        every = told if alone else told | supporting(self._journal, self._records, told, self.size)
        return [
            self._keeper.proof(
                index,
                self.signed,
                disclosures=shown.get(index, ()),
                since=older if index in told else (),
            )
            for index in sorted(every)
        ]

    def _of(self, subjects: Sequence[str]) -> list[int]:
        found = self._journal.guarding(subjects).values()
        return sorted({index for indexes in found for index in indexes if index < self.size})
