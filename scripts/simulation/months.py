"""A month in each kind of country: digging, trading, mixing, cutting, sending and receiving.

Numbers follow what the trade reports: artisanal tickets of a fraction of a carat to a few carats, mine sheets
of many parcels, prices by origin that scatter, polished yields around 42 per cent between the 21.5 and the
72.2 that are told of single stones, shipments that take one to four weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from simulation.arriving import Confirmed, arrivals, pin, shelf, take_confirmations
from simulation.cast import AUTHORITY, CLERK, CUTTER, EXPORTER, HUB, PIT_YIELD, PRODUCER
from simulation.house import GEM, INDUSTRIAL, UNSORTED, House, Lot, Pin, Shipment, Told
from simulation.mistakes import TICKET, happens, swapped

from ledger.domain import events as e
from ledger.domain.vocabulary import NORMALISATION, certificate_key

INFLOW, UNDERVALUED, VANISHED, SUSPENDED, LAUNDERED, YIELD = (
    "inflow", "undervalued", "vanished", "shipped-while-suspended", "laundered", "impossible-yield",
)  # fmt: skip
FRAUDS: dict[str, tuple[str, ...]] = {
    PRODUCER: (INFLOW, UNDERVALUED, VANISHED, SUSPENDED), HUB: (LAUNDERED,), CUTTER: (YIELD,),
}  # fmt: skip
"""What can be planted where."""
_SHIPPED = 4


def play(
    house: House, month: int, quota: int, sent: list[Shipment], pins: list[Pin],
    confirmed: list[Confirmed], goals: list[str], fraud: str | None,
) -> Told:  # fmt: skip
    """One month of one country, about ``quota`` acts; ``goals`` are where it may send goods."""
    house.begin(month)
    house.correct()
    planted: list[dict[str, Any]] = []
    if house.unsaid is not None:
        house.do(house.unsaid, 2)
        house.unsaid = None
    take_confirmations(house, confirmed)
    pin(house, pins)
    received = arrivals(house, sent)
    _KINDS[house.country.kind](house, quota, goals, fraud, planted)
    leaving = house.confirmations(received)
    told = house.record()
    told.confirmed = leaving
    where = {"ledger": house.country.origin, "month": month}
    told.planted = [{**line, **where} for line in planted]
    told.mistakes = [{**line, **where} for line in told.mistakes]
    return told


def _producer(
    house: House, quota: int, goals: list[str], fraud: str | None, planted: list[dict[str, Any]]
) -> None:
    if fraud == INFLOW:
        planted.append(_inflow(house))
    while len(house.acts) < quota:
        (_tickets if house.random.random() < 0.7 else _sheet)(house)
        marked = fraud if fraud in (UNDERVALUED, VANISHED) and not planted else None
        _ship_full(house, goals, marked, planted)
    if fraud in (UNDERVALUED, VANISHED) and not planted:
        _tickets(house)
        lots, house.stock = house.stock[:2], house.stock[2:]
        planted.append(_marked(_ship(house, lots, house.random.choice(goals), fraud), fraud, lots))
    if fraud == SUSPENDED:
        planted.append(_suspended(house, goals))


def _suspended(house: House, goals: list[str]) -> dict[str, Any]:
    """All that leaves in a month in which the participant had suspended itself, which it says a month
    later.
    """
    if not house.issued:
        _tickets(house)
        lots, house.stock = house.stock[:2], house.stock[2:]
        _ship(house, lots, house.random.choice(goals), None)
    house.unsaid = e.MeasureAdopted(
        by=AUTHORITY, measure=f"S-{house.month}", participant=house.country.code, effect="no-trade",
        since=house.day(15), until=house.first_day(house.month + 1).isoformat(), source="its own late notice",
    )  # fmt: skip
    shipped = [shipment for _, shipment in house.issued]
    parcels = [lot.parcel for shipment in shipped for lot in shipment.lots]
    return {"fraud": SUSPENDED, "certificates": [one.certificate for one in shipped], "parcels": parcels}


def _marked(shipment: Shipment, fraud: str, lots: list[Lot]) -> dict[str, Any]:
    return {"fraud": fraud, "certificate": shipment.certificate, "parcels": [lot.parcel for lot in lots]}


def _price(house: House) -> int:
    """US cents for a carat: of the country, with scatter."""
    base = 4_000 + sum(map(ord, house.country.code)) * 137 % 16_000
    return max(100, int(base * house.random.lognormvariate(0, 0.25)))


def _ticket(house: House) -> int:
    return max(100, min(12_000, int(house.random.lognormvariate(6.9, 0.8)) // 10 * 10))


def _tickets(house: House) -> None:
    """A digger's tickets of some days, bought by a dealer, weighed again, mixed, sorted, sold on."""
    digger, dealer = house.random.choice(house.country.diggers), house.random.choice(house.country.traders)
    price, day = _price(house), house.random.randint(3, 8)
    bought = [
        (name, _bought(house, digger, dealer, name, price, day))
        for name in (house.name() for _ in range(house.random.randint(4, 12)))
    ]
    _gathered(house, dealer, bought, price, day + 3)


