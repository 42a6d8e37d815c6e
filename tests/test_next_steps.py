"""Behind every refusal and error stands a next step that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.hints import behind
from cli.output import Settings
from ledger import messages
from tests import message_codes, next_steps
from tests.message_codes import Use

pytestmark = pytest.mark.xdist_group("sources")  # read and parsed by one process

ROOT = Path(__file__).resolve().parent.parent


def test_every_refusal_and_error_says_what_to_do() -> None:
    """Its sentence names the next step, or a hint does; every command and option named is there."""
    uses, _ = message_codes.uses(message_codes.sources(ROOT))
    assert next_steps.faults(uses, messages.catalogue(), messages.hints()) == []


def test_the_scan_reads_refusals_and_errors_alike() -> None:
    """Codes of each kind are among those that must say a next step: a scan of nothing finds no fault."""
    uses, _ = message_codes.uses(message_codes.sources(ROOT))
    judged = {use.code for use in uses if use.maker not in next_steps.NO_ERRORS}
    assert {"holder-only", "key-file-missing", "store-full", "cell-missing", "weight-conserved"} <= judged
    assert len(judged) > 400


@pytest.mark.parametrize(
    ("text", "hint", "fault"),
    [
        ("{parcel} is gone", "adamas find {parcel} looks for it", None),
        ("{parcel} is gone; look for it with: adamas find", None, None),
        ("{parcel} is gone; give another", None, None),
        ("{parcel} is gone", None, "gone: nobody says what to do"),
        ("{parcel} is gone", "adamas find {other}", "ledger.x:1: the hint gone needs other"),
        ("{parcel} is gone", "adamas seek {parcel}", "gone: there is no command adamas seek"),
        ("{parcel} is gone", "adamas parcel seek", "gone: there is no command adamas parcel seek"),
        ("{parcel} is gone", "give --seek", "gone: no command takes --seek"),
        ("{parcel} is gone; give --seek", None, "gone: no command takes --seek"),
    ],
)
def test_a_planted_text_is_judged(text: str, hint: str | None, fault: str | None) -> None:
    """No step, a value that nobody gives, a command or option that is not there: each is named."""
    uses = [Use("gone", "ledger.x:1", frozenset({"parcel"}), "Refusal")]
    found = next_steps.faults(uses, {"gone": text}, {} if hint is None else {"gone": hint})
    assert found == ([] if fault is None else [fault])


def test_families_stand_for_codes_that_have_no_hint_of_their_own() -> None:
    """The code's own hint first, then the longest family; a hint about nothing is named."""
    hints = {"note-*": "ask", "note-key-*": "ask whose", "note-key-kind": "ask of what kind", "left-*": "ask"}
    found = [next_steps.hint_of(code, hints) for code in ("note-key-kind", "note-key-id", "note-name", "x")]
    assert found == ["note-key-kind", "note-key-*", "note-*", None]
    texts = dict.fromkeys(("note-key-kind", "note-key-id", "note-name"), "no")
    assert next_steps.faults([], texts, hints) == ["left-*: a hint about nothing"]


def test_a_report_needs_no_next_step() -> None:
    """What a trace or a verification finds is looked at by people; only what stops a command says how on."""
    assert next_steps.faults([Use("gap", "ledger.x:1", None, "Remark")], {"gap": "a gap"}, {}) == []


def test_the_catalogue_answers_as_the_scan_reads_it() -> None:
    """`messages.hint` takes the code's own hint, else its family's; a value that is lacking says nothing."""
    assert messages.hint("note-newline", {}) == messages.hints()["note-*"]
    assert messages.hint("note-unsigned", {}) == messages.hints()["note-unsigned"]
    assert messages.hint("parcel-lost", {"parcel": "P1"}) == "if it was found: adamas parcel recover P1"
    assert messages.hint("parcel-lost", {}) is None
    assert messages.hint("store-exists", {"path": "x"}) is None


def test_what_is_to_be_typed_is_spelled_for_a_shell() -> None:
    """An id with a blank or a quotation mark is one word of the line that a person copies."""
    said = behind("parcel-lost", {"parcel": "the big; one"}, Settings())
    assert said == "if it was found: adamas parcel recover 'the big; one'"
    classes = {"from_class": "710221", "to_class": "710231", "output": "P2", "parcel": "P1"}
    assert behind("hs-move", classes, Settings()) == (
        "out of HS 710221 can come: 710221, 710229; give P2 one of these with hs=, or leave hs out"
    )
