"""The message catalogue: every refusal, finding and error has a stable code and a text in a language.

A script reads the code; a clerk reads the text. Texts are format strings in
``ledger/data/messages/<language>/*.toml``, one ``code = "text"`` a line; a code stands in one file only.
A word that agrees with a number has both forms: ``{count} {count|entry|entries}``.

Beside a text a code may have a *hint*: what a person can do next. Texts are recorded with documented acts and
never change; hints (``ledger/data/hints``) are printed only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any

_AGREEING = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")


def catalogue(language: str = "en") -> Mapping[str, str]:
    """All texts of a language by code.

    Raises ``LookupError`` when the language is not there or when a code stands twice.
    """
    return _read("messages", language)


def hints(language: str = "en") -> Mapping[str, str]:
    """All hints of a language by code; ``family-*`` stands for every code that begins so and has none of its
    own. Raises as `catalogue`.
    """
    return _read("hints", language)


@cache
def _read(kind: str, language: str) -> Mapping[str, str]:
    # Imported only when something is to be said: start-up time counts.
    import tomllib
    from importlib import resources

    folder = resources.files("ledger") / "data" / kind / language
    if not folder.is_dir():
        raise LookupError(f"no message catalogue for language {language!r}")
    texts: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".toml"):
            continue
        for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if code in texts:
                raise LookupError(f"message code {code!r} stands twice, again in {file.name}")
            texts[code] = text
    return texts


def text(code: str, values: Mapping[str, Any], language: str = "en") -> str:
    """The sentence for ``code`` with ``values`` filled in.

    A code that the catalogue lacks, or a value that the text asks for and nobody gave, is a fault of the
    program and raises ``LookupError``: a person must never read half a sentence.
    """
    try:
        template = catalogue(language)[code]
    except KeyError:
        raise LookupError(f"no text for message code {code!r} in language {language!r}") from None
    try:
        return _filled(template, values)
    except KeyError as missing:
        raise LookupError(f"message {code!r} needs the value {missing}") from None


def how_many(code: str, count: int, language: str = "en") -> str:
    """How many there are of something, ``1 entry`` or ``1,204 entries``: the text of a code that asks for a
    ``count`` alone."""
    return text(code, {"count": f"{count:,}"}, language)


def hint(code: str, values: Mapping[str, Any], language: str = "en") -> str | None:
    """What a person can do next about ``code``; None where its text says so, or where a value is lacking."""
    known = hints(language)
    families = (name for name in known if name.endswith("*") and code.startswith(name[:-1]))
    template = known.get(code) or known.get(max(families, key=len, default=""))
    if template is None or not needed(template) <= values.keys():
        return None
    return _filled(template, values)


def needed(template: str) -> set[str]:
    """The names of the values that a text asks for."""
    return {name.partition("|")[0] for _, name, _, _ in Formatter().parse(template) if name is not None}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return _AGREEING.sub(lambda form: form[2] if str(values[form[1]]) == "1" else form[3], template).format(
        **values
    )
