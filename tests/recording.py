"""Recording in a world: what is refused leaves nothing, and statements made by hand, any field of which
can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.admission import Act
from ledger.chain.statement import SignedStatement, Statement, sign
from ledger.domain import events as e
from ledger.errors import Conflict, Malformed, Refused
from tests.world import ORIGIN, SITE, World, goods, signing_key

Problem = Refused | Malformed | Conflict


def held(world: World) -> list[object]:
    """All that a refusal must leave as it was."""
    journal = world.ledger.journal
    return [journal.head(), *journal.links(), *journal.mentions(), *journal.ids(), *journal.digests()]


def refused(world: World, *items: Act | SignedStatement) -> Problem:
    """What recording raises; nothing may have been recorded."""
    before = held(world)
    signed_ones = isinstance(items[0], SignedStatement)
    write: Any = world.ledger.append if signed_ones else world.ledger.record_batch
    with pytest.raises((Refused, Malformed, Conflict)) as caught:
        write(items)
    assert held(world) == before
    assert str(caught.value)
    problem = caught.value
    assert isinstance(problem, Refused | Malformed | Conflict)
    return problem


def mined(*pairs: tuple[str, str], **more: object) -> e.Mined:
    """A production sheet."""
    lines = tuple(goods(*pair) for pair in pairs)
    return e.Mined(by="miner-1", site=SITE, lines=lines, **more)  # type: ignore[arg-type]


def signed(world: World, event: e.Event, **more: object) -> tuple[Statement, SignedStatement]:
    """A statement made by hand: any of its fields can be wrong."""
    key = signing_key(str(more.pop("signer", event.by)))
    fields = {
        "ledger": ORIGIN, "id": world.chance(16), "type": event.TYPE, "author": key.public,
        "body": e.write(event), **more,
    }  # fmt: skip
    statement = Statement(**fields)  # type: ignore[arg-type]
    return statement, sign(statement, key)
