"""What is printed on a terminal: what others wrote moves no cursor; as JSON it comes back as it was."""

from __future__ import annotations

import json

import pytest

from cli.output import as_json
from tests.laptop import Laptop

MARKS = ["\x1b", "\x7f", "\x9b", "\x85", "\u200f", "\u202e", "\u2066", "\u2028", "\u061c"]


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_no_control_stands_raw(mark: str) -> None:
    """Controls of both ranges, and marks that turn a line around, are escaped and read back alike."""
    text = as_json({"said": f"a{mark}b"})
    assert mark not in text
    assert json.loads(text) == {"said": f"a{mark}b"}


def test_letters_of_all_scripts_stand_as_they_are() -> None:
    """What people read is not escaped."""
    assert "Алмазы Якутии, 钻石, ألماس" in as_json(["Алмазы Якутии, 钻石, ألماس"])


def test_an_alert_that_was_written_to_deceive_is_listed_harmlessly(laptop: Laptop) -> None:
    """The text as it was recorded, the line as it was printed."""
    said = "stolen \u202eelosbo\u202c"
    laptop.ok("alert", "raise", "A-1", "--about", "infringement", "--text", said)
    ran = laptop.ok("list", "alerts", "--json")
    assert ran.data["alerts"][0]["text"] == said
    for words in (("list", "alerts"), ("log",), ("show", "entry", str(laptop.size() - 1))):
        shown = laptop.ok(*words)
        assert not set("\u202e\u202c") & set(ran.out + shown.out + shown.err)
    assert "stolen \\u202eelosbo" in laptop.ok("list", "alerts").out
    assert said in laptop.ok("list", "alerts", "--csv").out


def test_an_error_quotes_nothing_that_moves_the_cursor(laptop: Laptop) -> None:
    """What is not understood is quoted harmlessly, in the sentence as in JSON."""
    for more in ((), ("--json",)):
        ran = laptop("show", "parcel", "K1\u202e\x9b2J", *more)
        assert ran.code != 0
        assert not set("\u202e\x9b") & set(ran.out + ran.err)
