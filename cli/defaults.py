"""What a command fills in when it is left out: only what the ledger already knows, or what follows from the
rest.

`NOTES` says so in the help of each field, and `fill` does it. A certificate's key, weights and classes
follow from its number and its parcels; a shipment's parcels from its certificate. Nothing that is a
person's finding or declaration is filled in: no measured weight, no origin, no date of expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.domain.certificates import Certificate
from ledger.domain.parcels import Parcel
from ledger.domain.refusal import Refusal
from ledger.domain.shipment_parties import exporter_and_importer
from ledger.domain.state import State
from ledger.domain.vocabulary import NORMALISATION, certificate_key
from ledger.errors import Refused

Body = dict[str, Any]

NOTES: Mapping[str, Mapping[str, str]] = {
    "certificate-issued/1": {
        "certificate": "the ledger's participant and the number in normal form",
        "normalisation": f"{NORMALISATION}, the rule by which adamas writes numbers in normal form",
        "parts": "the application's parcels; a part's weight, with the parcel's present weight",
        "classes": "the sums of the parcels by HS class",
        "weight": "the sum of the parcels",
        "provenance": "the ledger's participant",
        "destination": "the application's; the provenance of the shipment that a technical one sends back",
        "exporter": "the application's",
        "importer": "the application's",
    },
    "shipment-exported/1": {
        "parts": "the certificate's parcels and weights",
        "destination": "the certificate's destination",
        "returns": "the shipment that a technical certificate sends back",
    },
    "shipment-lost/1": {"parcels": "all parcels of a certificate of this ledger"},
    "shipment-imported/1": {"certificate": "the provenance and the number in normal form"},
    "import-confirmed/1": {
        "parcels": "how many parcels the certificate covers",
        "weight": "the sum of their weights, for a shipment that arrived here as measured",
        "importer": "the importer that the import names, or who imported it here",
        "exporter": "the exporter that the import names",
    },
    "parcel-mixed/1": {
        "weight": "the sum of the parcels, less the loss",
        "hs": "that of the parcels, where all have the same",
    },
}
"""By wire name and field: what is filled in."""


def fill(wire: str, body: Body, state: State) -> Body:
    """The body with what was left out filled in as `NOTES` says; what was given stays.

    Raises `Refused` (``parcel-unknown``, ``certificate-unknown``) where what it would be taken from is not
    there.
    """
    filler = _FILLERS.get(wire)
    return body if filler is None else {**body, **filler(body, state)}


def _absent(body: Body, values: Body) -> Body:
    return {name: value for name, value in values.items() if name not in body and value not in (None, [])}


def _issued(body: Body, state: State) -> Body:
    house = state.house()
    own = house.participant if house is not None else None
    number = body.get("number")
    body = {**_applied(body, state), **body}
    values: Body = {"normalisation": NORMALISATION, "provenance": own}
    if own is not None and number is not None:
        values["certificate"] = certificate_key(own, number)
    if "returns" in body:
        return {**body, **_absent(body, {**values, **_sent_back(body, state)})}
    parcels = [_parcel(state, part["parcel"]) for part in body.get("parts", ())]
    if parcels:
        values |= {"classes": _by_class(parcels), "weight": sum(parcel.weight or 0 for parcel in parcels)}
        parts = zip(body["parts"], parcels, strict=True)
        return {**body, **_absent(body, values), "parts": [_weighed(part, parcel) for part, parcel in parts]}
    return {**body, **_absent(body, values)}


def _sent_back(body: Body, state: State) -> Body:
    """Where a technical certificate's shipment came from, and the sum of its lots."""
    back = state.certificate(body["returns"])
    lots = [part.get("weight") for part in body.get("parts", ())]
    total = None if None in lots or not lots else sum(lots)
    return {"destination": None if back is None else back.provenance, "weight": total}


