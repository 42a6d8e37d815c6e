"""Rules of the house that are not about imports: sizes, names, empty package files, who may read a clock.

``faults`` answers one sentence for each place where a source breaks one, ``faults_beside`` the same for tests
and scripts, where sizes, names and swallowed exceptions count too.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from tests.floor_plan import NothingToRead, modules, nodes, parsed

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\s", re.S
)
NO_CLOCK = {"now", "utcnow", "today"}
CLOSED = {
    "ledger.domain": {"hashlib", "io", "os", "pathlib", "random", "secrets", "socket", "subprocess", "time"},
    "ledger.chain": {"random", "socket", "subprocess", "time"},
}
"""Parts of the standard library that would bring the world in: a clock, chance, files, the network."""

AT_THE_TOP = {
    "CHANGELOG.md", "LICENSE", "README.md", "cli", "ledger", "pyproject.toml", "scripts", "tests", "uv.lock",
}  # fmt: skip


def faults(root: Path) -> list[str]:
    """One sentence for each place in the sources that breaks a rule of the house."""
    found: list[str] = []
    for name, file in modules(root).items():
        found += _faults_of(name, file.name == "__init__.py", file.read_text(encoding="utf-8"))
    return found


BESIDE = ("tests", "scripts")
"""What is no product and is held to the same sizes."""


def faults_beside(root: Path) -> list[str]:
    """The same for tests and scripts, those without an ending too. They may look into tables and at clocks.

    Raises ``NothingToRead`` where one of the folders holds no program.
    """
    found: list[str] = []
    for folder in BESIDE:
        programs = sorted(path for path in (root / folder).rglob("*") if _is_program(path))
        if not programs:
            raise NothingToRead(f"there is no program in {root / folder}")
        for file in programs:
            name = ".".join(file.relative_to(root).with_suffix("").parts)
            text = file.read_text(encoding="utf-8")
            found += _sizes_of(name, text, ast.walk(ast.parse(text)))
    return found


def _is_program(path: Path) -> bool:
    if path.suffix or not path.is_file():
        return path.suffix == ".py"
    with path.open("rb") as file:
        return file.readline(80).startswith(b"#!/usr/bin/env python")


def _sizes_of(name: str, text: str, inside: Iterable[ast.AST]) -> list[str]:
    """Sizes, names and swallowed exceptions: what every program is held to."""
    found: list[str] = []
    if name.rpartition(".")[2] in EMPTY_NAMES:
        found.append(f"{name}: a name that says nothing")
    if (length := text.count("\n")) > LONGEST_FILE:
        found.append(f"{name}: {length} lines, at most {LONGEST_FILE}")
    for node in inside:
        found += [f"{name}:{getattr(node, 'lineno', 0)}: {fault}" for fault in _size_faults(node)]
    return found


@lru_cache(maxsize=2_000)
def _faults_of(name: str, package: bool, text: str) -> tuple[str, ...]:
    """Kept by text: a planted fault changes one file, and all the others need not be read again."""
    tree = parsed(text)
    found = _sizes_of(name, text, nodes(tree))
    if package:
        found += _package_faults(name, tree)
    for node in nodes(tree):
        found += [f"{name}:{getattr(node, 'lineno', 0)}: {fault}" for fault in _node_faults(name, node)]
    return tuple(found)


def strangers_at_the_top(names: list[str]) -> list[str]:
    """The names in the project's root folder that have no place there; dot-files have."""
    return sorted(name for name in names if name not in AT_THE_TOP and not name.startswith("."))


def names_at_the_top(root: Path) -> list[str]:
    """What git tracks in the root folder; all that lies there where this is no checkout."""
    if not (root / ".git").exists():
        return [path.name for path in root.iterdir()]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    return sorted({path.split("/")[0] for path in listed.stdout.decode().split("\0") if path})


def _package_faults(name: str, tree: ast.Module) -> Iterator[str]:
    """A package file is its docstring; the root of the library also has the version."""
    rest = tree.body[1:] if ast.get_docstring(tree) else tree.body
    if not ast.get_docstring(tree):
        yield f"{name}: a package without a docstring"
    for node in rest:
        if not (name == "ledger" and ast.unparse(node).startswith("__version__ = ")):
            yield f"{name}: a package file with code in it ({ast.unparse(node).splitlines()[0]})"


def _size_faults(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > LONGEST_FUNCTION:
            yield f"function {node.name} has {length} lines, at most {LONGEST_FUNCTION}"
    elif isinstance(node, ast.ExceptHandler):
        if all(isinstance(item, ast.Pass) for item in node.body):
            yield "an exception is swallowed"


def _node_faults(name: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if SQL.match(node.value) and not name.startswith("ledger.store"):
            yield "SQL outside ledger.store"
    else:
        yield from _reach_faults(name, node)


def _reach_faults(name: str, node: ast.AST) -> Iterator[str]:
    """What the pure floors may not reach for."""
    if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Call)):
        return
    closed: set[str] = next((names for place, names in CLOSED.items() if name.startswith(place)), set())
    if not closed:
        return
    if isinstance(node, ast.Import):
        reached = {alias.name.split(".")[0] for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        reached = {(node.module or "").split(".")[0]}
    else:
        reached = set()
    for module in sorted(reached & closed):
        yield f"{name} may not reach for {module}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NO_CLOCK:
        yield f"{name} reads a clock ({ast.unparse(node)})"
