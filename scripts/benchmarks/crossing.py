"""How fast certificates cross a border: one letter received and verified, and many certificates reconciled.

An exporter's ledger and an importer's are filled with certificates and with other acts, signed as all acts
are, but not judged one by one: what is measured begins when both are there.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.measuring import Row, quantile
from simulation.cast import AUTHORITY, EXPORTER, HUB, KEEPER, PRODUCER, Country
from simulation.house import House

from ledger.admission import Act, time_ordered_id
from ledger.application import Ledger
from ledger.chain import disclosure, statement
from ledger.chain.statement import Statement
from ledger.domain import events as e
from ledger.domain.state import touched
from ledger.domain.vocabulary import NORMALISATION, certificate_key
from ledger.edtf import parse, spans
from ledger.federation import arriving, mail
from ledger.federation import exchange_of_certificates as exchange
from ledger.keeping import LedgerKey
from ledger.store.journal import Draft
from ledger.store.records import by_subject

OUT, IN = Country(1, "XA", PRODUCER), Country(1, "XB", HUB)
IMPORTER = "dealer-1"
_PAGE = 5_000
_SENT_ON, _CAME_ON, _DAY = "2018-02-05", "2018-02-12", "2018-02-10"
_LATER = 1_519_905_600_000_000
"""2018-03-01T12:00:00Z"""
_CARAT = 1_000
_NEW = 100
"""So many letters are received while the time is taken."""


def crossings(folder: Path, certificates: int, entries: int) -> list[Row]:
    """Two ledgers of so many entries, so many certificates between them."""
    place = folder / f"crossing-{entries}"
    place.mkdir()
    _filled(place, certificates, entries)
    return [*_received(place, certificates), *_reconciled(place, certificates, entries)]


def _filled(place: Path, certificates: int, entries: int) -> None:
    """Each side in a process of its own."""
    context = multiprocessing.get_context("spawn")
    hands = [
        context.Process(target=_fill, args=(place, country, certificates, entries)) for country in (OUT, IN)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
        if hand.exitcode:
            raise RuntimeError(f"a side could not be filled: {hand.exitcode}")


def _house(place: Path, country: Country) -> House:
    """The country's ledger, new."""
    house = House(place, country, [IN if country == OUT else OUT])
    house.begin(0)
    return house


def _fill(place: Path, country: Country, certificates: int, entries: int) -> None:
    house = _house(place, country)
    acts = _exports(certificates) if country == OUT else _imports(certificates)
    size = _pour(house, acts, entries)
    _pour(house, itertools.islice(_others(country), entries - size), entries)
    house.ledger.checkpoint()
    house.ledger.close()


def _pour(house: House, acts: Iterable[tuple[e.Event, str, str]], most: int) -> int:
    """Sign and store acts without asking the rules; how many entries there are then."""
    ledger, pages = house.ledger, iter(acts)
    while (size := ledger.head().size) < most:
        page = list(itertools.islice(pages, min(_PAGE, most - size)))
        if not page:
            break
        drafts = [_draft(house, *act, size + place) for place, act in enumerate(page)]
        ledger.journal.append(drafts, clock=house.clock, read={}, head=ledger.head())
    return ledger.head().size


def _draft(house: House, event: e.Event, key: str, day: str, index: int) -> Draft:
    body = e.write(event)
    paths = disclosure.present(body, {(name,) for name in e.sealed_fields(event.TYPE)})
    texts: list[str] = []
    if paths:
        body, texts = disclosure.seal(body, paths, lambda: house.random.randbytes(disclosure.SALT_BYTES))
    signer, made = house.country.key(key), time_ordered_id(house.clock(), house.random.randbytes)
    said = Statement(house.country.origin, made, event.TYPE, signer.public, body, day)
    signed = statement.sign(said, signer, texts)
    changed = by_subject(event, index)
    mentioned = touched(event, None, changed)
    return Draft(
        signed.statement, signed.signature, made, event.TYPE, tuple(changed), mentioned, tuple(texts)
    )


