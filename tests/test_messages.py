"""Sources and message catalogue agree: every code has its text, every text its use, every value its place."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ledger import messages
from ledger.errors import Malformed
from tests import floor_plan, message_codes

pytestmark = pytest.mark.xdist_group("sources")  # read and parsed by one process

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "ledger" / "data" / "messages" / "en" / "rules.toml"


def test_every_code_has_a_text_and_every_text_a_use() -> None:
    """What a person reads is complete, and nothing in the catalogue is left over."""
    assert message_codes.faults(ROOT, messages.catalogue()) == []


def test_the_scan_sees_the_sources() -> None:
    """Codes that are surely there are among those found: a scan of nothing would also find no fault."""
    found, _ = message_codes.uses(message_codes.sources(ROOT))
    assert {"edtf-form", "demonstration-data-missing"} <= {use.code for use in found}


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A house with one module, which the tests fill."""
    for package in floor_plan.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "planted.py").write_text('"""Nothing yet."""\n', encoding="utf-8")
    shutil.copy(ROOT / "ledger" / "errors.py", tmp_path / "ledger" / "errors.py")
    return tmp_path


REFUSAL = """
@dataclass
class Refusal:
    code: str
    subject: str
    values: Mapping
"""


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("raise Malformed('one')", None),
        ("raise errors.Malformed('one')", None),
        ("raise Malformed('none')", "ledger.planted:1: none has no text"),
        ("raise Malformed(code='none')", "none has no text"),
        ("raise Malformed('one' if a else 'none')", "none has no text"),
        ("raise Malformed('needy', a=1)", "needy needs b"),
        ("raise Malformed('needy', a=1, b=2)", None),
        ("raise Malformed('needy', **values)", None),
        ("raise Malformed(compose(a))", "the code of Malformed cannot be read"),
        ("raise Malformed(refusal.code)", None),
        ("CODE = 'none'\nraise Malformed(CODE)", "none has no text"),
        ("def f():\n  code = 'one' if a else 'none'\n  raise Malformed(code)", "none has no text"),
        ("def f():\n  code = compose(a)\n  raise Malformed(code)", "the code of Malformed cannot be read"),
        ("CODES = {1: 'one', 2: 'none'}\nraise Malformed(CODES[2])", "none has no text"),
        ("class Torn(Malformed): pass\nraise Torn('none')", "none has no text"),
        ("def no(a, why): return Malformed(why)\nno(1, 'none')", "none has no text"),
        ("def no(a, why): return Malformed(why)\nno(1, why='none')", "none has no text"),
        (
            "class A:\n  def no(self, why): raise Malformed(why)\n  def f(self): self.no('none')",
            "none has no text",
        ),
        ("def no(a, why='none'): return Malformed(why)\nno(1)", "ledger.planted:2: none has no text"),
        ("def no(a, *, why): return Malformed(why)\nno(1, why='none')", "none has no text"),
        ("messages.text('none', {})", "none has no text"),
        (REFUSAL + "Refusal('none', 'parcel:P1', {})", "none has no text"),
        (REFUSAL + "Refusal('needy', 'parcel:P1', {'a': 1})", "needy needs b"),
        (REFUSAL + "Refusal('needy', 'parcel:P1')", "needy needs a, b"),
        (REFUSAL + "Refusal('needy', 'parcel:P1', {'a': 1, 'b': 2})", None),
        (REFUSAL + "Refusal('needy', 'parcel:P1', said(act))", None),
        (REFUSAL + "Refusal('of', 'parcel:P1', {})", None),
    ],
)
def test_a_planted_code_is_judged(planted: Path, source: str, fault: str | None) -> None:
    """Every way to name a code is read, and every disagreement named with its place."""
    (planted / "ledger" / "planted.py").write_text(source + "\n", encoding="utf-8")
    catalogue = {"one": "One.", "needy": "From {a} to {b}.", "of": "Of {subject}."}
    found = [line for line in message_codes.faults(planted, catalogue) if "nothing uses" not in line]
    assert len(found) == (fault is not None)
    assert all(str(fault) in line for line in found)


def test_a_text_that_nothing_uses_is_found(planted: Path) -> None:
    """A code whose last use went away is named."""
    assert message_codes.faults(planted, {"left-over": "Left."}) == ["left-over: a text that nothing uses"]


@pytest.mark.parametrize("template", ["{}", "{0}", "{a.b}", "{a[0]}", "{a", "a}"])
def test_a_crooked_template_is_found(planted: Path, template: str) -> None:
    """Placeholders are plain names, so that a translator cannot reach into a value."""
    (planted / "cli" / "planted.py").write_text("Malformed('crooked')\n", encoding="utf-8")
    assert [line[:9] for line in message_codes.faults(planted, {"crooked": template})] == ["crooked: "]


def test_half_a_sentence_is_never_said() -> None:
    """A code without a text, and a text without its value, are faults of the program."""
    with pytest.raises(LookupError, match="no text for message code 'no-such-code'"):
        str(Malformed("no-such-code"))
    with pytest.raises(LookupError, match="needs the value 'text'"):
        messages.text("edtf-form", {})
    with pytest.raises(LookupError, match="no message catalogue for language 'xx'"):
        messages.catalogue("xx")


def test_a_text_is_found_without_parsing_the_other_files() -> None:
    """Every code has the text of the whole catalogue; one sentence costs one file."""
    for code, template in messages.catalogue().items():
        assert messages._template(code, "en") == template, code
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import tomllib; real = tomllib.loads; parsed = []\n"
            "tomllib.loads = lambda text: parsed.append(text) or real(text)\n"
            "from ledger import messages\n"
            "print(messages.text('trace-limits', {}), len(parsed))\n",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert told.stdout.rsplit(maxsplit=1) == [messages.text("trace-limits", {}), "1"]


def instructions() -> dict[str, str]:
    """The rules' sentences that tell somebody what to do, by code."""
    words = "add|choose|detain|give|make|name|record|recognise|register|report|sign|use|void"
    step = re.compile(rf"adamas [a-z]+[ .,]|(^| )--[a-z]|[;,] (so )?({words}) ")
    texts = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return {code: text for code, text in texts.items() if step.search(text)}


def test_what_a_rule_says_is_a_fact() -> None:
    """It is stored with documented acts for ever as a discrepancy; what to do next stands among the hints."""
    assert instructions() == {}


@pytest.mark.parametrize(
    "tail", ["; register it with: adamas party register", "; give --to", "; make a new one", " with --to"]
)
def test_a_step_within_a_rules_sentence_is_found(tail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the ways that stood there once."""
    planted = 'party-unknown = "party {party} is not registered' + tail + '"'
    monkeypatch.setattr(Path, "read_text", lambda self, **_: planted)
    assert list(instructions()) == ["party-unknown"]
