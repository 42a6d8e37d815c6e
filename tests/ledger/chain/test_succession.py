"""Ledger keys that change, are lost, or are stolen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import keys
from ledger.chain import note, succession
from ledger.chain.bundle_check import Reader, revocation, verify
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.note import VerifierKey
from ledger.chain.succession import Revoked, changed, possession_name
from ledger.errors import Malformed, Unavailable
from tests.artefacts import ORIGIN, Book, log_key, opened, roles_of, signing_key, trust_in

LAST = 8
"""The last size that the old key honestly signed."""


def revoked_book(size: int = LAST) -> Book:
    """A ledger whose first key was revoked up to ``size`` after it had eight entries, and that went on."""
    book = opened()
    head = book.head(size)
    body = {"by": "gaborone", "key": str(log_key()), "size": head.size, "root": head.root}
    book.record("ledger-key-revoked/1", body, "recovery")
    book.record("example-weighed/1", {"by": "miner-1", "weight": 1}, "miner-1")
    return book


BOOK = revoked_book()


def told(
    book: Book = BOOK,
    since: tuple[int, ...] = (5, LAST),
    index: int = 8,
    *names: str,
    along: tuple[int, ...] = (0,),
) -> list[bytes]:
    """The bundle of the revocation under the successor's key, and of the opening, which names its author."""
    under = book.cosigned(None, *(names or ("log-2",)))
    return [book.bundle(at, under, since=since).encode() for at in (index, *along)]


NEW = Reader(trust_in("log-2"), roles=roles_of, revocations=(told(),))
BOTH = replace(NEW, trust=trust_in("log", "log-2"))


def signature(data: bytes, reader: Reader) -> tuple[str, str]:
    """How step 2 ended, and its code."""
    outcome = verify(data, reader).outcomes[1]
    assert outcome.step == 2
    assert str(outcome)
    return outcome.standing, outcome.code


@pytest.mark.parametrize("reader", [NEW, BOTH])
@pytest.mark.parametrize("size", [5, LAST])
def test_old_bundles_still_hold_where_a_path_shows_it(reader: Reader, size: int) -> None:
    """Under the revoked key, up to its last honest size, whether the reader's file still names it or not."""
    old = BOOK.bundle(3, BOOK.cosigned(size)).encode()
    assert signature(old, reader) == ("ok", "bundle-signed-before")
    assert verify(old, reader).holds


def test_without_the_revocation_the_reader_cannot_know() -> None:
    """A file that names the old key takes it, one that names the successor only does not."""
    old = BOOK.bundle(3, BOOK.cosigned(5)).encode()
    assert signature(old, replace(BOTH, revocations=())) == ("ok", "bundle-signed")
    assert signature(old, replace(NEW, revocations=())) == ("fault", "note-unsigned")


@pytest.mark.parametrize("reader", [NEW, BOTH])
def test_what_the_revoked_key_signed_later_does_not_count(reader: Reader) -> None:
    """Not larger trees, not other trees, not what the revocation carries no path for."""
    later = BOOK.bundle(3, BOOK.cosigned(9)).encode()
    assert signature(later, reader) == ("fault", "succession-later")
    assert signature(BOOK.bundle(3, BOOK.cosigned(4)).encode(), reader) == ("fault", "succession-path")
    thief = opened()
    thief.leaves[4] = bytes(32)
    assert signature(thief.bundle(3, thief.cosigned(5)).encode(), reader) == ("fault", "tree-prefix")
    assert signature(thief.bundle(3, thief.cosigned(8)).encode(), reader) == ("fault", "tree-grown")


def test_what_was_pinned_under_the_revoked_key_still_counts() -> None:
    """Up to its last honest size; a later one speaks against nobody."""
    new = BOOK.bundle(9, BOOK.cosigned(None, "log-2"), since=[5, 9]).encode()
    for size, standing in ((5, ("ok", "bundle-grown")), (9, ("not shown", "succession-later"))):
        report = verify(new, replace(NEW, pinned=(BOOK.signed(size),)))
        assert report.holds
        assert (report.outcomes[8].standing, report.outcomes[8].code) == standing


def test_both_lines_during_a_change_over_count_by_the_new_one() -> None:
    """A checkpoint under both keys needs no path."""
    both = BOOK.bundle(3, BOOK.cosigned(None, "log", "log-2")).encode()
    assert signature(both, BOTH) == ("ok", "bundle-signed")
    assert signature(both, NEW) == ("ok", "bundle-signed")


def test_the_smaller_of_two_revocations_counts() -> None:
    """A ledger that revokes a key twice has said the less the first time or the second."""
    smaller = revoked_book(5)
    reader = replace(BOTH, revocations=(told(), told(smaller, (5,))))
    assert signature(BOOK.bundle(3, BOOK.cosigned(5)).encode(), reader)[0] == "ok"
    assert signature(BOOK.bundle(3, BOOK.cosigned(8)).encode(), reader) == ("fault", "succession-later")


def code_of(proofs: list[bytes], reader: Reader = BOTH) -> str:
    """The code with which a revocation is refused."""
    with pytest.raises(Malformed) as refused:
        revocation(proofs, reader)
    assert str(refused.value)
    with pytest.raises(Malformed):
        verify(BOOK.bundle(0).encode(), replace(reader, revocations=(proofs,)))
    return refused.value.code


def said(author: str = "recovery", along: tuple[int, ...] = (0,), **changes: Any) -> list[bytes]:
    """The bundles of a revocation that says something else."""
    book = opened()
    head = book.head(LAST)
    body = {"by": "gaborone", "key": str(log_key()), "size": head.size, "root": head.root, **changes}
    book.record("ledger-key-revoked/1", body, author)
    return told(book, (LAST,), along=along)


