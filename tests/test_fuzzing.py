"""Every decoder, fed with files that were good once: what it cannot take it refuses in our own words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from ledger import edtf, encoding
from ledger.chain import disclosure, merkle
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import Entry
from ledger.chain.statement import Statement, decode_file, encode_file
from ledger.chain.steps import Anchor
from ledger.chain.tile_source import TileSource
from ledger.domain import events as e
from ledger.errors import AdamasError, Malformed
from ledger.exchange import tabular
from ledger.exchange.templates import TEMPLATES
from ledger.store.decoding import decode
from tests.fuzzing import COUNT, SEED, fed, mutants, said
from tests.malformed import JUDGES, data_of, directory, read
from tests.world import World, signing_key


def entries() -> list[bytes]:
    """Entries of a small ledger, with sealed values in some."""
    world = World()
    world.mine("P1", "12.500")
    world.split("P1", {"a": "5.000", "b": "7.500"})
    world.sell("a", to="dealer-7", price=5)
    found = [data for _, data in world.ledger.journal.entries()]
    world.close()
    return found


def statements() -> list[bytes]:
    """Their statements."""
    return [Entry.decode(data).statement for data in entries()]


def files() -> list[bytes]:
    """Statement files."""
    world = World()
    event = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 5),), paid=3)
    signed = world.ledger.sign(event, signing_key("miner-1"))
    world.close()
    return [encode_file(signed)]


def sheets() -> list[bytes]:
    """Tables as people send them."""
    texts = [
        "parcel,weight_ct,hs\nP1,12.500,710231\nP2,0.350,\n",
        "Parcel;Weight ct\nP1;12,500\nP2;1.000,5\n",
        'parcel\tweight (g)\n"P 1"\t2.5\n',
        "id;name;role\nminer-1;Łódź;miner\n",
    ]
    codes = ("utf-8", "utf-8-sig", "utf-16")
    return [text.encode(code) for text in texts for code in codes]


def _both(data: bytes) -> None:
    value = encoding.decode(data)
    assert encoding.encode(value) == data


def _record(data: bytes) -> None:
    record = decode(0, data)
    assert record.event is not None


def _table(data: bytes) -> None:
    for template in list(TEMPLATES.values())[:3]:
        try:
            tabular.read_table(data, template, tabular.Options())
        except AdamasError as told:
            said(told)


def _text(read_text: Callable[[str], object]) -> Callable[[bytes], None]:
    def read_bytes(data: bytes) -> None:
        read_text(data.decode("utf-8", "surrogateescape" if len(data) % 2 else "replace"))

    return read_bytes


def _entry(data: bytes) -> None:
    assert Entry.decode(data).encode() == data


def _statement(data: bytes) -> None:
    assert Statement.decode(data).encode() == data


_Made = Callable[[], list[bytes]]
_Decoder = Callable[[bytes], object]
DECODERS: dict[str, tuple[_Made, _Decoder]] = {
    "values": (statements, _both),
    "entries": (entries, _entry),
    "statements": (statements, _statement),
    "statement files": (files, decode_file),
    "stored entries": (entries, _record),
    "disclosures": (lambda: [disclosure.disclosure(bytes(16), "price", 1).encode()], _text(disclosure.parse)),
    "frontiers": (lambda: [merkle.Frontier().encode()], merkle.Frontier.decode),
    "anchors": (lambda: [b"12:" + b"ab" * 32], _text(Anchor.parse)),
    "dates": (lambda: [b"2015-11-16", b"1999/2001", b"../2016", b"2015-11-16T14:05:00+02:00"],
              _text(edtf.parse)),
    "tables": (sheets, _table),
}  # fmt: skip
"""By name: good files, and the decoder."""
TOTAL = ("stored entries", "tables")
"""Decoders that raise nothing: what they cannot take they tell otherwise."""


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_refuses_in_our_own_words(name: str) -> None:
    """And takes the good files as they are."""
    made, decoder = DECODERS[name]
    good = made()
    for data in good:
        decoder(data)
    if name in TOTAL:
        assert fed(name, good, decoder, may=()) == 0
    else:
        assert fed(name, good, decoder) > 0


@pytest.mark.parametrize("name", JUDGES)
def test_a_signed_file_is_judged_and_nothing_else_happens(name: str) -> None:
    """Notes, checkpoints, proofs, trust files, bundles, absences, forks, out of the good and the bad of the
    corpus: each is taken or refused by a step."""
    corpus = read(name)
    files_of = [data_of(item) for which in ("good", "bad") for item in corpus[which]]
    refused: list[bool] = []

    def judge(data: bytes) -> None:
        refused.append(JUDGES[name](data, corpus["given"]) is not None)

    assert fed(name, files_of, judge, may=()) == 0
    assert sum(refused) > COUNT // 2


def _directories(count: int) -> Iterator[dict[str, object]]:
    content, chance = read("directory"), random.Random(f"directory {SEED}")
    good = content["good"][0]
    paths = sorted(good["files"])
    for _ in range(count):
        path = chance.choice(paths)
        [data] = mutants([bytes.fromhex(good["files"][path])], chance, 1)
        yield {**good, "change": {path: data.hex()}}


def test_a_published_directory_is_checked_whatever_lies_in_it() -> None:
    """A changed tile or entry bundle is a fault, never an accident, for the checker and for a reader."""
    content, found = read("directory"), 0
    count = max(20, COUNT // 10)
    for item in _directories(count):
        try:
            found += bool(list(directory(item, content["given"])))
        except Exception as problem:  # noqa: BLE001  told with the file
            pytest.fail(f"{type(problem).__name__}: {problem}: {item['change']}")
        listed = {**content["good"][0]["files"], **item["change"]}  # type: ignore[dict-item]
        files_at = {path: bytes.fromhex(data) for path, data in listed.items()}
        head = Checkpoint(content["given"]["origin"], content["given"]["size"],
                          bytes.fromhex(content["given"]["root"]))  # fmt: skip
        try:
            list(TileSource(files_at.get, head).entries())
        except Malformed as told:
            said(told)
    assert found > count // 2


def test_the_fuzzer_finds_what_is_there_to_find() -> None:
    """A decoder that trips over a common fault is caught within the budget."""

    def careless(data: bytes) -> None:
        if b"\xff" in data:
            raise KeyError("careless")

    with pytest.raises(pytest.fail.Exception, match="careless: KeyError"):
        fed("careless", entries(), careless, count=200)
