"""Work that is killed in the middle: each kind runs in a process of its own and says what was acknowledged.

    python -m faulting.work append URL SEED        lines ``INDEX:HASH`` on standard output, flushed each time

``ready`` is printed when the work itself begins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

from ledger import edtf
from ledger.admission import Act
from ledger.application import Ledger
from ledger.domain import events as e
from ledger.exchange import import_file
from ledger.exchange.importing import Batch, Importer, begun, plan, prepare
from ledger.exchange.importing import append as append_saved
from ledger.exchange.rehearsal import Receipt
from ledger.exchange.tabular import Options, read_table
from ledger.exchange.templates import PRODUCTION
from ledger.federation.publishing import publish
from ledger.keeping import LedgerKey
from ledger.projections.following import reading
from ledger.projections.views import VIEW
from ledger.store import opening
from ledger.store.copying import backup
from ledger.store.tables import Tables
from tests.world import SITE, signing_key

ROWS, DAYS = 1_200, 150
DAY = 86_400_000_000


def _say(receipts: Iterable[Receipt]) -> None:
    sys.stdout.write("".join(f"{one.text}\n" for one in receipts))
    sys.stdout.flush()


def append(url: str, seed: str) -> None:
    """Single acts and batches of three, for ever."""
    key = signing_key("miner-1")
    with Ledger.open(url, clock_confirmed=True) as ledger:
        for number in count():
            name = f"{seed}-{number}"
            mined = e.Mined(by="miner-1", site=SITE, lines=(e.Goods(name, 1_000),), paid=number)
            halves = (e.Goods(f"{name}-a", 400), e.Goods(f"{name}-b", 600))
            split = e.Split(by="miner-1", parcel=name, outputs=halves)
            if number % 2:
                _say([ledger.record(mined, key), ledger.record(split, key)])
            else:
                sold = e.Sold(by="miner-1", parcels=(f"{name}-a",), to="dealer-7", price=99)
                _say(ledger.append([ledger.sign(event, key) for event in (mined, split, sold)]))


def sheets(url: str, seed: str) -> None:
    """Sheets of 300 stones, for ever."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        for number in count():
            lines = tuple(e.Goods(f"{seed}-{number}-{line}", 100 + line) for line in range(300))
            event = e.Mined(by="miner-1", site=SITE, lines=lines)
            _say([ledger.record(event, signing_key("miner-1"))])


def views(url: str, _: str) -> None:
    """Views thrown away and made anew, for ever."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        while True:
            with reading(ledger.journal, ledger.records):
                _say([])
            Tables.of(ledger.journal).drop(VIEW)


def backups(url: str, seed: str) -> None:
    """Backups of the ledger, one after the other."""
    for number in count():
        with opening.open(url, write=False) as journal:
            backup(journal, Path(f"{seed}.{number}.backup"))


def imports(url: str, seed: str) -> None:
    """Tables of three batches, one act a day, imported one after the other as ``adamas import`` does."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        for number in count():
            table = Path(f"{seed}.{number}.csv")
            now = ledger.head().recorded
            rows = [
                f"{table.stem}-{row},{row % 9 + 1},{SITE},{edtf.day_of(now - row % DAYS * DAY)}"
                for row in range(ROWS)
            ]
            table.write_text("parcel,weight (ct),site,date\n" + "\n".join(rows) + "\n")
            for batch in imported(ledger, table):
                _say(batch.receipts)


def imported(ledger: Ledger, table: Path) -> Iterator[Batch]:
    """Import a table, or go on with its import where it was interrupted."""
    data, saved = table.read_bytes(), import_file.beside(table)
    today = edtf.day_of(ledger.head().recorded)
    if begun(saved, data, PRODUCTION.name, ledger) is None:
        importer = Importer(signing_key("miner-1"), "miner-1", ledger.head().recorded, today, today)
        planned = plan(read_table(data, PRODUCTION, Options(decimal=".")), ledger, importer)
        prepare(saved, data, planned, ledger, importer)
    return append_saved(saved, ledger)


def publishes(url: str, seed: str) -> None:
    """A hundred acts, and all of it published as tiles; again and again."""
    key = signing_key("miner-1")
    with Ledger.open(url, clock_confirmed=True, keeper=keeper_of(url)) as ledger:
        for number in count():
            acts = [
                Act(e.Mined(by="miner-1", site=SITE, lines=(e.Goods(f"{seed}-{number}-{line}", 1_000),)), key)
                for line in range(100)
            ]
            _say(ledger.record_batch(acts))
            publish_all(ledger, Path(f"{url}.tiles"))


def keeper_of(url: str) -> LedgerKey:
    """The ledger's key, and its guard beside the file."""
    return LedgerKey(signing_key("ledger"), Path(f"{url}.guard"))


def publish_all(ledger: Ledger, folder: Path) -> int:
    """Bring a directory up to date; its size."""
    return publish(folder, ledger.checkpoint(), ledger.journal.entries, ledger.keeper.tree.node).size


ANSWERED = ("append", "sheets", "import", "publish")
"""Work that is answered with receipts."""
KINDS = {
    "append": append,
    "sheets": sheets,
    "import": imports,
    "view update": views,
    "publish": publishes,
    "backup": backups,
}

if __name__ == "__main__":
    kind, url, seed = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    KINDS[kind](url, seed)
