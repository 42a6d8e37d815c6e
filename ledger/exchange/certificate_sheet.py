"""A certificate as a sheet for people and for paper: every field of KPCS Annex I, as text and as HTML.

The title and the statement are those of Annex I A, word for word. For parcels of mixed origin the field of
the country of origin is filled with asterisks (31 CFR 592.307), and the countries are listed below it, as
participants may since May 2024. What is sealed and was not given to this ledger is shown as withheld, what
nobody stated as not stated.

Of another ledger's certificate only the import is recorded here. Where the letter with which it arrived is
kept, the rest is told from it, and the sheet names the ledger; of one that came on paper, what was copied
from it. What was endorsed since is spelt so, and listed.

The sheet is no certificate: it says what a ledger knows of one, in which state it is, and the receipt
(``INDEX:HASH``) by which anybody can hold the ledger to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from ledger import messages
from ledger.domain import certificates as c
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.fields import Withheld
from ledger.domain.refusal import when
from ledger.domain.state import State
from ledger.domain.vocabulary import carats, dollars
from ledger.values import dataclass

TITLE = "Kimberley Process Certificate"
STATEMENT = (
    "The rough diamonds in this shipment have been handled in accordance with the provisions of the "
    "Kimberley Process Certification Scheme for rough diamonds"
)
MIXED = "***"
NOT_STATED, WITHHELD = "not stated", "withheld"
LIMITS = (
    "This sheet shows what a ledger recorded, by whom and when; it is not the certificate. A ledger proves "
    "what was recorded, not that the record is true of the stones."
)

Line = tuple[str, str]
_WIDTH, _LABEL = 88, 30


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on it: sections of ``(label, value)`` lines, each under its heading, and ``foot`` lines."""

    number: str
    sections: tuple[tuple[str, tuple[Line, ...]], ...]
    foot: tuple[Line, ...]


def sheet(
    found: Certificate, state: State, *, missing: int = 0, theirs: tuple[Certificate, str] | None = None
) -> Sheet:
    """The sheet of a certificate. ``missing``: attestations without which it is disputed; ``theirs``: the
    certificate as its issuer's letter tells it, and the origin of that ledger."""
    told, names = (found, state) if theirs is None else (theirs[0], None)
    issued = _act(told, e.CertificateIssued)
    event = issued.event if issued is not None else None
    paper = event if isinstance(event, e.CertificateIssued) else None
    copied = _copied(told) if paper is None else e.Imported()
    spelt = Spelt(found, told)
    sections = (
        ("Certificate", tuple(_certificate(told, issued, paper, copied, names, spelt))),
        ("Shipment", tuple(_shipment(told, copied))),
        ("Parties", tuple(_parties(told, paper, copied, names, spelt))),
        ("Validation by the exporting authority", tuple(_validation(told, names, theirs))),
        ("Import confirmation", tuple(_import(found))),
        ("Endorsements", tuple((field, f"{was} -> {now}") for field, was, now in found.endorsements)),
    )
    kept = tuple((heading, lines) for heading, lines in sections if lines)
    return Sheet(told.number or found.id, kept, tuple(_foot(found, theirs, missing)))


def _act(found: Certificate, kind: type[e.Event]) -> e.Recorded | None:
    return next((act for act in reversed(found.acts) if isinstance(act.event, kind)), None)


@dataclass(frozen=True, slots=True)
class Spelt:
    """Typing errors that were endorsed, here and by the certificate's issuer."""

    found: Certificate
    told: Certificate

    def __call__(self, what: str, text: str) -> str:
        """What is printed of one of `c.ENDORSABLE`, as endorsed."""
        issuer = text if self.told is self.found else c.as_endorsed(self.told, what, text)
        return str(c.as_endorsed(self.found, what, issuer))


def _copied(found: Certificate) -> e.Imported:
    """The import that says what a certificate states which nobody issued here."""
    arrived = _act(found, e.Imported)
    return arrived.event if arrived is not None and isinstance(arrived.event, e.Imported) else e.Imported()


