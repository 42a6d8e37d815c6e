"""A ledger asks its witnesses to cosign a checkpoint (c2sp.org/tlog-witness v1, the client).

What a witness cosigned last it tells itself (409), so nothing about witnesses need be remembered here. All
are asked at once, round by round:

    (1) the cosignatures that the checkpoint carries already are kept while they count
    (2) every witness that is missing is asked, with the proof from the size it named, from 0 at first
    (3) 200: its lines are checked, under the keys pinned for it; those of unknown keys are ignored
    (4) 409: it is asked again from the size it names, three times at most
    (5) anything else is a `Trouble` of that witness, and keeps nobody else from signing

Who is a witness, which of their cosignatures count (the maximal age) and whether they are enough (the
quorum), `ledger.chain.trust` says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger import messages
from ledger.chain.checkpoint import SignedCheckpoint, parse_decimal
from ledger.chain.note import Note, Signature, VerifierKey
from ledger.chain.trust import Cosigned, Trust
from ledger.errors import AdamasError, Malformed, Unavailable
from ledger.federation import posting
from ledger.federation.add_checkpoint import MOST_BYTES, PATH, SIZE_MEDIA, AddCheckpoint
from ledger.federation.posting import Reply
from ledger.values import dataclass

ROUNDS = 4
MOST_SECONDS = 30
"""For one round."""
_MEDIA = "text/plain; charset=utf-8"

Prove = Callable[[int], Sequence[bytes]]
"""An older size -> the consistency proof from there to the checkpoint."""
Post = Callable[[str, bytes], Reply]
Line = tuple[Signature, Cosigned]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a witness's cosignature is missing; ``url`` is its submission prefix, or its name without one."""

    url: str
    code: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return messages.text(self.code, {"url": self.url, **self.values})


@dataclass(frozen=True, slots=True)
class Collected:
    """The checkpoint with the ledger's own lines and the cosignatures that count.

    ``enough``: they reach the quorum.
    """

    checkpoint: SignedCheckpoint
    cosigned: tuple[Cosigned, ...]
    troubles: tuple[Trouble, ...]
    enough: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """Which cosignatures count: the trust file's, at most ``max_age`` seconds old at ``now``, and none of the
    future. ``now`` in seconds since 1970."""

    trust: Trust
    now: int
    max_age: int

    def of(self, signed: SignedCheckpoint) -> list[Line]:
        """The lines of witnesses, all of which hold. Raises `Malformed` as `Trust.cosigned`."""
        known = _marks(witness.key for witness in self.trust.witnesses)
        lines = [line for line in signed.note.signatures if (line.name, line.key_id) in known]
        return list(zip(lines, self.trust.cosigned(signed, self.now, self.max_age), strict=True))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a witness's answer brings: cosignatures, a size to ask again from, or what is wrong with it."""

    lines: tuple[Line, ...] = ()
    again: int | None = None
    trouble: Trouble | None = None


def post_to_witness(url: str, body: bytes, *, timeout: float = 10.0) -> Reply:
    """The real network. Raises as `posting.post`."""
    return posting.post(f"{url}/{PATH}", body, _MEDIA, timeout=timeout, most=MOST_BYTES)


def collect(
    checkpoint: SignedCheckpoint, prove: Prove, terms: Terms, post: Post = post_to_witness
) -> Collected:
    """Ask every witness whose cosignature is missing. ``prove`` is called in this thread only.

    Raises `Malformed` as `Trust.signed_by` when the ledger's own signature is not as the trust file wants it;
    whatever ``prove`` raises; `Unavailable` (``mldsa-unavailable``) where a key of kind 0x06 cannot be
    checked. What a witness does wrong is never raised.
    """
    terms.trust.signed_by(checkpoint)
    lines = _kept(checkpoint, terms)  # (1)
    bare = _without_witnesses(checkpoint, terms.trust)
    asked = _places(terms.trust)
    have = {found.witness.key for _, found in lines}
    waiting = {url: 0 for url, keys in asked.items() if not keys <= have}
    troubles = [
        Trouble(witness.name, "witness-no-url", {})
        for witness in terms.trust.witnesses
        if witness.url is None and witness.key not in have
    ]
    for _ in range(ROUNDS):
        bodies = {url: _request(bare, old, prove) for url, old in waiting.items()}  # (2)
        replies = _all_at_once(bodies, post)
        answers = {url: _read(bare, url, waiting[url], replies[url], asked[url], terms) for url in waiting}
        for answer in answers.values():
            lines += [line for line in answer.lines if line[1].witness.key not in have]
            troubles += [answer.trouble] if answer.trouble else []
        have = {found.witness.key for _, found in lines}
        waiting = {url: answer.again for url, answer in answers.items() if answer.again is not None}
    troubles += [Trouble(url, "witness-restless", {"rounds": ROUNDS}) for url in waiting]
    whole = bare.with_signatures([line for line, _ in lines])
    counted = tuple(found for _, found in lines)
    enough = terms.trust.reached([found.witness.name for found in counted])
    return Collected(whole, counted, tuple(troubles), enough)


