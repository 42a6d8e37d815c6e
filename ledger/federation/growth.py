"""A ledger against a checkpoint of it that somebody held outside: it only grew, or its key signed two
histories."""

from __future__ import annotations

from typing import Protocol

from ledger.chain import forks, merkle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.forks import ForkProof
from ledger.chain.note import VerifierKey
from ledger.domain.state import State
from ledger.errors import Malformed
from ledger.store.journal import Journal
from ledger.store.nodes import JournalTree
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Growth:
    """``path`` shows that the ledger only grew; None with a ``fork`` that convicts it, or where it is
    ``behind``: smaller than what was held, so that nothing can be shown of it alone."""

    path: tuple[bytes, ...] | None = None
    fork: ForkProof | None = None
    behind: bool = False


class Known(Protocol):
    """What is asked of a ledger here."""

    journal: Journal

    def state(self) -> State:
        """What is known now."""
        ...


def keys_of(state: State) -> tuple[VerifierKey, ...]:
    """All keys that ever spoke for the ledger, as its entries say."""
    house = state.house()
    return () if house is None else tuple(VerifierKey.parse(text) for text in house.keys)


def compare(held: SignedCheckpoint, signed: SignedCheckpoint, ledger: Known) -> Growth:
    """How the checkpoint of now stands to one that was held; ``held`` must be signed by the ledger.

    Raises `Malformed` (``trust-origin``, ``note-...``).
    """
    old, new = held.checkpoint, signed.checkpoint
    if old.origin != new.origin:
        raise Malformed("trust-origin", origin=new.origin, found=old.origin)
    held.verify(keys_of(ledger.state()))
    if old.size > new.size:
        return Growth(behind=True)
    tree = JournalTree(ledger.journal)
    root = new.root if old.size == new.size else tree.root(old.size)
    if root != old.root:
        return Growth(fork=forks.make(held, signed, tree.node))
    path = merkle.consistency(old.size, new.size, tree.node)
    merkle.check_consistency(old.size, new.size, path, old.root, new.root)
    return Growth(tuple(path))
