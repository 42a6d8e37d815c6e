"""Two ministries in two folders that have never met a server: a producer (SL) and a hub (AE).

    two = Ministries(tmp_path)
    letter = two.exported("K1", "SL 004201")       mined, certified, exported and sent: the letter's file
    two.hub.ok("certificate", "receive", letter, ...)

Each `Laptop` works in its own folder; files pass through ``post``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ledger.application import Ledger
from tests.laptop import Laptop, Ran

PRODUCER, HUB = "ledger.example/sl/f3k9", "ledger.example/ae/h7m2"
DAY = ("--occurred", "2024-02-05")


class Ministries:
    """The producer and the hub, each of which recognises the other: new ones, or copies of those that are
    ``prepared`` elsewhere."""

    def __init__(self, folder: Path, prepared: Path | None = None) -> None:
        if prepared is not None:
            shutil.copytree(prepared, folder, dirs_exist_ok=True)
        self.post, self.producer, self.hub = folder / "post", Laptop(folder / "sl"), Laptop(folder / "ae")
        if prepared is None:
            self._begin()

    def _begin(self) -> None:
        self.post.mkdir()
        self._ministry(self.producer, "SL", PRODUCER)
        self._ministry(self.hub, "AE", HUB)
        self.recognise(self.producer, "AE")
        self.recognise(self.hub, "SL")
        self.stock("K1", "12.500")

    def _ministry(self, laptop: Laptop, country: str, origin: str) -> None:
        laptop.folder.mkdir()
        party = f"trader-{country.lower()}"
        laptop.ok("init", "--yes", "--no-passphrase", "--participant", country, "--origin", origin)
        laptop.ok("party", "register", party, "--role", "dealer", "--residence", country)
        laptop.ok("key", "enrol", party, "--new", "--no-passphrase")
        for kind in ("dealing", "export", "import"):
            laptop.ok(
                "licence", "grant", f"{kind}-1", "--party", party, "--licensed", kind, "--since", "2020-01-01"
            )
        (self.post / f"{country}.trust").write_text(f"log {key_of(laptop)}\nquorum none\n", "utf-8")

    def recognise(self, laptop: Laptop, country: str, *more: str) -> Ran:
        """A partner is recognised from its trust file."""
        trust = str(self.post / f"{country}.trust")
        return laptop.ok("partner", "recognise", "--trust", trust, "--participant", country,
                         "--since", "2020-01-01", *more)  # fmt: skip

    def stock(self, parcel: str, carats: str) -> None:
        """The producer's trader has a parcel."""
        self.producer.ok("parcel", "open-stock", "trader-sl", "--line", f"{parcel}={carats},hs=710231",
                         "--origin", "SL", "--occurred", "2024-01-15")  # fmt: skip

    def exported(self, parcel: str, number: str, *more: str, to: str = "AE") -> str:
        """A certificate for a parcel is issued, validated, exported and sent; the letter's path."""
        key = self.certified(parcel, number, to=to)
        self.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
        return self.sent(key, *more)

    def certified(self, parcel: str, number: str, *, to: str = "AE") -> str:
        """A certificate for a parcel is issued and validated; its key."""
        self.producer.ok(
            "certificate", "issue", number, "--part", parcel, "--origin", "SL", "--destination", to,
            "--exporter", "trader-sl", "--importer", "Importing House", "--value", "9000.00",
            "--expiry", "2024-03-31", "--occurred", "2024-02-01",
        )  # fmt: skip
        key = f"SL/{int(number.split()[1]):08}"
        self.producer.ok("certificate", "validate", key, "--occurred", "2024-02-01")
        return key

    def sent(self, key: str, *more: str) -> str:
        """The letter with a certificate as it stands now."""
        path = str(self.post / f"{key.replace('/', '-')}-{self.producer.size()}.zip")
        self.producer.ok("certificate", "send", key, "--to", "AE", *more, "-o", path)
        return path

    def receive(self, letter: str, *more: str) -> Ran:
        """The hub receives a letter with a certificate."""
        return self.hub("certificate", "receive", letter, "--import-key", "trader-ae", *DAY, *more)

    def confirmed(self, key: str) -> None:
        """The hub confirms an import, and the producer takes note."""
        answer = str(self.post / f"answer-{key.replace('/', '-')}.zip")
        self.hub.ok("certificate", "confirm", key, "-o", answer)
        self.producer.ok("certificate", "receive-confirmation", answer)


def key_of(laptop: Laptop) -> str:
    """The verifier key of a laptop's ledger."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        house = ledger.state().house()
        assert house is not None
        return house.keys[0]
