"""Who and where, in documented histories: ids for the names that sources give.

An id is made of the name alone, so the same name is the same party in every history and on every computer:
`Lucara Diamond Corp` is `lucara-diamond-corp`. Names that differ are different parties: nobody here decides
that "Graff" and "Graff Diamonds (London)" are one firm; that shows as a discrepancy of the next act. Three
kinds of words are told apart:

| words                                  | example                           | become                       |
|----------------------------------------|-----------------------------------|------------------------------|
| a name                                 | `Petra Diamonds`                  | a party                      |
| a description: no capital letter in it | `local dealers`                   | a party of that history only |
| a word for not knowing                 | `undisclosed`, `anonymous bidder` | nobody: unknown              |
"""

from __future__ import annotations

import re
from hashlib import sha256

from ledger.domain.vocabulary import folded

LONGEST = 48
_NOBODY = re.compile(
    r"\b(undisclosed|anonymous|unnamed|unknown|absentee bidder)\b|^owners?$|^buyers?$|^n/?a$"
)


def pseudonym(name: str) -> str:
    """An identifier made of a name: its letters and digits without diacritics, small, with dashes.

    What is cut off, or cannot be written so, is replaced by six hexadecimal digits of the name's SHA-256.

    >>> pseudonym("Letšeng Diamonds (Gem Diamonds 70%)")
    'letseng-diamonds-gem-diamonds-70'
    """
    bare = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’]", "", folded(name))).strip("-")
    if bare and len(bare) <= LONGEST and not re.search(r"[^\W\d_]", _unwritten(name)):
        return bare
    mark = sha256(name.encode("utf-8")).hexdigest()[:6]
    return f"{bare[: LONGEST - 7].rstrip('-')}-{mark}".lstrip("-")


def _unwritten(name: str) -> str:
    """What of the name no Latin letter stands for."""
    return re.sub(r"[\x00-\x7f]", "", folded(name))


def names_nobody(words: str) -> bool:
    """True where the words say that somebody is not known, as ``anonymous telephone bidder`` does."""
    return _NOBODY.search(folded(words)) is not None


def describes(words: str) -> bool:
    """True where the words describe somebody without naming anybody: not one capital letter in them."""
    return words == words.lower() and words != words.upper()


def party_id(history: str, words: str | None) -> str | None:
    """The id of whoever the words of a history mean, None for nobody in particular."""
    if words is None or names_nobody(words):
        return None
    if describes(words):
        return pseudonym(f"{history} {words}")
    return pseudonym(words)
