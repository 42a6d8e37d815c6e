"""One act in one trip to the server: the head is taken, the entry is made behind it, and all is committed.

Two prepared statements travel in one message, which the server takes as one transaction:

1. ``adamas_take`` waits for the head's row. It is a statement of its own because the next one must see what
   was committed while it waited.
2. ``adamas_put...`` compares the versions of what the decision rests on, where the head has moved; makes the
   entry's bytes, its hash and the tree's frontier behind the head that it finds; and inserts every row.

So nobody holds the row while his program is asked for anything: eight processes on two cores queue for what
the server does, not for one another's turn on a core. What is signed travels as it was signed. Who asked
makes the same entry again of the head that was found, and compares, before anybody is answered.

An act that was recorded although its answer was lost is found by its id, which is there only once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ledger import encoding
from ledger.chain.disclosure import digest
from ledger.chain.entry import LONGEST
from ledger.store.journal import STRIDE, Draft, Head
from ledger.values import dataclass

_TAKE = "adamas_take"
_PLANNED = ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in (("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off"))
)
"""For this transaction: one plan for all acts, by the indexes, also while a table is still small."""
_BETWEEN = "\x1f"
"""Between the texts of a list, which goes as one."""
_LONGEST_FRAME = 2 + 9 + 34 + 9


def _listed(number: int) -> str:
    return rf"string_to_array(convert_from(${number}, 'UTF8'), E'\x1f')"


def _number(value: str) -> str:
    """A whole number as MessagePack spells it, in its shortest form."""
    return (
        f"CASE WHEN {value} < 128 THEN substr(int8send({value}), 8) "
        rf"WHEN {value} < 256 THEN '\xcc'::bytea || substr(int8send({value}), 8) "
        rf"WHEN {value} < 65536 THEN '\xcd'::bytea || substr(int8send({value}), 7) "
        rf"WHEN {value} < 4294967296 THEN '\xce'::bytea || substr(int8send({value}), 5) "
        rf"ELSE '\xcf'::bytea || int8send({value}) END"
    )


_MARKS = "bytea, bytea, bytea, bigint, bigint, bytea, bytea, bigint[], bytea, bigint[], bytea, bytea, bytea"
"""Statement and signature, type, id, time, size and hash of the known head, guarded subjects and their new
versions, other subjects that were read and theirs, touched ones, digests, disclosures."""
_PUT = rf"""
WITH RECURSIVE found AS (SELECT size, hash, recorded, frontier, greatest(recorded, $4) AS now FROM head),
moved AS (SELECT name FROM found, unnest({_listed(9)}, $10) AS known (name, version)
  WHERE (found.size <> $5 OR found.hash <> $6)
  AND version <> coalesce((SELECT max(version) FROM links WHERE subject = name), 0)),
framed AS (SELECT *, '\x9601'::bytea || {_number("size")} || '\xc420'::bytea || hash
  || {_number("now")} || $1 AS entry FROM found WHERE NOT EXISTS (SELECT FROM moved) AND length(hash) = 32
  AND length(frontier) = 8 + 32 * length(replace(size::bit(64)::text, '0', ''))),
made AS (SELECT *, sha256('\x00'::bytea || entry) AS leaf FROM framed),
peaks (level, peak) AS (SELECT 0, leaf FROM made UNION ALL SELECT level + 1,
  sha256('\x01'::bytea || substr(frontier, length(frontier) - 32 * level - 31, 32) || peak)
  FROM peaks, made WHERE (size >> level) & 1 = 1),
highest AS (SELECT level, peak FROM peaks ORDER BY level DESC LIMIT 1),
put AS (INSERT INTO stored_events (originator_id, originator_version, topic, state)
  SELECT 'ledger', size, convert_from($2, 'UTF8'), entry FROM made),
named AS (INSERT INTO ids (id, idx) SELECT $3, size FROM made),
linked AS (INSERT INTO links (subject, version, idx)
  SELECT name, version, size FROM made, unnest({_listed(7)}, $8) AS guarded (name, version)),
kept AS (INSERT INTO nodes (level, place, hash)
  SELECT level, size >> level, peak FROM made, peaks WHERE level > 0 AND level % {STRIDE} = 0),{{more}}
ends AS (UPDATE head SET size = made.size + 1, hash = leaf, recorded = now,
  frontier = int8send(made.size + 1) || substr(made.frontier, 9, length(made.frontier) - 8 - 32 * level)
  || peak FROM made, highest RETURNING leaf, head.frontier)
