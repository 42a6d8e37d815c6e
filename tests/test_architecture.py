"""The floor plan is executed, and the check is checked: every rule also meets a planted fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import floor_plan, house_rules

pytestmark = pytest.mark.xdist_group("sources")  # read and parsed by one process

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def _copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for package in floor_plan.PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def copy(tmp_path: Path, _copied: Path) -> Path:
    """The sources of the two packages, to plant faults in: hard links, which ``plant`` replaces."""
    for package in floor_plan.PACKAGES:
        shutil.copytree(_copied / package, tmp_path / package, copy_function=os.link)
    return tmp_path


def plant(root: Path, module: str, text: str) -> None:
    """Add text to the end of a module of the copy; the module may be new."""
    path = root / module
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else '"""Planted."""\n'
    path.unlink(missing_ok=True)  # the other copies keep theirs
    path.write_text(before + text, encoding="utf-8")


def test_every_import_goes_to_a_lower_floor() -> None:
    """The sources are as the plan draws them."""
    assert floor_plan.faults(ROOT) == []


def test_the_rules_of_the_house_hold() -> None:
    """Sizes, names, package files, SQL and clocks are where they may be."""
    assert house_rules.faults(ROOT) == []


def test_tests_and_scripts_are_held_to_the_same_sizes() -> None:
    """Files, functions, names and swallowed exceptions outside the product as inside."""
    assert house_rules.faults_beside(ROOT) == []


def test_nothing_strange_lies_at_the_top() -> None:
    """The root folder holds what the house needs and no more."""
    names = house_rules.names_at_the_top(ROOT)
    assert {"ledger", "cli", "pyproject.toml"} <= set(names)
    assert house_rules.strangers_at_the_top(names) == []


@pytest.mark.parametrize(
    ("module", "text", "fault"),
    [
        (
            "ledger/errors.py",
            "import ledger.edtf\n",
            "ledger.errors imports ledger.edtf, which is not on a lower floor",
        ),
        ("ledger/messages.py", "from ledger import errors\n", "ledger.messages imports ledger.errors"),
        ("ledger/edtf.py", "from ledger.encoding import x\n", "not on a lower floor"),
        ("ledger/domain/state.py", "def f():\n    import ledger.encoding\n", "ledger.domain knows only"),
        (
            "ledger/domain/rules.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ledger.chain.entry\n",
            "ledger.domain.rules imports ledger.chain",
        ),
        (
            "ledger/chain/entry.py",
            "import ledger.domain.events\n",
            "ledger.chain.entry imports ledger.domain.events",
        ),
        (
            "ledger/chain/note.py",
            "import ledger.chain.checkpoint\n",
            "not on a lower step of ledger.chain",
        ),
        (
            "ledger/domain/parties.py",
            "import ledger.domain.certificates\n",
            "not on a lower step of ledger.domain",
        ),
        ("ledger/store/journal.py", "import ledger.application\n", "not on a lower floor"),
        ("ledger/projections/custody.py", "import ledger.projections.lineage\n", "not on a lower step"),
        ("ledger/application.py", "import cli.main\n", "ledger.application imports cli.main"),
        (
            "cli/output.py",
            "from importlib import import_module\nimport_module('cli.main')\n",
            "lower step of cli",
        ),
        ("ledger/domain/events.py", "from .. import errors\n", "relatively"),
        ("ledger/domain/parcels.py", "import msgpack\n", "msgpack, which belongs in ledger.encoding"),
        ("ledger/investigation/replay.py", "import click\n", "click, which belongs in cli"),
        (
            "ledger/chain/merkle.py",
            "import eventsourcing.domain\n",
            "eventsourcing, which belongs in ledger.store",
        ),
        ("ledger/projections/views.py", "import sqlite3\n", "sqlite3, which belongs in ledger.store"),
        ("cli/main.py", "import requests\n", "requests, which no place is agreed for"),
        ("ledger/federal/peers.py", "", "ledger.federal.peers is not on the plan"),
        ("ledger/domain/insurance.py", "", "ledger.domain.insurance is not on the plan"),
        ("cli/main.py", "import ledger.nowhere\n", "ledger.nowhere, which is not on the plan"),
    ],
)
def test_a_planted_import_is_found(copy: Path, module: str, text: str, fault: str) -> None:
    """Whoever breaks the plan is named, wherever the import hides."""
    plant(copy, module, text)
    assert [line for line in floor_plan.faults(copy) if fault in line]


def test_a_planted_circle_is_found(copy: Path) -> None:
    """Modules that import each other are named in their order, also when each step alone looks innocent."""
    plant(copy, "ledger/federal/one.py", "import ledger.federal.two\n")
    plant(copy, "ledger/federal/two.py", "import ledger.federal.three\n")
    plant(copy, "ledger/federal/three.py", "import ledger.federal.one\n")
    circle = "ledger.federal.one -> ledger.federal.two -> ledger.federal.three -> ledger.federal.one"
    assert f"a circle of imports: {circle}" in floor_plan.faults(copy)


def test_a_name_without_a_module_is_found(copy: Path) -> None:
    """What was renamed or removed does not stay on the plan."""
    (copy / "ledger/federation/growth.py").unlink()
    fault = "ledger.federation.growth is on the plan, and there is no such module"
    assert fault in floor_plan.faults(copy)


@pytest.mark.parametrize("package", floor_plan.PACKAGES)
def test_an_empty_folder_is_not_a_house(copy: Path, package: str) -> None:
    """A check that looks where nothing is says so and does not pass."""
    for file in (copy / package).rglob("*.py"):
        if file.name != "__init__.py":
            file.unlink()
    with pytest.raises(floor_plan.NothingToRead, match=package):
        floor_plan.faults(copy)
    with pytest.raises(floor_plan.NothingToRead):
        house_rules.faults(copy)


LONG_FILE = "#\n" * house_rules.LONGEST_FILE
SWALLOWED = "try:\n    run()\nexcept ValueError:\n    pass\n"
LONG_FUNCTION = "def long() -> None:\n" + "    print()\n" * house_rules.LONGEST_FUNCTION


@pytest.mark.parametrize(
    ("module", "text", "fault"),
    [
        ("ledger/store/__init__.py", "from ledger.errors import Refused\n", "a package file with code in it"),
        ("ledger/__init__.py", "VERSIONS = 1\n", "a package file with code in it (VERSIONS = 1)"),
        ("ledger/utils.py", "", "ledger.utils: a name that says nothing"),
        ("ledger/chain/planted.py", LONG_FILE, "ledger.chain.planted: 401 lines, at most 400"),
        ("ledger/store/planted.py", LONG_FUNCTION, "function long has 61 lines, at most 60"),
        ("cli/planted.py", SWALLOWED, "cli.planted:4: an exception is swallowed"),
        ("ledger/projections/planted.py", "Q = 'SELECT a FROM b'\n", "SQL outside ledger.store"),
        ("ledger/domain/planted.py", "import time\n", "ledger.domain.planted may not reach for time"),
        ("ledger/chain/planted.py", "from socket import socket\n", "may not reach for socket"),
        ("ledger/domain/planted.py", "T = datetime.now(tz=UTC)\n", "ledger.domain.planted reads a clock"),
    ],
)
def test_a_planted_breach_is_found(copy: Path, module: str, text: str, fault: str) -> None:
    """Each rule of the house can fail."""
    assert not [line for line in house_rules.faults(copy) if fault in line]
    plant(copy, module, text)
    assert [line for line in house_rules.faults(copy) if fault in line]


@pytest.mark.parametrize(
    ("program", "text", "fault"),
    [
        ("tests/planted.py", LONG_FILE, None),
        ("tests/planted.py", "T = datetime.now()\nQ = 'DELETE FROM a WHERE b'\n", None),
        ("scripts/planted", "#!/bin/sh\n" + "true\n" * 500, None),
        ("tests/deep/planted.py", LONG_FILE + "#\n", "tests.deep.planted: 401 lines, at most 400"),
        ("tests/planted.py", LONG_FUNCTION, "tests.planted:1: function long has 61 lines, at most 60"),
        ("scripts/planted", "#!/usr/bin/env python3\n" + SWALLOWED, "scripts.planted:4: an exception is"),
        ("tests/helpers.py", "", "tests.helpers: a name that says nothing"),
    ],
)
def test_a_breach_beside_the_product_is_found(
    tmp_path: Path, program: str, text: str, fault: str | None
) -> None:
    """Tests and scripts are read, those without an ending too; tables and clocks are open to them."""
    for folder in house_rules.BESIDE:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "innocent.py").write_text("Q = 'SELECT a FROM b'\n", encoding="utf-8")
    assert house_rules.faults_beside(tmp_path) == []
    path = tmp_path / program
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = house_rules.faults_beside(tmp_path)
    assert [str(fault) in line for line in found] == [True] * (fault is not None)


def test_an_empty_folder_beside_the_product_is_not_read_as_innocent(tmp_path: Path) -> None:
    """A check that looks where nothing is says so."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "one.py").touch()
    with pytest.raises(floor_plan.NothingToRead, match="scripts"):
        house_rules.faults_beside(tmp_path)


