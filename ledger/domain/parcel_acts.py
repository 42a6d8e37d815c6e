"""Acts on parcels: how they begin, what is found out about them, what becomes of them, in whose hands they
are."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Event, Goods, Part, act, record
from ledger.domain.fields import may, need, rows

# --- parcels: how they begin -----------------------------------------------------------------------------


@act("parcel-mined/1", "parcel mine")
@record
class Mined(Event):
    """A production sheet: what was recovered at a site, a line a parcel."""

    site: str | None = need(f.SITE, "the site")
    lines: tuple[Goods, ...] = rows(Goods, "what was recovered")
    paid: int | f.Withheld | None = may(f.VALUE, "the price paid to the miner", sealed=True)
    ticket: str | None = may(f.TEXT, "the number of the production ticket")


@act("stock-opened/1", "parcel open-stock")
@record
class StockOpened(Event):
    """Goods that were there before the ledger was; they stay marked for life (EUREG Article 6)."""

    holder: str | None = need(f.PARTY, "who holds them")
    lines: tuple[Goods, ...] = rows(Goods, "what is there")
    origins: tuple[str, ...] = may(f.COUNTRY, "the countries they may come from", many=True)
    basis: str | None = may(f.TEXT, "what the declaration rests on")


# --- parcels: what is found out about them ---------------------------------------------------------------


@act("parcel-weighed/1", "parcel weigh")
@record
class Weighed(Event):
    """A parcel was put on a scale."""

    parcel: str = need(f.PARCEL, "the parcel", always=True)
    weight: int | None = need(f.WEIGHT, "what the scale showed")
    stones: int | None = may(f.STONES, "how many stones were counted")
    uncertainty: int | None = may(f.WEIGHT, "the scale's uncertainty")
    reason: str | None = may(f.TEXT, "why it was weighed, such as cleaning")


@act("parcel-valued/1", "parcel value")
@record
class Valued(Event):
    """A parcel was valued; the value is sealed."""

    parcel: str = need(f.PARCEL, "the parcel", always=True)
    value: int | f.Withheld | None = need(f.VALUE, "the value", sealed=True)
    basis: str | None = may(f.TEXT, "whose valuation, on what basis")
    amount: str | f.Withheld | None = may(f.DECIMAL, "the amount in its own currency", sealed=True)
    currency: str | None = may(f.CURRENCY, "that currency")


@act("parcel-reported/1", "parcel report")
@record
class Reported(Event):
    """Somebody reports something about a parcel, or about no parcel in particular; it changes nothing."""

    parcels: tuple[str, ...] = may(f.PARCEL, "the parcels it is about", many=True)
    report: str = need(f.TEXT, "what is reported", always=True)
    to: str | None = may(f.PARTY, "the party it concerns")


@act("parcel-named/1", "parcel name")
@record
class Named(Event):
    """A parcel is known by a name."""

    parcel: str = need(f.PARCEL, "the parcel", always=True)
    name: str = need(f.TEXT, "the name", always=True)


# --- parcels: what becomes of them -----------------------------------------------------------------------


@act("parcel-sorted/1", "parcel sort")
@record
class Sorted(Event):
    """Unsorted goods are sorted into HS classes."""

    parcel: str = need(f.PARCEL, "the parcel that is sorted", always=True)
    outputs: tuple[Goods, ...] = rows(Goods, "what it becomes")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-split/1", "parcel split")
@record
class Split(Event):
    """A parcel is divided, or a stone breaks, is sawn or cleaved."""

    parcel: str = need(f.PARCEL, "the parcel that is divided", always=True)
    outputs: tuple[Goods, ...] = rows(Goods, "what it becomes")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-mixed/1", "parcel mix")
@record
class Mixed(Event):
    """Whole parcels are put together into one."""

    inputs: tuple[str, ...] = need(f.PARCEL, "the parcels that are put together", many=True)
    output: str = need(f.PARCEL, "the id the mixed parcel gets", always=True)
    weight: int | None = need(f.WEIGHT, "its weight")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    name: str | None = may(f.TEXT, "the name it is known by")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-polished/1", "parcel polish")
@record
class Polished(Event):
    """Rough is cut and polished: it leaves the scheme. ``complete``: all outputs are named."""

    parcel: str = need(f.PARCEL, "the rough", always=True)
    outputs: tuple[Goods, ...] = rows(Goods, "the polished stones")
    complete: bool | None = need(f.YES, "whether these are all the outputs")


# --- parcels: in whose hands they are --------------------------------------------------------------------


@act("parcel-offered/1", "parcel offer")
@record
class Offered(Event):
    """Goods are offered in a tender, an auction or otherwise; nothing moves."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is offered", many=True)
    channel: str | None = need(f.CHANNEL, "how")
    outcome: str | None = may(f.OUTCOME, "how it ended")
    reserve: int | f.Withheld | None = may(f.VALUE, "the reserve", sealed=True)


