"""The words of the trade as closed lists, and how weights, values and identifiers are written.

Weights are integer thousandths of a metric carat (1 ct = 0.2 g), values integer US cents. Nothing here is a
float and nothing rounds. Sources: KPCS document section I and Annex I (definitions, HS codes).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Role(StrEnum):
    """What a party may do; see the act-by-role table in `ledger.domain.parties`."""

    AUTHORITY = "authority"
    MINER = "miner"
    BROKER = "broker"
    DEALER = "dealer"
    EXPORTER = "exporter"
    CUTTER = "cutter"
    LABORATORY = "laboratory"
    AGENT = "agent"
    CARRIER = "carrier"
    CLERK = "clerk"
    OBSERVER = "observer"
    ARCHIVIST = "archivist"


class LicenceKind(StrEnum):
    """What a licence permits (KPCS Annex II paragraphs 9-14)."""

    MINING = "mining"
    ARTISANAL = "artisanal"
    BROKING = "broking"
    DEALING = "dealing"
    EXPORT = "export"
    IMPORT = "import"
    CUTTING = "cutting"


class Mining(StrEnum):
    """How a site is worked."""

    INDUSTRIAL = "industrial"
    ALLUVIAL = "alluvial"
    ARTISANAL = "artisanal"
    MARINE = "marine"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """How goods are offered or sold."""

    TENDER = "tender"
    AUCTION = "auction"
    SIGHT = "sight"
    COUNTER = "counter"
    COURIER = "courier"
    INTERNET = "internet"
    PRIVATE = "private"


class Purpose(StrEnum):
    """Why goods are consigned to somebody who does not come to own them."""

    AGENT = "agent"
    CUTTING = "cutting"
    LABORATORY = "laboratory"
    TRANSPORT = "transport"
    SAFEKEEPING = "safekeeping"
    VIEWING = "viewing"


class Loss(StrEnum):
    """How goods went missing."""

    LOST = "lost"
    STOLEN = "stolen"
    DESTROYED = "destroyed"


ROUGH_HS = ("710210", "710221", "710231")
"""Unsorted; industrial; non-industrial: the three codes inside the scheme (KPCS section I)."""

POLISHED_HS = ("710229", "710239")
"""Worked diamonds: outside the scheme."""

HS_CODES = ROUGH_HS + POLISHED_HS

HS_MOVES = {
    "710210": frozenset(HS_CODES),
    "710221": frozenset({"710221", "710229"}),
    "710231": frozenset({"710231", "710239"}),
    "710229": frozenset({"710229"}),
    "710239": frozenset({"710239"}),
}
"""Which class goods of a class may become by sorting or working; unsorted becomes
industrial or non-industrial, those become worked, and nothing goes back."""

LARGEST_WEIGHT = 200_000_000_000
"""More than the whole world mines in a year (2005: 176.7 million carats): no parcel weighs this, in 0.001
ct."""


def carats(weight: int | None) -> str:
    """A weight for people: two decimals, three where the third is not zero; ``unknown`` for None.

    >>> carats(1109000), carats(12345), carats(-200)
    ('1109.00 ct', '12.345 ct', '-0.20 ct')
    """
    if weight is None:
        return "unknown"
    sign, size = ("-" if weight < 0 else ""), abs(weight)
    whole, part = divmod(size, 1000)
    decimals = f"{part:03d}"
    return f"{sign}{whole}.{decimals[:2] if decimals[2] == '0' else decimals} ct"


def parse_carats(text: str) -> int:
    """Thousandths of a carat from ``12``, ``12.5``, ``12.345`` or the same followed by ``ct``.

    Raises ``ValueError`` for anything else: another decimal mark, a sign, more than three decimals.
    """
    match = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?(?: ?ct)?", text.strip(), re.ASCII)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def dollars(cents: int | None) -> str:
    """A value for people.

    >>> dollars(5300000000)
    'US$ 53,000,000.00'
    """
    if cents is None:
        return "unknown"
    whole, part = divmod(abs(cents), 100)
    return f"US$ {'-' if cents < 0 else ''}{whole:,}.{part:02d}"


def parse_dollars(text: str) -> int:
    """US cents from ``53000000`` or ``53000000.00``; ``ValueError`` for anything else."""
    match = re.fullmatch(r"([0-9]{1,14})(?:\.([0-9]{1,2}))?", text.strip(), re.ASCII)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def is_identifier(text: object) -> bool:
    """True for an identifier chosen by people: 1-64 code points, no controls, no space at the ends, no
    ``:``.
    """
    if not isinstance(text, str) or not 1 <= len(text) <= 64:
        return False
    if text.isascii() and text.isprintable():
        return ":" not in text and text[0] != " " and text[-1] != " "
    return text == text.strip() and not any(c == ":" or unicodedata.category(c)[0] == "C" for c in text)


def folded(text: str) -> str:
    """Text without diacritics and letter case, for finding: ``Letšeng`` and ``LETSENG`` fold alike."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.translate(_LETTERS).casefold().split())


_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "’": "'"})

NORMALISATION = "plain/1"

FORMER_LETTERS = {"EU": "EC"}
"""Letters that a participant's certificates bore before its own: the European Union's until the end of 2012
(Regulation 947/2012). In ISO 3166-1 EC is Ecuador, which never took part."""


def certificate_key(issuer: str, number: str) -> str:
    """The key of a Kimberley Process certificate: issuer, ``/``, number in normal form ``plain/1``.

    Normal form: compatibility-composed capitals without spaces, dots, dashes and slashes, without the
    issuer's own letters in front; a number of digits only is written with eight (leading zeros are
    significant in one rendering and dropped in another). Former letters stay in front of the number, since
    the same digits were given again under the new ones. The original string is always kept beside the key.

    >>> certificate_key("BW", "bw 1-07"), certificate_key("SL", "004911")
    ('BW/00000107', 'SL/00004911')
    >>> certificate_key("EU", "EC 107"), certificate_key("EC", "107"), certificate_key("EU", "EU 107")
    ('EU/EC00000107', 'EU/EC00000107', 'EU/00000107')
    """
    bare = re.sub(r"[\s.\-/:\u2010-\u2015]", "", unicodedata.normalize("NFKC", number).upper())
    home = next((now for now, former in FORMER_LETTERS.items() if former == issuer), issuer)
    former = FORMER_LETTERS.get(home, "")
    letters = former if former and (issuer == former or bare.startswith(former)) else ""
    if letters and bare.startswith(home):
        letters = ""
    own = letters or home
    bare = bare.removeprefix(own) or bare
    if bare.isascii() and bare.isdigit():
        bare = bare.lstrip("0").zfill(8)
    return f"{home}/{letters}{bare}"


def certificate_series(certificate: str) -> tuple[str, str]:
    """The letters that a certificate bears, and the rest of its number, from its key.

    >>> certificate_series("BW/00000107"), certificate_series("EU/EC00000107")
    (('BW', '00000107'), ('EC', '00000107'))
    """
    issuer, _, number = certificate.partition("/")
    former = FORMER_LETTERS.get(issuer)
    if former is not None and number.startswith(former):
        return former, number.removeprefix(former)
    return issuer, number
