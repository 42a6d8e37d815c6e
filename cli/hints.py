"""The next step behind a refusal or an error: what a person can do now.

The texts stand in ``ledger/data/hints``. What only the ledger at hand can tell is added here: ids that are
nearly the one asked for, keys that lie beside it, the classes that goods can be sorted into. Nothing here may
fail: an error is being told already.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cli.output import Settings
from cli.session import Session
from ledger import messages
from ledger.domain.vocabulary import HS_MOVES, certificate_key, folded
from ledger.errors import AdamasError

if TYPE_CHECKING:
    from ledger.application import Ledger

UNKNOWN = {
    "parcel-unknown": "parcel",
    "party-unknown": "party",
    "site-unknown": "site",
    "licence-unknown": "licence",
    "certificate-unknown": "certificate",
}
"""Codes that say that an id is not known: the kind of subject, and the value that holds the id."""

_NOBODY = "unknown"
"""What a refusal says where a value is not known; nobody can type that."""

_NEAREST, _LOOKED_AT = 3, 2_000
_SHORT = 4
"""Ids of so few letters are near when half of them agree."""

_MOST_BEHIND = 20_000
"""So many entries may the views lack; nobody waits for a guess while more of them are read."""


def behind(code: str, values: Mapping[str, Any], settings: Settings) -> str | None:
    """The next step, None where the sentence itself says it. Values stand as they may be typed."""
    added = _ADDED[code](values, settings) if code in _ADDED else {}
    typed = {name: shlex.quote(value) if isinstance(value, str) else value for name, value in values.items()
             if value != _NOBODY}  # fmt: skip
    said = messages.hint(code, {**typed, **added})
    if code not in UNKNOWN or not (close := near(UNKNOWN[code], str(values[UNKNOWN[code]]), settings)):
        return said
    meant = messages.text("near-ids", {"near": " or ".join(map(shlex.quote, close))})
    return f"{meant} Otherwise {said}" if said else meant


def near(kind: str, text: str, settings: Settings) -> list[str]:
    """Ids of this kind in the ledger that are nearly ``text``, or belong to what is called nearly so."""
    session = Session(settings)
    # whatever keeps the ledger from being read was told already, or is told when it is asked for
    with suppress(AdamasError):
        try:
            return [one for one in _near(kind, folded(text), session.ledger()) if one != text]
        finally:
            session.close()
    return []


def _near(kind: str, text: str, ledger: Ledger) -> list[str]:
    """Of all names that share as many first letters as any do, those that are nearest on the whole; of
    certificates the one whose number was written otherwise."""
    from ledger.projections import following, names
    from ledger.store.rows import Where

    issuer, slash, number = text.upper().partition("/")
    if kind == "certificate" and slash:
        key = certificate_key(issuer, number)
        if ledger.state().certificate(key) is not None:
            return [key]
    if following.behind(ledger.journal) > _MOST_BEHIND:
        return []
    kinds = Where("subject", "starts", f"{kind}:")
    with following.reading(ledger.journal, ledger.records) as rows:
        for letters in range(len(text), -1, -1):
            where = [kinds, Where("folded", "starts", text[:letters])] if letters else [kinds]
            hits = list(rows.select(names.NAMES, where, limit=_LOOKED_AT))
            if hits:
                break
    called = {spelling: subject.partition(":")[2] for spelling, subject, _, _ in hits}
    if letters == len(text) > 1:  # all of these begin with it
        return list(dict.fromkeys(called.values()))[:_NEAREST]
    like = 0.75 if len(text) > _SHORT else 0.5
    close = difflib.get_close_matches(text, called, _NEAREST, like)
    return list(dict.fromkeys(called[spelling] for spelling in close))


def _keys(values: Mapping[str, Any], settings: Settings) -> Mapping[str, str]:
    """The keys that lie beside the ledger, by the names that ``--key`` takes."""
    folder = Session(settings).keys_folder
    found = sorted(file.stem for file in folder.glob("*.pem")) if folder.is_dir() else []
    return {"keys": ", ".join(found[:12]) if found else f"there is none in {folder}"}


def _classes(values: Mapping[str, Any], settings: Settings) -> Mapping[str, str]:
    """The HS classes that goods can come out of."""
    return {"possible": ", ".join(sorted(HS_MOVES.get(str(values.get("from_class")), ())))}


_ADDED: Mapping[str, Callable[[Mapping[str, Any], Settings], Mapping[str, str]]] = {
    "hs-move": _classes,
    "key-file-missing": _keys,
}
