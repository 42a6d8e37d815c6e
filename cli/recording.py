"""From an event to its receipt: who records, when it happened, what it rests on, and what is printed.

A receipt is ``INDEX:HASH``: whoever keeps it can hold the ledger to it (``adamas verify --head INDEX:HASH``).
"""

from __future__ import annotations

import dataclasses
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.artefacts import write_artefact
from cli.output import confirm, emit_json, remark, say
from cli.session import Session
from ledger import edtf
from ledger.domain import events
from ledger.domain.events import Discrepancy, Event, Mined, Recorded
from ledger.domain.refusal import Refusal
from ledger.domain.state import guarded, touched
from ledger.domain.vocabulary import carats
from ledger.errors import Malformed, Refused, Unconfirmed
from ledger.messages import how_many
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Ledger, Receipt
    from ledger.exchange.slips import Slip
    from ledger.keys import SigningKey

_SOURCE = re.compile(r"(?P<title>.+?)\s*<(?P<url>[^<>\s]+)>\s*(?P<seen>\S+)?", re.DOTALL)
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a statement says beside the act itself.

    ``occurred`` an EDTF spelling or None (unknown); ``on_behalf`` the party acted for; ``evidence``
    documents that are copied beside the ledger; ``sources`` published ones as evidence maps; ``publish``
    the fields left unsealed; ``receipt`` the file that takes the proof.
    """

    occurred: str | None = None
    on_behalf: str | None = None
    evidence: tuple[Path, ...] = ()
    sources: tuple[dict[str, Any], ...] = ()
    publish: frozenset[str] = frozenset()
    receipt: Path | None = None


def here_and_now(microseconds: int) -> str:
    """A moment to the second with this computer's offset from UTC at that moment."""
    return edtf.text_of(microseconds, (time.localtime(microseconds // 1_000_000).tm_gmtoff or 0) // 60)


def source(text: str, today: str) -> dict[str, Any]:
    """The evidence map of ``TITLE <URL>`` or ``TITLE <URL> DATE``, the date being when it was seen.

    Raises `Malformed` (``source-form``, ``edtf-...``).
    """
    found = _SOURCE.fullmatch(text.strip())
    if found is None:
        raise Malformed("source-form", text=text)
    seen = found["seen"] or today
    if not edtf.is_date(seen):
        raise Malformed("source-form", text=text)
    return {"title": unicodedata.normalize("NFC", found["title"]), "url": found["url"], "seen": seen}


def party_of(ledger: Ledger, key: SigningKey) -> str:
    """Whose key it is. Raises `Refused` (``key-unknown``) for a key that is not enrolled."""
    known = ledger.state().key(key.public)
    if known is None or known.party is None:
        values = {"key": key.public.hex()[2:18]}
        raise Refused("key-unknown", (Refusal("key-unknown", "key", values),), **values)
    party: str = known.party
    return party


def record(
    session: Session, ledger: Ledger, event: Event, key: SigningKey, circumstances: Circumstances
) -> Receipt:
    """Record an act and print its receipt. Raises `Refused`, `StoreTrouble`, `Conflict`, `Malformed`."""
    evidence: tuple[Mapping[str, Any], ...] = circumstances.sources
    if circumstances.evidence:
        refuse(preview(ledger, event, key, circumstances))
        evidence = (*keep(session.evidence_folder, circumstances.evidence), *evidence)
    receipt = ledger.record(
        event, key, occurred=circumstances.occurred, on_behalf=circumstances.on_behalf, evidence=evidence,
        publish=circumstances.publish,
    )  # fmt: skip
    # as it was recorded: a documented act has its discrepancies only now
    tell(session, [(receipt, ledger.records.recorded(receipt.index).event)])
    if circumstances.receipt is not None:
        write_artefact(circumstances.receipt, receipt.proof().encode())
    return receipt


def ask_about_slips(found: Iterable[Slip], line: str) -> None:
    """Ask whether weights that look like a slip of the unit are right; ``line`` is what its numbers count.

    Raises `Unconfirmed` (``weight-slip``) where nobody says so.
    """
    for slip in found:
        many = len(slip.rows) > 1
        what = f"{len(slip.rows)} {line}s have a median of" if many else f"{line} {slip.rows[0]} has"
        trouble = Unconfirmed(
            "weight-slip", site=slip.site, what=what, count=slip.count, factor=slip.factor,
            here=carats(slip.here), there=carats(slip.there), direction="large" if slip.larger else "small",
        )  # fmt: skip
        if not sys.stdin.isatty():
            raise trouble
        remark(str(trouble))
        if not confirm("Are these weights right?"):
            raise trouble


def ask_about_weights(ledger: Ledger, event: Mined) -> None:
    """The same for a sheet that was typed line by line."""
    from ledger.exchange.slips import slips

    if event.documented or event.site is None:
        return
    weights = [(number, line.weight or 0) for number, line in enumerate(event.lines, 1)]
    ask_about_slips(slips({event.site: weights}, ledger.records), "line")


def keep(folder: Path, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Copy documents into an evidence folder; the evidence maps that name them by hash."""
    from ledger.store.evidence import Evidence

    evidence = Evidence(folder)
    return [evidence.keep(file) for file in files]


def preview(ledger: Ledger, event: Event, key: SigningKey, circumstances: Circumstances) -> list[Refusal]:
    """What the rules would say; nothing is recorded and no document is copied."""
    return ledger.preview(
        event, key, occurred=circumstances.occurred, on_behalf=circumstances.on_behalf,
        evidence=circumstances.sources, publish=circumstances.publish,
    )  # fmt: skip


def refuse(refusals: Sequence[Refusal]) -> None:
    """Raises `Refused` with the refusals, if there are any."""
    if refusals:
        first = refusals[0]
        raise Refused(first.code, tuple(refusals), subject=first.subject, **first.values)


def rehearse(
    session: Session, ledger: Ledger, event: Event, key: SigningKey, circumstances: Circumstances
) -> None:
    """Say that the act would be recorded, with its body. Raises `Refused` when it would not."""
    refuse(preview(ledger, event, key, circumstances))
    if session.json:
        emit_json({"dry_run": True, "type": event.TYPE, "body": events.write(event)})
    else:
        say(f"would be recorded: {sentence(event)}")
        remark("nothing was recorded (--dry-run)")


def tell(session: Session, recorded: Sequence[tuple[Receipt, Event | events.Opaque]]) -> None:
    """Print receipts, each with a few words on the act; as JSON a list when there are several."""
    if session.json:
        rows = [_as_json(receipt, event) for receipt, event in recorded]
        emit_json(rows[0] if len(rows) == 1 else rows)
        return
    for receipt, event in recorded:
        if receipt.trouble is not None:
            remark(f"recorded, but not signed for the ledger: {receipt.trouble.code}: {receipt.trouble}")
        say(f"recorded {receipt.text}")
        say(f"  {sentence(event)}")
        for line in getattr(event, "discrepancies", ()):
            say(f"  {line.rule}: {line.said}")


def _as_json(receipt: Receipt, event: Event | events.Opaque) -> dict[str, Any]:
    return {
        "receipt": receipt.text, "index": receipt.index, "hash": receipt.hash.hex(),
        "recorded": edtf.text_of(receipt.recorded), "type": event.TYPE, "by": getattr(event, "by", None),
        **({"discrepancies": list(found)} if (found := getattr(event, "discrepancies", ())) else {}),
    }  # fmt: skip


def sentence(event: Event | events.Opaque) -> str:
    """An act in a few words: what, by whom, about what; discrepancies of a documented act are counted."""
    words = " ".join(getattr(event, "COMMAND", ())) or event.TYPE
    by = getattr(event, "by", None)
    passed_over = (f"party:{by}", "ledger:house")  # said already, or no name that a person knows
    names = [_shown(name) for name in guarded(event) or touched(event) if name not in passed_over]
    shown = names if len(names) <= _SHOWN else [*names[:_SHOWN], f"and {len(names) - _SHOWN} more"]
    told = words + (f" by {by}" if by else "") + (f": {', '.join(shown)}" if shown else "")
    if not getattr(event, "documented", False):
        return told
    found = getattr(event, "discrepancies", ())
    return f"{told} (documented, {how_many('count-discrepancies', len(found))})"


def _shown(subject: str) -> str:
    """A subject's name for people: a key by its fingerprint, an entry by its number."""
    kind, _, name = subject.partition(":")
    if kind == "key":
        from ledger.keys import fingerprint

        return f"key {fingerprint(bytes.fromhex(name))}"
    return f"entry {name}" if kind == "entry" else name


def with_discrepancies(
    ledger: Ledger, event: Event, key: SigningKey, circumstances: Circumstances, now: int
) -> Event:
    """A documented act with what the rules would have refused named in it, behind what it names already."""
    from ledger.domain import rules

    head = ledger.head()
    act = Recorded(
        head.size, max(head.recorded, now), key.public, event, circumstances.occurred,
        sources=len(circumstances.sources),
    )  # fmt: skip
    named = {(line.rule, line.subject) for line in event.discrepancies}
    found = rules.discrepancies(ledger.state(), act)
    more = [Discrepancy(r.code, r.subject, str(r)) for r in found if (r.code, r.subject) not in named]
    return dataclasses.replace(event, discrepancies=(*event.discrepancies, *more))
