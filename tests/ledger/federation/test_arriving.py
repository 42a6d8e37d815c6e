"""What speaks against a certificate of another ledger, by what its letter shows alone.

An issuer whose ledger runs this software cannot issue these; another's could. So the letters are made by
hand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import edtf
from ledger.chain import checkpoint, trust
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log
from ledger.domain import events as e
from ledger.domain.partner_acts import RangeLine
from ledger.federation.arriving import arriving
from ledger.federation.mail import Mail
from ledger.federation.peers import FIRST, Comparison, Peer
from tests.world import LEDGER_KEY, ORIGIN, signing_key

KEY = "BW/00000107"
DAY = edtf.parse("2024-02-05")
ISSUED = e.CertificateIssued(
    by="authority-bw", certificate=KEY, number="BW 000107", normalisation="plain/1",
    parts=(e.Part("P1", 5_000),), classes=(e.ClassWeight("710231", 5_000),), weight=5_000, origins=("BW",),
    provenance="BW", destination="AE", exporter="miner-1", expiry="2024-03-31",
)  # fmt: skip
EXPORT = e.Exported(by="miner-1", certificate=KEY, parts=ISSUED.parts, destination="AE")
PROFILE = e.ProfileAdopted(
    by="authority-bw", profile="BW 2024", number_pattern="BW ######",
    ranges=(RangeLine(issuer="BW", first=100, last=199),),
)  # fmt: skip


def against(
    issued: e.CertificateIssued = ISSUED,
    profile: e.ProfileAdopted | None = PROFILE,
    *,
    since: str = "2024-01-01",
    here: str = "AE",
    left: bool = True,
    exported: e.Exported | None = None,
    corrected: e.CertificateIssued | None = None,
) -> list[str]:
    """The codes of what speaks against a letter with these entries."""
    told: list[e.Event] = [*([] if profile is None else [profile]), issued]
    told.append(e.CertificateValidated(by="authority-bw", certificate=issued.certificate))
    if left:
        told.append(exported or replace(EXPORT, certificate=issued.certificate, parts=issued.parts))
    acts = {
        index: e.Recorded(index, edtf.parse("2024-02-01").earliest or 0, b"", event, "2024-02-01")
        for index, event in enumerate(told, 1)
    }
    if corrected is not None:
        about = next(act for act in acts.values() if act.event is issued)
        body = e.write(replace(corrected, value=90_000, importer="An importer"))
        act = e.Corrected(
            by="authority-bw", index=about.index, hash=bytes(32), replacement=body, reason="typed"
        )
        acts[9] = e.Recorded(9, about.recorded, b"", act, "2024-02-01", about=about)
    peer = Peer(ORIGIN, "BW", trust.make([Log(VerifierKey.parse(LEDGER_KEY))]), since=since)
    signed = checkpoint.sign(Checkpoint(ORIGIN, 9, bytes(32)), signing_key("ledger"))
    mail = Mail(peer, signed, Comparison(FIRST), {}, acts)
    return [found.code for found in arriving(mail, issued.certificate, here, DAY)]


def test_an_honest_letter_has_nothing_against_it() -> None:
    """With a profile and without."""
    assert against() == []
    assert against(profile=None) == []


@pytest.mark.parametrize(
    ("number", "key", "codes"),
    [
        ("BW-107", KEY, ["certificate-pattern"]),
        ("BW 107", KEY, ["certificate-pattern"]),
        ("BW 004306", "BW/00004306", ["certificate-range"]),
        ("BW4306", "BW/00004306", ["certificate-pattern", "certificate-range"]),
        ("BW 000199", "BW/00000199", []),
        ("BW 000200", "BW/00000200", ["certificate-range"]),
        ("BW 000107", "BW/0000010\u00b2", ["certificate-range"]),  # a raised two: a digit, and no number
        ("BW 000107", "BW/\u0660\u0660\u0660\u0660\u0660\u0661\u0660\u0667", ["certificate-range"]),
    ],
)
def test_a_number_is_held_to_the_profile_of_its_issuer(number: str, key: str, codes: list[str]) -> None:
    """As the fake of 2015 was found, by a range that was not in use; to both ends of the range."""
    assert against(replace(ISSUED, number=number, certificate=key)) == codes
    assert against(replace(ISSUED, number=number, certificate=key), profile=None) == []


def test_a_certificate_that_stayed_or_is_for_others() -> None:
    """Not exported, for another country, of a partner that counts from a later day."""
    assert against(left=False) == ["certificate-not-shown-act"]
    assert against(here="IN") == ["certificate-elsewhere"]
    assert against(since="2024-02-06") == ["partner-not-yet"]
    assert against(since="2024-02-05") == []


@pytest.mark.parametrize(
    ("otherwise", "codes"),
    [
        ({}, []),
        ({"by": "authority-bw"}, []),
        ({"by": "dealer-7"}, ["certificate-differs"]),
        ({"destination": "IN"}, ["certificate-differs"]),
        ({"parts": (e.Part("P1", 4_990),)}, ["certificate-differs"]),
        ({"parts": (e.Part("P1", None),)}, []),
        ({"parts": (e.Part("P2", 5_000),)}, ["certificate-differs"]),
        ({"parts": (e.Part("P1", 5_000), e.Part("P2", 10))}, ["certificate-differs"]),
        ({"seals": ("S-1",)}, []),
    ],
)
def test_what_left_is_what_was_certified(otherwise: dict[str, Any], codes: list[str]) -> None:
    """The issuer's own act of export says which parcels went, of what weight, by whom and to whom."""
    assert against(exported=replace(EXPORT, **otherwise)) == codes


def test_a_certificate_is_what_its_issuer_corrected_it_to() -> None:
    """Its entry stays and is still the one that is named; what it states is what the correction says."""
    elsewhere = replace(ISSUED, destination="IN")
    sent = replace(EXPORT, destination="IN")
    assert against(exported=sent, corrected=elsewhere) == ["certificate-elsewhere"]
    assert against(exported=sent, corrected=elsewhere, here="IN") == []
    lighter = replace(ISSUED, parts=(e.Part("P1", 4_900),), weight=4_900)
    assert against(corrected=lighter) == ["certificate-differs"]
    assert against(corrected=lighter, exported=replace(EXPORT, parts=lighter.parts)) == []
