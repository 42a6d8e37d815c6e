"""``adamas verify FILE|DIR|URL``: what somebody handed over or published, by the reader's own trust file.

No store, no clock and no network stand behind the check of a file; of what is published only the files that
are needed are read.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import read_artefact
from cli.output import emit_json, remark, say
from cli.session import Session
from ledger.errors import Faults, KeyTrouble
from ledger.messages import how_many
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.chain.bundle_check import Reader
    from ledger.chain.checkpoint import Checkpoint
    from ledger.chain.proof_steps import Outcome
    from ledger.chain.steps import Anchor
    from ledger.chain.succession import Revoked
    from ledger.chain.trust import Trust
    from ledger.federation.mirror import Mirror

_HOUR = 3_600
_SQLITE = b"SQLite format 3\x00"
_LONGEST = 64 << 20
_COUNT = ("--since", "--revoked", "--max-age")


@dataclass(frozen=True, slots=True)
class Given:
    """What the reader brings: the files of trust, of checkpoints held, of further proofs, of revocations."""

    trust: Path | None
    since: tuple[Path, ...] = ()
    along: tuple[Path, ...] = ()
    revoked: tuple[Path, ...] = ()
    max_age: int | None = None
    anchor: Anchor | None = None
    entries: bool = True
    others: tuple[str, ...] = ()

    def refuse_beyond(self, kind: str, *allowed: str) -> None:
        """Nothing that was asked may be passed over; ``others`` are further options that were given.

        Raises `click.UsageError` for options that say nothing of that kind of thing.
        """
        used = {
            "--since": self.since, "--along": self.along, "--revoked": self.revoked,
            "--max-age": self.max_age is not None, "--head": self.anchor is not None,
            "--no-entries": not self.entries,
        }  # fmt: skip
        idle = [name for name, is_given in used.items() if is_given] + list(self.others)
        idle = [name for name in idle if name not in allowed]
        if idle:
            raise click.UsageError(f"{', '.join(idle)}: nothing that can be asked of {kind}.")


def is_ledger(target: str) -> bool:
    """Whether a file is a ledger itself, and no proof."""
    try:
        with Path(target).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def verify_target(session: Session, target: str, given: Given) -> None:
    """Check and tell. Raises `Faults` where it does not hold, `KeyTrouble` (``verify-trust-missing``),
    `Malformed` (``server-url``)."""
    from ledger.federation.posting import check_url
    from ledger.federation.publications import is_url

    if "://" in target:
        check_url(target)
    if is_url(target) or Path(target).is_dir():
        _published(session, target, given)
    else:
        _file(session, Path(target), given)


def _trust(given: Given) -> Trust:
    from ledger.chain.trust import NONE, Trust

    if given.trust is None:
        raise KeyTrouble("verify-trust-missing")
    trust = Trust.parse(read_artefact(given.trust))
    if given.max_age is not None and trust.quorum == NONE:
        raise click.UsageError("--max-age: the trust file demands no witness, so no age would count.")
    return trust


def held_outside(given: Given) -> tuple[tuple[Checkpoint, ...], str | None]:
    """The checkpoints that a database is held to, and the origin of the trust file.

    Where there is a trust file, a key of it must have signed each. Raises `Malformed`.
    """
    from ledger.chain.bundle_check import signature
    from ledger.chain.checkpoint import SignedCheckpoint

    held = [SignedCheckpoint.parse(read_artefact(file)) for file in given.since]
    heads = tuple(signed.checkpoint for signed in held)
    if given.trust is None:
        return heads, None
    trust = _trust(given)
    revoked = _revoked(given, trust)
    for signed in held:
        signature(signed, trust, revoked)
    return heads, trust.origin


def _revoked(given: Given, trust: Trust) -> tuple[Revoked, ...]:
    from ledger.chain.bundle_check import Reader, revocation
    from ledger.federation.entitling import roles

    return tuple(revocation(proofs, Reader(trust, roles=roles)) for proofs in _revocations(given))


def _revocations(given: Given) -> tuple[list[bytes], ...]:
    return tuple(proofs_in(file) for file in given.revoked)


def _now(session: Session, given: Given) -> dict[str, int]:
    """The reader's clock is asked only where a maximal age is."""
    if given.max_age is None:
        return {}
    return {"now": session.clock() // 1_000_000, "max_age": given.max_age * _HOUR}


def _reader(session: Session, given: Given) -> Reader:
    from ledger.chain.bundle_check import Reader
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.federation.entitling import roles

    return Reader(
        _trust(given),
        tuple(SignedCheckpoint.parse(read_artefact(file)) for file in given.since),
        roles=roles,
        revocations=_revocations(given),
        **_now(session, given),
    )


def _file(session: Session, file: Path, given: Given) -> None:
    from ledger.chain.forks import HEADER
    from ledger.federation import proof_report

    data = read_artefact(file, most=_LONGEST)
    if data.startswith(HEADER.encode("ascii")):
        given.refuse_beyond("a fork proof")
        return verify_fork(session, data, _trust(given).keys)
    if proof_report.is_checkpoint(data):
        return _checkpoint(session, str(file), data, given)
    more_proofs = () if proof_report.is_zip(data) else ("--along",)
    given.refuse_beyond("a proof" + "s in a zip" * (not more_proofs), *_COUNT, *more_proofs)
    along = [one for more in given.along for one in proofs_in(more)]
    report = proof_report.examine(data, _reader(session, given), along)
    if session.json:
        emit_json({"file": str(file), **proof_report.values(report)})
    else:
        say(proof_report.as_text(report).rstrip("\n"))
    if not report.holds:
        raise Faults("verify-proof-faults", path=str(file))
    _demand_growth(str(file), report.unshown)
    return None


def proofs_in(file: Path) -> list[bytes]:
    """The bundles of a file: one, or a zip of them. Raises `Malformed` (``archive-...``), `StoreTrouble`."""
    from ledger.chain import archive

    data = read_artefact(file, most=_LONGEST)
    return list(archive.unpack(data).values()) if archive.is_zip(data) else [data]


def _grown_values(growth: Sequence[Outcome]) -> dict[str, Any]:
    """Whether a checkpoint holds, and whether it grew from what is held, for programs."""
    from ledger.chain.proof_steps import FAULT, OK

    holds = not any(one.standing == FAULT for one in growth)
    rows = [{"standing": one.standing, "code": one.code, "said": str(one)} for one in growth]
    return {"holds": holds, "grown": all(one.standing == OK for one in growth) if rows else None,
            "growth": rows}  # fmt: skip


def _unshown(growth: Sequence[Outcome]) -> tuple[Outcome, ...]:
    from ledger.chain.proof_steps import NOT_SHOWN

    return tuple(one for one in growth if one.standing == NOT_SHOWN)


def _demand_growth(place: str, unshown: Sequence[Outcome]) -> None:
    """What --since asked for must be shown. Raises `Faults` (``verify-since-not-shown``)."""
    if unshown:
        raise Faults("verify-since-not-shown", path=place, reason=str(unshown[0]))


def _checkpoint(session: Session, place: str, data: bytes, given: Given) -> None:
    """A bare checkpoint: who signed it, who cosigned, and that it is no fork of what the reader holds.

    It carries no path: of another size than what is held, that it grew from that is not shown.
    """
    from ledger.chain import merkle
    from ledger.chain.bundle_check import grown, pin, signature
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.proof_steps import FAULT
    from ledger.federation.proof_report import result

    given.refuse_beyond("a checkpoint", *_COUNT)
    trust = _trust(given)
    revoked = _revoked(given, trust)
    signed = SignedCheckpoint.parse(data)
    head = signed.checkpoint
    found = signature(signed, trust, revoked)
    if not head.size:
        merkle.check_consistency(0, 0, (), head.root, head.root)
    names = [one.witness.name for one in trust.check_quorum(signed, **_now(session, given)) if one.counts]
    held = [pin(SignedCheckpoint.parse(read_artefact(file)), trust, revoked) for file in given.since]
    growth = [grown(head, {}, one) for one in held]
    if session.json:
        keys = found.values["keys"].split(", ")
        told: dict[str, Any] = {"kind": "checkpoint", "origin": head.origin, "size": head.size}
        told |= {"root": head.root, "signed": keys, "cosigned": names, **_grown_values(growth)}
        emit_json(told)
    else:
        tell(f"checkpoint of {head.origin}: {how_many('count-entries', head.size)}, root {head.root.hex()}")
        tell(f"{found}; cosigned by {', '.join(names) or 'nobody'} (quorum {trust.quorum})")
        for one in growth:
            tell(f"growth: {one.standing}: {one}")
        tell(result(not any(one.standing == FAULT for one in growth), _unshown(growth)))
    if any(one.standing == FAULT for one in growth):
        raise Faults("verify-proof-faults", path=place)
    _demand_growth(place, _unshown(growth))


def tell(line: str) -> None:
    """A line that may hold what others wrote."""
    from ledger.projections.wording import one_line

    say(one_line(line))


def verify_fork(session: Session, data: bytes, keys: Any) -> None:
    """Whom a fork proof convicts. Raises `Malformed` where it convicts nobody."""
    from ledger.chain.forks import ForkProof

    proof = ForkProof.decode(data)
    verdict = proof.verify(keys)
    sizes = [proof.smaller.checkpoint.size, proof.bigger.checkpoint.size]
    convicted = [str(key) for key in verdict.keys]
    if session.json:
        emit_json({"kind": "fork", "origin": verdict.origin, "sizes": sizes, "convicted": convicted})
        return
    tell(f"{verdict.origin} signed two histories: no single one contains both checkpoints,")
    tell(f"of {sizes[0]} and of {how_many('count-entries', sizes[1])}.")
    for key in convicted:
        tell(f"convicted: {key}")
    if not convicted:
        say("convicted: the origin, whose keys contradict each other")


def _published(session: Session, place: str, given: Given) -> None:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.federation.mirror import Mirror
    from ledger.federation.publications import reading

    given.refuse_beyond("a published ledger", *_COUNT, "--head", "--no-entries")
    age, trust = _now(session, given), _trust(given)
    held = [SignedCheckpoint.parse(read_artefact(file)) for file in given.since]
    mirror = Mirror(
        reading(place),
        trust,
        tuple(held),
        given.anchor,
        age.get("now"),
        age.get("max_age"),
        given.entries,
        _revoked(given, trust),
    )
    hidden = not sys.stderr.isatty()
    with click.progressbar(mirror.run(), label="Entries", file=sys.stderr, hidden=hidden) as bar:
        for _ in bar:
            continue
    _tell_mirror(session, place, mirror)
    if mirror.faults:
        raise Faults("verify-proof-faults", path=place)


def _tell_mirror(session: Session, place: str, mirror: Mirror) -> None:
    from ledger.federation.mirror import STEPS

    head = None if mirror.signed is None else mirror.signed.checkpoint
    if session.json:
        rows = [
            {"step": one.step, "standing": one.standing, "code": one.code, "said": str(one)}
            for one in mirror.outcomes
        ]
        told = {"kind": "published", "place": place, "holds": not mirror.faults}
        size = None if head is None else head.size
        emit_json({**told, "size": size, "root": None if head is None else head.root, "steps": rows})
        return
    tell(f"Adamas report on the ledger published at {place}")
    say()
    for step in STEPS:
        mine = [one for one in mirror.outcomes if one.step == step.number]
        if mine:
            tell(f"({step.number}) {step.name}: {step.shows}")
        for one in mine:
            tell(f"    {one.standing}: {one}")
    say()
    say("result: it holds" if not mirror.faults else "result: it does not hold")
    if head is not None and not mirror.faults:
        remark("Keep the checkpoint, and hold the ledger to it next time: adamas verify ... --since FILE")
