"""A module's tests once more, under other fixtures: one suite, several stores.

    globals().update(again(Path(__file__).parent / "store" / "test_records.py", taking=("world", "peopled")))

gives the tests that take one of these fixtures, and the module's own fixtures beside them; what the importing
module defines afterwards, it defines instead.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FIXTURE = "pytest_fixture"


def again(path: Path, *, taking: Sequence[str], but: Sequence[str] = ()) -> dict[str, Any]:
    """Tests by a name of their own, and fixtures. Raises ``LookupError`` where a test in ``but`` is none."""
    spec = importlib.util.spec_from_file_location(f"tests.again_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = vars(module)
    strangers = [name for name in but if name not in names]
    if strangers:
        raise LookupError(f"{path.name} has no {strangers}")
    ending = path.stem.removeprefix("test_")
    tests = {
        f"{name}_{ending}": one
        for name, one in names.items()
        if name.startswith("test_") and name not in but and set(taking) & set(one.__annotations__)
    }
    if not tests:
        raise LookupError(f"{path.name} has no test that takes {taking}")
    fixtures = {
        name: one for name, one in names.items() if "Fixture" in type(one).__name__ and name not in taking[:1]
    }
    return fixtures | tests
