"""Trust files: whose signatures make a checkpoint count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import keys
from ledger.chain import note, trust
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Group, Log, Trust, Witness
from ledger.errors import Malformed, Unavailable
from tests.artefacts import NOW, ORIGIN, WITNESSES, Book, cosigned, log_key, opened, signing_key, witness_key

LOG = str(log_key())
A, B, C = (str(witness_key(name)) for name in WITNESSES)
AGAIN = note.verifier_key(WITNESSES[0], signing_key("again"), note.COSIGNATURE)
BESIDE = VerifierKey(WITNESSES[0], note.MLDSA44, bytes(1_312))
# The example of the specification's section "Example policy", with keys in it and two levels of groups.
LEVELS = f"""# an example
log {LOG} https://ledger.example/bw

  witness X1 {A}
\twitness X2\t{B}   https://witness.example/b
witness Y1 {C}
group X any X1 X2
group X-and-Y all X Y1
quorum X-and-Y
"""


def code_of(text: str | bytes) -> str:
    """The code with which the file is refused."""
    with pytest.raises(Malformed) as refused:
        Trust.parse(text if isinstance(text, bytes) else text.encode())
    assert str(refused.value)
    return refused.value.code


def test_a_file_is_read_in_any_spacing_and_written_in_one() -> None:
    """Remarks, empty lines and gaps say nothing; what is written is read again alike."""
    read = Trust.parse(LEVELS.encode())
    assert read.origin == ORIGIN
    assert read.logs == (Log(log_key(), "https://ledger.example/bw"),)
    assert read.witnesses[1] == Witness("X2", witness_key(WITNESSES[1]), "https://witness.example/b")
    assert read.groups == (Group("X", 1, ("X1", "X2")), Group("X-and-Y", 2, ("X", "Y1")))
    assert Trust.parse(read.encode()) == read
    assert Trust.parse(read.encode()).encode() == read.encode()


def test_a_witness_with_an_old_and_a_new_key_counts_once() -> None:
    """In a group of which any suffices, or while the other key counts for nothing."""
    keys_of = f"log {LOG}\nwitness V {A}\nwitness W {AGAIN}\nwitness X {B}\n"
    read = Trust.parse(f"{keys_of}group G any V W\ngroup H 2 G X\nquorum H\n".encode())
    assert [read.reached(names) for names in (["V", "W"], ["V", "X"], ["W", "X"])] == [False, True, True]
    assert Trust.parse(f"{keys_of}group G all V X\nquorum G\n".encode()).reached(["V", "X"])
    named = zip("VWX", (witness_key(WITNESSES[0]), AGAIN, witness_key(WITNESSES[1])), strict=True)
    old, new, other = (Witness(name, key) for name, key in named)
    with pytest.raises(Malformed) as refused:
        trust.make([Log(log_key())], [old, new, other], 2)
    assert refused.value.code == "trust-witness-twice"


@pytest.mark.parametrize(
    ("names", "reached"),
    [
        ((), False),
        (("X1",), False),
        (("X1", "X2"), False),
        (("Y1",), False),
        (("X1", "Y1"), True),
        (("X2", "Y1"), True),
        (("X1", "X2", "Y1"), True),
        (("X", "Y1"), False),
        (("X-and-Y",), False),
        (("stranger", "Y1"), False),
    ],
)
def test_the_quorum_counts_witnesses_through_groups(names: tuple[str, ...], reached: bool) -> None:
    """Only witnesses cosign; nobody becomes a group by being called like one."""
    assert Trust.parse(LEVELS.encode()).reached(names) is reached


def test_a_single_witness_and_none_are_quorums() -> None:
    """As the specification's simplest cases."""
    one = Trust.parse(f"log {LOG}\nwitness W {A}\nquorum W\n".encode())
    none = Trust.parse(f"log {LOG}\nquorum none\n".encode())
    assert (one.reached(["W"]), one.reached([]), none.reached([])) == (True, False, True)


