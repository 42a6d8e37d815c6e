"""Makes the malformed bundles, proofs of absence, fork proofs and directories of ``tests.malformed``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ledger import encoding
from ledger.chain import disclosure, forks, merkle, note, tiles
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note, Signature, VerifierKey
from ledger.chain.tiles import Tiler
from tests.artefacts import ORIGIN, Book, log_key, opened, signing_key
from tests.malformed_notes import (
    BOOK,
    FOR_ANYTHING,
    IDENTITY,
    PLUS_P,
    Case,
    file,
    flipped,
    given,
    lenient,
    stray,
    with_lines,
)


def _body(**changes: Any) -> dict[str, Any]:
    return {"by": "miner-1", "parcel": "P1", "weight": 12_500, **changes}


def _said(book: Book, **changes: Any) -> bytes:
    """A statement's canonical map, unchecked."""
    fields: dict[str, Any] = {
        "author": signing_key("miner-1").public,
        "body": _body(),
        "id": bytes(16),
        "ledger": book.origin,
        "type": "example-weighed/1",
        "v": 1,
    }
    return encoding.encode(fields | changes)


def _of(said: bytes, signature: bytes | None = None, texts: tuple[str, ...] = (), **more: Any) -> Bundle:
    """The bundle of a statement as entry 8."""
    book = opened()
    own = signing_key("miner-1").sign(b"adamas.statement/1\n" + said)
    book.append(said, own if signature is None else signature, **more)
    return replace(book.bundle(8), disclosures=texts)


def _raw(data: bytes) -> Bundle:
    """The bundle of bytes as entry 8."""
    book = opened()
    book.add(data)
    return book.bundle(8)


def _extra(good: Bundle, **changes: Any) -> bytes:
    fields = encoding.decode(good.proof.extra or b"") | changes
    kept = {key: value for key, value in fields.items() if value is not None}
    return replace(good.proof, extra=encoding.encode(kept)).encode()


def bundles() -> dict[str, Any]:
    """Bundles of one entry."""
    made = BOOK.bundle(7, disclose=["buyer"], since=[5])
    good = made.encode().decode()
    brought = {**given(), "pinned": [BOOK.signed(5).encode().decode()]}
    about = "FORMATS.md section 7. The steps are those of the bundle's table."
    samples = {
        "with a disclosure and a path from size 5": good,
        "of entry 0": BOOK.bundle(0, since=[5]).encode().decode(),
    }
    return file(about, brought, samples, [*_bundle_forms(made, good), *_bundle_places(made), *_bundle_acts()])


def _bundle_forms(made: Bundle, good: str) -> list[Case]:
    said = _said(BOOK)
    entry = encoding.decode(_of(said).entry)
    loose = encoding.encode(entry).replace(b"\x08\xc4\x20", b"\xcc\x08\xc4\x20", 1)
    path = list(made.consistency[0][1])
    unordered = b"\x83\xa1v\x01\xa5entry\xc4\x00\xabdisclosures\x90"
    return [
        *lenient(good, "proof-header"),
        ("no entry", replace(made.proof, extra=None).encode(), 1, "bundle-no-entry"),
        ("another version", _extra(made, v=2), 1, "form-version"),
        ("an unknown key", _extra(made, trust="me"), 1, "form-unknown-key"),
        ("no disclosures", _extra(made, disclosures=None), 1, "form-missing-key"),
        ("an empty consistency", _extra(made, consistency=[]), 1, "bundle-consistency-empty"),
        ("a path from its own size", _extra(made, consistency=[[8, []]]), 1, "bundle-consistency-sizes"),
        ("a size twice", _extra(made, consistency=[[5, path]] * 2), 1, "bundle-consistency-sizes"),
        ("a map in another order",
         replace(made.proof, extra=unordered).encode(), 1, "encoding-spelling"),
        ("bytes behind the map",
         replace(made.proof, extra=(made.proof.extra or b"") + b"\xc0").encode(), 1, "encoding-trailing"),
        ("an entry of another version", _raw(encoding.encode([2, *entry[1:]])).encode(), 1, "form-version"),
        ("an entry with a part too many", _raw(encoding.encode([*entry, 0])).encode(), 1, "entry-form"),
        ("an index in a longer form", _raw(loose).encode(), 1, "encoding-spelling"),
        ("a statement with an unknown key", _of(_said(BOOK, more=1)).encode(), 1, "form-unknown-key"),
        ("a statement without an id", _of(_said(BOOK, id=b"")).encode(), 1, "statement-id"),
        ("an empty evidence", _of(_said(BOOK, evidence=[])).encode(), 1, "statement-empty"),
        ("an occurred with Z", _of(_said(BOOK, occurred="2024-01-15T08:00:00Z")).encode(), 1, "edtf-form"),
        ("an occurred at -00:00",
         _of(_said(BOOK, occurred="2024-01-15T08:00:00-00:00")).encode(), 1, "edtf-offset"),
        ("a type without a version", _of(_said(BOOK, type="example-weighed")).encode(), 1, "name-type"),
        ("an author of a kind unknown",
         _of(_said(BOOK, author=b"\x02" + bytes(32))).encode(), 1, "statement-author"),
        ("a digest twice",
         _of(_said(BOOK, body=_body(_sd=["A" * 43] * 2))).encode(), 1, "disclosure-digest-twice"),
        ("digests in another order",
         _of(_said(BOOK, body=_body(_sd=["B" * 42 + "A", "A" * 43]))).encode(), 1, "disclosure-order"),
        ("no digests", _of(_said(BOOK, body=_body(_sd=[]))).encode(), 1, "disclosure-digests"),
        ("three dots as a key", _of(_said(BOOK, body={"...": "A" * 43})).encode(), 1, "disclosure-dots"),
    ]  # fmt: skip


