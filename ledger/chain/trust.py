"""The verifier's trust file: whose signatures make a checkpoint count (c2sp.org/tlog-policy).

One file for each origin, because a policy has one quorum for all its logs. It is the verifier's own, and
nothing that a ledger says of itself changes it. Lines, items between spaces and tabs, `#` before a remark:

    log      <verifier key> [<url>]              one or more, all named as the origin; any one suffices
    witness  <name> <verifier key> [<url>]
    group    <name> all|any|<k> <name>...        k of its members: witnesses and groups of lines above
    quorum   <name>|none                         exactly once

A log's key is of kind `0x01` or `0x06` (`ledger.chain.note`), a witness's of kind `0x04` or `0x06`. A
post-quantum trust file lists only the `0x06` keys, since any one log line suffices.

This parser alone takes several spellings, because people write these files. Beyond what the specification
refuses (a key twice, a name in two groups, names not yet defined, controls, a last line cut off) it refuses:
no log; logs of several names; a witness that is the ledger itself, by key or by name (its second signature
would count towards its own quorum); two keys that share name and key id; two keys of one witness, by their
name, that would count as two: they stand in one group of which any suffices, or one of them in none.

`signed_by` and `check_quorum` judge a signed checkpoint. Times are numbers of seconds since 1970 that the
caller passes in: a cosignature counts while it is not older than the maximal age, and not from the future.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from ledger.chain import names, note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.errors import Malformed
from ledger.values import dataclass

NONE = "none"
LONGEST = 1 << 20
MOST = 256
"""Log, witness and group lines of each kind; the specification asks for 32."""
AHEAD = 300
"""Seconds by which a witness's clock may run ahead of the reader's."""
_LOG_KINDS = (note.ED25519, note.MLDSA44)
_WITNESS_KINDS = (note.COSIGNATURE, note.MLDSA44)
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_GAP = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Log:
    """A key of the ledger, and where its published directory lies."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under its name in the file, which means nothing elsewhere; ``url``: its submission prefix
    (c2sp.org/tlog-witness)."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """``needed`` of the members must have cosigned, each a witness or an earlier group."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's cosignature that holds. ``timestamp`` in seconds since 1970 (0: the witness says no time);
    ``counts``: it is neither too old nor too far in the future."""

    witness: Witness
    timestamp: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """One origin's log keys, its witnesses, and how many of them must have cosigned."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def __post_init__(self) -> None:
        """Raises `Malformed` (``trust-...``) for a policy that `parse` would refuse."""
        _check_keys(self)
        _check_names(self)
        _check_counted_once(self)

    @property
    def origin(self) -> str:
        """The one origin that this file is about."""
        return self.logs[0].key.name

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The ledger's keys, of which one suffices."""
        return tuple(log.key for log in self.logs)

    @classmethod
    def parse(cls, data: bytes) -> Trust:
        """The trust that a file's bytes say. Raises `Malformed` (``trust-...``, ``note-...``)."""
        logs: list[Log] = []
        witnesses: list[Witness] = []
        groups: list[Group] = []
        quorums: list[str] = []
        known: set[str] = set()
        for number, kind, items in _lines(data):
            match kind, items:
                case "log", [key, *url] if len(url) <= 1:
                    logs.append(Log(_key(key), *url))
                case "witness", [name, key, *url] if len(url) <= 1:
                    witnesses.append(Witness(name, _key(key), *url))
                    known.add(name)
                case "group", [name, needed, *members] if members:
                    groups.append(_group(name, needed, members, known))
                    known.add(name)
                case "quorum", [name] if name == NONE or name in known:
                    quorums.append(name)
                case "quorum", [name]:
                    raise Malformed("trust-name-unknown", name=name)
                case _:
                    raise Malformed("trust-line", line=number, kind=kind[:20])
        if len(quorums) != 1:
            raise Malformed("trust-quorum-lines", count=len(quorums))
        return cls(tuple(logs), tuple(witnesses), tuple(groups), quorums[0])

    def encode(self) -> bytes:
        """A trust file's bytes, as ``adamas trust`` writes it."""
        lines = [f"log {log.key}{_url(log.url)}" for log in self.logs]
        lines += [f"witness {item.name} {item.key}{_url(item.url)}" for item in self.witnesses]
        lines += [f"group {group.name} {group.needed} {' '.join(group.members)}" for group in self.groups]
        return "\n".join([*lines, f"quorum {self.quorum}", ""]).encode("utf-8", "surrogateescape")

    def signed_by(
        self, signed: SignedCheckpoint, also: Sequence[VerifierKey] = ()
    ) -> tuple[VerifierKey, ...]:
        """The log's keys that signed the checkpoint, at least one; ``also`` are further keys to look for.

        Raises `Malformed`: ``trust-origin`` (another ledger's checkpoint), ``note-...`` (a known key's
        signature fails, stands twice, or there is none), ``trust-log-time`` (a `0x06` line with a time).
        """
        if signed.checkpoint.origin != self.origin:
            found = names.told(signed.checkpoint.origin)
            raise Malformed("trust-origin", origin=names.told(self.origin), found=found)
        verified = signed.verify([*self.keys, *(key for key in also if key not in self.keys)])
        for line in verified:
            if line.timestamp:
                raise Malformed("trust-log-time", name=line.key.name, timestamp=line.timestamp)
        return tuple(line.key for line in verified)

    def cosigned(
        self, signed: SignedCheckpoint, now: int | None = None, max_age: int | None = None
    ) -> tuple[Cosigned, ...]:
        """The cosignatures of this file's witnesses; without ``now`` and ``max_age`` each that holds counts.

        Raises `Malformed` (``note-signature``, ``note-signature-twice``); `ValueError` for an age but no now.
        """
        if max_age is not None and now is None:
            raise ValueError("a maximal age needs the time now")
        by_key = {witness.key: witness for witness in self.witnesses}
        marks = {(key.name, key.id) for key in by_key}
        if not any((line.name, line.key_id) in marks for line in signed.note.signatures):
            return ()
        return tuple(
            Cosigned(by_key[line.key], line.timestamp or 0, _is_fresh(line.timestamp or 0, now, max_age))
            for line in signed.verify(list(by_key))
        )

    def reached(self, names: Collection[str]) -> bool:
        """Whether the witnesses of these names reach the quorum."""
        agreed = set(names) & {witness.name for witness in self.witnesses}
        for group in self.groups:  # in the file's order: members stand above their group
            if len(agreed.intersection(group.members)) >= group.needed:
                agreed.add(group.name)
        return self.quorum == NONE or self.quorum in agreed

    def check_quorum(
        self, signed: SignedCheckpoint, now: int | None = None, max_age: int | None = None
    ) -> tuple[Cosigned, ...]:
        """`cosigned`, and enough of it. Raises `Malformed` (``trust-quorum-missed``) where it is not."""
        found = self.cosigned(signed, now, max_age)
        if not self.reached([item.witness.name for item in found if item.counts]):
            late = sum(not item.counts for item in found)
            raise Malformed("trust-quorum-missed", quorum=self.quorum, count=len(found) - late, late=late)
        return found


