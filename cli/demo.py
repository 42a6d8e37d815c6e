"""``adamas demo``: a guided tour through ledgers that it makes, on real histories and on a small play.

The tour runs the real commands on the ledgers and prints them as they would be typed, so that everything it
shows can be done again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Settings, adamas_command, emit_table, heading, say
from cli.session import AUTHORITY, Session, pass_session
from ledger import edtf
from ledger.domain.vocabulary import carats
from ledger.exchange.demonstration import CAST, MINISTRY, Cast, play
from ledger.exchange.demonstration_port import TRADER, play_port
from ledger.exchange.demonstration_port_refusals import port_attempts
from ledger.exchange.demonstration_refusals import FAMILIES, Shown, attempts, refusals
from ledger.messages import how_many
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.exchange.demonstration_histories import Documented
    from ledger.keys import SigningKey

ARCHIVE, LIVE, PORT = "archive.db", "live.db", "port.db"
ARCHIVIST = "archivist-1"
STONE, PRINCIPAL = "lesedi-la-rona/1", "lesedi-la-rona/3"
BEFORE, AFTER = "2017-09-24", "2017-09-26"

SOURCES = """\
What a source does not tell stays unknown; what a rule would have refused is stored with the act as a named
discrepancy. Nothing is dropped, nothing is invented."""
SALE = """\
The same ledger, asked what is now known to have been so on two days: the 1,109 ct stone was sold on
25 September 2017. A date without a zone is that day anywhere on earth."""
PLAY = """\
The parties and goods are invented; keys, signatures and rules are real. Each act is signed by whoever does
it, and answered with a receipt."""


@dataclass(frozen=True, slots=True)
class Tour:
    """Where the tour's ledgers lie, and the commands it runs on them."""

    context: click.Context
    folder: Path
    now: int

    def path(self, name: str) -> str:
        """A ledger's path."""
        return str(self.folder / name)

    def day(self, ago: int) -> str:
        """The date so many days ago."""
        return edtf.day_of(self.now - ago * edtf.DAY)

    def run(self, name: str, *words: str) -> None:
        """Print a command as it would be typed, and run it."""
        say()
        say(f"$ {typed(self.path(name), *words)}")
        root = self.context.find_root().command
        assert isinstance(root, click.Group)  # noqa: S101 - it is the group that this command stands in
        command = root.get_command(self.context, words[0])
        assert command is not None  # noqa: S101 - the tour names commands of the table of contents
        command.main(
            list(words[1:]), prog_name=f"adamas {words[0]}", standalone_mode=False,
            obj=Settings(ledger=self.path(name)),
        )  # fmt: skip


def typed(ledger: str, *words: str, command: str = "adamas") -> str:
    """A command as it is typed."""
    return shlex.join([command, "--ledger", ledger, *words])


def at_hand() -> str:
    """What to type for this very command: its name where the shell finds it, else its path."""
    own = Path(sys.executable).with_name("adamas.exe" if os.name == "nt" else "adamas")
    found = shutil.which("adamas")
    if not own.exists() or (found is not None and Path(found).resolve() == own.resolve()):
        return "adamas"
    placed, here = own.parent.resolve() / own.name, Path.cwd().resolve()
    return str(placed.relative_to(here) if placed.is_relative_to(here) else own)


@adamas_command("demo", example="adamas demo\nadamas demo --folder ./tour", exits=(0, 3, 5, 7), json=False)
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path),
    help="Where to put the ledgers and their keys.  [default: a new temporary folder]",
)  # fmt: skip
@click.pass_context
@pass_session
def demo(session: Session, context: click.Context, folder: Path | None) -> None:
    """A guided tour: documented histories of real stones, and a small ledger played through.

    Makes three ledgers with keys of their own (the third is a port's, which refuses what arrives) and leaves
    them there to be tried out. Nothing else on this computer is touched; no network is used.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="adamas-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    tour = Tour(context, place, session.clock())
    say("Adamas proves what was recorded, by whom and when.")
    say("It never claims that the record is true of the stones.")
    say(f"This tour's ledgers and their keys lie in {place}")
    documented = _sources(tour)
    _one_stone(tour)
    _yields(tour, documented)
    _sale(tour)
    _verification(tour, documented)
    _story(tour)
    _next(tour)


def _title(text: str) -> None:
    say()
    heading(text)


def _keys(tour: Tour, name: str, parties: Iterable[str]) -> dict[str, SigningKey]:
    """New keys in the folder where the commands look for them; `ministry` is the authority."""
    from ledger.keys import SigningKey, write_key

    folder = tour.folder / f"{name}.keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = {party: SigningKey.generate() for party in (MINISTRY, "recovery", "ledger", *parties)}
    for party, key in keys.items():
        write_key(folder / (AUTHORITY if party == MINISTRY else f"{party}.pem"), key, None)
    return keys


def _create(tour: Tour, name: str, participant: str | None, keys: dict[str, SigningKey]) -> Ledger:
    from ledger.application import Ledger
    from ledger.chain.note import verifier_key
    from ledger.domain.events import LedgerOpened

    origin = f"adamas.example/demonstration/{name.partition('.')[0]}-{tour.now:x}"
    opening = LedgerOpened(
        by=MINISTRY, origin=origin, participant=participant, name="A demonstration",
        keys=(str(verifier_key(origin, keys["ledger"])),), authority_key=keys[MINISTRY].public,
        recovery_key=keys["recovery"].public,
    )  # fmt: skip
    return Ledger.create(tour.path(name), opening, keys[MINISTRY])


def _sources(tour: Tour) -> Documented:
    """The histories, recorded, and each one's discrepancies."""
    from ledger.domain.events import KeyEnrolled, PartyRegistered
    from ledger.exchange.demonstration_histories import record
    from ledger.keys import prove_possession

    keys = _keys(tour, ARCHIVE, [ARCHIVIST])
    with _create(tour, ARCHIVE, None, keys) as ledger:
        key = keys[ARCHIVIST]
        ledger.record(PartyRegistered(by=MINISTRY, party=ARCHIVIST, roles=("archivist",)), keys[MINISTRY])
        proof = prove_possession(key, ARCHIVIST, ledger.origin)
        ledger.record(KeyEnrolled(by=MINISTRY, party=ARCHIVIST, key=key.public, proof=proof), keys[MINISTRY])
        documented = record(ledger, key, ARCHIVIST, tour.day(0))
    _title(f"1. What sources tell of {len(documented.histories)} stones and parcels")
    acts = how_many("count-acts", documented.acts)
    say(f"{acts} from press, company and UN reports; {documented.registered} registrations.")
    say(SOURCES)
    say()
    rows = []
    for told in documented.histories:
        worst = sorted(told.discrepancies.items(), key=lambda item: (-item[1], item[0]))
        said = ", ".join(f"{code} {count}" for code, count in worst[:3])
        rows.append([told.history.id, told.acts, sum(told.discrepancies.values()), said])
    emit_table(["history", "acts", "discrepancies", "most of them"], rows)
    total = documented.discrepancies()
    say()
    kinds = ", ".join(f"{code} {number}" for code, number in total.most_common())
    say(f"{how_many('count-discrepancies', sum(total.values()))} in all: {kinds}")
    return documented


