"""A verification that was stopped goes on from its working paper, and reports what one run would have."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import examination, processes
from ledger.audit.auditing import Audit, Options
from ledger.audit.report import Report
from ledger.audit.working_paper import ENTRIES, WorkingPaper
from ledger.chain import inspection, paging, verification
from ledger.chain.verification import _Pays
from ledger.errors import Malformed
from ledger.projections import views
from ledger.store.checking import open_for_checking
from ledger.store.rows import Changes
from tests.attacker import Attacker
from tests.attacks import ATTACKS, Attack
from tests.extent import extent
from tests.refusing import refusing
from tests.scene import Scene
from tests.world import World

ROOT = Path(__file__).parents[3]
SIZE = 8


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of eight entries, so that a small ledger has many."""
    monkeypatch.setattr(paging, "PAGE", SIZE)
    monkeypatch.setattr(examination, "_PAGE", SIZE)


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of eight entries, read over connections of their own, but in this process."""
    for name in ("_SIGNATURES", "_STATEMENTS", "_CHAIN"):
        monkeypatch.setattr(verification, name, _Pays(0, SIZE, 1 << 53))

    def on_others(work: Callable[[Any], Any], questions: Iterable[Any], number: int) -> Iterator[Any]:
        return ((question, work(question)) for question in questions)

    monkeypatch.setattr(processes, "on_others", on_others)


def reported(audit: Audit) -> dict[str, Any]:
    """All that is told of a finished audit."""
    told = Report(audit, "ledger", 0, "1")
    return told.values() | {"text": told.as_text(), "said": [str(fault) for fault in audit.faults]}


def audited(of: Scene, paper: Path | None = None, stop: int | None = None, **options: Any) -> Audit:
    """An audit, finished, or left where it had told its progress so often."""
    chosen = replace(Options(cores=1, evidence=of.evidence), **options)
    with ExitStack() as files:
        journal = files.enter_context(open_for_checking(str(of.path)))
        held = None if paper is None else files.enter_context(WorkingPaper(paper))
        audit = Audit(journal, chosen, paper=held)
        list(islice(audit.run(), stop))
    return audit


def pages_of(of: Scene) -> int:
    """How often an audit tells its progress."""
    with open_for_checking(str(of.path)) as journal:
        return len(list(Audit(journal, Options(cores=1)).run()))


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.usefixtures("divided")
def test_stopped_anywhere_it_goes_on(original: Scene, tmp_path: Path, cores: int) -> None:
    """Once after each page, each time one more: the report is that of one run, and little is done twice."""
    whole = reported(audited(original, cores=cores, anchor=original.head, held=(original.checkpoint,)))
    paper, taken = tmp_path / "paper", []
    for stop in range(1, pages_of(original)):
        last = audited(original, paper, stop, cores=cores)
        assert last.earlier is not None
        taken.append(last.earlier.taken)
    last = audited(original, paper, cores=cores, anchor=original.head, held=(original.checkpoint,))
    assert reported(last) == whole
    assert whole["faults"] == []
    assert last.earlier is not None
    assert last.earlier.taken == original.head.index + 1
    assert taken == sorted(taken)
    assert last.earlier.changed is None


def test_what_was_found_right_is_not_looked_into_again(
    original: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signatures are checked, and rights asked for, of what no earlier run had come to."""
    phase, checked, judged = pages_of(original) // 2, [0], [0]
    holds, standing = inspection.signature_holds, examination.Entitlement.look

    def signature_holds(*given: Any) -> bool:
        checked[0] += 1
        return holds(*given)

    def look(self: Any, *given: Any) -> Any:
        judged[0] += 1
        return standing(self, *given)

    monkeypatch.setattr(inspection, "signature_holds", signature_holds)
    monkeypatch.setattr(examination.Entitlement, "look", look)
    size, paper = original.head.index + 1, tmp_path / "paper"
    audited(original, paper, 3)
    assert (checked, judged) == ([3 * SIZE], [0])
    audited(original, paper, phase + 2)
    assert (checked, judged) == ([size], [2 * SIZE])
    audited(original, paper)
    assert (checked, judged) == ([size], [size])


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS[:: extent(6, 1)], ids=lambda attack: attack.name)
def test_faults_are_told_as_by_one_run(attack: Attack, original: Scene, tmp_path: Path) -> None:
    """Whatever was done to the ledger, and wherever the run was stopped: no fault is lost in the paper."""
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        attack.deed(attacker, attacked)
    stop = random.Random(attack.name).randrange(2, pages_of(original))
    audited(attacked, tmp_path / "paper", stop)
    assert reported(audited(attacked, tmp_path / "paper")) == reported(audited(attacked))


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS[extent(3, 0) :: extent(6, 1)], ids=lambda attack: attack.name)
def test_what_is_done_between_two_runs_is_found(attack: Attack, original: Scene, tmp_path: Path) -> None:
    """In the part that was looked at already, too: its bytes are read again, its tables compared anew."""
    attacked = original.copy(tmp_path)
    audited(attacked, tmp_path / "paper", pages_of(original) - 1, held=(original.checkpoint,))
    with Attacker(attacked.path) as attacker:
        attack.deed(attacker, attacked)
    resumed = audited(attacked, tmp_path / "paper", held=(original.checkpoint,))
    fresh = audited(attacked, held=(original.checkpoint,))
    alike = [one for one in fresh.faults if one.code not in ("verify-not-begun", "verify-evidence")]
    assert [str(one) for one in resumed.faults if one in alike] == [str(one) for one in alike]
    assert bool(resumed.faults) == bool(alike)
    assert {str(one) for one in resumed.faults} <= {str(one) for one in fresh.faults}