def _bought(house: House, digger: str, dealer: str, name: str, price: int, day: int) -> int:
    """One ticket, sold to a dealer; what the goods weigh on the dealer's scales."""
    weight = typed = _ticket(house)
    paid = price * weight // 1_600
    if happens(house.random, TICKET) and swapped(weight) != weight:
        typed = swapped(weight)
        line = e.Goods(name, weight, None, UNSORTED)
        right = e.Mined(by=digger, site=digger, lines=(line,), paid=paid)
        house.slipped(right, digger, CLERK, "two digits of the weight were swapped")
        house.err(TICKET, parcels=[name])
    line = e.Goods(name, typed, None, UNSORTED)
    house.do(e.Mined(by=digger, site=digger, lines=(line,), paid=paid), day, signed_by=CLERK)
    house.sell([name], digger, dealer, paid, day + 1, CLERK)
    again = house.scales(weight)
    if again != typed:
        house.do(e.Weighed(by=dealer, parcel=name, weight=again), day + 2)
    return again


def _gathered(house: House, dealer: str, bought: list[tuple[str, int]], price: int, day: int) -> None:
    mixed, total = house.name(), sum(weight for _, weight in bought)
    names = tuple(name for name, _ in bought)
    house.do(e.Mixed(by=dealer, inputs=names, output=mixed, weight=total, hs=UNSORTED), day)
    _sorted(house, dealer, mixed, total, price, day + 1)