def _certificate(
    found: Certificate,
    issued: e.Recorded | None,
    paper: e.CertificateIssued | None,
    copied: e.Imported,
    state: State | None,
    spelt: Spelt,
) -> Iterator[Line]:
    yield "Number", _stated(found.number)
    yield "Issuer and number", found.id
    mixed = len(found.origins) > 1 or copied.mixed
    yield "Country of origin", MIXED if mixed else ", ".join(found.origins) or NOT_STATED
    if len(found.origins) > 1:
        yield "Countries of mining origin", ", ".join(found.origins)
    yield "Date of issuance", _stated(copied.issued) if issued is None else _day(issued)
    yield "Date of expiry", _stated(found.expiry)
    by = _stated(copied.authority) if issued is None else _party(found.issuer, state)
    yield "Issuing authority", spelt("authority", by)
    if found.replaces is not None:
        yield "Takes the place of", found.replaces
    if found.application is not None:
        yield "On application", found.application
    if found.technical:
        told = f"it only sends back the shipment of {found.returns}" if found.returns is not None else "yes"
        yield "Technical certificate", told
    if paper is not None and paper.quality is not None:
        yield "Quality characteristics", spelt("quality", paper.quality)


def _shipment(found: Certificate, copied: e.Imported) -> Iterator[Line]:
    yield "Carat weight", NOT_STATED if found.weight is None else carats(found.weight)
    yield "Value", _value(found.value)
    yield "Number of parcels", str(copied.parcels or len(found.parts) or NOT_STATED)
    by_class = [f"{line.hs} ({carats(line.weight)})" for line in found.classes] or copied.hs
    yield "HS code", ", ".join(by_class) or NOT_STATED
    yield "Provenance", _stated(found.provenance)
    yield "Destination", _stated(found.destination)
    for number, part in enumerate(found.parts, 1):
        yield f"Parcel {number}", f"{part.parcel}, {carats(part.weight)}"
    if found.seals:
        yield "Seals", ", ".join(found.seals)


def _parties(
    found: Certificate,
    paper: e.CertificateIssued | None,
    copied: e.Imported,
    state: State | None,
    spelt: Spelt,
) -> Iterator[Line]:
    exporter = _stated(copied.exporter) if paper is None else _party(found.exporter, state)
    yield "Exporter", spelt("exporter", exporter)
    yield "Importer", spelt("importer", _stated(copied.importer if paper is None else paper.importer))


def _validation(
    found: Certificate, state: State | None, theirs: tuple[Certificate, str] | None
) -> Iterator[Line]:
    act = _act(found, e.CertificateValidated)
    if act is None:
        elsewhere = found.issued is None and theirs is None
        yield "Validated", f"see the ledger of its issuer, {found.id[:2]}" if elsewhere else "no"
        return
    yield "Validated by", _party(getattr(act.event, "by", None), state)
    yield "On", _day(act)
    yield "Entry", _receipt(act) if theirs is None else f"{_receipt(act)} of {theirs[1]}"


def _import(found: Certificate) -> Iterator[Line]:
    arrived, confirmed = _act(found, e.Imported), _act(found, e.ImportConfirmed)
    if arrived is not None:
        yield "Date of receipt", _day(arrived)
        for number, part in enumerate(found.parts, 1):
            yield f"Parcel {number} here", f"{part.parcel}, {carats(part.weight)}"
    if confirmed is None or not isinstance(confirmed.event, e.ImportConfirmed):
        return
    yield "Confirmed on", _day(confirmed)
    yield (
        "Weight confirmed",
        _stated(None if confirmed.event.weight is None else carats(confirmed.event.weight)),
    )
    yield "Parcels confirmed", _stated(confirmed.event.parcels)
    yield "Importer", _stated(confirmed.event.importer)
    yield "Exporter", _stated(confirmed.event.exporter)


def _foot(found: Certificate, theirs: tuple[Certificate, str] | None, missing: int) -> Iterator[Line]:
    issued = _act(found, e.CertificateIssued)
    yield "State", standing(found, missing)
    if found.documented:
        yield "Known", "from published sources only"
    if theirs is not None:
        yield "Told by", f"the letter of {theirs[1]}, kept as evidence of the import"
        first = _act(theirs[0], e.CertificateIssued)
        if first is not None:
            yield "Receipt there", _receipt(first)
    yield "Receipt", _receipt(found.acts[0] if issued is None else issued)
    if len(found.acts) > 1 and found.acts[-1] is not issued:
        yield "Last entry", _receipt(found.acts[-1])


