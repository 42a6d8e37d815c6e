"""Origins, wire names and identifiers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.chain import names
from ledger.errors import Malformed


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (names.check_origin, "ledger.example/bw/k7q2"),
        (names.check_origin, "x"),
        (names.check_origin, "x" * 255),
        (names.check_origin, "ledger.example:8443/é"),
        (names.check_wire_name, "parcel-split/1"),
        (names.check_wire_name, "mined/10"),
        (names.check_wire_name, "a1-2b-3/99"),
        (names.check_identifier, "dealer-7"),
        (names.check_identifier, "P"),
        (names.check_identifier, "Letšeng 7 / south"),
        (names.check_identifier, "š" * 64),
    ],
)
def test_names_of_the_right_form_pass(check: Callable[[str], None], text: str) -> None:
    """At both ends of what is allowed, and one more is too much."""
    check(text)
    with pytest.raises(Malformed):
        check(text + " ")


@pytest.mark.parametrize(
    ("check", "text", "code"),
    [
        (names.check_origin, "", "name-origin"),
        (names.check_origin, "x" * 256, "name-origin"),
        (names.check_origin, "é" * 128, "name-origin"),
        (names.check_origin, "a b", "name-origin"),
        (names.check_origin, "a\u00a0b", "name-origin"),
        (names.check_origin, "a\u2028b", "name-origin"),
        (names.check_origin, "a+b", "name-origin"),
        (names.check_origin, "a\nb", "name-origin"),
        (names.check_origin, "a\x7fb", "name-origin"),
        (names.check_origin, "a\x00b", "name-origin"),
        (names.check_origin, "https://ledger.example/bw", "name-origin"),
        (names.check_wire_name, "", "name-type"),
        (names.check_wire_name, "mined", "name-type"),
        (names.check_wire_name, "mined/0", "name-type"),
        (names.check_wire_name, "mined/01", "name-type"),
        (names.check_wire_name, "Mined/1", "name-type"),
        (names.check_wire_name, "parcel--split/1", "name-type"),
        (names.check_wire_name, "-mined/1", "name-type"),
        (names.check_wire_name, "mined-/1", "name-type"),
        (names.check_wire_name, "mined_1/1", "name-type"),
        (names.check_wire_name, "mined/1\n", "name-type"),
        (names.check_wire_name, "mined/\u0661", "name-type"),
        (names.check_identifier, "", "name-identifier"),
        (names.check_identifier, "x" * 65, "name-identifier"),
        (names.check_identifier, " x", "name-identifier"),
        (names.check_identifier, "x\u3000", "name-identifier"),
        (names.check_identifier, "a:b", "name-identifier"),
        (names.check_identifier, "a\tb", "name-identifier"),
        (names.check_identifier, "a\x85b", "name-identifier"),
    ],
)
def test_names_of_another_form_are_refused(check: Callable[[str], None], text: str, code: str) -> None:
    """Each with the code of its kind."""
    with pytest.raises(Malformed) as refused:
        check(text)
    assert refused.value.code == code
    assert str(refused.value)


def test_names_that_look_alike_are_told_apart() -> None:
    """A Cyrillic letter among Latin ones is spelled out."""
    assert names.told("ledger.example/bw") == "ledger.example/bw"
    assert names.told("l\u0435dger.example/bw").isascii()