def _bundle_places(made: Bundle) -> list[Case]:
    full = made.checkpoint
    lines = full.note.signatures
    book = opened()
    book.leaves[0] = bytes(32)
    head = book.head()
    shifted = book.bundle(7, SignedCheckpoint(head, Note(head.text, lines)))
    fork = opened()
    fork.leaves[2] = bytes(32)
    other = Book("other.example/x")
    other.open()
    bent = (bytes(32), *made.consistency[0][1][1:])
    return [
        ("a valid path under an unsigned root",
         replace(made, checkpoint=with_lines(full, lines[1:])).encode(), 2, "note-unsigned"),
        ("a valid path under another root", shifted.encode(), 2, "note-signature"),
        ("a known key's signature fails",
         _under(made, [flipped(lines[0]), *lines[1:]]), 2, "note-signature"),
        ("one key's signature twice",
         replace(made, checkpoint=with_lines(full, [lines[0], *lines])).encode(), 2, "note-signature-twice"),
        ("another ledger's bundle", other.bundle(5, since=[5]).encode(), 2, "trust-origin"),
        ("two of three witnesses",
         replace(made, checkpoint=with_lines(full, lines[:-1])).encode(), 3, "trust-quorum-missed"),
        ("a witness's signature fails",
         _under(made, [*lines[:-1], flipped(lines[-1])]), 3, "note-signature"),
        ("another entry at this place",
         replace(made, entry=BOOK.entries[6], disclosures=()).encode(), 4, "tree-root"),
        ("a hash of the path flipped",
         replace(made, path=(bytes(32), *made.path[1:])).encode(), 4, "tree-root"),
        ("a path too short", replace(made, path=made.path[:-1]).encode(), 4, "tree-path-length"),
        ("an index beyond the size", replace(made, index=8).encode(), 5, "bundle-index-beyond"),
        ("an entry that says another index", _of(_said(BOOK), index=7).encode(), 5, "bundle-index-other"),
        ("a tree that did not grow from the pinned one",
         fork.bundle(7, since=[5]).encode(), 9, "bundle-not-grown"),
        ("a path from the pinned size that does not hold",
         replace(made, consistency=((5, bent),)).encode(), 9, "bundle-not-grown"),
    ]  # fmt: skip


def _under(made: Bundle, lines: Iterable[Signature]) -> bytes:
    return replace(made, checkpoint=with_lines(made.checkpoint, lines)).encode()


