"""A ledger that an earlier version wrote verifies for ever, reads as it did, and goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.audit.auditing import Audit, Options
from ledger.chain.steps import Anchor
from ledger.errors import StoreTrouble
from ledger.store import opening
from ledger.store.checking import open_for_checking
from ledger.store.copying import copy
from ledger.store.journal import FORMAT
from ledger.store.records import Records
from tests.frozen import frozen
from tests.world import World

VERSIONS = range(1, FORMAT + 1)


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, object]]:
    """A copy of a frozen ledger, and what it must be."""
    path, known = frozen(request.param)
    shutil.copyfile(path, tmp_path / "old.db")
    return str(tmp_path / "old.db"), known


def audited(url: str, head: object) -> Audit:
    """The verification of a ledger against a head, on all steps."""
    with open_for_checking(url) as journal:
        audit = Audit(journal, Options(anchor=Anchor.parse(str(head)), views=True, cores=1))
        assert list(audit.run())
        return audit


def test_it_verifies(old: tuple[str, dict[str, object]]) -> None:
    """No fault, the same head, root and origin as on the day it was written; one flipped byte is found."""
    url, known = old
    audit = audited(url, known["head"])
    assert [str(fault) for fault in audit.faults] == []
    assert audit.root is not None
    assert (audit.size, audit.origin, audit.root.hex()) == (known["entries"], known["origin"], known["root"])
    data = bytearray(Path(url).read_bytes())
    with opening.open(url, write=False) as journal:
        entry = journal.entry(40)
    data[data.index(entry) + len(entry) // 2] ^= 1
    Path(url).write_bytes(bytes(data))
    assert audited(url, known["head"]).faults != []


def test_it_is_understood(old: tuple[str, dict[str, object]]) -> None:
    """Every act of it has its meaning still; goods lie where they lay; erased values are not there."""
    url, known = old
    with Ledger.open(url, write=False) as ledger:
        assert sorted(ledger.journal.types()) == known["types"]
        assert len(list(ledger.journal.digests())) == known["kept"]
        assert all(record.event.TYPE for record in Records(ledger.journal).between())
        found = {name: ledger.state().parcel(name) for name in known["holders"]}  # type: ignore[attr-defined]
        assert {name: one and one.holder for name, one in found.items()} == known["holders"]


def test_it_goes_on_and_moves(old: tuple[str, dict[str, object]], tmp_path: Path) -> None:
    """Acts are recorded behind it, and a copy of it in the present format is the same ledger."""
    url, known = old
    with opening.open(url, write=False) as journal:
        assert copy(journal, str(tmp_path / "new.db")).root().hex() == known["root"]
    world = World(":memory:")
    world.ledger.close()
    world.ledger = Ledger.open(str(tmp_path / "new.db"), clock_confirmed=True)
    assert world.mine("NEW-1", "1.000").index == known["entries"]
    world.close()
    assert audited(str(tmp_path / "new.db"), known["head"]).faults == []


def test_a_newer_format_is_not_opened(old: tuple[str, dict[str, object]]) -> None:
    """What a later version wrote is left alone, and it is said which one is needed."""
    url, _ = old
    data = bytearray(Path(url).read_bytes())
    data[60:64] = (FORMAT + 1).to_bytes(4, "big")
    Path(url).write_bytes(bytes(data))
    with pytest.raises(StoreTrouble) as caught:
        opening.open(url)
    assert (caught.value.code, caught.value.values["version"]) == ("store-newer", FORMAT + 1)
