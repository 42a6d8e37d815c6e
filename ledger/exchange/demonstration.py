"""A small live ledger, played through: a mine, dealers, a cutter and a ministry, from a sheet to the border.

The parties and goods are invented, and say so; the keys are real, every act is signed by its own party's key
and judged by the rules, as in any ledger. What sources tell of real stones is in another ledger
(`demonstration_histories`).

    for scene in play(cast): ...           recorded one after the other, each with its receipt
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypedDict, Unpack

from ledger import keys as keyring
from ledger.domain import events as e
from ledger.domain.refusal import Refusal
from ledger.domain.vocabulary import NORMALISATION, certificate_key
from ledger.exchange.drafts import Draft
from ledger.exchange.rehearsal import Door, Receipt, Rehearsal, signed
from ledger.keys import SigningKey
from ledger.values import dataclass

MINISTRY = "ministry"
CAST: Mapping[str, tuple[str, str]] = {
    "mine-1": ("miner", "Example Mining Ltd"),
    "dealer-7": ("dealer", "Example Diamonds Ltd"),
    "dealer-8": ("dealer", "Example Stones Ltd"),
    "dealer-9": ("dealer", "Example Gems Ltd"),
    "cutter-2": ("cutter", "Example Cutting Works"),
    "laboratory-3": ("laboratory", "Example Laboratory"),
    "clerk-6": ("clerk", "A clerk at the mine"),
    "archive-0": ("archivist", "Example Archive"),
}
"""Who acts beside the ministry: role, and the name that is sealed."""

NUMBER = "BW 000107"
CERTIFICATE = certificate_key("BW", NUMBER)
SOURCE = {"title": "An example", "url": "https://example.org/", "seen": "2024-01-02"}


class Said(TypedDict, total=False):
    """What is said beside an act's own fields, as `ledger.application.Ledger.preview` takes it."""

    occurred: str | None
    on_behalf: str | None
    evidence: Sequence[Mapping[str, Any]]


class Asked(Protocol):
    """What is asked whether it would record an act."""

    def preview(self, event: e.Event, key: SigningKey, **said: Unpack[Said]) -> list[Refusal]:
        """Why it would be refused; nothing is recorded."""


class Stage(Door, Asked, Protocol):
    """The part of `ledger.application.Ledger` that is played on."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The ledger, everybody's key by party (`recovery` and `stranger` too), and dates: ``day(3)`` is three
    days ago.
    """

    ledger: Stage
    keys: Mapping[str, SigningKey]
    day: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Scene:
    """One act that was recorded: what it is in the story, who signed it, the receipt."""

    told: str
    party: str
    event: e.Event
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Part:
    """An act that is to be played."""

    told: str
    event: e.Event
    occurred: str | None = None
    on_behalf: str | None = None
    party: str | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()

    @property
    def signer(self) -> str:
        """Whose key signs."""
        return self.party or self.event.by or MINISTRY


def play(cast: Cast) -> Iterator[Scene]:
    """Record the whole story, each act before the next is made."""
    for scene in (*_register(cast), *_goods(cast), *_border(cast), *_trouble(cast)):
        yield record(cast, scene)


def record(cast: Cast, part: Part) -> Scene:
    """Sign and record one act. Raises `Refused` where a rule refuses it."""
    key = cast.keys[part.signer]
    draft = Draft(part.event, (), part.occurred, part.on_behalf, part.evidence)
    if part.event.documented:
        draft, _ = Rehearsal(cast.ledger, key.public, 0).judge(draft)
    receipt = cast.ledger.append([signed(cast.ledger, draft, key)])[0]
    return Scene(part.told, part.signer, draft.event, receipt)


def _register(cast: Cast) -> Iterator[Part]:
    yield Part("adopts a register of participants (a short one, for this play)", _participants())
    yield Part("adopts a national profile: validity of certificates, who may sell to whom", _profile())
    site = e.SiteRegistered(
        by=MINISTRY, site="karowe", name="Karowe (in this play)", in_country="BW", mining="industrial"
    )
    yield Part("registers a mine; its coordinates would be sealed", site)
    for party, (role, name) in CAST.items():
        entry = e.PartyRegistered(by=MINISTRY, party=party, roles=(role,), residence="BW", name=name)
        yield Part(f"registers {party} as {role}; the name is sealed", entry)
        key = cast.keys[party]
        proof = keyring.prove_possession(key, party, cast.ledger.origin)
        yield Part(
            f"enrols the key of {party}",
            e.KeyEnrolled(by=MINISTRY, party=party, key=key.public, proof=proof),
        )
    yield from _licences(cast)
    mandate = e.MandateGranted(
        by="mine-1",
        mandate="M-6",
        clerk="clerk-6",
        party="mine-1",
        acts=("parcel-mined/1",),
        since=cast.day(400),
    )
    yield Part("lets a clerk record its production", mandate)


def _licences(cast: Cast) -> Iterator[Part]:
    granted = (
        ("ML-1", "mine-1", "mining", None),
        ("DL-7", "dealer-7", "dealing", None),
        ("XL-7", "dealer-7", "export", None),
        ("DL-8", "dealer-8", "dealing", cast.day(100)),
        ("CL-2", "cutter-2", "cutting", None),
    )
    for number, party, kind, until in granted:
        licence = e.LicenceGranted(
            by=MINISTRY, licence=number, party=party, licensed=kind, since=cast.day(800), until=until
        )
        yield Part(f"licenses {party} for {kind}", licence)