def _marks(keys: Any) -> set[tuple[str, bytes]]:
    return {(key.name, key.id) for key in keys}


def _places(trust: Trust) -> dict[str, set[VerifierKey]]:
    """Submission prefixes with the keys pinned for them: keys at one prefix are asked for at once."""
    found: dict[str, set[VerifierKey]] = {}
    for witness in trust.witnesses:
        if witness.url is not None:
            found.setdefault(witness.url.rstrip("/"), set()).add(witness.key)
    return found


def _without_witnesses(checkpoint: SignedCheckpoint, trust: Trust) -> SignedCheckpoint:
    """The checkpoint with the lines of others only: the ledger's own."""
    known = _marks(witness.key for witness in trust.witnesses)
    lines = tuple(line for line in checkpoint.note.signatures if (line.name, line.key_id) not in known)
    return SignedCheckpoint(checkpoint.checkpoint, Note(checkpoint.note.text, lines))


def _kept(checkpoint: SignedCheckpoint, terms: Terms) -> list[Line]:
    """The cosignatures that the checkpoint carries, hold, and count; the others are asked for again."""
    kept: list[Line] = []
    for line in checkpoint.note.signatures:
        alone = SignedCheckpoint(checkpoint.checkpoint, Note(checkpoint.note.text, (line,)))
        try:
            found = terms.of(alone)
        except Malformed:
            continue
        have = {earlier.witness.key for _, earlier in kept}
        kept += [pair for pair in found if pair[1].counts and pair[1].witness.key not in have]
    return kept


def _request(bare: SignedCheckpoint, old: int, prove: Prove) -> bytes:
    path = prove(old) if 0 < old < bare.checkpoint.size else ()
    return AddCheckpoint(old, tuple(path), bare).encode()


def _all_at_once(bodies: Mapping[str, bytes], post: Post) -> dict[str, Reply | AdamasError]:
    """Every witness's reply. Whoever has not ended in time is silent; its thread is left behind."""
    replies: dict[str, Reply | AdamasError] = {}

    def ask(url: str, body: bytes) -> None:
        try:
            replies[url] = post(url, body)
        except AdamasError as problem:
            replies[url] = problem

    threads = [threading.Thread(target=ask, args=item, daemon=True) for item in bodies.items()]
    end = time.monotonic() + MOST_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    reason = f"no answer in {MOST_SECONDS} seconds"
    return {url: replies.get(url, Unavailable("server-silent", url=url, reason=reason)) for url in bodies}


def _read(
    bare: SignedCheckpoint,
    url: str,
    old: int,
    reply: Reply | AdamasError,
    keys: set[VerifierKey],
    terms: Terms,
) -> _Answer:
    if isinstance(reply, AdamasError):
        return _Answer(trouble=Trouble(url, reply.code, reply.values))
    try:
        if reply.status == 200:
            return _cosignatures(bare, url, reply.body, keys, terms)  # (3)
        if reply.status == 409 and reply.media == SIZE_MEDIA:
            return _size(bare, url, old, reply.body)  # (4)
    except Malformed as problem:
        return _Answer(trouble=Trouble(url, "witness-answer", {"reason": _shown(str(problem))}))
    said = _shown(reply.body[:200].decode("utf-8", "replace").split("\n")[0])
    values = {"status": reply.status, "said": said, "size": bare.checkpoint.size}
    return _Answer(trouble=Trouble(url, "witness-status", values))  # (5)


def _shown(text: str) -> str:
    """What a stranger sent, fit for a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _size(bare: SignedCheckpoint, url: str, old: int, body: bytes) -> _Answer:
    text = body.decode("ascii", "replace")
    size = parse_decimal(text.removesuffix("\n"))
    if not text.endswith("\n") or size == old:
        raise Malformed("checkpoint-size", size=text[:40])
    if size > bare.checkpoint.size:
        return _Answer(trouble=Trouble(url, "witness-ahead", {"size": size, "ours": bare.checkpoint.size}))
    return _Answer(again=size)


def _cosignatures(
    bare: SignedCheckpoint, url: str, body: bytes, keys: set[VerifierKey], terms: Terms
) -> _Answer:
    """Every line of a key pinned for this witness must hold; those that are fresh count."""
    marks = _marks(keys)
    told = Note.parse(f"{bare.note.text}\n".encode() + body)
    if told.text != bare.note.text:  # an empty line in the answer
        raise Malformed("note-line", line=told.text[len(bare.note.text) :][:80])
    own = tuple(line for line in told.signatures if (line.name, line.key_id) in marks)
    found = terms.of(SignedCheckpoint(bare.checkpoint, Note(bare.note.text, own)))
    counting = tuple(pair for pair in found if pair[1].counts)
    trouble = None
    missing = keys - {pair[1].witness.key for pair in found}
    if len(counting) < len(found):
        stale = next(pair[1] for pair in found if not pair[1].counts)
        values = {"time": stale.timestamp, "now": terms.now, "most": terms.max_age}
        trouble = Trouble(url, "witness-time", values)
    elif missing:
        trouble = Trouble(url, "witness-key-missing", {"key": str(min(missing, key=str))[:120]})
    return _Answer(counting, trouble=trouble)