def _parcel(number: int, country: Country) -> str:
    return f"{country.code}{number:07}"


def _weight(number: int) -> int:
    return 2 * _CARAT + number % 977 * 10


def _issue(number: int) -> e.CertificateIssued:
    name, weight = f"XA {number:06}", _weight(number)
    return e.CertificateIssued(
        by=AUTHORITY, certificate=certificate_key("XA", name), number=name, normalisation=NORMALISATION,
        parts=(e.Part(_parcel(number, OUT), weight),), classes=(e.ClassWeight("710231", weight),),
        weight=weight, value=weight * 90, origins=("XA",), provenance="XA", destination="XB",
        exporter=EXPORTER, importer="an importer in XB", expiry="2018-05-01",
    )  # fmt: skip


def _export(number: int) -> Iterator[tuple[e.Event, str, str]]:
    issue = _issue(number)
    yield issue, AUTHORITY, _SENT_ON
    yield e.CertificateValidated(by=AUTHORITY, certificate=issue.certificate), AUTHORITY, _SENT_ON
    left = e.Exported(by=EXPORTER, certificate=issue.certificate, parts=issue.parts, destination="XB")
    yield left, EXPORTER, _SENT_ON


def _stock(numbers: Sequence[int]) -> tuple[e.Event, str, str]:
    lines = tuple(e.Goods(_parcel(number, OUT), _weight(number), None, "710231") for number in numbers)
    opened = e.StockOpened(by=AUTHORITY, holder=EXPORTER, origins=("XA",), basis="a count", lines=lines)
    return opened, AUTHORITY, "2018-01-02"


def _exports(certificates: int) -> Iterator[tuple[e.Event, str, str]]:
    """Goods in stock, and what happens to a certificate of theirs until it is confirmed; the last goods
    stay.
    """
    for start in range(0, certificates + _NEW, 500):
        numbers = range(start, min(start + 500, certificates + _NEW))
        yield _stock(numbers)
        for number in numbers:
            if number < certificates:
                yield from _export(number)
                yield _confirmed(number, 0), AUTHORITY, _CAME_ON


def _lost(number: int) -> int:
    """The importer's scales show now and then 0.01 ct less."""
    return 10 if number % 50 == 0 else 0


def _confirmed(number: int, lost: int) -> e.ImportConfirmed:
    key = certificate_key("XA", f"XA {number:06}")
    return e.ImportConfirmed(by=AUTHORITY, certificate=key, parcels=1, weight=_weight(number) - lost)


def _imports(certificates: int) -> Iterator[tuple[e.Event, str, str]]:
    for number in range(certificates):
        issue, lost = _issue(number), _lost(number)
        line = e.Arrival(_parcel(number, IN), _weight(number) - lost, None, "710231", _parcel(number, OUT))
        arrived = e.Imported(
            by=IMPORTER, certificate=issue.certificate, number=issue.number, lines=(line,),
            weight=issue.weight, origins=issue.origins, provenance="XA", expiry=issue.expiry,
            value=issue.value, origin=OUT.origin, entry=number, hash=bytes(32),
        )  # fmt: skip
        yield arrived, IMPORTER, _CAME_ON
        yield _confirmed(number, lost), AUTHORITY, _CAME_ON


def _others(country: Country) -> Iterator[tuple[e.Event, str, str]]:
    """What else there is in a ledger: parcels in stock, weighed again."""
    for number in itertools.count():
        name = f"{country.code}-S{number:07}"
        lines = (e.Goods(name, 2_000, None, "710231"),)
        opened = e.StockOpened(
            by=AUTHORITY, holder=EXPORTER, origins=(country.code,), basis="a count", lines=lines
        )
        yield opened, AUTHORITY, "2018-01-03"
        yield e.Weighed(by=EXPORTER, parcel=name, weight=2_000), EXPORTER, "2018-01-04"


