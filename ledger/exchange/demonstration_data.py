"""Where the documented histories lie that ``adamas demo`` and ``scripts/demo`` play through.

In a checkout they are ``scripts/data/histories.jsonl``, beside a README that names their sources; the build
backend puts a copy of that folder into the wheel as ``ledger/data/demo``. Data that the program itself needs
is never here.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ledger.errors import NotFound

IN_WHEEL = ("data", "demo")
IN_CHECKOUT = ("scripts", "data")


def demonstration_file(name: str) -> Path:
    """The path of a demonstration file, from the wheel's copy or else from the checkout's original.

    Raises ``NotFound`` (``demonstration-data-missing``), naming the places where it was looked for.
    """
    package = Path(str(resources.files("ledger")))
    places = (package.joinpath(*IN_WHEEL), package.parent.joinpath(*IN_CHECKOUT))
    for place in places:
        if (place / name).is_file():
            return place / name
    raise NotFound("demonstration-data-missing", name=name, places=", ".join(map(str, places)))


def histories_path() -> Path:
    """The 37 documented custody histories, one JSON object a line (UTF-8).

    Raises ``NotFound`` as ``demonstration_file`` does.
    """
    return demonstration_file("histories.jsonl")