def test_a_document_that_is_altered_between_two_runs_is_not_found(original: Scene, tmp_path: Path) -> None:
    """What was found of documents rests on the paper alone; a run without it finds this one."""
    here = original.copy(tmp_path)
    audited(here, tmp_path / "paper", pages_of(original) - 1)
    (document,) = here.evidence.folder.iterdir()
    document.write_bytes(b"Another letter.")
    resumed, fresh = audited(here, tmp_path / "paper"), audited(here)
    assert [one.code for one in fresh.faults] == ["verify-evidence"]
    assert resumed.faults == []


def test_a_paper_that_ends_in_the_middle_of_a_line(original: Scene, tmp_path: Path) -> None:
    """The power went while it was written: what is half there is cut off and done again."""
    whole, paper = reported(audited(original)), tmp_path / "paper"
    audited(original, paper, pages_of(original) - 2)
    data, before = paper.read_bytes(), -1
    for length in range(0, len(data), len(data) // 7):
        paper.write_bytes(data[:length])
        audit = audited(original, paper)
        assert reported(audit) == whole
        assert audit.earlier is not None
        assert before <= audit.earlier.taken <= original.head.index + 1
        before = audit.earlier.taken
    assert before > SIZE


def test_a_paper_that_was_damaged(original: Scene, tmp_path: Path) -> None:
    """What stands behind a flipped bit does not count, and the report is right all the same; where the first
    line is hit, the file is none of ours any more."""
    whole, paper, dice = reported(audited(original)), tmp_path / "paper", random.Random(5)
    audited(original, paper, pages_of(original) - 2)
    data = paper.read_bytes()
    for _ in range(6):
        harmed = bytearray(data)
        harmed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        paper.write_bytes(harmed)
        with suppress(Malformed):
            with WorkingPaper(paper) as held:
                assert held.dropped
            assert reported(audited(original, paper)) == whole
            continue
        assert not data.startswith(bytes(harmed[:40]))
        assert paper.read_bytes() == bytes(harmed)


def test_a_file_that_is_no_paper_stays_as_it_is(original: Scene, tmp_path: Path) -> None:
    """Nor is a ledger written over."""
    for content in (b"A letter.", original.path.read_bytes()):
        (tmp_path / "file").write_bytes(content)
        with refusing(Malformed, "working-paper-strange"):
            WorkingPaper(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == content


def test_a_paper_of_another_verification_is_refused(original: Scene, tmp_path: Path) -> None:
    """Of another ledger, with other steps, with other documents: named, and left as it is."""
    paper = tmp_path / "paper"
    audited(original, paper, 4)
    written = paper.read_bytes()
    for options in ({"signatures": False}, {"evidence": None}):
        with refusing(Malformed, "working-paper-other"):
            audited(original, paper, **options)
    with WorkingPaper(paper) as held, WorkingPaper(tmp_path / "other") as other:
        other.bind({**(held._bound or {}), "ledger": "ledger.example/other"})
    with refusing(Malformed, "working-paper-other"):
        audited(original, tmp_path / "other")
    assert paper.read_bytes() == written


def test_a_paper_that_says_what_no_verification_writes(original: Scene, tmp_path: Path) -> None:
    """Its lines follow from each other, and their values are of another form: refused, not followed."""
    for line in ([], [1], [[0, b"", 0], 0, 1, [], 5, [], [], [], 0]):
        paper = tmp_path / f"paper{len(line)}"
        audited(original, paper, 0)
        with WorkingPaper(paper) as held:
            audit = audited(original, tmp_path / "right", 1)
            assert audit.paper is not None
            held.bind(audit.paper._bound or {})
            held.write(ENTRIES, line)
        with refusing(Malformed, "working-paper-strange"):
            audited(original, paper)


def test_a_ledger_that_grew_meanwhile_is_verified_to_its_end(tmp_path: Path) -> None:
    """What was looked at stays so, and what came since is looked at."""
    with closing(World(tmp_path / "ledger.db")) as world:
        for number in range(30):
            world.mine(f"P{number}", "1.000")
        of = Scene(tmp_path / "ledger.db", {}, None, "", None)  # type: ignore[arg-type]
        audited(of, tmp_path / "paper", pages_of(of) - 1)
        world.mine("P30", "1.000")
        grown = audited(of, tmp_path / "paper")
        assert grown.size == world.ledger.head().size
        assert reported(grown) == reported(audited(of))


def test_on_either_store(store_url: str, tmp_path: Path) -> None:
    """Stopped and resumed in SQLite and on a server; rights of parties rest on what was taken over."""
    with closing(World(store_url)) as world:
        for number in range(20):
            world.mine(f"P{number}", "1.000")
        size = world.ledger.head().size
    with open_for_checking(store_url) as journal:
        wanted = Audit(journal, Options(cores=1))
        steps = len(list(wanted.run()))
        for stop in (2, steps // 2 + 2, None):
            with WorkingPaper(tmp_path / "paper") as paper:
                audit = Audit(journal, Options(cores=1), paper=paper)
                list(islice(audit.run(), stop))
    assert reported(audit) == reported(wanted)
    assert audit.earlier is not None
    assert (audit.faults, audit.earlier.taken) == ([], size)


def views_stopped(of: Scene, paper: Path, pages: int) -> None:
    """An audit that ends while it derives the views again, after so many pages of that."""
    told = 0
    with open_for_checking(str(of.path)) as journal, WorkingPaper(paper) as held:
        options = Options(cores=1, evidence=of.evidence, views=True)
        for step in Audit(journal, options, paper=held).run():
            told += step.phase == 3 and step.done > 0
            if told == pages:
                break


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The indexes of the entries that were folded into views, in pages of eight."""
    found: list[int] = []
    fold = views.Folding.fold

    def folding(self: views.Folding, page: Sequence[views.Step]) -> Changes:
        found.extend(step.recorded.index for step in page)
        return fold(self, page)

    monkeypatch.setattr(views, "_PAGE", SIZE)
    monkeypatch.setattr(views.Folding, "fold", folding)
    return found


def test_the_comparing_of_views_goes_on_too(original: Scene, tmp_path: Path, folded: list[int]) -> None:
    """What was derived again is kept beside the paper; a row that is wrong is found all the same, and both
    files are gone in the end."""
    paper, harmed = tmp_path / "paper", original.copy(tmp_path / "copy")
    with Attacker(harmed.path) as attacker:
        attacker.sql("UPDATE view_parcels SET weight = weight + 1 WHERE parcel = 'P8'")
    wanted = reported(audited(harmed, views=True))
    folded.clear()
    for pages in (2, 1):
        views_stopped(harmed, paper, pages)
    assert folded == list(range(3 * SIZE))
    assert reported(audited(harmed, paper, views=True)) == wanted
    assert folded == list(range(harmed.head.index + 1))
    assert [fault["code"] for fault in wanted["faults"]] == ["verify-view"]
    with WorkingPaper(paper) as held:
        assert held.views.exists()
        held.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_file_that_only_has_the_name_stays(original: Scene, tmp_path: Path) -> None:
    """Where the tables of views would lie: it is refused where they are needed, and not taken away."""
    (tmp_path / "paper.views").write_bytes(b"A landscape.")
    with refusing(Malformed, "kept-tables-strange"):
        audited(original, tmp_path / "paper", views=True)
    with WorkingPaper(tmp_path / "paper") as held:
        held.remove()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"A landscape."]


@pytest.mark.parametrize("harm", ["damaged", "another paper's", "lines lost", "erased", "lent"])
def test_views_that_cannot_be_gone_on_with_begin_anew(
    original: Scene, tmp_path: Path, folded: list[int], harm: str
) -> None:
    """No fault of these tables is told as one of the ledger."""
    paper, here = tmp_path / "paper", original.copy(tmp_path / "copy")
    views_stopped(here, paper, 4)
    kept = tmp_path / "paper.views"
    if harm == "damaged":
        kept.write_bytes(kept.read_bytes()[:4_096] + b"\xee" * 20_000)
    elif harm == "another paper's":
        paper.unlink()
    elif harm == "lines lost":  # of which entries the rows are, nobody knows any more
        paper.write_bytes(paper.read_bytes()[:-1])
    else:
        whole = here.path.read_bytes()
        with Attacker(here.path) as attacker:
            attacker.sql("DELETE FROM disclosures WHERE idx = ?", here.at["valued"])
        if harm == "lent":  # another ledger lay in its place for a while
            views_stopped(here, paper, 4)
            here.path.write_bytes(whole)
    folded.clear()
    audit = audited(here, paper, views=True)
    assert folded == list(range(here.head.index + 1))
    assert reported(audit) == reported(audited(here, views=True))


SCRIPT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
sys.path.insert(0, {root!r})
from pathlib import Path
from ledger.audit import examination
from ledger.audit.auditing import Audit, Options
from ledger.audit.working_paper import WorkingPaper
from ledger.chain import paging
from ledger.store.checking import open_for_checking
paging.PAGE = examination._PAGE = {size}
import ledger.audit.working_paper as working
working._TOGETHER = 2
with open_for_checking({path!r}) as journal, WorkingPaper(Path({paper!r})) as paper:
    for number, _ in enumerate(Audit(journal, Options(cores=1), paper=paper).run()):
        if number == {stop}:
            os.kill(os.getpid(), signal.{signal})
"""


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("by", ["SIGKILL", "SIGINT"])
def test_killed_it_goes_on(by: str, original: Scene, tmp_path: Path) -> None:
    """By the system, which asks nobody, or by Ctrl-C."""
    paper = tmp_path / "paper"
    names = {"root": str(ROOT), "path": str(original.path), "paper": str(paper), "size": SIZE}
    script = SCRIPT.format(**names, stop=pages_of(original) - 3, signal=by)
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert ended.returncode in (-getattr(signal, by), 1)
    wanted = audited(original, evidence=None)
    audit = audited(original, paper, evidence=None)
    assert reported(audit) == reported(wanted)
    assert audit.earlier is not None
    assert audit.earlier.taken >= original.head.index - SIZE