def _bundle_acts() -> list[Case]:
    weak = [bytes([1]) + point for point in (IDENTITY, PLUS_P)]
    salt = bytes(16)
    shadow = disclosure.disclosure(salt, "weight", 1)
    sealed = disclosure.disclosure(salt, "price", 100)
    stranger = disclosure.disclosure(salt, "price", 200)
    digests = _said(BOOK, body=_body(_sd=[disclosure.digest(shadow)]))
    priced = _said(BOOK, body=_body(_sd=[disclosure.digest(sealed)]))
    inside = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA","price",{"_sd":[]}]')
    reserved = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA","_sd",[]]')
    element = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA","price"]')
    spaced = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA", "price",100]')
    number = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA","price",1e2]')
    by_clerk = signing_key("clerk-6").sign(b"adamas.statement/1\n" + _said(BOOK))
    return [
        ("an author who has seen more entries than there were",
         _of(_said(BOOK, seen=(9, bytes(32)))).encode(), 5, "bundle-seen-ahead"),
        ("another ledger's entry under this checkpoint",
         _of(_said(Book("other.example/x"))).encode(), 6, "bundle-ledger-other"),
        ("another party's signature",
         _of(_said(BOOK), by_clerk).encode(), 7, "bundle-author-other"),
        ("a signature without its prefix",
         _of(_said(BOOK), signing_key("miner-1").sign(_said(BOOK))).encode(), 7, "bundle-author-other"),
        ("no signature", _of(_said(BOOK), b"").encode(), 7, "bundle-author-other"),
        ("an author's key of small order",
         _of(_said(BOOK, author=weak[0]), FOR_ANYTHING).encode(), 7, "bundle-author-other"),
        ("an author's key with y above p",
         _of(_said(BOOK, author=weak[1]), FOR_ANYTHING).encode(), 7, "bundle-author-other"),
        ("a disclosure that shadows a public field",
         _of(digests, texts=(shadow,)).encode(), 8, "disclosure-name-taken"),
        ("a disclosure of another value", _of(priced, texts=(stranger,)).encode(), 8, "disclosure-unused"),
        ("a disclosure that belongs nowhere",
         _of(_said(BOOK), texts=(sealed,)).encode(), 8, "disclosure-unused"),
        ("a disclosure twice", _of(priced, texts=(sealed, sealed)).encode(), 8, "disclosure-twice"),
        ("sealed values inside a disclosed one",
         _of(priced, texts=(inside,)).encode(), 8, "disclosure-sealed-inside"),
        ("a reserved name disclosed", _of(priced, texts=(reserved,)).encode(), 8, "disclosure-name"),
        ("a disclosure of an array element",
         _of(priced, texts=(element,)).encode(), 8, "disclosure-array-element"),
        ("a disclosure with white space", _of(priced, texts=(spaced,)).encode(), 8, "disclosure-spelling"),
        ("a disclosure with a fraction's spelling",
         _of(priced, texts=(number,)).encode(), 8, "disclosure-number"),
        ("a disclosure with padding", _of(priced, texts=(sealed + "=",)).encode(), 8, "encoding-base64url"),
    ]  # fmt: skip


def fork_proofs() -> dict[str, Any]:
    """Fork proofs."""
    lie = opened()
    lie.leaves[3] = bytes(32)
    nodes = merkle.nodes_of(BOOK.leaves)
    made = forks.make(lie.signed(5), BOOK.signed(8), nodes)
    equal = forks.make(lie.signed(8), BOOK.signed(8))
    good, same = made.encode().decode(), equal.encode().decode()
    prefix = encoding.to_base64(made.prefix or b"")
    swapped = replace(made, smaller=made.bigger, bigger=made.smaller).encode()
    honest = tuple(merkle.consistency(5, 8, nodes))
    twice = with_lines(made.smaller, made.smaller.note.signatures * 2)
    forged = with_lines(made.smaller, made.bigger.note.signatures)
    weak = VerifierKey(ORIGIN, note.ED25519, IDENTITY)
    by_weak = [Signature(ORIGIN, weak.id, FOR_ANYTHING)]
    bad: list[Case] = [
        *lenient(good, "fork-notes"),
        ("nothing", "", 1, "fork-notes"),
        ("another format", good.replace("fork-proof@v1", "fork-proof@v2"), 1, "fork-header"),
        ("one checkpoint", good[: good.rindex(ORIGIN + "\n8\n") - 1], 1, "fork-notes"),
        ("the bigger first", swapped, 1, "fork-order"),
        ("the bigger root first",
         replace(equal, smaller=equal.bigger, bigger=equal.smaller).encode(), 1, "fork-order"),
        ("no prefix at different sizes", replace(made, prefix=None, path=()).encode(), 1, "fork-prefix"),
        ("a prefix at equal sizes", replace(equal, prefix=bytes(32)).encode(), 1, "fork-prefix"),
        ("a prefix with stray bits", good.replace(prefix, stray(prefix)), 1, "encoding-base64"),
        ("a size with a zero", good.replace("\n5\n", "\n05\n"), 1, "checkpoint-size"),
        ("two ledgers", replace(made, smaller=Book("other.example/x").signed(0)).encode(), 1, "fork-origins"),
        ("by an unknown key", replace(made, smaller=lie.signed(5, "thief")).encode(), 2, "note-unsigned"),
        ("a signature that fails", replace(made, smaller=forged).encode(), 2, "note-signature"),
        ("one key's signature twice",
         replace(made, smaller=twice).encode(), 2, "note-signature-twice"),
        ("by a key of small order",
         replace(made, smaller=with_lines(made.smaller, by_weak)).encode(), 2, "note-signature"),
        ("the same checkpoint twice",
         forks.ForkProof(BOOK.signed(8), BOOK.signed(8)).encode(), 3, "fork-none"),
        ("two checkpoints of one history",
         forks.ForkProof(BOOK.signed(5), BOOK.signed(8), BOOK.head(5).root, honest).encode(), 3, "fork-none"),
        ("an honest pair and a prefix made up",
         forks.ForkProof(BOOK.signed(5), BOOK.signed(8), bytes(32), honest).encode(), 4, "tree-prefix"),
        ("a hash of the path flipped",
         replace(made, path=(bytes(32), *made.path[1:])).encode(), 4, "tree-prefix"),
        ("a hash missing", replace(made, path=made.path[1:]).encode(), 4, "tree-path-length"),
    ]  # fmt: skip
    about = "FORMATS.md section 9. Steps: 1 form, 2 signatures, 3 contradiction, 4 path."
    keys = {"keys": [str(log_key()), str(weak)]}
    return file(about, keys, {"different sizes": good, "equal sizes": same}, bad)


