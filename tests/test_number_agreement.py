"""Words agree with the numbers before them, in the catalogue and in what the program puts together."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ledger import messages
from tests import message_codes, number_agreement

pytestmark = pytest.mark.xdist_group("sources")  # read and parsed by one process

ROOT = Path(__file__).resolve().parent.parent
LEARNT = {"one": "{n} {n|entry|entries} {n|is|are} here"}


def test_every_text_agrees_with_its_numbers() -> None:
    """Texts and hints give both forms wherever a number can be one."""
    assert number_agreement.in_texts({**messages.catalogue(), **messages.hints()}) == []


def test_no_sentence_is_put_together_with_a_plural_alone() -> None:
    """What the program counts it says with the catalogue's words."""
    many = number_agreement.plurals(messages.catalogue())
    assert {"entries", "discrepancies", "rows", "were"} <= many
    assert number_agreement.in_sources(message_codes.sources(ROOT), many) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{n} {n|entry|entries} {n|is|are} lost", None),
        ("{n} entries", "planted: {n} entries has no singular"),
        ("{size} more entries", "planted: {size} entries has no singular"),
        ("{n} {n|entry|entries} and {n} are lost", "planted: {n} are has no singular"),
        ("at most {most} entries", None),
        ("{path} is lost", None),
    ],
)
def test_a_planted_text_is_judged(text: str, fault: str | None) -> None:
    """One form where two are needed is named; bounds of many are let pass."""
    found = number_agreement.in_texts({**LEARNT, "planted": text})
    assert found == ([] if fault is None else [fault])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('f"{n} entries"', ["m:1: entries has no singular"]),
        ('f"{n:,} of {m} entries lost"', ["m:1: entries has no singular"]),
        ('f"{name}: entries"', []),
        ('f"{n} entry"', []),
        ('f"{kind}-entries"', []),
    ],
)
def test_a_planted_sentence_is_judged(source: str, found: list[str]) -> None:
    """A value before a plural, also with a word between."""
    many = number_agreement.plurals(LEARNT)
    assert number_agreement.in_sources({"m": ast.parse(source)}, many) == found


def test_the_catalogue_says_one_and_many() -> None:
    """The form is chosen by the value, also where it is written with separators."""
    assert messages.text("verify-remark-erased", {"count": 1}) == "1 sealed value was erased, as entries say"
    assert messages.text("verify-remark-erased", {"count": 0}).startswith("0 sealed values were")
    assert messages.how_many("count-entries", 1) == "1 entry"
    assert messages.how_many("count-entries", 1_204) == "1,204 entries"
    with pytest.raises(LookupError, match="needs the value 'count'"):
        messages.text("count-entries", {})


@pytest.mark.parametrize("template", ["{n|one}", "{n|one|two|three}", "{a.b|one|two}", "{n|same|same}"])
def test_crooked_forms_are_no_placeholders(template: str) -> None:
    """A name with two different forms and nothing else."""
    with pytest.raises(ValueError, match="is no plain name"):
        message_codes.placeholders(template)
    assert message_codes.placeholders("{n} {n|entry|entries}") == {"n"}
