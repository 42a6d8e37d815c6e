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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

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
    texts: dict[str, str] = {}
    for name in _files(kind, language):
        for code, text in _parsed(kind, language, name).items():
            if code in texts:
                raise LookupError(f"message code {code!r} stands twice, again in {name}")
            texts[code] = text
    return texts


@cache
def _files(kind: str, language: str) -> Mapping[str, str]:
    """The files of a catalogue by name, as they are written."""
    folder = _folder() / "data" / kind / language
    if not folder.is_dir():
        raise LookupError(f"no message catalogue for language {language!r}")
    found = {file.name: file for file in folder.iterdir() if file.name.endswith(".toml")}
    return {name: found[name].read_text(encoding="utf-8") for name in sorted(found)}


def _folder() -> Traversable:
    """Where this package lies; in an archive by the library's help, which takes 6 ms to import."""
    from pathlib import Path

    here = Path(__file__).parent
    if here.is_dir():
        return here
    from importlib import resources

    return resources.files("ledger")


@cache
def _parsed(kind: str, language: str, name: str) -> Mapping[str, str]:
    import tomllib  # imported only when something is to be said: start-up time counts

    return tomllib.loads(_files(kind, language)[name])


@cache
def _template(code: str, language: str) -> str | None:
    """A text by its code; of the files only those are parsed that seem to have it: a command says little."""
    for name, written in _files("messages", language).items():
        if f"{code} =" in written and code in _parsed("messages", language, name):
            return _parsed("messages", language, name)[code]
    return catalogue(language).get(code)


def text(code: str, values: Mapping[str, Any], language: str = "en") -> str:
    """The sentence for ``code`` with ``values`` filled in.

    A code that the catalogue lacks, or a value that the text asks for and nobody gave, is a fault of the
    program and raises ``LookupError``: a person must never read half a sentence.
    """
    template = _template(code, language)
    if template is None:
        raise LookupError(f"no text for message code {code!r} in language {language!r}")
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
    from string import Formatter

    return {name.partition("|")[0] for _, name, _, _ in Formatter().parse(template) if name is not None}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return _AGREEING.sub(lambda form: form[2] if str(values[form[1]]) == "1" else form[3], template).format(
        **values
    )
