"""In which stores a test of the library runs: in both, unless it is about the file that is one of them.

A test that takes ``world``, ``world_file`` or ``ledger_url`` (tests/conftest.py), itself or through a
fixture of its own, is run once for each store. What is about the file says so:
``@pytest.mark.file("why")``. Of a test with very many parameters some run on PostgreSQL every day, the same
ones, and all with ADAMAS_SLOW=full; so of the commands' tests on a server (tests/cli/test_on_postgresql.py).
The store's own tests run all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.extent import extent

STORES = ("sqlite", "postgresql")
MANY = extent(2, 10_000)
"""How many parameters of one test run on PostgreSQL."""


def run_in_each(metafunc: pytest.Metafunc) -> None:
    """Once for each store, where the test has a ledger of its own and is not about the file."""
    if "store" in metafunc.fixturenames and metafunc.definition.get_closest_marker("file") is None:
        metafunc.parametrize("store", STORES, indirect=True)


def too_many(items: Iterable[Any]) -> list[Any]:
    """The items that are left to ADAMAS_SLOW=full; those that stand for them are marked ``slow``."""
    found: dict[tuple[Any, str], list[Any]] = {}
    for item in items:
        if item.path.parent.name == "store" or not hasattr(item, "callspec"):
            continue
        if item.callspec.params.get("store") == "postgresql" or item.path.name == "test_on_postgresql.py":
            found.setdefault((item.path, item.originalname), []).append(item)
    left: list[Any] = []
    for alike in found.values():
        if len(alike) > MANY:
            kept = {round(place * (len(alike) - 1) / (MANY - 1)) for place in range(MANY)}
            for place, item in enumerate(alike):
                if place in kept:
                    item.add_marker("slow")
                else:
                    left.append(item)
    return left


GIVEN = {"store", "ledger_url", "store_url", "module_url", "world", "world_file", "postgres", "own"}
"""The fixtures for everybody that lead to a server too."""
_LEDGER = (
    r"\bWorld\(", r"\b(Ledger|opening)\.(open|create)\(", r"\bworld(_file)?: World", r": Scene\b",
    r"\b(ledger|store|module)_url: str",
)  # fmt: skip


def works_on_a_ledger(source: str) -> bool:
    """Whether a test module opens or makes ledgers."""
    return any(re.search(one, source) for one in _LEDGER)


def on_a_server(source: str) -> set[str]:
    """The tests of a module that take, themselves or through its own fixtures, what leads to a server."""
    takes: dict[str, set[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            marks = {ast.unparse(mark).partition("(")[0] for mark in node.decorator_list}
            about_the_file = "pytest.mark.file" in marks
            named = {argument.arg for argument in node.args.args + node.args.kwonlyargs}
            inside = {getattr(one, "value", None) or getattr(one, "id", None) for one in ast.walk(node)
                      if isinstance(one, (ast.Constant, ast.Name))}  # fmt: skip
            named |= {"postgres"} if inside & {"postgres", "PostgresServer"} else set()
            if node.name.startswith("test_") or "pytest.fixture" in marks:
                takes[node.name] = set() if about_the_file else named

    def leads(name: str, within: str = "") -> bool:
        if name in takes and name != within:
            return any(leads(one, name) for one in takes[name])
        return name in GIVEN

    return {name for name in takes if name.startswith("test_") and leads(name)}
