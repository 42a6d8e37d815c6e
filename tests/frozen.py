"""How the frozen ledgers in ``tests/data`` were made, once each; they are never made again.

    python -m tests.frozen      writes tests/data/ledger_format1.db and .json, where they are not there

The ledger holds a little of everything: goods mined, split, mixed, sold at sealed prices, exported under a
certificate, told by an archivist, corrected, an erasure, and views. The JSON beside it says what it must
always verify to.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.store.copying import backup
from ledger.store.journal import FORMAT
from tests.world import SITE, World, goods

DATA = Path(__file__).parent / "data"


def frozen(version: int) -> tuple[Path, dict[str, Any]]:
    """The file of a format's ledger, and what is known of it."""
    path = DATA / f"ledger_format{version}.db"
    known: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return path, known


def make(path: Path, draft: Path) -> None:
    """Make the ledger of the present format; nothing is overwritten."""
    world = World(draft)
    _play(world)
    journal = world.ledger.journal
    with reading(journal, world.ledger.records):
        head = backup(journal, path)
    known = {
        "format": FORMAT,
        "origin": world.ledger.origin,
        "entries": head.size,
        "head": f"{head.size - 1}:{head.hash.hex()}",
        "root": head.root().hex(),
        "kept": len(list(journal.digests())),
        "types": sorted(journal.types()),
        "holders": {name: world.parcel(name).holder for name in ("P1a", "M1", "P2a")},
    }
    path.with_suffix(".json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    world.close()


def _play(world: World) -> None:
    world.mine("P1", "12.500", "P2", "3.000", "P3", "0.350")
    world.split("P1", {"P1a": "5.000", "P1b": "7.450"}, loss="0.050")
    world.sell("P1a", to="dealer-7", price=1_250_000)
    priced = world.sell("P2", to="dealer-7", price=990_000)
    world.split("P2", {"P2a": "1.000", "P2b": "2.000"})
    world.mix("M1", "P1b", "P3")
    key = world.certify("00000107", "P1a")
    world.export(key)
    world.tell(e.Mined(by="miner-1", site=SITE, lines=(goods("OLD-1", "1.000"),)), occurred="2016")
    sealed = world.ledger.sealed(priced.index)
    world.do(
        e.DisclosureErased(by="gaborone", index=priced.index, digests=tuple(sealed.values()), ground="court")
    )
    for number in range(20):
        world.mine(f"Q{number}", "1.000")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        make(DATA / f"ledger_format{FORMAT}.db", Path(folder) / "draft.db")