def test_a_revocation_must_itself_be_proven_under_another_key() -> None:
    """Not under the revoked key, not under a stranger's, not by another act."""
    assert code_of(told(BOOK, (LAST,), 8, "log")) == "succession-own"
    assert code_of(told(BOOK, (LAST,), 8, "log-3")) == "succession-proof"
    assert code_of(told(BOOK, (LAST,), 9)) == "succession-type"
    assert code_of([]) == "succession-type"
    assert code_of([b""]) == "succession-proof"
    assert code_of([*told(), b""]) == "succession-proof"
    assert code_of(said(key=1)) == "form-field"
    assert code_of(said(root="x")) == "form-field"
    assert code_of(said(root=b"x")) == "succession-head"
    assert code_of(said(key="x")) == "note-key"
    assert code_of(said(key=str(log_key("log", "other.example/x")))) == "succession-name"
    assert revocation(told(BOOK, (LAST,), 8, "log", "log-2"), BOTH).size == LAST


def test_only_who_was_entitled_revokes() -> None:
    """The recovery key or an authority's, shown by entry 0 or an enrolment that travels along; not a
    stranger, not a miner, and not where nothing travels along."""
    assert revocation(said(), BOTH).size == LAST
    assert revocation(said("gaborone"), BOTH).size == LAST
    assert code_of(said("somebody")) == "succession-authority"
    assert code_of(said("miner-1", along=(0, 1, 2), by="miner-1")) == "succession-authority"
    assert code_of(said("recovery", along=())) == "succession-authority"
    assert code_of(said("gaborone", along=())) == "succession-authority"
    assert code_of(said(by="somebody")) == "succession-proof"
    honest = BOOK.bundle(3, BOOK.cosigned(None, "log")).encode()
    assert verify(honest, replace(BOTH, revocations=())).holds
    book = opened()
    book.enrol("gaborone", "desk")
    head = book.head(LAST)
    body = {"by": "gaborone", "key": str(log_key()), "size": head.size, "root": head.root}
    book.record("ledger-key-revoked/1", body, "desk")
    assert revocation(told(book, (LAST,), 9, along=(0, 8)), BOTH).size == LAST
    assert code_of(told(book, (LAST,), 9)) == "succession-authority"


def test_a_table_of_roles_is_needed() -> None:
    """Without one nobody is shown entitled, so nothing is heeded."""
    assert code_of(told(), replace(BOTH, roles=None)) == "succession-authority"


def test_the_check_alone_follows_its_four_steps() -> None:
    """Paths to the head from both; each broken path is noticed."""
    known = revocation(told(), BOTH)
    assert (known.key, known.size, known.root) == (log_key(), LAST, BOOK.head(LAST).root)
    known.check(BOOK.head(5))
    known.check(BOOK.head(LAST))
    known.check(BOOK.head(0))

    def refuses(item: Revoked, checkpoint: Checkpoint) -> str:
        with pytest.raises(Malformed) as refused:
            item.check(checkpoint)
        return refused.value.code

    assert refuses(replace(known, paths={5: known.paths[5]}), BOOK.head(5)) == "succession-path"
    assert refuses(replace(known, root=bytes(32)), BOOK.head(5)) == "tree-grown"
    assert refuses(replace(known, size=6), BOOK.head(5)) == "succession-path"
    assert refuses(known, replace(BOOK.head(5), root=bytes(32))) == "tree-prefix"
    for size, path in known.paths.items():
        for place in range(len(path)):
            broken = [*path]
            broken[place] = bytes(32)
            paths = {**known.paths, size: tuple(broken)}
            assert refuses(replace(known, paths=paths), BOOK.head(5)).startswith("tree-")


def test_a_new_key_is_taken_with_its_holders_agreement() -> None:
    """Proven for this ledger and this key, and for no other."""
    new = log_key("log-2")
    proof = keys.prove_possession(signing_key("log-2"), possession_name(new), ORIGIN)
    body = {"key": str(new), "proof": proof}
    assert changed(body, ORIGIN) == new

    def refuses(**changes: Any) -> str:
        with pytest.raises(Malformed) as refused:
            changed({**body, **changes}, ORIGIN)
        assert str(refused.value)
        return refused.value.code

    assert refuses(proof=bytes(64)) == "succession-possession"
    assert refuses(key=str(log_key("log-3"))) == "succession-possession"
    assert refuses(key=str(log_key("log-2", "other.example/x"))) == "succession-name"
    assert refuses(key=str(VerifierKey(ORIGIN, note.COSIGNATURE, bytes(32)))) == "succession-kind"
    assert refuses(key=None) == "form-field"
    assert refuses(proof="x") == "form-field"
    assert succession.CHANGED == "ledger-key-changed/1"


def test_a_post_quantum_key_proves_its_holders_agreement_too() -> None:
    """With its own algorithm."""
    try:
        key = keys.MlDsa44Key(bytes(32))
    except Unavailable as problem:
        pytest.skip(str(problem))
    new = VerifierKey(ORIGIN, note.MLDSA44, key.public)
    proof = key.sign(keys.enrolment_message(possession_name(new), ORIGIN))
    assert changed({"key": str(new), "proof": proof}, ORIGIN) == new
    with pytest.raises(Malformed) as refused:
        changed({"key": str(new), "proof": proof[:-1] + bytes([proof[-1] ^ 1])}, ORIGIN)
    assert refused.value.code == "succession-possession"
