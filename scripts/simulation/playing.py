"""The whole world, month by month: each process keeps some of the ledgers; shipments pass between months.

What a process needs from the others is only what leaves their ledgers: shipments with entry and hash,
confirmations, checkpoints. So the result depends on the seed alone, not on how many processes there are.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from simulation.arriving import Confirmed
from simulation.cast import CUTTER, HUB, PRODUCER, Country, cast
from simulation.house import House, Pin, Shipment, Told
from simulation.months import FRAUDS, play

_HUB, _OTHERS = 0.6, 0.25
_SHARES = {PRODUCER: 6, HUB: 3, CUTTER: 2}
_WORK = {PRODUCER: 8, HUB: 3, CUTTER: 2}
"""How long a month of each takes, as measured: hubs and cutters wait for goods."""


@dataclass(frozen=True)
class World:
    """What is to be simulated: ``acts`` about so many, over ``months``; ``frauds`` so many planted."""

    seed: int
    participants: int
    acts: int
    months: int = 12
    frauds: int = 0

    @property
    def countries(self) -> list[Country]:
        """Who takes part."""
        return cast(self.seed, self.participants)

    def quota(self, country: Country) -> int:
        """About how many acts a country has in a month."""
        whole = sum(_SHARES[one.kind] for one in self.countries) * self.months
        return max(20, self.acts * _SHARES[country.kind] // whole)

    def planted(self) -> dict[tuple[str, int], str]:
        """Which fraud is planted where and when, from the third month on; at most one a country and month.
        Each kind has its turn.
        """
        drawn = Random(f"frauds {self.seed}")  # noqa: S311  a world, not a secret
        places = [(one, month) for one in self.countries for month in range(3, self.months)]
        if self.frauds > len(places):
            raise ValueError(f"at most {len(places)} frauds fit into so many months")
        chosen = drawn.sample(places, self.frauds)
        turns = {kind: cycle(drawn.sample(kinds, len(kinds))) for kind, kinds in FRAUDS.items()}
        return {(one.code, month): next(turns[one.kind]) for one, month in chosen}

    def goals(self, country: Country) -> list[str]:
        """Where a country's goods may go: hubs and cutters, from a hub mostly to cutters."""
        others = [one for one in self.countries if one is not country and one.code != country.code]
        hubs = [one.code for one in others if one.kind == HUB]
        cutters = [one.code for one in others if one.kind == CUTTER]
        return cutters * 3 + hubs if country.kind == HUB else hubs * 2 + cutters


@dataclass
class Result:
    """What was played: acts by ledger, the last checkpoints, the answer key, and what went wrong anyway."""

    acts: int = 0
    seconds: float = 0.0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    mistakes: list[dict[str, Any]] = field(default_factory=list)


Inbox = tuple[list[Shipment], list[Pin], list[Confirmed]]


PROCESSES = 3
"""How many play a world on two cores: one more than those, so that neither waits for the other when a month
ends or a commit is on its way to the disk."""


def simulate(
    world: World, folder: Path, processes: int = PROCESSES, tell: Callable[[str], None] = print
) -> Result:
    """Play a world into ``folder``: a ledger for each country, and apart from them ``answers.jsonl`` with
    what was planted, ``mistakes.jsonl`` with what went wrong by itself.
    """
    began = time.monotonic()
    (folder / "ledgers").mkdir(parents=True)
    hands = _hire(world, folder / "ledgers", processes)
    result = Result()
    boxes: dict[str, Inbox] = {one.code: ([], [], []) for one in world.countries}
    for month in range(world.months):
        for pipe, codes in hands:
            pipe.send((month, {code: boxes[code] for code in codes}))
        told: dict[str, Told] = {}
        for pipe, _ in hands:
            told.update(_answer(pipe))
        boxes = _sorted_mail(world, told)
        for code in sorted(told):
            _count(result, told[code])
        tell(f"month {month + 1} of {world.months}: {result.acts} acts, {time.monotonic() - began:.0f} s")
    for pipe, _ in hands:
        pipe.send(None)
        pipe.recv()  # its ledgers are closed
    result.seconds = time.monotonic() - began
    _write(folder / "answers.jsonl", result.answers)
    _write(folder / "mistakes.jsonl", result.mistakes)
    return result


def _write(path: Path, told: Sequence[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(line, sort_keys=True) + "\n" for line in told)
    path.write_text(lines, encoding="utf-8", newline="\n")


def _count(result: Result, told: Told) -> None:
    result.acts += told.acts
    result.answers += told.planted
    result.mistakes += told.mistakes
    if told.pin is not None:
        result.heads[told.pin.origin] = (told.pin.size, told.pin.root.hex())


def _sorted_mail(world: World, told: dict[str, Told]) -> dict[str, Inbox]:
    """Who gets what: shipments and confirmations to whom they are for, a checkpoint with each of them."""
    by_origin = {one.origin: one.code for one in world.countries}
    boxes: dict[str, Inbox] = {one.code: ([], [], []) for one in world.countries}
    for code in sorted(told):
        one, readers = told[code], set()
        for shipment in one.shipments:
            boxes[shipment.destination][0].append(shipment)
            readers.add(shipment.destination)
        for confirmation in one.confirmed:
            boxes[by_origin[confirmation[0]]][2].append(confirmation)
            readers.add(by_origin[confirmation[0]])
        for reader in sorted(readers):
            if one.pin is not None:
                boxes[reader][1].append(one.pin)
    return boxes


def _hire(world: World, folder: Path, processes: int) -> list[tuple[Connection, list[str]]]:
    """The processes, each with its share of the ledgers by the work that they are."""
    shares: list[list[Country]] = [[] for _ in range(min(processes, world.participants))]
    for country in sorted(world.countries, key=_work_of, reverse=True):
        min(shares, key=lambda share: sum(map(_work_of, share))).append(country)
    hands = []
    context = multiprocessing.get_context("spawn")
    for share in shares:
        here, there = context.Pipe()
        context.Process(target=_work, args=(world, folder, share, there), daemon=True).start()
        hands.append((here, [one.code for one in share]))
    return hands


def _work_of(country: Country) -> int:
    return _WORK[country.kind]


def _answer(pipe: Connection) -> dict[str, Told]:
    answer = pipe.recv()
    if isinstance(answer, BaseException):
        raise answer
    found: dict[str, Told] = answer
    return found


def _work(world: World, folder: Path, share: Sequence[Country], pipe: Connection) -> None:
    gc.disable()  # 140,000 acts left 1,700 objects in cycles, and looking for them took 4 % of the time
    try:
        _keep(world, folder, share, pipe)
    except BaseException as trouble:  # told to whoever waits, who raises it
        pipe.send(RuntimeError(f"{type(trouble).__name__}: {trouble}"))
        raise


def _keep(world: World, folder: Path, share: Sequence[Country], pipe: Connection) -> None:
    every, planted = world.countries, world.planted()
    houses = {
        one.code: House(folder, one, [other for other in every if other.code != one.code], world.quota(one))
        for one in share
    }
    while (order := pipe.recv()) is not None:
        month, boxes = order
        told = {}
        for code, (arrivals, pins, confirmed) in boxes.items():
            house = houses[code]
            told[code] = play(
                house, month, world.quota(house.country), arrivals, pins, confirmed,
                world.goals(house.country), planted.get((code, month)),
            )  # fmt: skip
        pipe.send(told)
    for house in houses.values():
        house.ledger.close()
    pipe.send({})