def _applied(body: Body, state: State) -> Body:
    """What the application asked for, where it is known and open to read."""
    asked = state.application(body["application"]) if "application" in body else None
    if asked is None:
        return {}
    parts = [
        {"parcel": part.parcel} if part.weight is None else {"parcel": part.parcel, "weight": part.weight}
        for part in asked.parts
    ]
    importer = asked.importer if isinstance(asked.importer, str) else None
    told = {"destination": asked.destination, "exporter": asked.exporter, "importer": importer}
    return _absent({}, {"parts": parts, **told})


def _weighed(part: Body, parcel: Parcel) -> Body:
    return part if "weight" in part or parcel.weight is None else {**part, "weight": parcel.weight}


def _by_class(parcels: list[Parcel]) -> list[Body]:
    """The sums by HS class; none where the class of a parcel is not known."""
    sums: dict[str, int] = {}
    for parcel in parcels:
        if parcel.hs is None:
            return []
        sums[parcel.hs] = sums.get(parcel.hs, 0) + (parcel.weight or 0)
    return [{"hs": hs, "weight": weight} for hs, weight in sorted(sums.items())]


def _exported(body: Body, state: State) -> Body:
    if "certificate" not in body or {"parts", "destination", "returns"} <= body.keys():
        return {}
    certificate = _certificate(state, body["certificate"])
    values = {"destination": certificate.destination, "returns": certificate.returns}
    return _absent(body, {"parts": _parts(certificate), **values})


def _lost(body: Body, state: State) -> Body:
    certificate = state.certificate(body.get("certificate", ""))
    if certificate is None or certificate.issued is None or certificate.returns is not None:
        return {}
    return _absent(body, {"parcels": [part.parcel for part in certificate.parts]})


def _parts(certificate: Certificate) -> list[Body]:
    return [
        {"parcel": part.parcel} if part.weight is None else {"parcel": part.parcel, "weight": part.weight}
        for part in certificate.parts
    ]


def _imported(body: Body, state: State) -> Body:
    if "provenance" not in body or "number" not in body:
        return {}
    return _absent(body, {"certificate": certificate_key(body["provenance"], body["number"])})


def _confirmed(body: Body, state: State) -> Body:
    if "certificate" not in body or {"parcels", "weight", "importer", "exporter"} <= body.keys():
        return {}
    certificate = _certificate(state, body["certificate"])
    weights = [part.weight for part in certificate.parts]
    known = certificate.status == "received" and None not in weights
    total = sum(weight or 0 for weight in weights) if known else None
    exporter, importer = exporter_and_importer(state, certificate.id)
    told = {"importer": importer, "exporter": exporter} if certificate.status == "received" else {}
    return _absent(body, {"parcels": len(weights) or None, "weight": total, **told})


def _mixed(body: Body, state: State) -> Body:
    parcels = [_parcel(state, parcel) for parcel in body.get("inputs", ())]
    classes = {parcel.hs for parcel in parcels}
    values: Body = {"hs": classes.pop() if len(classes) == 1 else None}
    weights = [parcel.weight for parcel in parcels]
    if weights and None not in weights:
        left = sum(weight or 0 for weight in weights) - body.get("loss", 0)
        values["weight"] = left if left > 0 else None
    return _absent(body, values)


_FILLERS: Mapping[str, Callable[[Body, State], Body]] = {
    "certificate-issued/1": _issued,
    "shipment-exported/1": _exported,
    "shipment-imported/1": _imported,
    "shipment-lost/1": _lost,
    "import-confirmed/1": _confirmed,
    "parcel-mixed/1": _mixed,
}


def _parcel(state: State, name: str) -> Parcel:
    parcel = state.parcel(name)
    if parcel is None:
        values = {"parcel": name}
        raise Refused("parcel-unknown", (Refusal("parcel-unknown", f"parcel:{name}", values),), **values)
    return parcel


def _certificate(state: State, name: str) -> Certificate:
    certificate = state.certificate(name)
    if certificate is None:
        values = {"certificate": name}
        refusal = Refusal("certificate-unknown", f"certificate:{name}", values)
        raise Refused("certificate-unknown", (refusal,), **values)
    return certificate
