"""What partners publish behind a web server: a trace goes on in it, a letter's growth is shown by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.application import Ledger
from tests.ministries import PRODUCER, Ministries
from tests.web_server import served


@pytest.fixture
def two(two: Ministries) -> Ministries:
    """Two ministries; what the hub imported is published by the producer in ``post/tiles``."""
    two.receive(two.exported("K1", "SL 004201"), "--parcel", "K1=D1")
    publish(two)
    return two


def publish(two: Ministries) -> Path:
    """The producer publishes its ledger as it is now."""
    tiles = two.post / "tiles"
    two.producer.ok("publish", str(tiles))
    return tiles


def pinned(two: Ministries) -> list[str]:
    """How each pin of the producer came about."""
    with Ledger.open(two.hub.ledger, write=False) as ledger:
        partner = ledger.state().partner(PRODUCER)
        assert partner is not None
        return [outcome for _, _, _, outcome in partner.pins]


def test_a_trace_goes_on_behind_a_web_server(two: Ministries) -> None:
    """Back to where the goods began, held to the pin and the keys; the same as from the folder."""
    with served(two.post / "tiles") as url:
        told = two.hub.data("trace", "D1", "--with", url)
        assert f"read from {url}/" in two.hub.ok("trace", "D1", "--with", url + "/").out
    (border,) = told["borders"]
    assert border["read_from"] == url
    assert [check["standing"] for check in border["checks"]] == ["ok", "ok", "ok"]
    folder = two.hub.data("trace", "D1", "--with", str(two.post / "tiles"))["borders"][0]
    assert border["trace"] == folder["trace"]


def test_a_damaged_or_silent_server_is_told(two: Ministries) -> None:
    """A flipped byte, a missing tile, nobody there, nothing published: no word of it is believed."""
    tiles = two.post / "tiles"
    entries = next((tiles / "tile" / "entries").rglob("*.p/*"))
    whole = entries.read_bytes()
    with served(tiles) as url:
        entries.write_bytes(whole[:300] + bytes([whole[300] ^ 1]) + whole[301:])
        assert two.hub("trace", "D1", "--with", url).code not in (0, 70)
        entries.unlink()
        assert two.hub("trace", "D1", "--with", url).code not in (0, 70)
        missing = two.hub("trace", "D1", "--with", url + "/elsewhere")
        assert (missing.code, "published-no-checkpoint" in missing.err) == (5, True)
    silent = two.hub("trace", "D1", "--with", url)
    assert (silent.code, "server-silent" in silent.err) == (10, True)


def test_a_silent_server_keeps_a_trace_from_nothing_else(two: Ministries) -> None:
    """What others tell is shown, and what is unavailable is said, in words and by the exit code."""
    with served(two.post / "tiles") as url:
        pass
    ran = two.hub("trace", "D1", "--with", url, "--with", str(two.post / "tiles"))
    assert (ran.code, "server-silent" in ran.err, "read from" in ran.out) == (10, True, True)
    alone = two.hub("trace", "D1", "--with", url)
    assert (alone.code, "unavailable" in alone.out, "read from" in alone.out) == (10, True, False)
    assert two.hub("trace", "D1", "--with", url, "--with", url + "/b").err.count("server-silent") == 2
    told = two.hub("trace", "D1", "--with", url, "--with", str(two.post / "tiles"), "--json")
    assert (told.code, json.loads(told.out)["borders"][0]["trace"] is None) == (10, False)


def test_a_letter_without_a_path_is_shown_to_extend_what_is_pinned(two: Ministries) -> None:
    """By the tiles over HTTP; without them it is taken and marked."""
    two.stock("K2", "3.000")
    letter = two.exported("K2", "SL 004202")
    publish(two)
    with served(two.post / "tiles") as url:
        told = two.receive(letter, "--from", url, "--json").data
    assert told["against_pin"] == "extends"
    two.stock("K3", "3.000")
    later = two.exported("K3", "SL 004203")
    gone = two.receive(later, "--from", url)
    assert (gone.code, "server-silent" in gone.err) == (10, True)
    assert two.receive(later).code == 0
    assert pinned(two) == ["first", "extends", "not-shown"]


def test_anothers_tiles_show_nothing(two: Ministries, tmp_path: Path) -> None:
    """The hub's own publication in the place of the producer's."""
    two.stock("K2", "3.000")
    letter, own = two.exported("K2", "SL 004202"), tmp_path / "own"
    two.hub.ok("publish", str(own))
    with served(own) as url:
        ran = two.receive(letter, "--from", url)
    assert (ran.code, "mail-not-signed" in ran.err) == (3, True), ran.err
    assert pinned(two) == ["first"]
