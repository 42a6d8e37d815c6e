"""Two runs that publish one ledger into one folder at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from ledger.chain import checkpoint, note
from ledger.chain.checkpoint import Checkpoint
from ledger.errors import Conflict
from ledger.federation.publishing import publish
from tests.refusing import refusing
from tests.world import World, signing_key


@pytest.mark.parametrize("size", [5, None])
def test_the_later_head_stays(tmp_path: Path, size: int | None) -> None:
    """The slower one, of an earlier head, does not put its checkpoint over the later one; of the same head, a
    cosigned one stays."""
    folder = tmp_path / "published"
    with closing(World(tmp_path / "ledger.db", guard=tmp_path / "guard")) as world:
        read, tree = world.ledger.journal.entries, world.ledger.keeper.tree
        head = world.ledger.checkpoint()
        witness = note.sign(head.checkpoint.text, "witness.example", signing_key("witness"))
        cosigned = head.with_signatures([witness]).encode()

        def entries(start: int, stop: int) -> Iterable[tuple[int, bytes]]:
            """While the slower one reads, the other one is done."""
            publish(folder, head, read, tree.node)
            (folder / "checkpoint").write_bytes(cosigned)
            return read(start, stop)

        earlier = Checkpoint(world.ledger.origin, 5, tree.root(5))
        signed = head if size is None else checkpoint.sign(earlier, signing_key("ledger"))
        with nullcontext() if size is None else refusing(Conflict, "publish-behind"):
            publish(folder, signed, entries, tree.node)
        assert (folder / "checkpoint").read_bytes() == cosigned