@act("parcel-consigned/1", "parcel consign")
@record
class Consigned(Event):
    """Goods go into another's hands and keep their owner."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is consigned", many=True)
    to: str | None = need(f.PARTY, "to whom")
    purpose: str | None = need(f.PURPOSE, "what for")
    until: str | None = may(f.DATE, "until when")


@act("parcel-transferred/1", "parcel transfer")
@record
class Transferred(Event):
    """Goods go into another's hands without a sale; with ``title`` the ownership passes too."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is handed over", many=True)
    to: str | None = need(f.PARTY, "to whom")
    title: bool | None = may(f.YES, "whether ownership passes")


@act("parcel-sold/1", "parcel sell")
@record
class Sold(Event):
    """Goods are sold and delivered; price and invoice are sealed."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is sold", many=True)
    to: str | None = need(f.PARTY, "the buyer")
    channel: str | None = may(f.CHANNEL, "how")
    warranty: str | None = may(f.TEXT, "the version of the warranty's text")
    tracking: str | None = may(f.TEXT, "the courier's tracking number")
    price: int | f.Withheld | None = may(f.VALUE, "the price", sealed=True)
    invoice: str | f.Withheld | None = may(f.TEXT, "the invoice", sealed=True)
    amount: str | f.Withheld | None = may(f.DECIMAL, "the amount in its own currency", sealed=True)
    currency: str | None = may(f.CURRENCY, "that currency")


@act("parcel-received/1", "parcel receive")
@record
class Received(Event):
    """The new holder confirms what arrived, with the weights found."""

    parts: tuple[Part, ...] = rows(Part, "what arrived, with the weight found")
    sender: str | None = may(f.PARTY, "from whom")


@act("parcel-sealed/1", "parcel seal")
@record
class Sealed(Event):
    """Parcels are put into a tamper-evident container (KPCS section IV)."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is sealed", many=True)
    seals: tuple[str, ...] = need(f.SEAL, "the seals' numbers", many=True)


@act("parcel-seized/1", "parcel seize")
@record
class Seized(Event):
    """An authority takes goods; goods unknown until then begin here and stay marked for life."""

    lines: tuple[Goods, ...] = rows(Goods, "what is seized")
    taken_from: str | None = may(f.PARTY, "from whom")
    ground: str | f.Withheld | None = may(f.TEXT, "on what ground", sealed=True)


@act("parcel-released/1", "parcel release")
@record
class Released(Event):
    """Seized goods go to somebody: back, or to the buyer of forfeited goods."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is released", many=True)
    to: str | None = need(f.PARTY, "to whom")


@act("parcel-lost/1", "parcel lose")
@record
class Lost(Event):
    """Goods are lost, stolen or destroyed."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is missing", many=True)
    how: str | None = need(f.LOSS, "how")


@act("parcel-recovered/1", "parcel recover")
@record
class Recovered(Event):
    """Lost goods are found again."""

    parts: tuple[Part, ...] = rows(Part, "what was found")
    to: str | None = need(f.PARTY, "who holds it now")