SELECT size, hash, recorded, found.frontier, leaf, ends.frontier,
  (SELECT string_agg(name, E'\x1f') FROM moved) FROM found LEFT JOIN ends ON true
"""  # noqa: S608  only names and marks of ours
_MORE = {
    "touched": f"""
touched AS (INSERT INTO mentions (subject, idx)
  SELECT name, size FROM made, unnest({_listed(11)}) AS told (name)),
""",  # noqa: S608
    "disclosed": f"""
disclosed AS (INSERT INTO disclosures (idx, digest, disclosure)
  SELECT size, digest, text FROM made, unnest({_listed(12)}, {_listed(13)}) AS told (digest, text)),
""",  # noqa: S608
    "first": """
typed AS (INSERT INTO types (wire, first) SELECT convert_from($2, 'UTF8'), size FROM made
  ON CONFLICT DO NOTHING),
""",
}
"""What else an act may need."""


@dataclass(frozen=True, slots=True)
class Put:
    """What goes to the server for one act: ``prepares`` makes its prepared statements, by name, and ``runs``
    runs them.

    ``moment``: when it is recorded, unless the head is later."""

    moment: int
    prepares: Mapping[str, str]
    runs: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the server answers: the ``head`` it found, and the hash and frontier that it made behind it. None
    where it made none, because subjects ``moved``, or because that is no head."""

    head: Head
    hash: bytes | None
    frontier: bytes | None
    moved: tuple[str, ...]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Told:
        """Of the row that `Put` is answered with."""
        size, last, recorded, frontier, made, edge, moved = row
        names = () if moved is None else tuple(moved.split(_BETWEEN))
        return cls(Head(size, last, recorded, frontier), made, edge, names)


def put(draft: Draft, moment: int, read: Mapping[str, int], head: Head, *, first: bool) -> Put | None:
    """An act for one trip; None where it does not fit into one: a version of a guarded subject was not read,
    a text is empty or has the sign that stands between texts, an entry may be too long.

    ``first``: whether it may be the first of its type.
    """
    guarded = draft.guarded
    changed = set(guarded)
    others = [name for name in read if name not in changed]
    tail = encoding.encode([draft.statement, draft.signature])[1:]
    if len(others) + len(changed) != len(read) or len(tail) + _LONGEST_FRAME > LONGEST:
        return None
    digests = [digest(text) for text in draft.disclosures]
    lists = [_joined(texts) for texts in (guarded, others, draft.touched, digests, draft.disclosures)]
    names, known, touched, told, texts = lists
    if names is None or known is None or touched is None or told is None or texts is None:
        return None
    needed = {"touched": draft.touched, "disclosed": draft.disclosures, "first": first}
    name, prepares = _prepared(tuple(one for one, is_needed in needed.items() if is_needed))
    values = (
        _bytes(tail), _bytes(draft.wire.encode()), _bytes(draft.id), str(moment), str(head.size),
        _bytes(head.hash), names, _numbers(read[one] + 1 for one in guarded), known,
        _numbers(read[one] for one in others), touched, told, texts,
    )  # fmt: skip
    return Put(moment, prepares, f"EXECUTE {_TAKE}; EXECUTE {name}({', '.join(values)})")


@cache
def _prepared(more: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    """The name of the statement that does ``more`` than every act needs, and what is to be prepared."""
    name = "_".join(("adamas_put", *more))
    statement = _PUT.format(more="".join(_MORE[one].rstrip("\n") for one in more))
    taking = f"PREPARE {_TAKE} AS SELECT {_PLANNED} FROM head FOR UPDATE"  # noqa: S608
    return name, {_TAKE: taking, name: f"PREPARE {name} ({_MARKS}) AS {statement}"}


def _bytes(value: bytes) -> str:
    return rf"E'\\x{value.hex()}'"


def _numbers(values: Iterable[int]) -> str:
    return f"'{{{','.join(map(str, values))}}}'"


def _joined(texts: Iterable[str]) -> str | None:
    """A list of texts as one value, whatever is in them; None where they cannot go so."""
    many = list(texts)
    joined = _BETWEEN.join(many)
    if not all(many) or (many and joined.count(_BETWEEN) != len(many) - 1):
        return None
    return _bytes(joined.encode())
