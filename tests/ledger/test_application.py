"""Recording: judged, numbered, all or nothing, once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ledger.admission import Act
from ledger.application import Ledger
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.statement import Statement, signature_holds
from ledger.domain import events as e
from ledger.errors import AdamasError, Refused, StoreTrouble, Unconfirmed
from ledger.store import opening as stores
from tests.recording import mined, refused
from tests.world import (
    AUTHORITY,
    ORIGIN,
    SECOND,
    SITE,
    SOURCE,
    START,
    Chance,
    Clock,
    World,
    goods,
    signing_key,
)

DAY = 86_400 * SECOND


def test_a_receipt_names_the_entry(world: World) -> None:
    """Its text is index and hash, which is what the entry's bytes hash to."""
    receipt = world.mine("P1", "12.500")
    data = world.ledger.journal.entry(receipt.index)
    assert receipt.text == f"{receipt.index}:{entry_hash(data).hex()}"
    assert receipt.recorded == Entry.decode(data).recorded
    assert world.ledger.head().hash == receipt.hash


def test_what_is_recorded_is_signed_by_its_author(world: World) -> None:
    """The statement in the entry is for this ledger, in its author's name, and the signature holds."""
    entry = Entry.decode(world.ledger.journal.entry(world.mine("P1", "12.500").index))
    statement = Statement.decode(entry.statement)
    assert (statement.ledger, statement.author) == (ORIGIN, world.keys["miner-1"].public)
    assert signature_holds(entry.statement, statement.author, entry.signature)
    assert not signature_holds(entry.statement, world.keys["dealer-7"].public, entry.signature)


def test_a_batch_is_recorded_in_order(world: World) -> None:
    """Each act is judged on what the ones before it change; versions and indexes follow each other."""
    miner = world.keys["miner-1"]
    split = e.Split(by="miner-1", parcel="P1", outputs=(goods("P1a", "5.000"), goods("P1b", "7.500")))
    sold = e.Sold(by="miner-1", parcels=("P1b",), to="dealer-7")
    weighed = e.Weighed(by="dealer-7", parcel="P1b", weight=7_490)
    receipts = world.ledger.record_batch(
        [
            Act(mined(("P1", "12.500")), miner),
            Act(split, miner),
            Act(sold, miner),
            Act(weighed, world.keys["dealer-7"]),
        ]
    )
    first = receipts[0].index
    assert [receipt.index for receipt in receipts] == [first, first + 1, first + 2, first + 3]
    assert world.ledger.journal.guarded_entries("parcel:P1b") == [first + 1, first + 2, first + 3]
    assert (world.parcel("P1b").weight, world.holder("P1b"), world.parcel("P1").condition) == (
        7_490, "dealer-7", "consumed",
    )  # fmt: skip


def test_a_batch_with_one_bad_act_records_nothing(world: World) -> None:
    """Wherever the bad one stands; the refusal is that act's, with the subject and the numbers."""
    miner = world.keys["miner-1"]
    good, bad = Act(mined(("P1", "1.000")), miner), Act(mined(("P2", "0.000")), miner)
    other = Act(mined(("P3", "1.000")), miner)
    for batch in ([bad, good, other], [good, bad, other], [good, other, bad]):
        problem = refused(world, *batch)
        assert isinstance(problem, Refused)
        assert (problem.code, problem.refusals[0].subject) == ("weight-zero", "parcel:P2")
    assert world.ledger.state().parcel("P1") is None


def test_the_second_of_a_batch_sees_the_first(world: World) -> None:
    """Mining the same parcel twice in one batch is refused as it would be in two."""
    miner = world.keys["miner-1"]
    problem = refused(world, Act(mined(("P1", "1.000")), miner), Act(mined(("P1", "2.000")), miner))
    assert problem.code == "id-taken"


def test_a_refusal_carries_all_of_them(world: World) -> None:
    """The first one's code, and every refusal as a value."""
    world.mine("P1", "1.000")
    problem = refused(world, Act(mined(("P1", "1.000"), ("P2", "0.000")), world.keys["miner-1"]))
    assert isinstance(problem, Refused)
    assert problem.code == "id-taken"
    assert [refusal.code for refusal in problem.refusals] == ["id-taken", "weight-zero"]


def test_the_same_bytes_again_have_their_first_receipt(world: World) -> None:
    """Once, twice, beside something new, twice in one batch; nothing is recorded twice."""
    statement = world.ledger.sign(mined(("P1", "1.000"), paid=500), world.keys["miner-1"])
    first = world.ledger.append([statement])
    assert world.ledger.append([statement]) == first
    other = world.ledger.sign(mined(("P2", "1.000")), world.keys["miner-1"])
    receipts = world.ledger.append([other, statement, other])
    assert receipts[1] == first[0]
    assert receipts[0] == receipts[2] != first[0]
    assert world.ledger.head().size == first[0].index + 2


