"""The same acts in what others would use: a git commit each, or a leaf each of pymerkle's tree on SQLite.

Neither signs, judges or finds anything by subject; both are measured as they come, durable act by act like
ours. ``git fast-import`` with a ``checkpoint`` after each commit and ``core.fsync=all`` is the quickest way
to a commit that is on the disk. What git is checked for by ``git fsck --full``, hashes and links, is set
against our steps 2 to 4; and our whole verification, every signature included, is printed beside it.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.filling import filled, ledger_of
from benchmarks.measuring import Row, in_turn
from benchmarks.recording import durable_acts
from benchmarks.verifying import verify

from ledger.chain import merkle
from ledger.chain.entry import entry_hash
from ledger.store import opening
from ledger.store.nodes import JournalTree

_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")


def _commit(number: int, content: bytes) -> bytes:
    head = b"commit refs/heads/main\ncommitter x <x@example> %d +0000\ndata 3\nact\n" % (
        1_700_000_000 + number
    )
    return head + b"M 100644 inline act\ndata %d\n%s\n" % (len(content), content)


class _Git:
    """A bare repository that takes a commit for each act; its one file is the act."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
        options = (*_DURABLE, "-c", "fastimport.unpackLimit=100")
        command = ["git", "-C", str(folder), *options, "fast-import", "--quiet", "--force", "--done"]
        self._number = 0
        self._import: Any = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def add(self, content: bytes, *, durable: bool) -> None:
        """One commit; when this returns it is on the disk if that is asked for."""
        told, heard = self._import.stdin, self._import.stdout
        self._number += 1
        told.write(_commit(self._number, content))
        if durable:
            told.write(b"checkpoint\nprogress done\n")
            told.flush()
            if not heard.readline():
                raise AssertionError("git fast-import ended")

    def close(self) -> None:
        """The end of the import."""
        self._import.communicate(b"done\n", timeout=600)
        if self._import.returncode:
            raise AssertionError("git fast-import failed")

    def check(self) -> None:
        """Every object and every link."""
        subprocess.run(["git", "-C", str(self.folder), "fsck", "--full"], check=True, capture_output=True)


def _contents(path: Path) -> list[bytes]:
    with opening.open(str(path), write=False) as journal:
        return [data for _, data in journal.entries()]


def _leaves(path: Path, contents: list[bytes]) -> Iterator[Any]:
    from pymerkle import SqliteTree

    tree = SqliteTree(str(path))
    yield tree
    while True:
        for content in contents:
            tree.append_entry(content)
        yield tree


def appended(folder: Path, acts: int) -> list[Row]:
    """Acts durable one by one: ours with rules, signature and links, theirs without."""
    path = folder / "peers.db"
    ledger_of(path, acts + 100).close()
    contents = _contents(path)[-acts:]
    ours, git = durable_acts(folder, acts), _Git(folder / "durable.git")
    tree = _leaves(folder / "leaves.db", contents)
    next(ours), next(tree)

    def commit() -> None:
        for content in contents[: acts // 5]:
            git.add(content, durable=True)

    mine, commits, leaves = in_turn([lambda: next(ours), commit, lambda: next(tree)], 4)
    git.close()
    rate, what = acts / mine, f"one durable act, {acts} calls"
    theirs = acts // 5 / commits
    return [
        Row(what, f"{rate:,.0f}/s", f"a durable git commit: {theirs:,.0f}/s", rate / theirs, 1.0),
        Row(
            what,
            f"{rate:,.0f}/s",
            f"pymerkle append_entry on SQLite: {acts / leaves:,.0f}/s",
            leaves / mine,
            1.0,
        ),
    ]


def verified(folder: Path, entries: int) -> list[Row]:
    """Hashes and links of as many entries as commits, packed by one import."""
    path = filled(folder, entries)
    contents = _contents(path)
    git = _Git(folder / "packed.git")
    for content in contents:
        git.add(content, durable=False)
    git.close()
    links, whole, fsck = in_turn(
        [lambda: verify(path, statements=False, signatures=False), lambda: verify(path), git.check], 2
    )
    shutil.rmtree(git.folder)
    count = len(contents)
    against = f"git fsck --full of as many commits: {count / fsck:,.0f}/s"
    return [
        Row(f"hashes and links of {count:,} acts", f"{count / links:,.0f}/s", against, fsck / links, 1.0),
        Row("every signature and statement as well", f"{count / whole:,.0f}/s", against, fsck / whole),
        *_proofs(path, folder / "proved.db", contents),
    ]


def _proofs(path: Path, other: Path, contents: list[bytes]) -> list[Row]:
    """Inclusion proofs made and verified, both stores on the disk."""
    import pymerkle

    tree = next(_leaves(other, []))
    tree.append_entries(contents)
    count = len(contents)
    asked = [1 + number * (count // 200) for number in range(200)]
    journal = opening.open(str(path), write=False)
    kept = JournalTree(journal)
    root, state = kept.root(count), tree.get_state()
    ours = [merkle.inclusion(index, count, kept.node) for index in asked]
    theirs = [tree.prove_inclusion(index + 1, count) for index in asked]

    def make() -> None:
        fresh = JournalTree(journal)
        for index in asked:
            merkle.inclusion(index, count, fresh.node)

    def check() -> None:
        for index, path in zip(asked, ours, strict=True):
            merkle.check_inclusion(entry_hash(contents[index]), index, count, path, root)

    def make_theirs() -> None:
        tree.cache_clear()
        for index in asked:
            tree.prove_inclusion(index + 1, count)

    def check_theirs() -> None:
        for index, proof in zip(asked, theirs, strict=True):
            pymerkle.verify_inclusion(tree.hash_buff(contents[index]), state, proof)

    made, their_made = in_turn([make, make_theirs], 3)
    checked, their_checked = in_turn([check, check_theirs], 3)
    journal.close()
    tree.close()
    return [
        Row(
            f"inclusion proof among {count:,}, nothing remembered at first",
            f"{200 / made:,.0f}/s",
            f"pymerkle on SQLite: {200 / their_made:,.0f}/s",
            their_made / made,
            1.0,
        ),
        Row(
            "the same verified",
            f"{200 / checked:,.0f}/s",
            f"pymerkle: {200 / their_checked:,.0f}/s",
            their_checked / checked,
            1.0,
        ),
    ]


def peers(folder: Path, acts: int, entries: int) -> list[Row]:
    """All rows about what others would use."""
    return [*appended(folder, acts), *verified(folder, entries)]