def test_a_package_without_a_docstring_is_found(copy: Path) -> None:
    """An empty package file says nothing about its package."""
    (copy / "ledger/chain/__init__.py").unlink()
    (copy / "ledger/chain/__init__.py").touch()
    assert "ledger.chain: a package without a docstring" in house_rules.faults(copy)


def test_a_stranger_at_the_top_is_found(tmp_path: Path) -> None:
    """A folder of notes in the root is named; dot-files are not."""
    (tmp_path / "docs").mkdir()
    (tmp_path / ".editorconfig").touch()
    (tmp_path / "README.md").touch()
    assert house_rules.strangers_at_the_top(house_rules.names_at_the_top(tmp_path)) == ["docs"]


def runtime_dependencies() -> set[str]:
    """The packages that pyproject.toml asks for at run time, the optional ones too; not what only tests and
    benchmarks take."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        item
        for name, items in project["optional-dependencies"].items()
        if name not in ("test", "benchmark")
        for item in items
    ]
    return {
        item.split("[")[0].split(">")[0].split("=")[0].strip().replace("-", "_")
        for item in project["dependencies"] + extras
    }


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    """An undeclared import breaks the installed package; an unused declaration is a burden for nothing."""
    imported = {item.target.split(".")[0] for item in floor_plan.imports(ROOT)}
    third_party = imported - set(sys.stdlib_module_names) - set(floor_plan.PACKAGES)
    assert third_party == runtime_dependencies()


def run_without(blocked: set[str], places: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Import all modules of some places in a fresh interpreter in which some packages cannot be imported."""
    names = [n for n in floor_plan.modules(ROOT) if any(n == p or n.startswith(p + ".") for p in places)]
    assert len(names) >= len(places)
    program = (
        f"import importlib, sys\nsys.modules.update(dict.fromkeys({sorted(blocked)!r}))\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


def test_domain_and_investigation_run_without_any_third_party_package() -> None:
    """Rules and questions can be read, and run, with Python alone."""
    outcome = run_without(set(floor_plan.PLACES), ("ledger.domain", "ledger.investigation"))
    assert outcome.returncode == 0, outcome.stderr


def test_verifying_needs_only_msgpack_and_cryptography() -> None:
    """A stranger who checks a bundle installs two packages, and no store comes along."""
    blocked = set(floor_plan.PLACES) - {"msgpack", "cryptography"}
    outcome = run_without(blocked, ("ledger.encoding", "ledger.keys", "ledger.chain"))
    assert outcome.returncode == 0, outcome.stderr


def test_a_blocked_package_would_be_noticed() -> None:
    """The two tests above can fail: without click the command cannot start."""
    outcome = run_without({"click"}, ("cli.main",))
    assert outcome.returncode != 0
    assert "click" in outcome.stderr
