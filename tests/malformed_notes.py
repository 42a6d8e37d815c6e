"""Makes the malformed notes, checkpoints, plain proofs and trust files of ``tests.malformed``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ledger import encoding
from ledger.chain import note, trust
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note, Signature, VerifierKey
from ledger.chain.trust import Log, Trust, Witness
from tests.artefacts import ORIGIN, WITNESSES, Book, cosigned, log_key, opened, signing_key, witness_key

Case = tuple[str, str | bytes, int, str]
"""Name, file, step, code."""
IDENTITY = bytes.fromhex("01" + "00" * 31)
PLUS_P = bytes.fromhex("ee" + "ff" * 30 + "7f")
FOR_ANYTHING = bytes.fromhex("edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df05" + "00" * 31)
"""R = 5B, S = 5: over every message, the signature of the identity point for whoever takes that for a key."""
BOOK = opened()
TRUST = Trust(
    (Log(log_key()),),
    tuple(Witness(name, witness_key(name)) for name in WITNESSES),
    (trust.Group("all", 3, WITNESSES),),
    "all",
)


def file(about: str, given: dict[str, Any], good: dict[str, str], bad: Iterable[Case]) -> dict[str, Any]:
    """One file of the corpus."""
    return {
        "about": about,
        "given": given,
        "good": [{"name": name, "text": text} for name, text in good.items()],
        "bad": [
            {"name": name, **_spelled(data), "step": step, "code": code} for name, data, step, code in bad
        ],
    }


def _spelled(data: str | bytes) -> dict[str, str]:
    if isinstance(data, str):
        return {"text": data}
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def lenient(good: str, code: str = "note-control") -> list[Case]:
    """What every format refuses, whatever else it is."""
    return [
        ("CRLF", good.replace("\n", "\r\n"), 1, code),
        ("a line after the signatures", good + "more\n", 1, "note-line"),
        ("a remark after the signatures", good + "# more\n", 1, "note-line"),
        ("the last newline cut off", good[:-1], 1, "note-newline"),
        ("a hyphen for the dash", _last(good, "\u2014", "-"), 1, "note-line"),
        ("two spaces in a signature line", _last(good, "\u2014 ", "\u2014  "), 1, "note-name"),
        ("stray bits in a signature", stray(good), 1, "encoding-base64"),
        ("a signature without padding", good[:-2] + "\n", 1, "encoding-base64"),
        ("a signature in the URL's alphabet", _urled(good), 1, "encoding-base64"),
        ("a signature of four bytes", good + f"\u2014 {ORIGIN} AAAAAA==\n", 1, "note-line"),
    ]


def _last(text: str, old: str, new: str) -> str:
    before, found, after = text.rpartition(old)
    assert found
    return before + new + after


def stray(text: str) -> str:
    """The last base64 letter before the padding with a bit that decodes to nothing."""
    body = text.rstrip("=\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    letter = alphabet[alphabet.index(body[-1]) + 1]
    return body[:-1] + letter + text[len(body) :]


def _urled(text: str) -> str:
    place = max(text.rfind("+"), text.rfind("/", 0, len(text)))
    head = text.rfind(" ", 0, place)
    assert head > text.rfind("\n", 0, place)
    return text[:place] + ("-" if text[place] == "+" else "_") + text[place + 1 :]


def flipped(line: Signature) -> Signature:
    """The line with another last bit."""
    return Signature(line.name, line.key_id, line.data[:-1] + bytes([line.data[-1] ^ 1]))


def with_lines(signed: SignedCheckpoint, lines: Iterable[Signature]) -> SignedCheckpoint:
    """The checkpoint with these lines only."""
    return SignedCheckpoint(signed.checkpoint, Note(signed.note.text, tuple(lines)))


def notes() -> dict[str, Any]:
    """Signed notes."""
    text = "A note of two lines,\n\nwith an empty one between.\n"
    line = note.sign(text, "example.com/foo", signing_key("foo"))
    key = note.verifier_key("example.com/foo", signing_key("foo"))
    weak = VerifierKey("example.com/weak", note.ED25519, IDENTITY)
    stranger = note.sign(text, "example.com/bar", signing_key("bar"))
    good = Note(text, (line,)).encode().decode()
    bad: list[Case] = [
        *lenient(good),
        ("nothing", "", 1, "note-newline"),
        ("no signatures", text, 1, "note-line"),
        ("no empty line", text.replace("\n\n", "\n") + str(line), 1, "note-no-signatures"),
        ("no text and no empty line", str(line), 1, "note-no-signatures"),
        ("a control", "a\tb\n\n" + str(line), 1, "note-control"),
        ("no UTF-8", b"a\xff\n\n" + str(line).encode(), 1, "note-utf8"),
        ("UTF-8 longer than needed", b"a\xc0\xaf\n\n" + str(line).encode(), 1, "note-utf8"),
        ("a name with a plus", good.replace("example.com/foo", "example.com+foo"), 1, "note-name"),
        ("a name with a no-break space", good.replace("com/foo", "com\u00a0foo"), 1, "note-name"),
        ("no name", good.replace("example.com/foo ", " "), 1, "note-name"),
        ("101 signatures", good + str(stranger) * 100, 1, "note-too-many"),
        ("only a stranger's signature", Note(text, (stranger,)).encode(), 2, "note-unsigned"),
        ("another text", good.replace("two", "ten"), 2, "note-signature"),
        ("a known key's signature fails", Note(text, (flipped(line),)).encode(), 2, "note-signature"),
        (
            "a known key's signature fails beside a good one",
            Note(text, (line, Signature(weak.name, weak.id, FOR_ANYTHING))).encode(),
            2,
            "note-signature",
        ),
        ("one key's signature twice", good + str(line), 2, "note-signature-twice"),
        (
            "a key of small order",
            Note(text, (Signature(weak.name, weak.id, FOR_ANYTHING),)).encode(),
            2,
            "note-signature",
        ),
    ]
    about = "c2sp.org/signed-note. Steps: 1 form, 2 signatures of known keys."
    return file(about, {"keys": [str(key), str(weak)]}, {"a note": good}, bad)


def checkpoints() -> dict[str, Any]:
    """Checkpoints under a trust file."""
    full = BOOK.cosigned()
    lines = full.note.signatures
    good = full.encode().decode()
    own = note.cosign(full.checkpoint.text, ORIGIN, signing_key("log"), 1)
    size, root = f"\n{full.checkpoint.size}\n", good.split("\n")[2]
    other = Book("other.example/x")
    other.open()
    foreign = Note(other.head().text, (note.sign(other.head().text, ORIGIN, signing_key("log")),)).encode()
    bad: list[Case] = [
        *lenient(good),
        *(
            (f"the size as {spelled}", good.replace(size, f"\n{spelled}\n"), 1, "checkpoint-size")
            for spelled in ("08", "+8", "-8", "8_0", " 8", "8 ", "0x8", "8.0", "\u0668", str(2**53), "9" * 20)
        ),
        ("an extension line", good.replace(root + "\n", root + "\nmore\n"), 1, "checkpoint-lines"),
        ("an empty line in it", good.replace(root + "\n", root + "\n\n"), 1, "checkpoint-lines"),
        ("no root", good.replace(root + "\n", ""), 1, "checkpoint-lines"),
        ("a root without padding", good.replace(root, root[:-1]), 1, "encoding-base64"),
        ("a root in hexadecimal", good.replace(root, full.checkpoint.root.hex()), 1, "checkpoint-root"),
        ("a short root", good.replace(root, root[:40]), 1, "checkpoint-root"),
        ("an origin with a schema",
         good.replace("\n8\n", "\n8\n").replace(ORIGIN, "https://" + ORIGIN, 1), 1, "name-origin"),
        ("no origin", good.replace(ORIGIN, "", 1), 1, "name-origin"),
        ("no signature of the ledger", with_lines(full, lines[1:]).encode(), 2, "note-unsigned"),
        ("the ledger's signature fails",
         with_lines(full, [flipped(lines[0]), *lines[1:]]).encode(), 2, "note-signature"),
        ("the ledger's signature twice",
         with_lines(full, [lines[0], *lines]).encode(), 2, "note-signature-twice"),
        ("another size under the signature", good.replace(size, "\n9\n"), 2, "note-signature"),
        ("another origin under the ledger's key", foreign, 2, "trust-origin"),
        ("under a stranger's key", cosigned(BOOK.signed(None, "thief")).encode(), 2, "note-unsigned"),
        ("too few witnesses", with_lines(full, lines[:-1]).encode(), 3, "trust-quorum-missed"),
        ("one witness twice", with_lines(full, [*lines[:-1], lines[-2]]).encode(), 3, "note-signature-twice"),
        ("a witness's signature fails",
         with_lines(full, [*lines[:-1], flipped(lines[-1])]).encode(), 3, "note-signature"),
        (
            "a witness's signature of another checkpoint",
            with_lines(full, [*lines[:-1], BOOK.cosigned(7).note.signatures[-1]]).encode(),
            3,
            "note-signature",
        ),
        (
            "the ledger's own key as a witness",
            with_lines(full, [*lines[:-1], own]).encode(),
            3,
            "trust-quorum-missed",
        ),
    ]  # fmt: skip
    about = "c2sp.org/tlog-checkpoint, tlog-cosignature. Steps: 1 form, 2 the ledger's signature, 3 quorum."
    return file(about, given(), {"with three witnesses": good}, bad)


def given() -> dict[str, Any]:
    """What the reader brings: three of three witnesses."""
    return {"trust": TRUST.encode().decode()}


def proofs() -> dict[str, Any]:
    """Plain proofs of a leaf."""
    made = replace(BOOK.bundle(5).proof, extra=None)
    good = made.encode().decode()
    paths = [encoding.to_base64(item) for item in made.path]
    bad: list[Case] = [
        *lenient(good, "proof-header"),
        *(
            (f"the index as {text}", good.replace("index 5", f"index {text}"), 1, "checkpoint-size")
            for text in ("05", "+5", "-5", "5_0", " 5", "0x5", str(2**53))
        ),
        ("another format", good.replace("@v1", "@v2"), 1, "proof-header"),
        ("no index", good.replace("index 5\n", ""), 1, "proof-index"),
        ("an empty extra", good.replace("index", "extra \nindex"), 1, "proof-extra"),
        ("extra behind the index", good.replace("index 5\n", "index 5\nextra AAAA\n"), 1, "encoding-base64"),
        ("a hash without padding", good.replace(paths[0], paths[0][:-1]), 1, "encoding-base64"),
        ("a hash with stray bits", good.replace(paths[0], stray(paths[0])), 1, "encoding-base64"),
        ("a hash of 33 bytes", good.replace(paths[0], encoding.to_base64(bytes(33))), 1, "tree-hash"),
        ("an empty line too early", good.replace("index 5\n", "index 5\n\n"), 1, "checkpoint-lines"),
        ("an unsigned checkpoint",
         good.partition("\n\n")[0] + "\n\n" + BOOK.head().text, 1, "note-no-signatures"),
        ("a hash missing", replace(made, path=made.path[1:]).encode(), 2, "tree-path-length"),
        ("a hash too many", replace(made, path=(*made.path, bytes(32))).encode(), 2, "tree-path-length"),
        ("two hashes exchanged",
         replace(made, path=(made.path[1], made.path[0], *made.path[2:])).encode(), 2, "tree-root"),
        ("another index", replace(made, index=4).encode(), 2, "tree-root"),
        ("an index beyond the size", replace(made, index=8).encode(), 2, "tree-index"),
        ("the last index that there is at all", replace(made, index=2**53 - 1).encode(), 2, "tree-index"),
        ("another leaf's path", replace(BOOK.bundle(4).proof, extra=None, index=5).encode(), 2, "tree-root"),
        (
            "the hash of the two leaves as a leaf",
            replace(made, index=2, path=made.path[1:], checkpoint=BOOK.cosigned(4)).encode(),
            2,
            "tree-root",
        ),
    ]  # fmt: skip
    about = "c2sp.org/tlog-proof. Steps: 1 form, 2 the path leads from the leaf to the checkpoint's root."
    return file(about, {"leaf": BOOK.leaves[5].hex()}, {"of entry 5 of 8": good}, bad)


def trusts() -> dict[str, Any]:
    """Trust files."""
    good = TRUST.encode().decode()
    weak = str(VerifierKey(ORIGIN, note.MLDSA44, bytes(1_312)))
    assert weak.endswith("=")
    log, a, b = (str(key) for key in (log_key(), *map(witness_key, WITNESSES[:2])))
    head = f"log {log}\nwitness A {a}\nwitness B {b}\n"
    own = note.verifier_key("w.example", signing_key("log"), note.COSIGNATURE)
    named = note.verifier_key(ORIGIN, signing_key("w"), note.COSIGNATURE)
    other = log_key("other", "other.example/x")
    again = note.verifier_key(WITNESSES[0], signing_key("again"), note.COSIGNATURE)
    twice = head + f"witness C {again}\n"
    one = "trust-witness-twice"
    cases = {
        "two keys of one witness": (twice + "group G 2 A C\nquorum G\n", one),
        "two keys of one witness among three": (twice + "group G 2 A B C\nquorum G\n", one),
        "two keys of one witness in two groups": (
            twice + "group G any A B\ngroup H any C\ngroup I all G H\nquorum I\n",
            one,
        ),
        "nothing": ("", "trust-newline"),
        "remarks only": ("# trust everybody\n", "trust-quorum-lines"),
        "no log": (f"witness A {a}\nquorum A\n", "trust-no-log"),
        "no quorum": (head, "trust-quorum-lines"),
        "two quorums": (head + "quorum none\nquorum A\n", "trust-quorum-lines"),
        "two ledgers": (head + f"log {other}\nquorum A\n", "trust-two-origins"),
        "the last line cut off": (head + "quorum A", "trust-newline"),
        "CRLF": (good.replace("\n", "\r\n"), "trust-control"),
        "a byte order mark": ("\ufeff" + good, "trust-line"),
        "an unknown line": (head + "trust me\nquorum A\n", "trust-line"),
        "a witness with the ledger's key": (head + f"witness W {own}\nquorum W\n", "trust-witness-is-log"),
        "a witness with the ledger's name": (head + f"witness W {named}\nquorum W\n", "trust-witness-is-log"),
        "a witness key twice": (head + f"witness W {a}\nquorum W\n", "trust-key-twice"),
        "a log key twice": (head + f"log {log}\nquorum A\n", "trust-key-twice"),
        "a witness's key as a log": (head + f"log {a}\nquorum A\n", "trust-log-kind"),
        "a log's key as a witness": (head + f"witness W {other}\nquorum W\n", "trust-witness-kind"),
        "a member twice": (head + "group G 2 A A\nquorum G\n", "trust-member-twice"),
        "a member of two groups": (head + "group G any A\ngroup H any A\nquorum H\n", "trust-member-twice"),
        "a group of itself": (head + "group G any G\nquorum G\n", "trust-name-unknown"),
        "0 of a group": (head + "group G 0 A B\nquorum G\n", "trust-threshold"),
        "3 of 2": (head + "group G 3 A B\nquorum G\n", "trust-threshold"),
        "01 of 2": (head + "group G 01 A B\nquorum G\n", "trust-threshold"),
        "a quorum of nobody": (head + "quorum C\n", "trust-name-unknown"),
        "a quorum above its witness": (f"log {log}\nquorum A\nwitness A {a}\n", "trust-name-unknown"),
        "a witness called none": (f"log {log}\nwitness none {a}\nquorum none\n", "trust-name"),
        "a key with another id": (good.replace(log[len(ORIGIN) :][:9], "+00000000"), "note-key-id"),
        "a key without padding": (f"log {weak[:-1]}\nquorum none\n", "encoding-base64"),
    }
    about = "c2sp.org/tlog-policy, one origin a file. Step 1: it is a policy that one can trust by."
    bad = [(name, text, 1, code) for name, (text, code) in cases.items()]
    samples = {
        "three of three": good,
        "nobody but the log": f"log {log}\nquorum none\n",
        "any of two keys of one witness": twice + "group G any A C\ngroup H 2 G B\nquorum H\n",
    }
    return file(about, {}, samples, bad)