def standing(found: Certificate, missing: int) -> str:
    """A certificate's state for people; under special measures, attestations may be missing: *disputed*."""
    state = c.status(found)
    return (
        f"{state}; disputed: {messages.text('attestations-lacking', {'count': missing})}"
        if missing
        else state
    )


def _receipt(act: e.Recorded) -> str:
    return f"{act.index}:{act.hash.hex()}"


def _day(act: e.Recorded) -> str:
    return when(act).text.partition("T")[0] or NOT_STATED


def _stated(value: object) -> str:
    if isinstance(value, Withheld):
        return WITHHELD
    return NOT_STATED if value is None else str(value)


def _value(value: object) -> str:
    return dollars(value) if isinstance(value, int) else _stated(value)


def _party(name: str | None, state: State | None) -> str:
    """A party's pseudonym, and its name where that is known here; another ledger's pseudonyms are its own."""
    party = None if name is None or state is None else state.party(name)
    known = party.name if party is not None and isinstance(party.name, str) else None
    return f"{known} ({name})" if known is not None else _stated(name)


def as_text(found: Sheet) -> str:
    """The sheet for a terminal or a plain file, at most 88 columns wide but for hashes."""
    lines = [TITLE.center(_WIDTH).rstrip(), *(wrap(f'"{STATEMENT}"', _WIDTH))]
    for heading, rows in found.sections:
        lines += ["", heading.upper(), *_rows(rows)]
    lines += ["", "-" * _WIDTH, *_rows(found.foot), *wrap(LIMITS, _WIDTH)]
    return "\n".join(lines) + "\n"


def _rows(rows: Sequence[Line]) -> Iterator[str]:
    for label, value in rows:
        first, *rest = wrap(value, _WIDTH - _LABEL, break_long_words=False) or [""]
        yield f"  {label:<{_LABEL - 2}}{first}"
        yield from (f"{'':<{_LABEL}}{line}" for line in rest)


def as_html(found: Sheet) -> str:
    """The sheet as one HTML page that needs nothing else, laid out for A4; every value escaped."""
    sections = "\n".join(
        f"<section><h2>{escape(heading)}</h2>\n{_table(rows)}</section>" for heading, rows in found.sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(TITLE)} {escape(found.number)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{escape(TITLE)}</h1>\n<p class="statement">{escape(STATEMENT)}</p>\n{sections}\n'
        f"<footer>\n{_table(found.foot)}<p>{escape(LIMITS)}</p>\n</footer>\n</body>\n</html>\n"
    )


def _table(rows: Sequence[Line]) -> str:
    cells = "".join(
        f"<tr><th>{escape(label)}</th><td{_class(value)}>{escape(value)}</td></tr>\n" for label, value in rows
    )
    return f"<table>\n{cells}</table>\n"


def _class(value: str) -> str:
    return ' class="absent"' if value in (WITHHELD, NOT_STATED) else ""


_STYLE = """
@page { size: A4; margin: 18mm; }
body { font: 10.5pt/1.35 "DejaVu Serif", Georgia, serif; color: #000; max-width: 174mm; margin: 0 auto; }
h1 { text-align: center; font-size: 19pt; letter-spacing: .04em; margin: 0 0 4mm; }
.statement { text-align: center; font-style: italic; margin: 0 8mm 5mm; }
h2 { font-size: 11pt; border-bottom: .3mm solid #000; margin: 4mm 0 1mm; }
section { break-inside: avoid; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: normal; width: 52mm; vertical-align: top; color: #333; }
td { vertical-align: top; overflow-wrap: anywhere; }
.absent { font-style: italic; color: #555; }
footer { margin-top: 6mm; border-top: .6mm double #000; padding-top: 2mm; font-size: 9pt; }
footer td { font-family: "DejaVu Sans Mono", monospace; font-size: 8pt; }
"""
