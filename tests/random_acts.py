"""A world in which things happen at random: mined, divided, mixed, sold, seized, certified, corrected.

`Play` takes numbers (Hypothesis draws them) and turns each into an act that fits what is there; what the
rules refuse is not recorded. So a list of numbers is a history, and a shorter list a shorter history.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from ledger.domain import events as e
from ledger.domain.parcels import LOST, Parcel
from ledger.errors import Malformed, Refused
from tests.border import on_paper
from tests.world import AUTHORITY, SITE, World

HANDS = ("miner-1", "dealer-7", "dealer-8", "cutter-2", "agent-4", "laboratory-3")
DATES = (None, None, "2023", "2023-11", "2023-11-16", "2022/2023", "../2023", "1999")
CLASSES = ("710210", "710221", "710231", None)
COUNTRIES = (None, None, "BW", "ZA", "AO")


class Play:
    """What happens, one number after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused = 0
        self.recorded = 0
        self._names: list[str] = []
        self._told: list[str] = []
        self._certificates: list[str] = []
        self._rest = 0
        names = [name for name in vars(Play) if name[0] != "_" and name != "take"]
        names += ["mine", "split", "split", "sell", "tell_mined", "correct", "correct", "correct"]
        self._acts: Sequence[Callable[[], None]] = [getattr(self, name) for name in names]

    def take(self, number: int) -> None:
        """One act, all of whose choices are in the number."""
        self._rest = number
        self._choose(self._acts)()

    def _choose(self, items: Sequence[Any]) -> Any:
        self._rest, place = divmod(self._rest, len(items))
        return items[place]

    def _number(self, below: int) -> int:
        self._rest, found = divmod(self._rest, below)
        return found

    def _do(self, event: e.Event, by: str | None = None, **said: Any) -> bool:
        try:
            self.world.do(event, by=by, **said)
        except (Refused, Malformed):
            self.refused += 1
            return False
        self.recorded += 1
        return True

    def _tell(self, event: e.Event) -> bool:
        try:
            self.world.tell(event, occurred=self._choose(DATES))
        except (Refused, Malformed):
            self.refused += 1
            return False
        self.recorded += 1
        return True

    def _new(self, told: bool = False) -> str:
        names = self._told if told else self._names
        name = f"{'T' if told else 'P'}{len(names) + 1}"
        names.append(name)
        return name

    def _parcel(self) -> Parcel:
        """One of the latest parcels; a new one where there is none."""
        found = None
        if self._names:
            found = self.world.ledger.state().parcel(self._choose(self._names[-9:]))
        if found is None:
            name = self._new()
            self.world.mine(name, "10.000")
            found = self.world.parcel(name)
        return found

    def _is(self, name: str, what: Callable[[Parcel], bool]) -> bool:
        parcel = self.world.ledger.state().parcel(name)
        return parcel is not None and what(parcel)

    def _told_parcel(self) -> str:
        return str(self._choose(self._told[-6:])) if self._told else self._new(told=True)

    def _parts(self, weight: int) -> list[int]:
        first = self._number(max(weight, 1)) or 1
        return [part for part in (first, weight - first) if part > 0]

    # --- live acts ------------------------------------------------------------------------------------------

    def mine(self) -> None:
        """A sheet of one or two lines."""
        hs = self._choose(CLASSES)
        lines = tuple(
            e.Goods(self._new(), 1 + self._number(20_000), None, hs) for _ in range(1 + self._number(2))
        )
        when = self._choose(DATES)
        self._do(
            e.Mined(by="miner-1", site=SITE, lines=lines, country=self._choose(COUNTRIES)), occurred=when
        )

    def open_stock(self) -> None:
        """Goods that were there before."""
        lines = (e.Goods(self._new(), 1 + self._number(9_000)),)
        self._do(e.StockOpened(by=AUTHORITY, holder=self._choose(HANDS), lines=lines, origins=("BW",)))

    def split(self) -> None:
        """In two, with or without a loss."""
        parcel = self._parcel()
        parts = self._parts(parcel.weight or 2)
        loss = self._number(3) if parts[-1] > 3 else 0
        parts[-1] -= loss
        outputs = tuple(e.Goods(self._new(), part) for part in parts)
        country = self._choose(COUNTRIES)
        self._do(
            e.Split(by=parcel.holder, parcel=parcel.id, outputs=outputs, loss=loss or None, country=country)
        )

    def sort(self) -> None:
        """Into classes."""
        parcel = self._parcel()
        parts = self._parts(parcel.weight or 2)
        classes = ("710221", "710231")
        outputs = tuple(e.Goods(self._new(), part, None, classes[n]) for n, part in enumerate(parts))
        self._do(e.Sorted(by=parcel.holder, parcel=parcel.id, outputs=outputs))

    def mix(self) -> None:
        """Two parcels of one holder."""
        one, other = self._parcel(), self._parcel()
        loss = self._number(2)
        weight = (one.weight or 0) + (other.weight or 0) - loss
        inputs = (one.id, other.id)
        self._do(e.Mixed(by=one.holder, inputs=inputs, output=self._new(), weight=weight, loss=loss or None))

    def polish(self) -> None:
        """Rough into one or two stones."""
        parcel = self._parcel()
        self._do(e.Sold(by=parcel.owner, parcels=(parcel.id,), to="cutter-2"))
        parcel = self.world.parcel(parcel.id)
        outputs = tuple(
            e.Goods(self._new(), max((parcel.weight or 3) // 3, 1)) for _ in range(1 + self._number(2))
        )
        complete = bool(self._number(2))
        self._do(e.Polished(by=parcel.holder, parcel=parcel.id, outputs=outputs, complete=complete))

    def sell(self) -> None:
        """To somebody."""
        parcel = self._parcel()
        country = self._choose(COUNTRIES)
        self._do(
            e.Sold(by=parcel.owner, parcels=(parcel.id,), to=self._choose(HANDS), country=country, price=5)
        )

    def transfer(self) -> None:
        """With or without title."""
        parcel = self._parcel()
        to = self._choose(HANDS)
        self._do(e.Transferred(by=parcel.holder, parcels=(parcel.id,), to=to, title=bool(self._number(2))))

    def consign(self) -> None:
        """To somebody who does not come to own it."""
        parcel = self._parcel()
        self._do(
            e.Consigned(by=parcel.holder, parcels=(parcel.id,), to=self._choose(HANDS), purpose="viewing")
        )

    def receive(self) -> None:
        """With the weight found."""
        parcel = self._parcel()
        weight = max((parcel.weight or 9) - self._number(3), 1)
        self._do(e.Received(by=self._choose(HANDS), parts=(e.Part(parcel.id, weight),)))

    def weigh(self) -> None:
        """A little more or less."""
        parcel = self._parcel()
        weight = max((parcel.weight or 9) + self._number(20) - 12, 1)
        self._do(
            e.Weighed(by=parcel.holder, parcel=parcel.id, weight=weight, country=self._choose(COUNTRIES))
        )

    def value(self) -> None:
        """A sealed value."""
        parcel = self._parcel()
        self._do(e.Valued(by=parcel.holder, parcel=parcel.id, value=self._number(10_000)))

    def name(self) -> None:
        """A name."""
        parcel = self._parcel()
        self._do(e.Named(by=parcel.holder, parcel=parcel.id, name=f"Étoile {self._number(9)} du Sud"))

    def seal(self) -> None:
        """A seal."""
        parcel = self._parcel()
        self._do(e.Sealed(by=parcel.holder, parcels=(parcel.id,), seals=(f"S-{self._number(99)}",)))

    def seize(self) -> None:
        """Known goods or unknown ones."""
        unknown = self._number(3) == 0
        name = self._new() if unknown else self._parcel().id
        weight = 1 + self._number(5_000) if unknown or self._number(2) else None
        self._do(e.Seized(by=AUTHORITY, lines=(e.Goods(name, weight or 7_000),)))

    def release(self) -> None:
        """To somebody: mostly what was seized."""
        seized = [name for name in self._names[-30:] if self._is(name, lambda parcel: bool(parcel.seized_by))]
        parcel = self._choose(seized) if seized else self._parcel().id
        self._do(e.Released(by=AUTHORITY, parcels=(parcel,), to=self._choose(HANDS)))

    def forfeit(self) -> None:
        """Destroyed or kept."""
        fate = ("destroyed", "kept")[self._number(2)]
        parcel = self._parcel().id
        self._do(e.Seized(by=AUTHORITY, lines=(e.Goods(parcel, self.world.parcel(parcel).weight),)))
        self._do(e.Forfeited(by=AUTHORITY, parcels=(parcel,), fate=fate))

    def lose(self) -> None:
        """Lost or stolen."""
        parcel = self._parcel()
        self._do(e.Lost(by=parcel.holder, parcels=(parcel.id,), how="stolen"))

    def recover(self) -> None:
        """Found again, perhaps a little lighter."""
        lost = [name for name in self._names[-30:] if self._is(name, lambda parcel: parcel.condition == LOST)]
        parcel = self.world.parcel(self._choose(lost)) if lost else self._parcel()
        weight = max((parcel.weight or 5) - self._number(4), 1)
        self._do(e.Recovered(by=AUTHORITY, parts=(e.Part(parcel.id, weight),), to=self._choose(HANDS)))

    def certify(self) -> None:
        """A certificate for one parcel."""
        parcel = self._parcel()
        try:
            key = self.world.certify(f"{len(self._certificates) + 1:08}", parcel.id)
        except (Refused, Malformed):
            self.refused += 1
            return
        self.recorded += 2
        self._certificates.append(key)

    def _certificate(self) -> str:
        return str(self._choose(self._certificates[-4:])) if self._certificates else "BW/00000099"

    def void(self) -> None:
        """A certificate no longer valid."""
        self._do(e.CertificateVoided(by=AUTHORITY, certificate=self._certificate(), reason="error"))

    def export(self) -> None:
        """The shipment leaves."""
        found = self.world.ledger.state().certificate(self._certificate())
        if found is None:
            return
        self._do(
            e.Exported(
                by=found.exporter, certificate=found.id, parts=found.parts, destination=found.destination
            )
        )

    def take_back(self) -> None:
        """A shipment returns."""
        found = self.world.ledger.state().certificate(self._certificate())
        if found is not None:
            by = self._choose((AUTHORITY, found.exporter))
            self._do(e.ShipmentReturned(by=by, certificate=found.id, parts=found.parts, to=found.exporter))

    def import_(self) -> None:
        """Goods from another participant."""
        weight = 1 + self._number(9_000)
        number = f"{1 + self._number(500):08}"
        lines = (e.Arrival(self._new(), weight, None, self._choose(CLASSES)),)
        self._do(
            on_paper(
                by="dealer-7",
                certificate=f"ZA/{number}",
                number=number,
                lines=lines,
                weight=weight,
                origins=("ZA",),
                provenance="ZA",
                seals=(f"Z {self._number(50)}",),
            )
        )

    def report(self) -> None:
        """Something said, which changes nothing."""
        self._do(e.Reported(by="observer-9", parcels=(self._parcel().id,), report="seen"))

    def attest(self) -> None:
        """Agreement with an entry."""
        index = self._number(self.world.ledger.head().size)
        recorded = self.world.ledger.records.recorded(index)
        origin = self.world.ledger.origin
        self._do(e.Attested(by="observer-9", origin=origin, index=index, hash=recorded.hash))

    def party(self) -> None:
        """Somebody new, or a role."""
        party = f"dealer-{20 + self._number(9)}"
        if not self._do(
            e.PartyRegistered(by=AUTHORITY, party=party, roles=("dealer",), name="A sealed name")
        ):
            self._do(e.RoleGranted(by=AUTHORITY, party=party, role="cutter", since="2020"))

    def alias(self) -> None:
        """Another name for something."""
        subject = self._choose((f"parcel:{self._parcel().id}", "party:dealer-7", f"site:{SITE}"))
        alias = ("Letšeng", "Letseng", "Ny-Friesland")[self._number(3)]
        self._do(e.AliasRecorded(by=AUTHORITY, subject=subject, alias=alias))

    # --- documented acts ------------------------------------------------------------------------------------

    def tell_mined(self) -> None:
        """Goods known from sources, of known weight or not."""
        weight = self._choose((None, 1 + self._number(50_000)))
        goods = e.Goods(self._new(told=True), weight, None, None, self._choose((None, "Star of the South")))
        site = self._choose((None, SITE))
        by = self._choose((None, "miner-1"))
        self._tell(e.Mined(by=by, site=site, lines=(goods,), country=self._choose(COUNTRIES)))

    def tell_split(self) -> None:
        """Pieces that need not add up."""
        outputs = tuple(
            e.Goods(self._new(told=True), self._choose((None, 1 + self._number(30_000))))
            for _ in range(1 + self._number(2))
        )
        by = self._choose((None, "cutter-2"))
        self._tell(e.Split(by=by, parcel=self._told_parcel(), outputs=outputs))

    def tell_sold(self) -> None:
        """By somebody to somebody, perhaps."""
        sides = (None, "dealer-7", "dealer-8")
        to, by = self._choose(sides), self._choose(sides)
        self._tell(e.Sold(by=by, parcels=(self._told_parcel(),), to=to, country=self._choose(COUNTRIES)))

    def tell_received(self) -> None:
        """By somebody to whom nobody is known to have given it."""
        part = e.Part(self._told_parcel(), self._choose((None, 1 + self._number(9_000))))
        self._tell(e.Received(by=self._choose(("dealer-7", "dealer-8")), parts=(part,)))

    def tell_weighed(self) -> None:
        """Whatever the source says."""
        self._tell(e.Weighed(by=None, parcel=self._told_parcel(), weight=1 + self._number(60_000)))

    def tell_import(self) -> None:
        """Arrived somewhere, without papers."""
        line = e.Arrival(self._told_parcel(), self._choose((None, 1 + self._number(40_000))))
        self._tell(e.Imported(by="dealer-8", lines=(line,), provenance="ZA"))

    # --- corrections ----------------------------------------------------------------------------------------

    def correct(self) -> None:
        """One of the latest entries, made to say something else."""
        size = self.world.ledger.head().size
        recorded = self.world.ledger.records.recorded(max(size - 1 - self._number(12), 1))
        event = recorded.event
        if isinstance(event, e.Opaque | e.Corrected):
            return
        replacement = e.write(self._changed(event))
        by = event.by if event.by in self.world.keys and not event.documented else AUTHORITY
        self._do(
            e.Corrected(
                by=by,
                index=recorded.index,
                hash=recorded.hash,
                replacement=replacement,
                reason="wrongly copied",
            )
        )

    def _changed(self, event: e.Event) -> e.Event:
        match event:
            case e.Mined() | e.StockOpened() | e.Seized() | e.Imported():
                first = dataclasses.replace(event.lines[0], weight=1 + self._number(30_000))
                if self._number(4) == 0:
                    first = dataclasses.replace(first, parcel=self._new())
                lines: Any = (first, *event.lines[1:])
                return dataclasses.replace(event, lines=lines)
            case e.Sold() | e.Consigned() | e.Transferred() | e.Released():
                return dataclasses.replace(event, to=self._choose(HANDS))
            case e.Weighed():
                return dataclasses.replace(event, weight=1 + self._number(30_000))
            case e.Named():
                return dataclasses.replace(event, name="Renamed")
            case e.PartyRegistered():
                return dataclasses.replace(event, roles=("cutter", "dealer"))
            case _:
                return dataclasses.replace(event, note="corrected", country=self._choose(COUNTRIES))
