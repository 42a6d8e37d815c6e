"""What must be refused, and by which step: the corpus in ``tests/data/malformed``, one file a format.

    {"about": "...", "given": {...},
     "good": [{"name": "...", "text": "..."}],
     "bad":  [{"name": "...", "text": "...", "step": 4, "code": "tree-root"}]}

``given`` is what the reader brings: trust file, pinned checkpoints, keys. ``text`` is the file, or ``hex``
where it is no UTF-8 text; a directory has ``files``, and ``change`` tells how it differs from the good.
``step`` is the number in the format's own table of steps, so that other software can be held to the corpus
too; the codes are this program's.

``python -m tests.malformed`` writes the corpus again, the same bytes each time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.chain import absence as absences
from ledger.chain import bundle_check, tile_check
from ledger.chain.bundle_check import Reader
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.forks import ForkProof
from ledger.chain.note import Note, VerifierKey
from ledger.chain.proof import Proof
from ledger.chain.trust import Trust
from ledger.errors import Malformed

FOLDER = Path(__file__).parent / "data" / "malformed"
Given = dict[str, Any]
Judge = Callable[[bytes, Given], "Refusal | None"]


@dataclass(frozen=True)
class Refusal:
    """The step that refused, and its code."""

    step: int
    code: str


def read(name: str) -> dict[str, Any]:
    """One file of the corpus."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def data_of(item: dict[str, Any]) -> bytes:
    """The file that an item is."""
    return bytes.fromhex(item["hex"]) if "hex" in item else item["text"].encode("utf-8")


def _first(*checks: Callable[[], object]) -> Refusal | None:
    """The first of numbered checks that refuses."""
    for step, check in enumerate(checks, 1):
        try:
            check()
        except Malformed as trouble:
            return Refusal(step, trouble.code)
    return None


def _reader(given: Given) -> Reader:
    pinned = tuple(SignedCheckpoint.parse(text.encode()) for text in given.get("pinned", ()))
    return Reader(Trust.parse(given["trust"].encode()), pinned=pinned)


def note(data: bytes, given: Given) -> Refusal | None:
    """1: form; 2: the signatures of known keys."""
    keys = [VerifierKey.parse(text) for text in given["keys"]]
    return _first(lambda: Note.parse(data), lambda: Note.parse(data).verify(keys))


def checkpoint(data: bytes, given: Given) -> Refusal | None:
    """1: form; 2: the ledger's signature; 3: the quorum."""
    trust = Trust.parse(given["trust"].encode())
    return _first(
        lambda: SignedCheckpoint.parse(data),
        lambda: trust.signed_by(SignedCheckpoint.parse(data)),
        lambda: trust.check_quorum(SignedCheckpoint.parse(data)),
    )


def proof(data: bytes, given: Given) -> Refusal | None:
    """1: form; 2: the path leads from the leaf to the checkpoint's root."""
    leaf = bytes.fromhex(given["leaf"])
    return _first(lambda: Proof.decode(data), lambda: Proof.decode(data).check(leaf))


def trust(data: bytes, given: Given) -> Refusal | None:
    """1: it is a policy that one can trust by."""
    return _first(lambda: Trust.parse(data))


def bundle(data: bytes, given: Given) -> Refusal | None:
    """The steps of `ledger.chain.bundle`."""
    report = bundle_check.verify(data, _reader(given))
    return None if report.fault is None else Refusal(report.fault.step, report.fault.code)


def absence(data: bytes, given: Given) -> Refusal | None:
    """The steps of `ledger.chain.absence`."""
    report = absences.verify(data, _reader(given))
    return None if report.fault is None else Refusal(report.fault.step, report.fault.code)


def fork(data: bytes, given: Given) -> Refusal | None:
    """The steps of `ledger.chain.forks`."""
    keys = [VerifierKey.parse(text) for text in given["keys"]]
    try:
        ForkProof.decode(data)
    except Malformed as trouble:
        return Refusal(1, trouble.code)
    try:
        ForkProof.decode(data).verify(keys)
    except Malformed as trouble:
        step = 3 if trouble.code == "fork-none" else 4 if trouble.code.startswith("tree-") else 2
        return Refusal(step, trouble.code)
    return None


JUDGES: dict[str, Judge] = {
    "note": note,
    "checkpoint": checkpoint,
    "proof": proof,
    "trust": trust,
    "bundle": bundle,
    "absence": absence,
    "fork": fork,
}
TILE_STEPS = {
    "tile-bundle": 1,
    "tile-missing": 1,
    "tile-other": 2,
    "tile-root": 3,
    "tile-path": 4,
    "tile-beyond": 4,
    "tile-older": 4,
    "tile-length": 4,
}
"""The steps of `ledger.chain.tile_check`; a missing tile is a fault of step 2, a missing bundle of step 1."""


def directory(item: dict[str, Any], given: Given) -> Iterator[tuple[int, str, str]]:
    """Step, code and path of each fault of a published directory."""
    listed = {**item["files"], **item.get("change", {})}
    files = {path: bytes.fromhex(data) for path, data in listed.items() if data is not None}
    head = Checkpoint(given["origin"], given["size"], bytes.fromhex(given["root"]))
    for fault in tile_check.check(files.get, head, files):
        assert str(fault)
        step = TILE_STEPS[fault.code]
        missing_tile = fault.code == "tile-missing" and "entries" not in fault.path
        older = fault.code == "tile-bundle" and fault.path not in given["files"]
        yield (2 if missing_tile else 4 if older else step), fault.code, fault.path


def made() -> dict[str, Any]:
    """Every file of the corpus by its name, made again."""
    from tests import malformed_absences, malformed_bundles, malformed_notes

    return {
        "note": malformed_notes.notes(),
        "checkpoint": malformed_notes.checkpoints(),
        "proof": malformed_notes.proofs(),
        "trust": malformed_notes.trusts(),
        "bundle": malformed_bundles.bundles(),
        "absence": malformed_absences.absences(),
        "fork": malformed_bundles.fork_proofs(),
        "directory": malformed_bundles.directories(),
    }


def main() -> int:
    """Write the corpus."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in made().items():
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
