"""A partner's ledger takes another key, or declares one void, and its letters are followed."""

from __future__ import annotations

import shutil

import pytest

from ledger.application import Ledger
from tests.laptop import Laptop
from tests.ministries import PRODUCER, Ministries
from tests.web_server import served

NEW = "next.pem"


@pytest.fixture
def two(two: Ministries) -> Ministries:
    """Two ministries; the hub pinned the producer's ledger, and the producer knows it."""
    two.receive(two.exported("K1", "SL 004201"))
    two.confirmed("SL/00004201")
    return two


def old(two: Ministries) -> str:
    """The file of the key that the producer's ledger began with."""
    return f"{two.producer.beside('keys')}/ledger.pem"


def change(two: Ministries) -> None:
    """The producer's ledger takes a further key."""
    two.producer.ok("key", "new", "next", "--out", NEW, "--no-passphrase")
    two.producer.ok("house", "change-key", "--new", NEW)


def certified(two: Ministries, parcel: str, number: str) -> str:
    """A certificate that left; its key."""
    two.stock(parcel, "3.000")
    key = two.certified(parcel, number)
    two.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
    return key


def letter(two: Ministries, key: str, *signing: str) -> str:
    """The letter of a certificate, signed by these keys of the ledger."""
    return two.sent(key, "--ledger-key", ",".join(signing))


def keys(laptop: Laptop, origin: str = PRODUCER) -> tuple[str, ...]:
    """The keys under which a partner is recognised."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        partner = ledger.state().partner(origin)
        assert partner is not None
        return partner.keys


def test_a_key_that_the_old_one_vouched_for_is_taken_over(two: Ministries) -> None:
    """A letter that both signed brings the new key; the next one is signed by that alone."""
    change(two)
    before = keys(two.hub)
    assert two.receive(letter(two, certified(two, "K2", "SL 004202"), old(two), NEW)).code == 0
    assert (len(before), len(keys(two.hub)), keys(two.hub)[:1]) == (1, 2, before)
    assert two.receive(letter(two, certified(two, "K3", "SL 004203"), NEW)).code == 0
    assert len(keys(two.hub)) == 2


def test_a_key_below_a_pin_is_proven_by_the_path_from_it(two: Ministries) -> None:
    """The old key had signed for the change, and the hub pinned that without being told of it."""
    change(two)
    size = pin_by_hand(two, two.producer.ok("checkpoint", "--ledger-key", old(two)).out)
    key = certified(two, "K2", "SL 004202")
    assert "mail-key-unproven" in two.receive(letter(two, key, NEW)).err
    assert two.receive(two.sent(key, "--ledger-key", NEW, "--pinned", str(size))).code == 0
    assert len(keys(two.hub)) == 2


def test_a_letter_of_the_old_key_alone_brings_the_new_one(two: Ministries) -> None:
    """That entry travels in every letter."""
    change(two)
    assert two.receive(letter(two, certified(two, "K2", "SL 004202"), old(two))).code == 0
    assert len(keys(two.hub)) == 2


def test_a_key_that_only_its_own_signature_tells_of_is_not_taken(two: Ministries) -> None:
    """The change lies behind the newest pin, and the old key signed nothing since: the step is named."""
    change(two)
    path = letter(two, certified(two, "K2", "SL 004202"), NEW)
    ran, renewed = two.receive(path), two.hub("partner", "renew", path)
    for refused in (ran, renewed):
        assert (refused.code, "mail-key-unproven" in refused.err) == (3, True)
        assert "adamas partner recognise" in refused.err
    assert len(keys(two.hub)) == 1
    two.producer.ok("prove", "entry", str(changed_at(two)), "--entitled", "--ledger-key", f"{old(two)},{NEW}",
                    "-o", str(two.post / "change.zip"))  # fmt: skip
    two.hub.ok("partner", "renew", str(two.post / "change.zip"))
    assert len(keys(two.hub)) == 2
    assert two.receive(path).code == 0
    again = two.hub("partner", "renew", str(two.post / "change.zip"))
    assert (again.code, "partner-keys-same" in again.err) == (3, True)


def changed_at(two: Ministries) -> int:
    """The entry by which the producer's ledger took its new key."""
    from ledger.domain.events import LedgerKeyChanged

    with Ledger.open(two.producer.ledger, write=False) as ledger:
        types = ledger.journal.types()
        return types[LedgerKeyChanged.TYPE]


def test_a_published_tree_shows_the_change_below_the_pin(two: Ministries) -> None:
    """A change that the hub pinned unseen, a letter without a path, and the tiles behind a web server."""
    change(two)
    signed = two.producer.ok("checkpoint", "--ledger-key", old(two)).out
    pin_by_hand(two, signed)
    assert len(keys(two.hub)) == 1
    key = certified(two, "K2", "SL 004202")
    path, tiles = letter(two, key, NEW), two.post / "tiles"
    assert "mail-key-unproven" in two.receive(path).err
    two.producer.ok("publish", str(tiles), "--ledger-key", NEW)
    with served(tiles) as url:
        assert two.receive(path, "--from", url).code == 0
    assert len(keys(two.hub)) == 2


def pin_by_hand(two: Ministries, note: str) -> int:
    """The hub pins a checkpoint that came by itself; its size."""
    from ledger.chain.checkpoint import SignedCheckpoint

    head = SignedCheckpoint.parse(note.encode()).checkpoint
    two.hub.ok("partner", "pin", PRODUCER, "--size", str(head.size), "--root", head.root.hex(),
               "--checkpoint", note, "--outcome", "not-shown")  # fmt: skip
    return head.size


@pytest.mark.file("a thief's copy of the folder")
def test_a_revoked_key_is_refused(two: Ministries) -> None:
    """Whoever stole it signs a copy of the ledger from before: the hub knows the key no more."""
    change(two)
    certified(two, "K2", "SL 004202")
    thief = Laptop(shutil.copytree(two.producer.folder, two.post / "thief"))
    assert two.receive(letter(two, "SL/00004202", old(two), NEW)).code == 0
    first, new = keys(two.hub)
    two.producer.ok("house", "revoke-key", "--verifier", first, "--ledger-key", NEW)
    assert two.receive(letter(two, certified(two, "K3", "SL 004203"), NEW)).code == 0
    assert keys(two.hub) == (new,)
    forged = str(two.post / "thief.zip")
    thief.ok("certificate", "send", "SL/00004202", "--to", "AE", "--ledger-key", old(two), "-o", forged)
    ran = two.hub("partner", "renew", forged)
    assert (ran.code, "mail-not-signed" in ran.err) == (3, True)
    assert "mail-not-signed" in two.receive(forged).err
    kept = two.hub.folder / two.hub.beside("evidence")
    traced = two.hub("trace", "K1", "--with", str(kept))
    assert traced.code == 0  # what was pinned under the old key in its days still counts