def _one_stone(tour: Tour) -> None:
    _title("2. A stone traced back to its mine, through its cuts")
    say("The principal stone that was cut from Lesedi La Rona, 1,109 ct:")
    tour.run(ARCHIVE, "trace", PRINCIPAL)


def _yields(tour: Tour, documented: Documented) -> None:
    from ledger.application import Ledger
    from ledger.exchange.demonstration_histories import all_yields

    _title("3. Yields: polished weight over the rough that went in")
    say("A yield is a figure only where a source tells all outputs, otherwise what was got at least.")
    say()
    rows = []
    with Ledger.open(tour.path(ARCHIVE), write=False) as ledger:
        for history, one in all_yields(ledger, documented.histories):
            permille = one.permille or 0
            share = f"{'' if one.complete else 'at least '}{permille // 10}.{permille % 10} %"
            rows.append([history.id, carats(one.rough), carats(one.polished), share])
    emit_table(["history", "rough", "polished", "yield"], rows)


def _sale(tour: Tour) -> None:
    _title("4. The state before and after a sale")
    say(SALE)
    tour.run(ARCHIVE, "compare", f"occurred:{BEFORE}", f"occurred:{AFTER}")
    tour.run(ARCHIVE, "trace", STONE, "--as-occurred", BEFORE)


def _verification(tour: Tour, documented: Documented) -> None:
    _title("5. Check every byte")
    say("Whoever keeps a receipt holds the ledger to it: this is the last one of the histories.")
    tour.run(ARCHIVE, "verify", "--head", documented.last.text)


def _story(tour: Tour) -> None:
    """The live ledger, played, and what it refuses."""
    keys = _keys(tour, LIVE, [*CAST, "stranger"])
    _title("6. A small live ledger: mine, dealers, cutter, ministry")
    say(PLAY)
    say()
    with _create(tour, LIVE, "BW", keys) as ledger:
        cast = Cast(ledger, keys, tour.day)
        scenes = list(play(cast))
        rows = [[s.receipt.text.partition(":")[0], s.party, s.told] for s in scenes]
        emit_table(["entry", "signed by", "what"], rows)
        shown = list(refusals(cast, attempts(cast)))
    tour.run(LIVE, "trace", "K-1c")
    tour.run(LIVE, "list", "parcels")
    _refused([*shown, *_port(tour)])


def _port(tour: Tour) -> list[Shown]:
    """The port's ledger, played out of sight, and what it refuses."""
    keys = _keys(tour, PORT, [TRADER, "stranger"])
    with _create(tour, PORT, "AE", keys) as ledger:
        cast = Cast(ledger, keys, tour.day)
        for _ in play_port(cast):
            pass
        return list(refusals(cast, port_attempts(cast)))


def _refused(shown: list[Shown]) -> None:
    """A line for each kind, family by family."""
    _title("7. What is refused")
    say(f"{len(shown)} attempts on that ledger and on a port's, each refused by its code; none was recorded.")
    for family in FAMILIES:
        say()
        say(family)
        for one in shown:
            if one.attempt.family == family:
                say(f"  {one.refusal.code}: {one.refusal}")


def _next(tour: Tour) -> None:
    _title("8. Try it")
    command = at_hand()
    for name, words in (
        (ARCHIVE, ("find", "letseng")),
        (ARCHIVE, ("track", "star-of-sierra-leone")),
        (ARCHIVE, ("log", "--parcel", "cullinan-1905")),
        (ARCHIVE, ("trace", PRINCIPAL, "--mermaid")),
        (LIVE, ("status",)),
        (LIVE, ("balance", "party", "dealer-7")),
        (
            LIVE,
            ("parcel", "split", "K-6", "--output", "K-7=1.250", "--output", "K-8=1.000", "--key", "mine-1"),
        ),
        (LIVE, ("parcel", "sell", "K-4", "--to", "dealer-7", "--key", "mine-1")),
        (LIVE, ("verify",)),
    ):
        say(f"  {typed(tour.path(name), *words, command=command)}")
    say()
    say(f"A ledger of your own: {shlex.quote(command)} init. All commands: {shlex.quote(command)} --help.")
