"""Statements taken apart: form, ledger, signature, sealed values, body, proofs; the first that fails is
told."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.admission import Act
from ledger.chain import disclosure, note
from ledger.chain.entry import Entry
from ledger.chain.statement import SignedStatement, Statement
from ledger.domain import events as e
from ledger.domain.fields import WITHHELD
from ledger.errors import Malformed
from ledger.keys import prove_possession
from tests.recording import mined, refused, signed
from tests.world import AUTHORITY, ORIGIN, World, signing_key


def test_a_statement_for_another_ledger_is_refused(world: World) -> None:
    """It cannot be carried over."""
    _, carried = signed(world, mined(("P1", "1.000")), ledger="ledger.example/na/x1")
    assert refused(world, carried).code == "ledger-other"


def test_a_signature_must_be_the_author_s(world: World) -> None:
    """Another key's, a flipped bit in it, a flipped bit in what is signed."""
    statement, good = signed(world, mined(("P1", "1.000")))
    others = world.keys["dealer-7"].sign(b"adamas.statement/1\n" + good.statement)
    flipped = bytes([good.signature[0] ^ 1]) + good.signature[1:]
    for signature in (others, flipped, bytes(64)):
        assert refused(world, SignedStatement(good.statement, signature)).code == "signature-wrong"
    altered = dataclasses.replace(statement, body=e.write(mined(("P1", "9.000")))).encode()
    assert refused(world, SignedStatement(altered, good.signature)).code == "signature-wrong"
    assert world.ledger.append([good])


def test_bytes_that_are_no_statement_are_malformed(world: World) -> None:
    """In another spelling, cut, or nothing at all."""
    _, good = signed(world, mined(("P1", "1.000")))
    for data in (good.statement + b"\xc0", good.statement[:-1], b"", b"\x80"):
        assert isinstance(refused(world, SignedStatement(data, good.signature)), Malformed)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"drone": 1}, "field-unknown", "drone"),
        ({"site": None}, "field-missing", "site"),
        ({"lines": []}, "field-array", "lines"),
        ({"lines": [{"parcel": "P1", "weight": "1.0"}]}, "field-kind", "lines.1.weight"),
        ({"lines": [{"parcel": "P1", "weight": -1}]}, "field-kind", "lines.1.weight"),
        ({"lines": [{"parcel": "a:b", "weight": 1}]}, "field-kind", "lines.1.parcel"),
        ({"documented": False}, "field-kind", "documented"),
    ],
)
def test_a_body_must_be_what_its_table_says(
    world: World, change: dict[str, object], code: str, field: str
) -> None:
    """The first problem is named with its field, and what the field takes."""
    body = {
        name: value
        for name, value in {**e.write(mined(("P1", "1.000"))), **change}.items()
        if value is not None
    }
    _, statement = signed(world, mined(("P1", "1.000")), body=body)
    problem = refused(world, statement)
    assert (problem.code, problem.values["field"]) == (code, field)


def test_an_unknown_type_is_refused(world: World) -> None:
    """What this version cannot judge it does not record."""
    _, statement = signed(world, mined(("P1", "1.000")), type="parcel-teleported/1")
    assert refused(world, statement).code == "type-unknown"


def test_an_event_with_a_value_of_another_kind_is_refused(world: World) -> None:
    """Also one that a program made, and nothing is signed."""
    wrong = e.Weighed(by="miner-1", parcel="P1", weight="1.5")  # type: ignore[arg-type]
    problem = refused(world, Act(wrong, world.keys["miner-1"]))
    assert (problem.code, problem.values["field"]) == ("field-kind", "weight")
    with pytest.raises(Malformed):
        world.ledger.sign(wrong, world.keys["miner-1"])


def test_sealed_fields_are_sealed(world: World) -> None:
    """The price is not in the entry's bytes, but in its disclosure; the fold has it."""
    world.mine("P1", "1.000")
    receipt = world.sell("P1", to="dealer-7", price=987_654_321)
    entry = Entry.decode(world.ledger.journal.entry(receipt.index))
    body = Statement.decode(entry.statement).body
    assert set(body) == {"_sd", "by", "parcels", "to"}
    (text,) = world.ledger.journal.disclosures(receipt.index)
    assert disclosure.parse(text).value == 987_654_321
    assert world.ledger.sealed(receipt.index) == {"price": body["_sd"][0]}


