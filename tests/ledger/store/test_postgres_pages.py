"""Pages of a PostgreSQL ledger that were lost or altered without a word: found by verifying, and located.

Checksums of pages are off, as they were by default until PostgreSQL 18: the server itself notices nothing of
altered letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.audit.auditing import Audit, Options
from ledger.chain.steps import StepFault
from ledger.store.checking import open_for_checking
from tests.postgres_server import PostgresServer
from tests.world import World

PAGE = 8_192
_TABLES = ("links", "mentions", "ids", "stored_events")
_INDEXES = ("links_pkey", "mentions_pkey", "ids_pkey", "stored_events_pkey", "nodes_pkey")


@dataclass
class Stopped:
    """A ledger on a server that is stopped between the looks at it."""

    server: PostgresServer
    url: str
    files: dict[str, Path]
    checksums: bool

    def altered(self, name: str, alter: Callable[[bytes], bytes]) -> list[StepFault]:
        """What verifying finds after the last page of a table or index was altered. All is put back then: who
        misses a row in a table marks it as dead in the indexes."""
        path, before = self.files[name], {file: file.read_bytes() for file in self.files.values()}
        whole = before[path]
        changed = alter(whole[-PAGE:])
        assert changed != whole[-PAGE:]
        assert len(changed) == PAGE
        path.write_bytes(whole[:-PAGE] + changed)
        try:
            return self.verified()
        finally:
            for file, content in before.items():
                file.write_bytes(content)

    def verified(self) -> list[StepFault]:
        """What verifying finds."""
        self.server.restart()
        try:
            with open_for_checking(self.url) as journal:
                audit = Audit(journal, Options(cores=1))
                list(audit.run())
                return audit.faults
        finally:
            self.server.halt()


@pytest.fixture(scope="module")
def stopped() -> Iterator[Stopped]:
    """One ledger whose pages are all known to be visible, so that an index alone could answer."""
    server = PostgresServer.start()
    url = server.url("pages")
    world = World(url)
    for number in range(40):
        world.mine(f"P{number}", "1.000")
    world.close()
    with server.connect("pages") as connection:
        connection.execute("VACUUM ANALYZE")
        asked = "SELECT pg_relation_filepath(%s::regclass)"
        files = {
            name: server.data / connection.execute(asked, (name,)).fetchone()[0]
            for name in (*_TABLES, *_INDEXES)
        }
        checksums = connection.execute("SHOW data_checksums").fetchone() == ("on",)
    server.halt()
    yield Stopped(server, url, files, checksums)
    server.stop()


@pytest.fixture
def unsummed(stopped: Stopped) -> Stopped:
    """The same, where the server has no checksums that find altered letters before anybody else."""
    if stopped.checksums:
        pytest.skip("this server's own checksums find it")
    return stopped


def torn(page: bytes) -> bytes:
    """The second half is lost."""
    return page[: PAGE // 2] + bytes(PAGE // 2)


def test_whole_pages_have_no_fault(stopped: Stopped) -> None:
    """Nor has any index."""
    assert stopped.verified() == []


@pytest.mark.parametrize("table", _TABLES)
def test_a_page_of_a_table_that_is_torn_or_empty_is_found(stopped: Stopped, table: str) -> None:
    """Its entries are named, or the page; and the index that has rows more than it."""
    for alter in (torn, lambda page: bytes(len(page))):
        faults = stopped.altered(table, alter)
        said = " ".join(map(str, faults))
        assert faults
        assert any(fault.index is not None for fault in faults) or "block" in said
        assert table in said or "entry" in said


def test_letters_altered_in_a_table_are_found_though_its_index_has_them(unsummed: Stopped) -> None:
    """The entry whose mention was altered is named, and the mention."""
    faults = unsummed.altered("mentions", lambda page: page.replace(b"party:miner-1", b"party:minor-1", 1))
    codes = {fault.code for fault in faults}
    assert {"verify-row-missing", "verify-row-extra", "verify-structure"} <= codes
    assert any("party:minor-1" in str(fault) for fault in faults)


@pytest.mark.parametrize("index", _INDEXES)
def test_a_page_of_an_index_that_is_empty_is_found(stopped: Stopped, index: str) -> None:
    """Named as the index, whatever is asked by it."""
    faults = stopped.altered(index, lambda page: bytes(len(page)))
    assert any(fault.code == "verify-structure" and index in str(fault) for fault in faults)


@pytest.mark.parametrize("index", ["links_pkey", "mentions_pkey"])
def test_letters_altered_in_an_index_are_found_though_its_table_has_them(
    unsummed: Stopped, index: str
) -> None:
    """A question by that index would not find the entry; the table still tells it."""
    faults = unsummed.altered(index, lambda page: page.replace(b"miner-1", b"minor-1", 1))
    assert [fault.code for fault in faults if index in str(fault)] == ["verify-structure"]