def test_the_same_id_with_other_bytes_is_refused(world: World) -> None:
    """Whether the first is recorded already or stands in the same batch."""
    miner = world.keys["miner-1"]
    one = world.ledger.sign(mined(("P1", "1.000")), miner, id=bytes(16))
    two = world.ledger.sign(mined(("P2", "1.000")), miner, id=bytes(16))
    assert refused(world, one, two).code == "statement-id-taken"
    world.ledger.append([one])
    problem = refused(world, two)
    assert (problem.code, problem.values["index"]) == ("statement-id-taken", world.ledger.head().size - 1)
    assert refused(world, Act(mined(("P2", "1.000")), miner, id=bytes(16))).code == "statement-id-taken"
    assert (
        world.ledger.record(mined(("P1", "1.000")), miner, id=bytes(16)).index == world.ledger.head().size - 1
    )


def test_what_the_author_has_seen_must_be_so(world: World) -> None:
    """Size and root of an earlier or the present head; another root, or more entries than there are,
    refuse."""
    past = world.ledger.head()
    for number in range(3):
        world.mine(f"P{number}", "1.000")
    now = world.ledger.head()
    miner = world.keys["miner-1"]
    for place, head in enumerate((past, now, past, dataclasses.replace(past, size=0))):
        root = (
            head.root()
            if head.size
            else bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        )
        assert world.ledger.record(mined((f"Q{place}", "1.000")), miner, seen=(head.size, root))
    wrong = ((past.size, now.root(), "seen-root"), (past.size - 1, past.root(), "seen-root"),
             (world.ledger.head().size + 1, now.root(), "seen-size"))  # fmt: skip
    for size, root, code in wrong:
        assert refused(world, Act(mined(("R", "1.000")), miner, seen=(size, root))).code == code


def test_a_ledger_is_closed_with_its_own_size_and_root(world: World) -> None:
    """What was signed last is stated as it was; another root refuses."""
    head = world.ledger.head()
    closing = e.LedgerClosed(by=AUTHORITY, size=head.size, root=bytes(32), successor="ledger.example/bw/next")
    assert refused(world, Act(closing, world.keys[AUTHORITY])).code == "seen-root"
    later = dataclasses.replace(closing, size=head.size + 1)
    assert refused(world, Act(later, world.keys[AUTHORITY])).code == "seen-size"
    world.do(dataclasses.replace(closing, root=head.root()))
    assert refused(world, Act(mined(("P1", "1.000")), world.keys["miner-1"])).code == "ledger-closed"


def test_a_preview_says_what_recording_would(world: World) -> None:
    """The same refusals, nothing recorded, nothing learnt."""
    world.mine("P1", "1.000")
    head = world.ledger.head()
    heavy = e.Weighed(by="miner-1", parcel="P1", weight=9_000)
    assert world.codes(heavy) == ["weight-grows"]
    assert world.codes(e.Weighed(by="miner-1", parcel="P1", weight=999)) == []
    assert world.codes(heavy, by="dealer-7") == ["author-other-party"]
    assert world.ledger.head() == head
    assert world.parcel("P1").weight == 1_000
    assert refused(world, Act(heavy, world.keys["miner-1"])).code == "weight-grows"


def test_documented_acts_name_their_discrepancies(world: World) -> None:
    """What the rules find is put into the act before it is signed, each as it stands after the acts
    before."""
    told = e.Sold(by="dealer-7", parcels=("X1",), to="dealer-8", documented=True)
    begun = e.Mined(by="miner-1", site=SITE, lines=(e.Goods("X1", None),), documented=True)
    archivist = world.keys["archivist-0"]
    first, second = world.ledger.record_batch(
        [Act(begun, archivist, "1998", evidence=(SOURCE,)), Act(told, archivist, "1997", evidence=(SOURCE,))]
    )
    record = world.ledger.records.recorded(second.index)
    assert [line.rule for line in record.event.discrepancies] == ["holder-only", "time-order"]  # type: ignore[union-attr]
    mined_ = world.ledger.records.recorded(first.index).event
    assert "field-unknown-value" in [line.rule for line in mined_.discrepancies]  # type: ignore[union-attr]


def test_a_documented_act_that_names_too_little_is_refused(world: World) -> None:
    """One signed before the ledger knew what it knows now; it says which discrepancy is missing."""
    told = e.Sold(by="dealer-7", parcels=("X1",), to="dealer-8", documented=True)
    statement = world.ledger.sign(told, world.keys["archivist-0"], occurred="1997", evidence=(SOURCE,))
    problem = refused(world, statement)
    assert problem.code == "discrepancy-unnamed"
    assert world.codes(told, by="archivist-0", occurred="1997", evidence=(SOURCE,)) == []


def test_a_correction_that_breaks_a_later_act_is_refused(world: World) -> None:
    """It names that act; corrected together with it, both are recorded."""
    sheet = world.mine("P1", "12.500")
    split = world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    lighter = e.Corrected(
        by="miner-1", index=sheet.index, hash=sheet.hash, reason="the scale",
        replacement=e.write(mined(("P1", "12.400"))),
    )  # fmt: skip
    problem = refused(world, Act(lighter, world.keys["miner-1"]))
    assert isinstance(problem, Refused)
    assert (problem.code, problem.refusals[0].values["later"]) == ("correction-impossible", split.index)
    outputs = (goods("P1a", "5.000"), goods("P1b", "7.400"))
    after = e.Corrected(
        by="miner-1", index=split.index, hash=split.hash, reason="the scale",
        replacement=e.write(e.Split(by="miner-1", parcel="P1", outputs=outputs)),
    )  # fmt: skip
    world.ledger.record_batch([Act(lighter, world.keys["miner-1"]), Act(after, world.keys["miner-1"])])
    assert (world.parcel("P1").weight, world.parcel("P1b").weight) == (12_400, 7_400)