def test_an_author_may_publish_a_sealed_field(world: World) -> None:
    """It stands in the body then, and needs no disclosure."""
    world.mine("P1", "1.000")
    sold = e.Sold(by="miner-1", parcels=("P1",), to="dealer-7", price=100, invoice="R-1")
    receipt = world.do(sold, publish={"price"})
    body = Statement.decode(Entry.decode(world.ledger.journal.entry(receipt.index)).statement).body
    assert body["price"] == 100
    assert list(world.ledger.sealed(receipt.index)) == ["invoice"]


def test_rules_judge_the_whole_act(world: World) -> None:
    """A statement whose sealed value nobody discloses is not recorded."""
    world.mine("P1", "1.000")
    sold = world.ledger.sign(
        e.Sold(by="miner-1", parcels=("P1",), to="dealer-7", price=1), world.keys["miner-1"]
    )
    problem = refused(world, dataclasses.replace(sold, disclosures=()))
    assert (problem.code, problem.values["count"]) == ("disclosure-missing", 1)
    strange = disclosure.disclosure(bytes(16), "price", 1)
    assert refused(world, dataclasses.replace(sold, disclosures=(*sold.disclosures, strange))).code == (
        "disclosure-unused"
    )


def test_what_is_never_sealed_may_not_be(world: World) -> None:
    """A weight hidden from strangers could not be re-computed by them."""
    body, texts = disclosure.seal(e.write(e.Weighed(by="miner-1", parcel="P1", weight=1_000)), [("weight",)])
    world.mine("P1", "1.000")
    _, made = signed(world, e.Weighed(by="miner-1", parcel="P1", weight=1_000), body=body)
    problem = refused(world, dataclasses.replace(made, disclosures=tuple(texts)))
    assert (problem.code, problem.values["field"]) == ("field-not-sealed", "weight")


def test_a_key_is_enrolled_only_with_its_holder_s_proof(world: World) -> None:
    """A proof for another party, another ledger, by another key."""
    new = signing_key("new")
    good = world.enrolment("dealer-7", new)
    others = (
        dataclasses.replace(good, party="dealer-8"),
        dataclasses.replace(good, key=signing_key("other").public),
        dataclasses.replace(good, proof=bytes(64)),
    )
    for event in others:
        assert refused(world, Act(event, world.keys[AUTHORITY])).code == "key-proof"
    world.do(good)
    world.mine("P1", "1.000")
    world.sell("P1", to="dealer-7")
    assert world.ledger.record(e.Weighed(by="dealer-7", parcel="P1", weight=999), new)


def test_a_key_of_the_ledger_is_changed_only_with_its_holder_s_proof(world: World) -> None:
    """The new key signs its own name and the origin; another's signature, or another name, refuses."""
    new, other = signing_key("new"), signing_key("other")
    name = str(note.verifier_key(ORIGIN, new))
    proof = prove_possession(new, name, ORIGIN)
    strange = str(note.verifier_key("ledger.example/na/x1", new))
    for key, wrong, code in (
        (name, prove_possession(other, name, ORIGIN), "succession-possession"),
        (strange, prove_possession(new, strange, ORIGIN), "succession-name"),
    ):
        event = e.LedgerKeyChanged(by=AUTHORITY, key=key, proof=wrong)
        assert refused(world, Act(event, world.keys[AUTHORITY])).code == code
    world.do(e.LedgerKeyChanged(by=AUTHORITY, key=name, proof=proof))
    house = world.ledger.state().house()
    assert house is not None
    assert name in house.keys


def test_the_sealed_fields_of_a_correction_are_sealed(world: World) -> None:
    """The corrected price is as confidential as the first one."""
    world.mine("P1", "1.000")
    sold = world.sell("P1", to="dealer-7", price=100)
    body = e.write(e.Sold(by="miner-1", parcels=("P1",), to="dealer-7", price=987_654_321))
    corrected = world.do(
        e.Corrected(by="miner-1", index=sold.index, hash=sold.hash, replacement=body, reason="a slip")
    )
    statement = Statement.decode(Entry.decode(world.ledger.journal.entry(corrected.index)).statement)
    assert "price" not in statement.body["replacement"]
    assert list(world.ledger.sealed(corrected.index)) == ["price"]
    assert world.parcel("P1").acts[-1].event.price == 987_654_321  # type: ignore[union-attr]
    world.ledger.journal.erase(corrected.index, world.ledger.sealed(corrected.index).values())
    world.ledger.records.forget()
    assert world.parcel("P1").acts[-1].event.price is WITHHELD  # type: ignore[union-attr]