def make(
    logs: Sequence[Log],
    witnesses: Sequence[Witness] = (),
    needed: int = 0,
    affiliated: Collection[str] = (),
    own: Sequence[VerifierKey] = (),
) -> Trust:
    """The trust in a ledger by its keys and ``needed`` of the witnesses.

    Own and affiliated witnesses are left out: those whose key or key name is the ledger's (also by further
    keys of its ``own``, which are not trusted as logs), or whose key name is in ``affiliated``. Raises
    `Malformed` (``trust-witnesses-few``) when fewer than ``needed`` are left.
    """
    keys = [*(log.key for log in logs), *own]
    left_out = {key.public for key in keys} | {key.name for key in keys} | set(affiliated)
    kept = tuple(item for item in witnesses if left_out.isdisjoint({item.key.public, item.key.name}))
    if not 0 <= needed <= len(kept):
        raise Malformed("trust-witnesses-few", needed=needed, count=len(kept))
    if not needed:
        return Trust(tuple(logs), kept)
    group = Group(f"{needed}-of-{len(kept)}", needed, tuple(item.name for item in kept))
    return Trust(tuple(logs), kept, (group,), group.name)


def _url(url: str | None) -> str:
    return "" if url is None else f" {url}"


def _lines(data: bytes) -> Iterator[tuple[int, str, list[str]]]:
    """Number, first item and further items of each line that says something."""
    if len(data) > LONGEST:
        raise Malformed("trust-too-long", length=len(data), most=LONGEST)
    control = _CONTROL.search(data)
    if control:
        line = data.count(b"\n", 0, control.start()) + 1
        raise Malformed("trust-control", line=line, character=f"{control[0][0]:02x}")
    if not data.endswith(b"\n"):
        raise Malformed("trust-newline")
    # Names are opaque octets: other octets than UTF-8 come and go unchanged as lone surrogates.
    for number, text in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        items = _GAP.split(text.strip(" \t"))
        if items[0] and not items[0].startswith("#"):
            yield number, items[0], items[1:]


