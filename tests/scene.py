"""A ledger in a file for attacks: a little of everything, with names for the entries that matter.

| name       | the entry                                                              |
|------------|------------------------------------------------------------------------|
| mined      | P1 and P2 are mined                                                    |
| sold       | P1 is sold; the price is sealed                                        |
| lone       | P9 is mined, and nothing later names it                                |
| valued     | P2 is valued; the value is sealed and kept                             |
| forgotten  | P2 is valued; the value was erased                                     |
| erased     | the entry that says so                                                 |
| attested   | the buyer agrees with *sold*                                           |
| seen       | P2 is weighed, by somebody who had seen the ledger's root just before  |
| reported   | a report with a document                                               |
| corrected  | what *lone* said is corrected                                          |
| opened     | entry 0                                                                |
| enrolled   | the key of dealer-7 is enrolled                                        |
| free       | P7 is mined; nothing later names it, and nobody has seen it            |
| next       | P6 is mined; the same                                                  |
| last       | P8 is mined                                                            |
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.admission import Act
from ledger.audit.auditing import Audit, Options
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.disclosure import digest, parse
from ledger.chain.steps import Anchor
from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.store.evidence import Evidence
from ledger.store.salvage import open_for_checking
from tests.world import AUTHORITY, ORIGIN, SITE, World, goods


@dataclass(frozen=True)
class Scene:
    """A closed ledger, where its entries of interest are, the head that somebody keeps, the disclosure
    that was erased, and the checkpoint that somebody else keeps."""

    path: Path
    at: dict[str, int]
    head: Anchor
    forgotten: str
    checkpoint: Checkpoint

    @property
    def evidence(self) -> Evidence:
        """The documents beside the ledger."""
        return Evidence(self.path.with_name(self.path.name + ".evidence"))

    def copy(self, folder: Path) -> Scene:
        """Another one, to do harm to."""
        folder.mkdir(exist_ok=True)
        path = folder / self.path.name
        shutil.copyfile(self.path, path)
        shutil.copytree(self.evidence.folder, path.with_name(path.name + ".evidence"), dirs_exist_ok=True)
        return Scene(path, self.at, self.head, self.forgotten, self.checkpoint)

    def audit(self, *, head: bool = False, held: bool = False, views: bool = True) -> Audit:
        """A finished audit, on one core, with or without the head or the checkpoint that somebody keeps."""
        anchor = self.head if head else None
        kept = (self.checkpoint,) if held else ()
        with open_for_checking(str(self.path)) as journal:
            audit = Audit(journal, Options(anchor, views=views, evidence=self.evidence, cores=1, held=kept))
            list(audit.run())
        return audit


def build(folder: Path) -> Scene:
    """The scene in a new folder, with its views built."""
    folder.mkdir(exist_ok=True)
    world = World(folder / "ledger.db")
    at, forgotten = _play(world, folder)
    with reading(world.ledger.journal, world.ledger.records):
        head = world.ledger.head()
        held = Checkpoint(ORIGIN, head.size, head.root())
    world.close()
    return Scene(folder / "ledger.db", at, Anchor(head.size - 1, head.hash), forgotten, held)


def _play(world: World, folder: Path) -> tuple[dict[str, int], str]:
    at = {"opened": 0, "enrolled": _enrolment(world)}
    at["mined"] = world.mine("P1", "12.500", "P2", "3.000").index
    sold = world.sell("P1", to="dealer-7", price=1_250_000)
    at["sold"] = sold.index
    lone = world.mine("P9", "1.000")
    at["lone"] = lone.index
    at["valued"] = world.do(e.Valued(by="miner-1", parcel="P2", value=300_000)).index
    at["forgotten"] = world.do(e.Valued(by="miner-1", parcel="P2", value=310_000)).index
    (forgotten,) = world.ledger.journal.disclosures(at["forgotten"])
    at["erased"] = world.do(_erasure(world, at["forgotten"])).index
    agreed = e.Attested(by="dealer-7", origin=ORIGIN, index=sold.index, hash=sold.hash)
    at["attested"] = world.do(agreed).index
    head = world.ledger.head()
    weighed = e.Weighed(by="miner-1", parcel="P2", weight=2_999)
    at["seen"] = world.do(weighed, seen=(head.size, head.root())).index
    at["reported"] = _report(world, folder)
    body = e.write(e.Mined(by="miner-1", site=SITE, lines=(goods("P9", "1.010", "710231"),)))
    corrected = e.Corrected(
        by="miner-1", index=lone.index, hash=lone.hash, replacement=body, reason="misread"
    )
    at["corrected"] = world.do(corrected).index
    at["free"] = world.mine("P7", "0.700").index
    at["next"] = world.mine("P6", "0.600").index
    world.split("P2", {"P2a": "1.000", "P2b": "1.999"})
    certificate = world.certify("107", "P1")
    world.export(certificate)
    at["last"] = world.mine("P8", "2.000").index
    return at, forgotten


def acts_of(world: World, events: Iterable[e.Event]) -> Iterator[Act]:
    """Events with the keys of the parties that act in them, to be recorded together."""
    return (Act(event, world.key(event)) for event in events)


def _enrolment(world: World) -> int:
    records = world.ledger.records.between(0)
    return next(
        one.index for one in records if isinstance(one.event, e.KeyEnrolled) and one.event.party == "dealer-7"
    )


def _erasure(world: World, index: int) -> e.DisclosureErased:
    texts = world.ledger.journal.disclosures(index)
    digests = tuple(digest(text) for text in texts if parse(text).name == "value")
    return e.DisclosureErased(by=AUTHORITY, index=index, digests=digests, ground="a court's order")


def _report(world: World, folder: Path) -> int:
    document = folder / "letter.txt"
    document.write_text("A letter.", encoding="utf-8")
    evidence = Evidence(folder / "ledger.db.evidence").keep(document)
    report = e.Reported(by="dealer-7", parcels=("P1",), report="the seal was intact")
    return world.do(report, evidence=(evidence,)).index