def test_a_correction_sees_what_its_batch_did(world: World) -> None:
    """An act of the same batch that relies on the corrected one stands in the way too."""
    sheet = world.mine("P1", "12.500")
    miner = world.keys["miner-1"]
    split = e.Split(by="miner-1", parcel="P1", outputs=(goods("P1a", "5.000"), goods("P1b", "7.500")))
    lighter = e.Corrected(
        by="miner-1", index=sheet.index, hash=sheet.hash, reason="the scale",
        replacement=e.write(mined(("P1", "12.400"))),
    )  # fmt: skip
    assert refused(world, Act(split, miner), Act(lighter, miner)).code == "correction-impossible"


def test_a_ledger_begins_with_its_opening(tmp_path: Path) -> None:
    """Entry 0 names the origin; the ledger is opened with it again."""
    world = World(tmp_path / "ledger.db", bare=True)
    assert world.ledger.head().size == 1
    assert isinstance(world.ledger.records.recorded(0).event, e.LedgerOpened)
    assert world.reopen().origin == ORIGIN
    world.close()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"authority_key": signing_key("other").public}, "ledger-opened-by-other"),
        ({"participant": "Botswana"}, "field-kind"),
        ({"origin": "https://ledger.example"}, "name-origin"),
    ],
)
def test_a_ledger_that_cannot_begin_leaves_no_file(
    tmp_path: Path, change: dict[str, object], code: str
) -> None:
    """The opening is judged like every act."""
    with World(tmp_path / "other.db", bare=True).ledger as other:
        opening = other.records.recorded(0).event
    assert isinstance(opening, e.LedgerOpened)
    with pytest.raises(AdamasError) as caught:
        Ledger.create(
            str(tmp_path / "ledger.db"), dataclasses.replace(opening, **change), signing_key(AUTHORITY)
        )
    assert caught.value.code == code
    assert not (tmp_path / "ledger.db").exists()


def test_an_interrupted_beginning_is_told(tmp_path: Path) -> None:
    """A store without an entry is no ledger yet."""
    stores.create(str(tmp_path / "ledger.db")).close()
    with pytest.raises(StoreTrouble) as caught:
        Ledger.open(str(tmp_path / "ledger.db"))
    assert caught.value.code == "store-empty"


def test_a_ledger_opened_for_reading_records_nothing(tmp_path: Path) -> None:
    """It answers, and says why it does not record."""
    world = World(tmp_path / "ledger.db")
    world.reopen(write=False)
    assert world.ledger.state().party("dealer-7") is not None
    with pytest.raises(StoreTrouble) as caught:
        world.mine("P1", "1.000")
    assert caught.value.code == "store-readonly"
    world.close()


def test_time_does_not_go_back_with_the_clock(world: World) -> None:
    """An hour back is nothing to ask about; entries keep the last one's time."""
    before = world.mine("P1", "1.000").recorded
    world.clock.now -= 3_600 * SECOND
    assert world.mine("P2", "1.000").recorded == before


@pytest.mark.parametrize(
    ("by", "code"), [(-2 * DAY, "clock-back"), (401 * DAY, "clock-ahead"), (12 * 365 * DAY, "clock-ahead")]
)
def test_a_clock_that_jumps_is_asked_about(tmp_path: Path, by: int, code: str) -> None:
    """Past 24 hours back, or further ahead than a ledger rests; who has looked goes on."""
    world = World(tmp_path / "ledger.db")
    last = world.mine("P1", "1.000")
    world.clock.now += by
    with pytest.raises(Unconfirmed) as caught:
        world.mine("P2", "1.000")
    assert caught.value.code == code
    assert str(caught.value)
    assert world.ledger.head().hash == last.hash
    world.ledger.close()
    url = world.ledger.journal.url
    world.ledger = Ledger.open(url, clock=world.clock, chance=world.chance, clock_confirmed=True)
    went_on = world.do(e.PartyRegistered(by=AUTHORITY, party="dealer-9", roles=("dealer",))).recorded
    assert last.recorded <= went_on <= max(last.recorded, world.clock.now)
    assert (went_on > last.recorded) == (by > 0)
    world.close()


def test_everything_is_the_same_in_every_run() -> None:
    """The same world twice has the same head: nothing in it depends on the machine or the moment."""
    first, second = World(), World()
    assert first.ledger.head() == second.ledger.head()
    assert first.clock.now == second.clock.now > START
    assert Chance()(5) == Chance()(5)
    assert Clock(7, 1)() == 8
    first.close()
    second.close()
