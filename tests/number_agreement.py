"""Whether words agree with the numbers before them: "1 entries" is what a program says, not a person.

A text of the catalogue gives both forms, ``{count} {count|entry|entries}``; a sentence that the program puts
together takes them from there. ``faults`` names each number in texts and sources behind which only the plural
stands. What is a plural is learnt from the catalogue: every second form that any text gives.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from tests.floor_plan import nodes

BOUNDS = {"attempts", "deepest", "factor", "microseconds", "most", "places", "rounds"}
"""Placeholders of limits and the like, of which there is never one."""

_FORMS = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")
_BEHIND = re.compile(r"\{(\w+)\} (?:(?:more|sealed|opaque|quorum|independent|other) )?([a-z]+)\b")
OF_MANY = {"bytes"}
"""What sources may count in the plural only: no file has one."""

_ADJECTIVES = {"more", "sealed", "opaque", "other", "of"}
MORE_PLURALS = {"discrepancies", "findings", "proofs", "weighings", "differences", "parties", "licences"}
"""Words that no text gives in two forms yet, and that numbers could stand before."""


def plurals(texts: Mapping[str, str]) -> set[str]:
    """Every plural, and verb in the plural, that a text gives beside its singular."""
    given = {many.split()[0] for text in texts.values() for _, _, many in _FORMS.findall(text)}
    return given | MORE_PLURALS


def in_texts(texts: Mapping[str, str]) -> list[str]:
    """One sentence for each text in which a number stands before a plural and no singular is given."""
    many = plurals(texts) - {"acts"}  # an entry acts: of several acts there is ``count-acts``
    numbers = {name for text in texts.values() for name, _, _ in _FORMS.findall(text)} - BOUNDS
    return [
        f"{code}: {{{name}}} {word} has no singular"
        for code, text in texts.items()
        for name, word in _BEHIND.findall(text)
        if word in many and (name in numbers or (word.endswith("s") and name not in BOUNDS and word != "was"))
    ]


def in_sources(trees: Mapping[str, ast.Module], many: set[str]) -> list[str]:
    """The same for sentences that the program puts together: a value in an f-string before a plural."""
    found = []
    for module, tree in trees.items():
        for node in nodes(tree):
            if isinstance(node, ast.JoinedStr):
                found += [f"{module}:{node.lineno}: {word} has no singular" for word in _counted(node, many)]
    return found


def _counted(text: ast.JoinedStr, many: set[str]) -> Iterator[str]:
    for value, behind in zip(text.values, text.values[1:], strict=False):
        if isinstance(value, ast.FormattedValue) and isinstance(behind, ast.Constant):
            words = re.findall(r"[a-z]+", str(behind.value).partition("\n")[0])
            first = next((word for word in words if word not in _ADJECTIVES), "")
            if str(behind.value).startswith(" ") and first in many - OF_MANY and first.endswith("s"):
                yield first
