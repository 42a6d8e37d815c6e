"""Reads tables of exit codes, wherever one is printed, and the classes they must agree with."""

from __future__ import annotations

import re

from ledger.errors import AdamasError

ROW = re.compile(r"^\| *(\d+) *\| *(?:`(\w+)`)? *\| *(.+?) *\|$", re.MULTILINE)
WITHOUT_CLASS = {0, 2}
"""Done, and click's own code for a command line that it does not understand."""


def rows(text: str) -> list[tuple[int, str, str]]:
    """The rows of the table ``| exit | class | meaning |`` in a text: code, class name or ``""``, meaning."""
    return [(int(code), name, meaning) for code, name, meaning in ROW.findall(text)]


def classes(root: type[AdamasError] = AdamasError) -> list[type[AdamasError]]:
    """All exception classes below one, however deep."""
    return [found for child in root.__subclasses__() for found in (child, *classes(child))]


def faults(table: list[tuple[int, str, str]], exceptions: list[type[AdamasError]]) -> list[str]:
    """One sentence for each disagreement of a table and the classes."""
    if not table:
        return ["there is no table"]
    codes = [code for code, _, _ in table]
    found = [
        f"exit {code} stands twice" for code in sorted({code for code in codes if codes.count(code) > 1})
    ]
    found += [
        f"exit {code} has no class" for code, name, _ in table if not name and code not in WITHOUT_CLASS
    ]
    found += [f"exit {code} is missing" for code in sorted(WITHOUT_CLASS - set(codes))]
    named = {name: code for code, name, _ in table if name}
    for exception in exceptions:
        if exception.__name__ not in named:
            found.append(f"{exception.__name__} is missing")
        elif named[exception.__name__] != exception.exit_code:
            found.append(f"{exception.__name__} exits {exception.exit_code}, not {named[exception.__name__]}")
    known = {exception.__name__ for exception in exceptions}
    return found + [f"there is no class {name}" for name in named if name not in known]