def _participants() -> e.Event:
    known = tuple(
        e.Admission(code, None, "2003-01-01", None, "invented for the demonstration")
        for code in ("BW", "AE", "EU")
    )
    return e.RegisterAdopted(by=MINISTRY, register="demonstration/1", admissions=known)


def _profile() -> e.Event:
    pairs = (("miner", "dealer"), ("dealer", "dealer"), ("dealer", "cutter"), ("cutter", "dealer"))
    trade = tuple(e.TradeLine(seller, buyer) for seller, buyer in pairs)
    return e.ProfileAdopted(
        by=MINISTRY, profile="demonstration/1", validity_days=60, number_pattern="BW ######", trade=trade,
        ranges=(e.RangeLine("BW", 1, 999),),
    )  # fmt: skip


def _goods(cast: Cast) -> Iterator[Part]:
    day = cast.day
    weights = (("K-1", 12_500), ("K-2", 3_070), ("K-3", 930), ("K-4", 7_000), ("K-5", 5_000))
    lines = tuple(e.Goods(name, weight, None, "710210") for name, weight in weights)
    yield Part(
        "records a production sheet: five parcels, signed once",
        e.Mined(by="mine-1", site="karowe", lines=lines), day(30),
    )  # fmt: skip
    clerks = e.Mined(by="mine-1", site="karowe", lines=(e.Goods("K-6", 2_250, 1, "710210"),))
    yield Part("records another parcel for the mine, under its mandate", clerks, day(29), "mine-1", "clerk-6")
    outputs = (e.Goods("K-1a", 10_000, 4, "710231"), e.Goods("K-1b", 2_400, 9, "710221"))
    yield Part(
        "sorts K-1 into two classes; 0.100 ct of dirt is declared as loss",
        e.Sorted(by="mine-1", parcel="K-1", outputs=outputs, loss=100), day(28),
    )  # fmt: skip
    mixed = e.Mixed(by="mine-1", inputs=("K-2", "K-3"), output="K-23", weight=4_000, hs="710210")
    yield Part("mixes K-2 and K-3, weight for weight", mixed, day(27))
    sold = e.Sold(
        by="mine-1", parcels=("K-1a", "K-1b", "K-23"), to="dealer-7", channel="tender", price=2_500_000_00
    )
    yield Part("sells three parcels; the price is sealed", sold, day(21))
    parts = (e.Part("K-1a", 10_000), e.Part("K-1b", 2_400), e.Part("K-23", 4_000))
    yield Part("confirms what arrived", e.Received(by="dealer-7", parts=parts, sender="mine-1"), day(20))
    yield Part(
        "sells the industrial class to a cutter",
        e.Sold(by="dealer-7", parcels=("K-1b",), to="cutter-2", channel="private"), day(18),
    )  # fmt: skip
    cut = e.Polished(by="cutter-2", parcel="K-1b", outputs=(e.Goods("K-1c", 900, 3),), complete=True)
    yield Part("polishes them: 37.5 % of the rough", cut, day(12))


def _border(cast: Cast) -> Iterator[Part]:
    day = cast.day
    yield Part("issues a Kimberley Process certificate for K-1a", issue(cast), day(10))
    yield Part(
        "finds the goods equal to the certificate and seals them",
        e.CertificateValidated(by=MINISTRY, certificate=CERTIFICATE, seals=("S-4711",)), day(9),
    )  # fmt: skip
    left = e.Exported(
        by="dealer-7", certificate=CERTIFICATE, parts=(e.Part("K-1a", 10_000),), destination="AE"
    )
    yield Part("exports the shipment under it", left, day(8))
    yield Part("issues a certificate for K-23", issue(cast, "BW 000108", "K-23", 4_000, "710210"), day(6))


def issue(
    cast: Cast, number: str = NUMBER, parcel: str = "K-1a", weight: int = 10_000, hs: str = "710231"
) -> e.CertificateIssued:
    """A certificate of the ministry for one parcel of dealer-7, valid for 40 days from today."""
    return e.CertificateIssued(
        by=MINISTRY, certificate=certificate_key("BW", number), number=number, normalisation=NORMALISATION,
        parts=(e.Part(parcel, weight),), classes=(e.ClassWeight(hs, weight),), weight=weight,
        value=2_000_000_00, origins=("BW",), provenance="BW", destination="AE", exporter="dealer-7",
        importer="Example Gems, Dubai", expiry=cast.day(-40),
    )  # fmt: skip


def _trouble(cast: Cast) -> Iterator[Part]:
    """What a register is for when something is wrong; the refusals need it too."""
    day = cast.day
    lines = (e.Goods("K-4", 7_000),)
    yield Part(
        "seizes K-4; seized goods do not move",
        e.Seized(by=MINISTRY, lines=lines, taken_from="mine-1", ground="an example"), day(5),
    )  # fmt: skip
    yield Part("reports K-5 lost", e.Lost(by="mine-1", parcels=("K-5",), how="lost"), day(4))
    tale = e.Mined(by=None, site=None, lines=(e.Goods("OLD-1", 1_000),), documented=True)
    yield Part("records what a source tells of a stone", tale, party="archive-0", evidence=(SOURCE,))
    revoked = e.KeyRevoked(by=MINISTRY, key=cast.keys["dealer-9"].public, since=day(2), reason="an example")
    yield Part("revokes the key of dealer-9", revoked)
