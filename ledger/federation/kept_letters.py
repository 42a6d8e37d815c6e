"""A certificate of another ledger, as the letter with which it arrived proves it: the letter is kept here as
evidence of the import, and read again when somebody asks.

It is held to what the import recorded, not to the partner's keys of today: the entry that issued the
certificate is the very one that the import names by index and hash, and the letter's checkpoint is one that
this ledger pinned. So neither a key that changed since nor a partner that was dropped changes a sheet.
"""

from __future__ import annotations

from ledger.chain import entry as entries
from ledger.chain.statement import Statement
from ledger.domain import certificates
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.partners import Partner
from ledger.domain.state import fold_subject
from ledger.errors import AdamasError
from ledger.federation.sources import LETTER, Source, open_
from ledger.store.evidence import Evidence
from ledger.store.journal import Journal
from ledger.store.records import Records


def certificate_of_letter(
    journal: Journal, records: Records, folder: Evidence, certificate: str
) -> tuple[Certificate, str] | None:
    """The certificate as its issuer's letter tells it, and the issuer's ledger; None where no letter that
    says so is kept."""
    subject = certificates.subject(certificate)
    for act in records.of(subject):
        event = act.event
        if not isinstance(event, e.Imported) or event.origin is None:
            continue
        partner = records.state().partner(event.origin)
        for digest in _evidence(journal, act.index):
            path = folder.path(digest)
            source = _letter(str(path)) if path.exists() else None
            if source is not None and partner is not None and _is_the_one(source, event, partner):
                found = fold_subject(subject, source.acts.of(subject))
                if isinstance(found, Certificate):
                    return found, event.origin
    return None


def _evidence(journal: Journal, index: int) -> list[bytes]:
    """The hashes of the documents that an entry states."""
    stated = Statement.read(entries.fields(journal.entry(index))[3]).evidence
    return [one["sha256"] for one in stated if "sha256" in one]


def _letter(place: str) -> Source | None:
    """The letter at a place; None for another document, or one that was damaged since."""
    try:
        found = open_(place)
    except AdamasError:
        return None
    return found if found.kind == LETTER else None


def _is_the_one(source: Source, event: e.Imported, partner: Partner) -> bool:
    """Whether the letter has the entry that the import names, in a tree that was pinned here."""
    if source.origin != event.origin or event.entry is None or source.signed is None:
        return False
    head = source.signed.checkpoint
    pinned = any((size, root) == (head.size, head.root) for size, root, _, _ in partner.pins)
    return pinned and source.leaf(event.entry) == event.hash
