"""A witness, without its network: c2sp.org/tlog-witness v1, `add-checkpoint`.

It cosigns a ledger's checkpoint when that provably grew from the last one it cosigned, and so lets nobody
show two histories to people who ask for its signature. The steps, in this order; a request ends at the first
that does not hold:

| step |                                                                                 | answer |
|------|---------------------------------------------------------------------------------|--------|
| (1)  | the request is of its form                                                      | 400    |
| (2)  | the checkpoint's origin is one that this witness was told of                    | 404    |
| (3)  | a pinned key of that origin signed, and no signature of a pinned key fails      | 403    |
| (4)  | the old size is not greater than the checkpoint's                               | 400    |
| (5)  | the old size is that of the last checkpoint cosigned (0: none yet)              | 409    |
| (6)  | the proof shows that the checkpoint grew from it; at the same size the roots are | 422    |
|      | the same, at size 0 the root is that of the empty tree                          |        |
| (7)  | it is signed, then **remembered on the disk**, then answered                    | 200    |

Steps (5) to (7) are one turn: two requests at once, also in two processes, never get two histories cosigned.
An answer 409 is the size cosigned last, so that a log can ask again. At the same size and root it signs
again, with a new time. A time is never before one already signed. A signed checkpoint of the same size and
another root convicts the ledger: the fork proof is kept beside what was cosigned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ledger.chain import forks, merkle, note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note, Signature, VerifierKey
from ledger.errors import AdamasError, Malformed, NotFound
from ledger.federation.add_checkpoint import SIZE_MEDIA, AddCheckpoint
from ledger.federation.memory import Memory
from ledger.keys import MlDsa44Key, Signer
from ledger.values import dataclass

_TEXT = "text/plain; charset=utf-8"
_FORBIDDEN = frozenset({"note-unsigned", "note-signature"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and body; ``about`` is what the operator's log says of it."""

    status: int
    body: str
    about: str
    media: str = _TEXT


class Witness:
    """``logs``: the keys pinned for each origin. ``clock``: seconds since 1970.

    Raises `Malformed`: ``note-name``, ``witness-no-logs``, ``witness-log-key`` (a witness must not be one of
    the logs' own keys).
    """

    def __init__(
        self,
        name: str,
        key: Signer,
        logs: Mapping[str, Sequence[VerifierKey]],
        memory: Memory,
        clock: Callable[[], int],
        second: MlDsa44Key | None = None,
    ) -> None:
        self.name = name
        self.keys = [note.verifier_key(name, key, note.COSIGNATURE)]
        if second is not None:
            self.keys.append(VerifierKey(name, note.MLDSA44, second.public))
        self._key, self._second, self._clock = key, second, clock
        self._logs = {origin: tuple(pinned) for origin, pinned in logs.items()}
        self.memory = memory
        self._check_keys()

    @property
    def origins(self) -> list[str]:
        """The ledgers that it cosigns."""
        return sorted(self._logs)

    def _check_keys(self) -> None:
        pinned = [key for keys in self._logs.values() for key in keys]
        if not pinned:
            raise Malformed("witness-no-logs")
        own = {key.public for key in self.keys}
        for key in pinned:
            if key.public in own:
                raise Malformed("witness-log-key", name=key.name)

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a request.

        Raises `StoreTrouble` when the memory cannot be read or written, `Unavailable`
        (``mldsa-unavailable``) when a pinned key of kind 0x06 cannot be checked on this machine.
        """
        try:
            request = AddCheckpoint.decode(body)  # (1)
        except Malformed as reason:
            return _refused(400, reason)
        head = request.checkpoint.checkpoint
        pinned = self._logs.get(head.origin)
        if pinned is None:  # (2)
            return _refused(404, NotFound("witness-origin", origin=head.origin))
        try:
            verified = request.checkpoint.verify(pinned)  # (3)
        except Malformed as reason:
            return _refused(403 if reason.code in _FORBIDDEN else 400, reason, head.origin)
        if request.old > head.size:  # (4)
            return _refused(400, Malformed("tree-sizes", old=request.old, new=head.size), head.origin)
        marks = {(item.key.name, item.key.id) for item in verified}
        lines = [line for line in request.checkpoint.note.signatures if (line.name, line.key_id) in marks]
        signed = SignedCheckpoint(head, Note(request.checkpoint.note.text, tuple(lines)))
        with self.memory.turn(head.origin):
            return self._in_turn(request, signed, pinned)

    def _in_turn(
        self, request: AddCheckpoint, signed: SignedCheckpoint, pinned: Sequence[VerifierKey]
    ) -> Answer:
        head = signed.checkpoint
        last = self.memory.latest(head.origin, [*pinned, *self.keys])
        size, root = (last.checkpoint.size, last.checkpoint.root) if last else (0, merkle.EMPTY)
        if request.old != size:  # (5)
            return Answer(409, f"{size}\n", f"{head.origin} {head.size} from {request.old}", SIZE_MEDIA)
        if head.size == size and head.root != root:  # (6)
            return self._contradicted(last, signed)
        try:
            merkle.check_consistency(size, head.size, request.path, root, head.root)
        except Malformed as reason:
            return _refused(422, reason, head.origin)
        time = max(self._clock(), self._signed_at(last))
        lines = self._sign(signed.note.text, time)  # (7)
        self.memory.keep(signed.with_signatures(lines))
        return Answer(200, "".join(map(str, lines)), f"{head.origin} {head.size}")

    def _contradicted(self, last: SignedCheckpoint | None, signed: SignedCheckpoint) -> Answer:
        head = signed.checkpoint
        if last is not None:
            self.memory.keep_fork(forks.make(last, signed))
        reason = Malformed("witness-other-root", origin=head.origin, size=head.size, root=head.root.hex())
        return _refused(422, reason, head.origin)

    def _signed_at(self, last: SignedCheckpoint | None) -> int:
        """The time of the newest cosignature, so that a clock set back never contradicts what was signed."""
        marks = {(key.name, key.id) for key in self.keys}
        lines = last.note.signatures if last else ()
        times = [int.from_bytes(line.data[:8], "big") for line in lines if (line.name, line.key_id) in marks]
        return max(times, default=0)

    def _sign(self, text: str, time: int) -> list[Signature]:
        lines = [note.cosign(text, self.name, self._key, time)]
        if self._second is not None:
            lines.append(note.sign_mldsa44(text, self.name, self._second, time))
        return lines


def _refused(status: int, reason: AdamasError, origin: str = "") -> Answer:
    return Answer(status, f"{reason}\n", f"{origin} {reason.code}".strip())
