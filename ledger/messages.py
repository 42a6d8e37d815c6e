"""The message catalogue: every refusal, finding and error has a stable code and a text in a language.

A script reads the code; a clerk reads the text. Texts are format strings in
``ledger/data/messages/<language>/*.toml``, one ``code = "text"`` a line; a code stands in one file only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def catalogue(language: str = "en") -> Mapping[str, str]:
    """All texts of a language by code.

    Raises ``LookupError`` when the language is not there or when a code stands twice.
    """
    # Imported only when something is to be said: start-up time counts.
    import tomllib
    from importlib import resources

    folder = resources.files("ledger") / "data" / "messages" / language
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
        return template.format(**values)
    except KeyError as missing:
        raise LookupError(f"message {code!r} needs the value {missing}") from None