def directories() -> dict[str, Any]:
    """A published directory of 8 entries and an older partial tile."""
    tiler, older = Tiler(), Tiler()
    good = {tile.path: data for tile, data in [*tiler.add(BOOK.entries), *tiler.partial()]}
    early = {tile.path: data for tile, data in [*older.add(BOOK.entries[:5]), *older.partial()]}
    tile, entries, older_bundle = "tile/0/000.p/8", "tile/entries/000.p/8", "tile/entries/000.p/5"
    changes: dict[str, tuple[dict[str, bytes | None], int, str]] = {
        "no bundle": ({entries: None}, 1, "tile-missing"),
        "no tile": ({tile: None}, 2, "tile-missing"),
        "an empty bundle": ({entries: b""}, 1, "tile-bundle"),
        "a bundle cut off": ({entries: good[entries][:-1]}, 1, "tile-bundle"),
        "a bundle with an entry too many": ({entries: good[entries] + b"\0\1x"}, 1, "tile-bundle"),
        "an entry flipped": ({entries: good[entries][:-1] + b"\0"}, 2, "tile-other"),
        "two entries exchanged": ({entries: _exchanged()}, 2, "tile-other"),
        "a hash flipped": ({tile: good[tile][:-1] + b"\0"}, 2, "tile-other"),
        "a tile cut off": ({tile: good[tile][:-1]}, 2, "tile-other"),
        "an older tile that is no prefix": ({"tile/0/000.p/5": bytes(160)}, 4, "tile-older"),
        "an older tile cut off": ({"tile/0/000.p/5": early["tile/0/000.p/5"][:-1]}, 4, "tile-length"),
        "an older bundle cut off": ({older_bundle: early[older_bundle][:-1]}, 4, "tile-bundle"),
        "a tile of a larger ledger": ({"tile/0/000.p/9": good[tile] + bytes(32)}, 4, "tile-beyond"),
        "a full tile": ({"tile/0/000": bytes(8_192)}, 4, "tile-beyond"),
        "a tile of a level above": ({"tile/1/000.p/1": bytes(32)}, 4, "tile-beyond"),
        "a path with zeros": ({"tile/0/x000/000.p/8": good[tile]}, 4, "tile-path"),
        "a width of 0": ({"tile/0/000.p/0": b""}, 4, "tile-path"),
        "something else": ({"index.html": b"<html>"}, 4, "tile-path"),
    }  # fmt: skip
    head = BOOK.head()
    return {
        "about": "c2sp.org/tlog-tiles. Steps: 1 bundles, 2 tiles, 3 root, 4 strays.",
        "given": {"origin": head.origin, "size": head.size, "root": head.root.hex(), "files": sorted(good)},
        "good": [{"name": "8 entries and what was left of 5", "files": _hex({**early, **good})}],
        "bad": [
            {"name": name, "change": _hex(change), "step": step, "code": code}
            for name, (change, step, code) in changes.items()
        ],
    }


def _exchanged() -> bytes:
    return tiles.pack([BOOK.entries[1], BOOK.entries[0], *BOOK.entries[2:]])


def _hex(files: Mapping[str, bytes | None]) -> dict[str, str | None]:
    return {path: None if data is None else data.hex() for path, data in sorted(files.items())}