def _sorted(house: House, by: str, parcel: str, weight: int, price: int, day: int) -> None:
    """Gem and industrial goods apart, a little lost; then to the exporter."""
    loss = house.random.choice((0, 0, 10))
    gem = max(10, int((weight - loss) * house.random.uniform(0.35, 0.7)) // 10 * 10)
    parts = [(house.name(), gem, GEM, price), (house.name(), weight - loss - gem, INDUSTRIAL, price // 8)]
    outputs = tuple(e.Goods(name, size, None, hs) for name, size, hs, _ in parts)
    house.do(e.Sorted(by=by, parcel=parcel, outputs=outputs, loss=loss or None), day)
    worth = sum(size * cents // 1_000 for _, size, _, cents in parts)
    house.sell([name for name, *_ in parts], by, EXPORTER, worth, day + 1)
    own = (house.country.code,)
    house.stock += [Lot(name, size, hs, own, cents) for name, size, hs, cents in parts]


def _sheet(house: House) -> None:
    """A mine's production sheet, each parcel sold to a dealer who sorts it."""
    mine, dealer = house.random.choice(house.country.mines), house.random.choice(house.country.traders)
    day, price = house.random.randint(3, 10), _price(house)
    lines = [(house.name(), house.random.randint(20, 900) * 100) for _ in range(house.random.randint(3, 8))]
    goods = tuple(e.Goods(name, weight, None, UNSORTED) for name, weight in lines)
    house.do(e.Mined(by=mine, site=mine, lines=goods), day)
    worth = sum(weight for _, weight in lines) * price // 2_000
    house.sell([name for name, _ in lines], mine, dealer, worth, day + 2)
    for name, weight in lines:
        _sorted(house, dealer, name, weight, price, day + 3)


def _inflow(house: House) -> dict[str, Any]:
    """Goods from elsewhere are recorded as one digger's: a ticket of about what his pit can yield in a
    year.
    """
    digger, dealer = house.country.diggers[0], house.country.traders[0]
    name, weight, price = house.name(), PIT_YIELD * house.quota, _price(house)
    weight = max(80_000, int(weight * house.random.uniform(0.8, 1.2))) // 10 * 10
    line = e.Goods(name, weight, None, UNSORTED)
    house.do(e.Mined(by=digger, site=digger, lines=(line,), paid=price * weight // 4_000), 4, signed_by=CLERK)
    house.sell([name], digger, dealer, price * weight // 4_000, 5, CLERK)
    _gathered(house, dealer, [(name, weight)], price, 7)
    return {"fraud": INFLOW, "parcels": [name], "party": digger, "weight": weight}


def _ship_full(house: House, goals: list[str], fraud: str | None, planted: list[dict[str, Any]]) -> None:
    while len(house.stock) >= 2 * _SHIPPED:
        count = house.random.randint(2, _SHIPPED)
        lots, house.stock = house.stock[:count], house.stock[count:]
        mark = None if planted else fraud
        shipment = _ship(house, lots, house.random.choice(goals), mark)
        if mark is not None:
            planted.append(_marked(shipment, mark, lots))


def _ship(house: House, lots: list[Lot], goal: str, fraud: str | None) -> Shipment:
    """A certificate is issued and validated, and its shipment leaves."""
    house.numbers += 1
    number = f"{house.country.code} {house.numbers:06}"
    key = certificate_key(house.country.code, number)
    weight = sum(lot.weight for lot in lots)
    value = (
        sum(lot.weight * lot.price // 1_000 for lot in lots) * (30 if fraud == UNDERVALUED else 100) // 100
    )
    classes: dict[str, int] = {}
    for lot in lots:
        classes[lot.hs] = classes.get(lot.hs, 0) + lot.weight
    expiry = (house.first_day(house.month) + dt.timedelta(days=90)).isoformat()
    parts = tuple(e.Part(lot.parcel, lot.weight) for lot in lots)
    origins = tuple(sorted({origin for lot in lots for origin in lot.origins}))
    day = 20
    place = len(house.acts)
    house.do(e.CertificateIssued(
        by=AUTHORITY, certificate=key, number=number, normalisation=NORMALISATION, parts=parts,
        classes=tuple(e.ClassWeight(hs, size) for hs, size in sorted(classes.items())), weight=weight,
        value=value, origins=origins, provenance=house.country.code, destination=goal, exporter=EXPORTER,
        importer=f"an importer in {goal}", expiry=expiry,
    ), day)  # fmt: skip
    house.do(e.CertificateValidated(by=AUTHORITY, certificate=key), day + 1)
    house.do(e.Exported(by=EXPORTER, certificate=key, parts=parts, destination=goal), day + 3)
    sent = Shipment(key, number, house.country.origin, goal, tuple(lots), value, house.day(day), expiry)
    if fraud != VANISHED:
        house.issued.append((place, sent))
    return sent


def _hub(
    house: House, quota: int, goals: list[str], fraud: str | None, planted: list[dict[str, Any]]
) -> None:
    if fraud == LAUNDERED:
        planted.append(_laundered(house, goals))
    while len(house.acts) < quota and len(house.stock) >= 6:
        lots, house.stock = house.stock[:3], house.stock[3:]
        trader = house.random.choice(house.country.traders)
        worth = sum(lot.weight * lot.price // 1_000 for lot in lots)
        names = [lot.parcel for lot in lots]
        house.sell(names, EXPORTER, trader, worth, 10)
        house.sell(names, trader, EXPORTER, worth * 103 // 100, 12)
        mixed = _mixed(house, lots, 14)
        _ship(house, mixed, house.random.choice(goals), None)


def _mixed(house: House, lots: list[Lot], day: int) -> list[Lot]:
    """Goods of one class are put together: of mixed origin from now on."""
    made = []
    for hs in sorted({lot.hs for lot in lots}):
        same = [lot for lot in lots if lot.hs == hs]
        if len(same) == 1:
            made += same
            continue
        name, weight = house.name(), sum(lot.weight for lot in same)
        inputs = tuple(lot.parcel for lot in same)
        house.do(e.Mixed(by=EXPORTER, inputs=inputs, output=name, weight=weight, hs=hs), day)
        origins = tuple(sorted({origin for lot in same for origin in lot.origins}))
        price = sum(lot.weight * lot.price for lot in same) // weight
        made.append(Lot(name, weight, hs, origins, price * 108 // 100))
    return made


def _laundered(house: House, goals: list[str]) -> dict[str, Any]:
    """Goods of nowhere appear as old stock of an honest origin, and are mixed with what was imported."""
    usual = Lot("", 0, GEM, (goals[0],), _price(house))
    pattern = house.stock[0] if house.stock else usual
    name, weight = house.name(), house.random.randint(40, 120) * 1_000
    house.do(e.StockOpened(by=AUTHORITY, holder=EXPORTER, origins=pattern.origins, basis="a declaration",
                           lines=(e.Goods(name, weight, None, pattern.hs),)), 8)  # fmt: skip
    house.stock.insert(0, Lot(name, weight, pattern.hs, pattern.origins, pattern.price))
    return {"fraud": LAUNDERED, "parcels": [name], "party": EXPORTER, "weight": weight}


def _cutter(
    house: House, quota: int, goals: list[str], fraud: str | None, planted: list[dict[str, Any]]
) -> None:
    gems, rest = [lot for lot in house.stock if lot.hs == GEM], [lot for lot in house.stock if lot.hs != GEM]
    house.stock = rest
    for lot in gems:
        if len(house.acts) >= quota:
            house.stock.append(lot)
            continue
        mark = fraud == YIELD and not planted
        if mark:
            planted.append({"fraud": YIELD, "parcels": [lot.parcel], "party": shelf(house)})
        _cut(house, lot, house.random.uniform(0.82, 0.9) if mark else _yield(house))


def _yield(house: House) -> float:
    """Polished over rough: around 42 per cent, between the least and the most that sources tell."""
    return min(0.69, max(0.215, house.random.gauss(0.42, 0.07)))


def _cut(house: House, lot: Lot, share: float) -> None:
    """Sold to a cutter, weighed, polished."""
    cutter = house.random.choice(house.country.traders)
    if cutter != shelf(house):
        house.sell([lot.parcel], shelf(house), cutter, lot.weight * lot.price // 1_000, 10)
    polished = max(20, int(lot.weight * share))
    first = max(10, int(polished * house.random.uniform(0.4, 0.8)))
    outputs = tuple(e.Goods(house.name(), weight) for weight in (first, polished - first) if weight)
    house.do(e.Polished(by=cutter, parcel=lot.parcel, outputs=outputs, complete=True),
             house.random.randint(15, 28))  # fmt: skip


_Month = Callable[[House, int, list[str], "str | None", list[dict[str, Any]]], None]
_KINDS: dict[str, _Month] = {PRODUCER: _producer, HUB: _hub, CUTTER: _cutter}