REFUSED = {
    "nothing": ("", "trust-newline"),
    "only remarks": ("# nobody\n\n", "trust-quorum-lines"),
    "no log": (f"witness W {A}\nquorum W\n", "trust-no-log"),
    "no quorum": (f"log {LOG}\nwitness W {A}\n", "trust-quorum-lines"),
    "two quorums": (f"log {LOG}\nquorum none\nquorum none\n", "trust-quorum-lines"),
    "cut off": (f"log {LOG}\nquorum none", "trust-newline"),
    "CRLF": (f"log {LOG}\r\nquorum none\r\n", "trust-control"),
    "a control": (f"log {LOG}\n# \x7f\nquorum none\n", "trust-control"),
    "a byte order mark": (f"\ufefflog {LOG}\nquorum none\n", "trust-line"),
    "a no-break space": (f"log\u00a0{LOG}\nquorum none\n", "trust-line"),
    "an unknown line": (f"log {LOG}\nkey {A}\nquorum none\n", "trust-line"),
    "capitals": (f"Log {LOG}\nquorum none\n", "trust-line"),
    "a remark behind a line": (f"log {LOG} https://x # mine\nquorum none\n", "trust-line"),
    "a log without a key": ("log\nquorum none\n", "trust-line"),
    "a key that is none": ("log ledger\nquorum none\n", "note-key"),
    "a key of other octets": (f"log \xff{LOG}\nquorum none\n".encode("latin-1"), "note-key"),
    "a key with another id": (f"log {LOG.replace('bw', 'bx')}\nquorum none\n", "note-key-id"),
    "a log with a witness's key": (f"log {A}\nquorum none\n", "trust-log-kind"),
    "a witness with a log's key": (
        f"log {LOG}\nwitness W {log_key('w', 'witness.example/w')}\nquorum W\n",
        "trust-witness-kind",
    ),
    "two origins": (f"log {LOG}\nlog {log_key('o', 'other.example/x')}\nquorum none\n", "trust-two-origins"),
    "a log twice": (f"log {LOG}\nlog {LOG}\nquorum none\n", "trust-key-twice"),
    "a witness twice": (f"log {LOG}\nwitness V {A}\nwitness W {A}\nquorum W\n", "trust-key-twice"),
    "a witness key under two names": (
        f"log {LOG}\nwitness V {A}\n"
        f"witness W {note.verifier_key('another.example', signing_key(WITNESSES[0]), note.COSIGNATURE)}\n"
        "quorum W\n",
        "trust-key-twice",
    ),
    "two keys of one witness that count as two": (
        f"log {LOG}\nwitness V {A}\nwitness W {AGAIN}\ngroup G 2 V W\nquorum G\n",
        "trust-witness-twice",
    ),
    "two keys of one witness in two groups": (
        f"log {LOG}\nwitness V {A}\nwitness W {AGAIN}\n"
        "group G any V\ngroup H any W\ngroup I all G H\nquorum I\n",
        "trust-witness-twice",
    ),
    "two kinds of keys of one witness": (
        f"log {LOG}\nwitness V {A}\nwitness W {BESIDE}\ngroup G all V W\nquorum G\n",
        "trust-witness-twice",
    ),
    "a witness with the log's key": (
        f"log {LOG}\nwitness W {note.verifier_key('w.example', signing_key('log'), note.COSIGNATURE)}\n"
        "quorum W\n",
        "trust-witness-is-log",
    ),
    "a witness named as the log": (
        f"log {LOG}\nwitness W {note.verifier_key(ORIGIN, signing_key('w'), note.COSIGNATURE)}\nquorum W\n",
        "trust-witness-is-log",
    ),
    "a witness called none": (f"log {LOG}\nwitness none {A}\nquorum none\n", "trust-name"),
    "a name twice": (f"log {LOG}\nwitness W {A}\nwitness W {B}\nquorum W\n", "trust-name"),
    "a group called as a witness": (f"log {LOG}\nwitness W {A}\ngroup W any W\nquorum W\n", "trust-name"),
    "a member unknown": (f"log {LOG}\nwitness W {A}\ngroup G any W V\nquorum G\n", "trust-name-unknown"),
    "a member defined below": (
        f"log {LOG}\ngroup G any W\nwitness W {A}\nquorum G\n",
        "trust-name-unknown",
    ),
    "a group in itself": (f"log {LOG}\nwitness W {A}\ngroup G any G\nquorum G\n", "trust-name-unknown"),
    "none as a member": (f"log {LOG}\nwitness W {A}\ngroup G any none\nquorum G\n", "trust-name-unknown"),
    "a member twice": (f"log {LOG}\nwitness W {A}\ngroup G 2 W W\nquorum G\n", "trust-member-twice"),
    "a member in two groups": (
        f"log {LOG}\nwitness W {A}\ngroup G any W\ngroup H any W\nquorum G\n",
        "trust-member-twice",
    ),
    "a group of nobody": (f"log {LOG}\ngroup G any\nquorum G\n", "trust-line"),
    "none of a group": (f"log {LOG}\nwitness W {A}\ngroup G 0 W\nquorum G\n", "trust-threshold"),
    "more than a group": (f"log {LOG}\nwitness W {A}\ngroup G 2 W\nquorum G\n", "trust-threshold"),
    "a number with a zero": (f"log {LOG}\nwitness W {A}\ngroup G 01 W\nquorum G\n", "trust-threshold"),
    "a number with a sign": (f"log {LOG}\nwitness W {A}\ngroup G +1 W\nquorum G\n", "trust-threshold"),
    "an Arabic number": (f"log {LOG}\nwitness W {A}\ngroup G \u0661 W\nquorum G\n", "trust-threshold"),
    "a quorum unknown": (f"log {LOG}\nquorum W\n", "trust-name-unknown"),
    "a quorum above its witness": (f"log {LOG}\nquorum W\nwitness W {A}\n", "trust-name-unknown"),
    "too long": (b"#" * (trust.LONGEST + 1), "trust-too-long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_policy_is_refused(name: str) -> None:
    """A file that trusts nobody, or somebody twice, or the ledger as its own witness, is none."""
    text, code = REFUSED[name]
    assert code_of(text) == code


def test_names_are_octets() -> None:
    """A name in no encoding at all is a name, and comes back unchanged; a Kelvin sign is no K."""
    data = f"log {LOG}\nwitness \u212a {A}\nwitness K {B}\nquorum K\n".encode() + b"# \xff\xfe\n"
    data += f"witness \xff {C}\n".encode("latin-1")
    read = Trust.parse(data)
    assert [witness.name for witness in read.witnesses][:2] == ["\u212a", "K"]
    assert Trust.parse(read.encode()) == read
    assert b"witness \xff " in read.encode()


def test_the_specifications_limits_are_within_ours() -> None:
    """32 logs, witnesses and groups are taken, 257 are not."""

    def policy(count: int) -> bytes:
        logs = [f"log {log_key(f'log {number}')}" for number in range(count)]
        names = [f"w.example/{number}" for number in range(count)]
        witnesses = [f"witness {name} {witness_key(name)}" for name in names]
        groups = [f"group g{number} any {name}" for number, name in enumerate(names)]
        return "\n".join([*logs, *witnesses, *groups, "quorum g0", ""]).encode()

    assert len(Trust.parse(policy(32)).groups) == 32
    assert code_of(policy(257)) == "trust-too-many"


def code_from(judge: object, *arguments: object, **more: object) -> str:
    """The code with which a method refuses."""
    assert callable(judge)
    with pytest.raises(Malformed) as refused:
        judge(*arguments, **more)
    assert str(refused.value)
    return refused.value.code


BOOK = opened()
TRUST = Trust.parse(LEVELS.encode())


def test_a_checkpoint_counts_with_a_log_key_and_the_quorum() -> None:
    """And not with one of them alone."""
    signed = BOOK.signed()
    assert TRUST.signed_by(cosigned(signed)) == (log_key(),)
    assert [item.witness.name for item in TRUST.check_quorum(cosigned(signed))] == ["X1", "X2", "Y1"]
    assert code_from(TRUST.check_quorum, signed) == "trust-quorum-missed"
    assert code_from(TRUST.check_quorum, cosigned(signed, WITNESSES[:2])) == "trust-quorum-missed"
    assert TRUST.check_quorum(cosigned(signed, WITNESSES[1:]))
    only_witnesses = note.Note(signed.note.text, cosigned(signed).note.signatures[1:])
    unsigned = type(signed)(signed.checkpoint, only_witnesses)
    assert code_from(TRUST.signed_by, unsigned) == "note-unsigned"


def test_another_ledgers_checkpoint_does_not_count_under_the_same_key() -> None:
    """A key that signs for another origin signs nothing here."""
    other = Book("other.example/x")
    other.open()
    text = other.head().text
    signed = type(BOOK.signed())(
        other.head(), note.Note(text, (note.sign(text, ORIGIN, signing_key("log")),))
    )
    assert code_from(TRUST.signed_by, signed) == "trust-origin"


def test_a_known_key_whose_signature_fails_is_refused_although_enough_others_hold() -> None:
    """A broken line of a known witness or log is no reason to look away."""
    signed = cosigned(BOOK.signed())
    broken = [
        note.Signature(line.name, line.key_id, line.data[:-1] + bytes([line.data[-1] ^ 1]))
        for line in signed.note.signatures
    ]
    for place, line in enumerate(broken):
        lines = [*signed.note.signatures]
        lines[place] = line
        damaged = type(signed)(signed.checkpoint, note.Note(signed.note.text, tuple(lines)))
        judge = TRUST.signed_by if place == 0 else TRUST.check_quorum
        assert code_from(judge, damaged) == "note-signature"
    twice = type(signed)(
        signed.checkpoint, note.Note(signed.note.text, (*signed.note.signatures, signed.note.signatures[-1]))
    )
    assert code_from(TRUST.check_quorum, twice) == "note-signature-twice"


@pytest.mark.parametrize(
    ("at", "max_age", "counts"),
    [
        (NOW, 60, True),
        (NOW - 60, 60, True),
        (NOW - 61, 60, False),
        (NOW + trust.AHEAD, 60, True),
        (NOW + trust.AHEAD + 1, 60, False),
        (NOW + trust.AHEAD + 1, None, False),
        (1, None, True),
        (0, None, True),
        (0, 60, False),
    ],
)
def test_ages_are_numbers_passed_in(at: int, max_age: int | None, counts: bool) -> None:
    """A cosignature too old, from the future, or without a time where one is asked for, does not count."""
    signed = cosigned(BOOK.signed(), at=at)
    found = TRUST.cosigned(signed, NOW, max_age)
    assert [item.counts for item in found] == [counts] * 3
    assert {item.timestamp for item in found} == {at}
    if counts:
        assert TRUST.check_quorum(signed, NOW, max_age)
    else:
        assert code_from(TRUST.check_quorum, signed, NOW, max_age) == "trust-quorum-missed"


def test_an_age_without_a_now_is_a_fault_of_the_caller() -> None:
    """It would silently let everything pass."""
    with pytest.raises(ValueError, match="needs the time now"):
        TRUST.check_quorum(cosigned(BOOK.signed()), max_age=60)


def test_several_keys_of_one_ledger_suffice_each() -> None:
    """During a change-over both lines are there; afterwards only the new one."""
    both = Trust((Log(log_key()), Log(log_key("log-2"))))
    assert both.signed_by(BOOK.signed(None, "log")) == (log_key(),)
    assert both.signed_by(BOOK.signed(None, "log-2")) == (log_key("log-2"),)
    assert both.signed_by(BOOK.signed(None, "log", "log-2")) == (log_key(), log_key("log-2"))
    assert code_from(both.signed_by, BOOK.signed(None, "log-3")) == "note-unsigned"
    assert both.signed_by(BOOK.signed(None, "log-3"), [log_key("log-3")]) == (log_key("log-3"),)


def post_quantum(seed: str) -> keys.MlDsa44Key:
    """An ML-DSA-44 key, or a skip that says why."""
    try:
        return keys.MlDsa44Key(signing_key(seed).public[1:])
    except Unavailable as problem:
        pytest.skip(str(problem))


def test_a_post_quantum_trust_file_lists_only_post_quantum_keys() -> None:
    """The Ed25519 line is then a stranger's, and the second line alone makes the checkpoint count."""
    log, witness = post_quantum("pq-log"), post_quantum("pq-witness")
    verifier = VerifierKey(ORIGIN, note.MLDSA44, log.public)
    other = VerifierKey("w.example/pq", note.MLDSA44, witness.public)
    policy = Trust.parse(f"log {verifier}\nwitness W {other}\nquorum W\n".encode())
    signed = BOOK.signed()
    text = signed.checkpoint.text
    assert code_from(policy.signed_by, signed) == "note-unsigned"
    second = signed.with_signatures([note.sign_mldsa44(text, ORIGIN, log)])
    assert policy.signed_by(second) == (verifier,)
    assert code_from(policy.check_quorum, second) == "trust-quorum-missed"
    full = second.with_signatures([note.sign_mldsa44(text, "w.example/pq", witness, NOW)])
    assert [item.timestamp for item in policy.check_quorum(full, NOW, 60)] == [NOW]
    timed = signed.with_signatures([note.sign_mldsa44(text, ORIGIN, log, NOW)])
    assert code_from(policy.signed_by, timed) == "trust-log-time"


def test_the_ledgers_second_line_never_counts_towards_a_quorum() -> None:
    """A policy that names it as a witness, under the ledger's name, is refused."""
    verifier = VerifierKey(ORIGIN, note.MLDSA44, post_quantum("pq-log").public)
    assert code_of(f"log {LOG}\nwitness W {verifier}\nquorum W\n") == "trust-witness-is-log"


def test_own_and_affiliated_witnesses_are_left_out() -> None:
    """And what is left must reach what is needed."""
    own = Witness("own", note.verifier_key("own.example", signing_key("log"), note.COSIGNATURE))
    named = Witness("named", note.verifier_key(ORIGIN, signing_key("w"), note.COSIGNATURE))
    known = [Witness(name, witness_key(name)) for name in WITNESSES]
    made = trust.make([Log(log_key())], [own, named, *known], 2, affiliated=[WITNESSES[0]])
    assert [item.name for item in made.witnesses] == list(WITNESSES[1:])
    assert made.quorum == "2-of-2"
    assert Trust.parse(made.encode()) == made
    assert trust.make([Log(log_key())], known).quorum == "none"
    logs = [Log(log_key())]
    assert code_from(trust.make, logs, [own, *known], 4) == "trust-witnesses-few"
    assert code_from(trust.make, logs, known, 3, affiliated=WITNESSES[:1]) == "trust-witnesses-few"


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs"]), min_size=1, max_size=8).filter(
    lambda name: name != "none" and not name.isspace()
)


@given(st.lists(NAMES, min_size=3, max_size=3, unique=True), st.integers(1, 3), st.sets(st.integers(0, 2)))
def test_any_names_and_any_threshold(names: list[str], needed: int, agreed: set[int]) -> None:
    """A group of three counts its members, whatever they are called, and comes back from its file."""
    witnesses = tuple(Witness(n, witness_key(w)) for n, w in zip(names, WITNESSES, strict=True))
    group = Group("a-group-of-three", needed, tuple(names))
    policy = Trust((Log(log_key()),), witnesses, (group,), group.name)
    assert Trust.parse(policy.encode()) == policy
    assert policy.reached([names[place] for place in agreed]) is (len(agreed) >= needed)