def _key(text: str) -> VerifierKey:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("note-key", text=ascii(text)[:120]) from None
    return VerifierKey.parse(text)


def _group(name: str, needed: str, members: list[str], known: set[str]) -> Group:
    for member in members:
        if member not in known:
            raise Malformed("trust-name-unknown", name=member)
    if needed in ("all", "any"):
        return Group(name, len(members) if needed == "all" else 1, tuple(members))
    if not _NUMBER.fullmatch(needed):
        raise Malformed("trust-threshold", name=name, needed=needed[:20], count=len(members))
    return Group(name, int(needed), tuple(members))


def _check_keys(trust: Trust) -> None:
    if not trust.logs:
        raise Malformed("trust-no-log")
    if max(len(trust.logs), len(trust.witnesses), len(trust.groups)) > MOST:
        raise Malformed("trust-too-many", most=MOST)
    for key in trust.keys:
        if key.kind not in _LOG_KINDS:
            raise Malformed("trust-log-kind", name=key.name, kind=f"{key.kind:02x}")
        if key.name != trust.origin:
            raise Malformed("trust-two-origins", origin=trust.origin, other=key.name)
    for witness in trust.witnesses:
        if witness.key.kind not in _WITNESS_KINDS:
            raise Malformed("trust-witness-kind", name=witness.name, kind=f"{witness.key.kind:02x}")
        own = any(witness.key.public == key.public for key in trust.keys)
        if own or witness.key.name == trust.origin:
            raise Malformed("trust-witness-is-log", name=witness.name)
    keys = [*trust.keys, *(witness.key for witness in trust.witnesses)]
    if len({key.public for key in keys}) != len(keys):
        raise Malformed("trust-key-twice")
    if len({(key.name, key.id) for key in keys}) != len(keys):
        raise Malformed("note-keys-alike")


def _check_names(trust: Trust) -> None:
    known: set[str] = set()
    taken: set[str] = set()
    for witness in trust.witnesses:
        _define(witness.name, known)
    for group in trust.groups:
        if not 1 <= group.needed <= len(group.members):
            raise Malformed("trust-threshold", name=group.name, needed=group.needed, count=len(group.members))
        for member in group.members:
            if member not in known:
                raise Malformed("trust-name-unknown", name=member)
            if member in taken:
                raise Malformed("trust-member-twice", name=member)
            taken.add(member)
        _define(group.name, known)
    if trust.quorum != NONE and trust.quorum not in known:
        raise Malformed("trust-name-unknown", name=trust.quorum)


def _check_counted_once(trust: Trust) -> None:
    """A witness with two keys, an old and a new one or one of each kind, is still one."""
    group_of = {member: group for group in trust.groups for member in group.members}
    seen: dict[str, Witness] = {}
    for witness in trust.witnesses:
        if witness.name not in group_of:
            continue
        earlier = seen.setdefault(witness.key.name, witness)
        group = group_of[witness.name]
        if earlier is not witness and (group.needed > 1 or group_of[earlier.name] is not group):
            one, other = earlier.name, witness.name
            raise Malformed("trust-witness-twice", one=one, other=other, name=witness.key.name)


def _define(name: str, known: set[str]) -> None:
    if not name or name == NONE or name in known or re.search(r"[\x00- \x7f]", name):
        raise Malformed("trust-name", name=name)
    known.add(name)


def _is_fresh(timestamp: int, now: int | None, max_age: int | None) -> bool:
    if now is not None and timestamp > now + AHEAD:
        return False
    return now is None or max_age is None or now - timestamp <= max_age
