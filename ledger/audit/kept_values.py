"""Steps 10 and 11: the values beside the entries. Sealed values against their digests, documents against
their hashes.

When an act is recorded, every sealed value of its body is at hand. So one that is missing was taken away, and
an entry must say so (`disclosure-erased/1`); and what an entry says was erased must be gone. Sealed values of
evidence may have been withheld from the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ledger.audit.derived_rows import strange, unreadable
from ledger.chain import steps
from ledger.chain.disclosure import SEALED, digest
from ledger.chain.statement import Statement, reveal
from ledger.chain.steps import StepFault
from ledger.domain.events import DisclosureErased
from ledger.errors import Malformed, StoreTrouble
from ledger.store.evidence import Evidence, Kept
from ledger.store.ordered import Ordered
from ledger.store.salvage import Salvage, Strange

_DIGESTS = 50_000
"""So many digests of each kind are in memory at most."""
_DOCUMENTS = 50_000
"""Of so many documents it is remembered how they were found; of others it is looked again."""
_SEALED_KEY = b"\xa3_sd"
Kepts = Sequence[tuple[str, str]]
"""(digest, disclosure) of the rows that are kept for an entry."""


class PageValues:
    """Of the entries of a page: how many digests there are in their bodies, how many disclosures were looked
    at, what became of the documents that they state; which digests are without a value, and which of which
    entry they say were erased."""

    __slots__ = ("documents", "erased", "kept", "missing", "sealed")

    def __init__(self) -> None:
        self.sealed = 0
        self.kept = 0
        self.documents: Counter[Kept] = Counter()
        self.missing: dict[int, set[str]] = {}
        self.erased: dict[int, set[str]] = {}


class KeptValues:
    """Follows the ledger entry by entry. ``sealed`` counts digests in bodies, ``kept`` disclosures looked at,
    ``documents`` what became of the documents that entries state; all of them up to the last `turn`."""

    def __init__(self, evidence: Evidence | None) -> None:
        self.sealed = 0
        self.kept = 0
        self.documents: Counter[Kept] = Counter()
        self._evidence = evidence
        self._new = PageValues()
        self._missing = _digests()
        self._erased = _digests()
        self._looked: dict[tuple[bytes, int], Kept] = {}

    def look(self, index: int, statement: Statement, signed: bytes, kept: Kepts) -> Iterator[StepFault]:
        """What is wrong with the values kept for the next entry; ``signed`` are its statement's bytes."""
        if _SEALED_KEY in signed or kept:
            yield from self._values(index, statement, kept)
        if self._evidence is not None and statement.evidence:
            yield from self._documents(index, statement, self._evidence)

    def _values(self, index: int, statement: Statement, kept: Kepts) -> Iterator[StepFault]:
        texts = [text for _, text in kept]
        self._new.kept += len(texts)
        try:
            reveal(statement, texts)
        except Malformed as trouble:
            yield StepFault(steps.DISCLOSURES, index, "verify-disclosure", {"reason": str(trouble)})
        names = {_digest(text) for text in texts}
        for stated, text in kept:
            if stated != _digest(text):
                yield StepFault(steps.DISCLOSURES, index, "verify-digest-column", {"digest": stated[:60]})
        digests = set(_sealed(statement.body))
        self._new.sealed += len(digests)
        if digests - names:
            self._new.missing[index] = digests - names

    def erased(self, event: DisclosureErased) -> None:
        """An entry says that values were erased."""
        self._new.erased.setdefault(event.index, set()).update(event.digests)

    def turn(self) -> PageValues:
        """The end of a page: what was found of its entries' values."""
        page, self._new = self._new, PageValues()
        self.join(page)
        return page

    def join(self, page: PageValues) -> None:
        """What was found of the values of a page's entries."""
        self.sealed += page.sealed
        self.kept += page.kept
        self.documents.update(page.documents)
        for kept, new in ((self._missing, page.missing), (self._erased, page.erased)):
            for index, digests in new.items():
                for name in digests:
                    kept.add((index, name))

    def finish(self, salvage: Salvage, stop: int) -> Iterator[StepFault]:
        """What can only be said at the end: `erasing`, and rows of entries that there are not."""
        yield from self.erasing(salvage)
        try:
            for row in salvage.rows("disclosures"):
                if isinstance(row, Strange):
                    yield strange("disclosures", row)
                elif not 0 <= row[1] < stop:
                    values = {"table": "disclosures", "row": row[2][:60]}
                    yield StepFault(steps.TABLES, row[1], "verify-row-beyond", values)
        except StoreTrouble as damage:
            yield unreadable("disclosures", damage)

    def erasing(self, salvage: Salvage) -> Iterator[StepFault]:
        """What is missing without an erasure, or there in spite of one."""
        erased = _distinct(self._erased)
        said = next(erased, None)
        for one in _distinct(self._missing):
            while said is not None and said < one:
                said = next(erased, None)
            if said != one:
                index, name = one
                yield StepFault(steps.DISCLOSURES, index, "verify-disclosure-missing", {"digest": name})
        try:
            for index, names in groupby(_distinct(self._erased), key=itemgetter(0)):
                kept = {_digest(text) for _, text in salvage.disclosed(index, index + 1).get(index, ())}
                for _, name in names:
                    if name in kept:
                        values = {"digest": name}
                        yield StepFault(steps.DISCLOSURES, index, "verify-disclosure-not-erased", values)
        except StoreTrouble as damage:
            yield unreadable("disclosures", damage)

    def erasures(self) -> int:
        """How many values entries say were erased."""
        return sum(1 for _ in _distinct(self._erased))

    def _documents(self, index: int, statement: Statement, evidence: Evidence) -> Iterator[StepFault]:
        for stated in statement.evidence:
            if "sha256" not in stated:
                continue
            name = (stated["sha256"], stated["size"])
            found = self._looked.get(name)
            if found is None:
                found = self._looked[name] = evidence.check(stated)
                if len(self._looked) > _DOCUMENTS:
                    del self._looked[next(iter(self._looked))]
            self._new.documents[found] += 1
            if found is Kept.ALTERED:
                path = str(evidence.path(stated["sha256"]))
                yield StepFault(steps.EVIDENCE, index, "verify-evidence", {"path": path})


def _digests() -> Ordered[tuple[int, str]]:
    """Digests with the index of their entry, in that order; beyond some they wait in a nameless file."""
    return Ordered(key=_itself, pack=list, unpack=_pair, most=_DIGESTS)


def _itself(one: tuple[int, str]) -> tuple[int, str]:
    return one


def _pair(one: list[Any]) -> tuple[int, str]:
    return int(one[0]), str(one[1])


def _distinct(kept: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return (one for one, _ in groupby(kept))


def _digest(text: str) -> str:
    return digest(text) if text.isascii() else ""


def _sealed(value: Any) -> Iterator[str]:
    """All digests in a body."""
    if isinstance(value, dict):
        yield from value.get(SEALED, ())
        for inner in value.values():
            yield from _sealed(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sealed(inner)