def _open(place: Path, country: Country) -> Ledger:
    """The country's ledger as it was filled, with its key at hand, a month later."""
    name = country.code.lower()
    clock = itertools.count(_LATER, 1_000)
    key = LedgerKey(country.key(KEEPER), place / f"{name}.guard")
    return Ledger.open(str(place / f"{name}.db"), clock=lambda: next(clock), clock_confirmed=True, keeper=key)


def _received(place: Path, certificates: int) -> list[Row]:
    """Letters of new certificates: opened, held to what is pinned, and their imports recorded durably."""
    sender, receiver = _open(place, OUT), _open(place, IN)
    took, checked = [], []
    for number in range(certificates, certificates + _NEW):
        letter = _letter(sender, number)
        start = time.perf_counter()
        opened = mail.open_(receiver.state(), letter)
        name = _issue(number).certificate
        wrong = list(arriving.arriving(opened, name, "XB", spans(_CAME_ON)))
        found = arriving.foreign(opened)
        checked.append(time.perf_counter() - start)
        if wrong or found is None:
            raise AssertionError([str(one) for one in wrong])
        lots = (arriving.Lot(_parcel(number, OUT), f"R{number:07}"),)
        arrived = exchange.imported(found, lots, IMPORTER, "XB")
        acts = [Act(arrived, IN.key(IMPORTER), _CAME_ON, by_letter=True)]
        acts += [Act(act, IN.key(AUTHORITY), _CAME_ON) for act in opened.taken(AUTHORITY)]
        receiver.record_batch(acts)
        took.append(time.perf_counter() - start)
    sizes = sender.head().size, receiver.head().size
    sender.close()
    receiver.close()
    half, most = quantile(took, 0.5) * 1_000, quantile(took, 0.95) * 1_000
    what = (
        f"a certificate's letter, {sizes[0]:,} and {sizes[1]:,} entries: its {len(opened.reports)} proofs "
        f"checked ({quantile(checked, 0.5) * 1_000:.1f} ms), import and pin durable (p50; p95 {most:.1f} ms)"
    )
    return [Row(what, f"{half:.1f} ms", "goal 10 ms", half / 10, 1.0, at_most=True)]


def _letter(sender: Ledger, number: int) -> bytes:
    """The letter of a new certificate, with the path from the last one's checkpoint."""
    before = sender.head().size
    sender.record_batch(Act(event, OUT.key(key), day) for event, key, day in _export(number))
    reader = sender.state().partner(IN.origin)
    if reader is None:
        raise AssertionError(IN.origin)
    indexes = exchange.told_of(sender.records, _issue(number).certificate)
    letter = mail.Letter(indexes, reader, parse(_DAY), since=(before,))
    return mail.write(sender.keeper, sender.journal, sender.records, letter)


def _reconciled(place: Path, certificates: int, entries: int) -> list[Row]:
    """The whole command, from its start to its last line."""
    command = [
        sys.executable, "-c", "from cli.main import run; run()", "--ledger", str(place / "xa.db"),
        "reconcile", str(place / "xb.db"), "--participant", "XB", "--period", "2018", "--json",
        "--statement", str(place / "statement.jsonl"),
    ]  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    used = os.times()
    start = time.perf_counter()
    subprocess.run(
        command, check=True, capture_output=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    seconds = time.perf_counter() - start
    after = os.times()
    cpu = after.children_user + after.children_system - used.children_user - used.children_system
    took = f"{cpu:.1f} s of CPU"
    what = f"{certificates:,} certificates reconciled between ledgers of {entries:,} entries ({took})"
    # the goal is for a hundred thousand
    share = seconds / (20 * certificates / 100_000)
    return [
        Row(what, f"{seconds:.1f} s", f"goal {20 * certificates / 100_000:g} s", share, 1.0, at_most=True)
    ]
