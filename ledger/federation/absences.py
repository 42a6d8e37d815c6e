"""Proofs of a certificate's status, or that this ledger never knew its number (`ledger.chain.absence`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ledger.chain import absence
from ledger.chain.absence import Absence
from ledger.domain import events as e
from ledger.domain.vocabulary import certificate_key
from ledger.errors import Malformed, NotFound, StoreTrouble
from ledger.keeping import Keeper
from ledger.projections.certificate_leaves import CertificateLeaves
from ledger.store.journal import Journal
from ledger.store.records import Records

_ISSUER = re.compile(r"[A-Za-z]{2}")


def next_index(
    journal: Journal, records: Records, by: str | None, size: int | None = None
) -> e.CertificateIndex:
    """The act that states the index of all certificates known in the first ``size`` entries, or now."""
    size = journal.head().size if size is None else size
    index = CertificateLeaves(journal, records).at(size)
    return e.CertificateIndex(by=by, size=size, count=index.count, root=index.root)


def prove(
    keeper: Keeper, journal: Journal, records: Records, named: str, since: Iterable[int] = ()
) -> Absence:
    """The proof for a certificate, as of the newest index; ``named`` as `key_of` reads it; ``since`` as in
    `bundle.make`.

    Raises `Malformed` for what is no key in normal form even then (``absence-key-form``), or could be taken
    for another one (``absence-key-letters``: letters beyond ASCII), `NotFound`
    (``index-none``) where no index was recorded, `StoreTrouble` (``index-wrong``) where the newest one is
    not what the entries give.
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
    is_leaf = "/" in named and len(index.around(named)) == 1
    key = named if is_leaf else key_of(named, house.participant or "")
    if not is_leaf and key_of(key) != key:
        raise Malformed("absence-key-form", key=key, normal=key_of(key))
    if not is_leaf and not key.isascii():
        raise Malformed("absence-key-letters", key=ascii(key))
    return absence.make(key, index, keeper.proof(house.indexed, since=since))


def key_of(named: str, own: str = "") -> str:
    """The key in normal form of what a person typed: a key, as ``bw/107``, or a number as it is printed.

    ``own`` is the issuer of numbers that name none.

    >>> key_of("bw/107"), key_of("107 ", "BW"), key_of("EC/107")
    ('BW/00000107', 'BW/00000107', 'EU/EC00000107')
    """
    issuer, slash, number = named.strip().partition("/")
    if slash and _ISSUER.fullmatch(issuer):
        return certificate_key(issuer.upper(), number)
    return certificate_key(own, named)
