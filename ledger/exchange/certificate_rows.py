"""A partner's certificates from a table: CSV or a workbook with the columns of `templates.CERTIFICATES`.

A certificate under several HS codes has a line for each: lines of one number, flow and day with different
codes are one shipment, and its weight and value are their sums. Lines that repeat a code are shipments of
their own: what one side booked in several entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.domain.vocabulary import certificate_key
from ledger.edtf import calendar_days, parse
from ledger.errors import Malformed
from ledger.exchange.cells import Fault, Line, check
from ledger.exchange.dialect import Dialect
from ledger.exchange.tabular import Options, read_table
from ledger.exchange.templates import CERTIFICATES
from ledger.investigation.shipments import Shipment

_LETTERS = re.compile(r"\s*([A-Z]{2})[\s.\-]*[0-9]")
_SHOWN = 20


def read_certificates(data: bytes, options: Options) -> tuple[list[Shipment], Dialect]:
    """The shipments in the bytes of a table, and how it was read.

    Raises `Malformed` (``certificates-faults``, naming rows and columns, and what `read_table` finds),
    `Unconfirmed` (``dialect-open``).
    """
    table = read_table(data, CERTIFICATES, options)
    lines, faults = check(table)
    if faults:
        raise Malformed("certificates-faults", count=len(faults), faults=_listed(faults))
    groups: dict[tuple[Any, ...], list[list[Line]]] = {}
    for line in lines:
        values = line.values
        several = groups.setdefault((values["number"], values["flow"], values["date"]), [[]])
        code = values.get("hs")
        if several[-1] and (code is None or code in {one.values.get("hs") for one in several[-1]}):
            several.append([])
        several[-1].append(line)
    return [_shipment(own) for several in groups.values() for own in several], table.dialect


def _listed(faults: Sequence[Fault]) -> str:
    shown = "".join(f"\n  {fault}" for fault in faults[:_SHOWN])
    return shown + (f"\n  ... and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else "")


def _shipment(lines: Sequence[Line]) -> Shipment:
    first: Mapping[str, Any] = lines[0].values
    classes = [(line.values["hs"], line.values["weight"]) for line in lines if "hs" in line.values]
    values = [line.values.get("value usd") for line in lines]
    return Shipment(
        certificate=key_of(first["number"], first["provenance"]),
        flow=first["flow"],
        provenance=first["provenance"],
        destination=first["destination"],
        day=calendar_days(parse(first["date"]))[1],
        weight=sum(line.values["weight"] for line in lines),
        value=None if None in values else sum(value or 0 for value in values),
        classes=tuple(sorted(classes)),
        origins=tuple(sorted(first.get("origins", ()))),
        exporter=first.get("exporter"),
        importer=first.get("importer"),
        parcels=first.get("parcels"),
        confirmed=bool(first.get("confirmed")),
        basis=first.get("basis"),
        back=first.get("became") == "returned",
        lost=first.get("became") == "lost",
    )


def key_of(number: str, provenance: str) -> str:
    """A certificate's key: the letters in front of the number are its issuer's, else the provenance is.

    >>> key_of("BW 107", "AE"), key_of("4711", "AE"), key_of("EC00000107", "EU")
    ('BW/00000107', 'AE/00004711', 'EU/EC00000107')
    """
    letters = _LETTERS.match(number.upper())
    return certificate_key(letters[1] if letters else provenance, number)
