"""``adamas init``: a ledger, and the three keys that it begins with.

The **authority's key** records acts, the **ledger's key** speaks for the ledger as its keeper, the
**recovery key** signs nothing but the revocation and enrolment of keys, and belongs in a safe, elsewhere.
A fourth one on demand, of ML-DSA-44 (FIPS 204), signs every checkpoint beside the ledger's key. A key that a
prepared body names (`cli.opening`) is in somebody's hands already and is not made.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import opening
from cli.output import adamas_command, ask, emit_json, remark, say
from cli.session import AUTHORITY, KEEPER, RECOVERY, SECOND, Session, pass_session
from ledger import edtf
from ledger.errors import KeyTrouble, Malformed, StoreTrouble, Unconfirmed
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Ledger, Receipt
    from ledger.domain.events import LedgerOpened
    from ledger.domain.fields import Kind
    from ledger.keys import LedgerSigner, MlDsa44Key, SigningKey

Check = Callable[[str], str]
"""Gives an answer back as it is kept, or refuses it."""

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_EXPLAINED = """\
A ledger belongs to one organisation: a State's authority, or a company. You are asked for
- the participant: the country's two letters (BW), nothing for a company's own ledger;
- the authority: the first party, which registers all others, under an id that everybody will see;
- the origin: the ledger's own name for ever, like a web address without https://, never used for another;
- a passphrase for the three keys.
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a ledger's opening says, beside its keys."""

    participant: str | None
    authority: str
    name: str | None
    origin: str
    continues: str | None


@adamas_command(
    "init",
    example="adamas init\nadamas init --yes --participant BW --authority authority-bw --no-passphrase\n"
    "adamas init --file opening.json --dry-run",
    exits=(0, 2, 3, 4, 6, 7, 8, 9, 10),
)
@click.option("--participant", metavar="COUNTRY", help="The participant whose ledger it is, such as BW.")
@click.option("--authority", metavar="PARTY", help="The first authority's id, public, such as authority-bw.")
@click.option("--name", metavar="TEXT", help="The authority's name, public.")
@click.option("--origin", metavar="ORIGIN", help="The ledger's own name.  [default: one is proposed]")
@click.option(
    "--continues",
    metavar="ORIGIN",
    help="The ledger that this one goes on from, closed by adamas house close.",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the key files unencrypted.")
@click.option(
    "--post-quantum",
    is_flag=True,
    help="Checkpoints carry a second signature, of ML-DSA-44: <ledger>.keys/ledger.mldsa.pem makes it.",
)
@click.option(
    "--adopt-register", is_flag=True, help="Adopt the register of participants that ships, as entry 1."
)
@click.option("--auditor-role", metavar="ROLE", help="PostgreSQL: let this role read all, and write nothing.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="BODY",
    help="A prepared body: JSON with origin, participant, by, name, predecessor. Options take their fields' "
    "place, nothing is asked but the passphrase, and no key is made that it names: recovery_key, "
    "authority_key (give it with --key), keys (give --ledger-key).",
)
@click.option("--dry-run", is_flag=True, help="Ask the rules; make and record nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the options and the proposals.")
@pass_session
def init(
    session: Session,
    no_passphrase: bool,
    post_quantum: bool,
    adopt_register: bool,
    file: Path | None,
    dry_run: bool,
    yes: bool,
    **given: str | None,
) -> None:
    """Make a ledger and the keys that speak for it.

    Makes the ledger (--ledger, default ./adamas.db) and the folder <ledger>.keys with three key files:
    authority.pem records acts, ledger.pem is the keeper's, recovery.pem revokes and enrols keys if the
    others are lost or stolen.
    """
    body = opening.prepared(file)
    keys = _new_keys(session, body, post_quantum=post_quantum)
    _nothing_there(session, keys)
    if given["auditor_role"] is not None:
        from ledger.store.opening import check_reading_role

        check_reading_role(session.path, given["auditor_role"])
    answers = _answers(opening.answered(body, given), yes=yes or file is not None)
    event = _opening(answers, keys, body, file)
    if dry_run:
        opening.rehearse(session, event, keys.authority, keys.made())
        return
    passphrase = None
    if keys.files():
        passphrase = _passphrase(session, no_passphrase=no_passphrase, yes=yes)
    receipt = _make(session, event, keys, passphrase, given["auditor_role"], adopt_register=adopt_register)
    _tell(session, answers, receipt, plain=passphrase is None, keys=keys)


def _nothing_there(session: Session, keys: _Keys) -> None:
    if session.file.exists():
        raise StoreTrouble("init-exists", path=session.shown)
    for name in (*keys.files(), SECOND):
        if (session.keys_folder / name).exists():
            raise KeyTrouble("key-file-exists", path=str(session.keys_folder / name))


def _answers(given: dict[str, str | None], *, yes: bool) -> Answers:
    from ledger.domain.fields import COUNTRY, PARTY, TEXT

    def answer(option: str, question: str, proposed: str, check: Check) -> str:
        """As given, else as asked: whoever is asked and mistypes is asked again."""
        text = given[option] or None
        if text is not None or yes:
            return check(proposed if text is None else text)
        while True:
            try:
                return check(ask(question, proposed))
            except (click.BadParameter, Malformed) as trouble:
                remark(trouble.message if isinstance(trouble, click.BadParameter) else str(trouble))

    if not yes:
        remark(_EXPLAINED)
    participant = answer("participant", "Participant", "", _of(COUNTRY, "--participant"))
    short = participant.lower() or "house"
    proposed = f"authority-{short}" if participant else short
    authority = answer("authority", "Authority's id", proposed, _of(PARTY, "--authority"))
    name = answer("name", "Authority's name", "", _of(TEXT, "--name"))
    random = "".join(secrets.choice(_LETTERS) for _ in range(8))
    origin = answer("origin", "Origin", f"adamas.example/{short}/{random}", _origin)
    continues = None if given["continues"] is None else _origin(given["continues"])
    if continues == origin:
        raise click.BadParameter("a ledger cannot go on from itself", param_hint="'--continues'")
    return Answers(participant or None, authority, name or None, origin, continues)


def _origin(text: str) -> str:
    from ledger.chain.names import check_origin

    check_origin(text)
    return text


def _of(kind: Kind, option: str) -> Check:
    """Takes nothing, and what is of that kind."""
    return lambda text: _checked(kind, option, text) if text else ""


def _checked(kind: Kind, option: str, text: str) -> str:
    from cli.options import read_value

    try:
        found: str = read_value(kind, text)
    except ValueError as trouble:
        raise click.BadParameter(str(trouble), param_hint=f"'{option}'") from None
    return found


def _passphrase(session: Session, *, no_passphrase: bool, yes: bool) -> bytes | None:
    if no_passphrase:
        remark("The key files are not encrypted: whoever can read them can sign as you.")
        return None
    if yes and session.settings.passphrase_fd is None:
        raise Unconfirmed("init-passphrase")
    return session.new_passphrase("Passphrase for the new keys")


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of a new ledger; those that a body names are None, but for the authority's, which signs.

    ``own`` False: the authority's key was given, and is not written.
    """

    authority: SigningKey
    keeper: SigningKey | None
    recovery: SigningKey | None
    second: MlDsa44Key | None
    own: bool

    def files(self) -> dict[str, LedgerSigner]:
        """What goes into the keys folder."""
        made = {
            AUTHORITY: self.authority if self.own else None,
            KEEPER: self.keeper,
            RECOVERY: self.recovery,
            SECOND: self.second,
        }
        return {name: key for name, key in made.items() if key is not None}

    def made(self) -> set[str]:
        """The fields of the opening that hold keys made here."""
        of = {AUTHORITY: "authority_key", KEEPER: "keys", RECOVERY: "recovery_key", SECOND: "keys"}
        return {of[name] for name in self.files()}


def _new_keys(session: Session, body: dict[str, Any], *, post_quantum: bool) -> _Keys:
    """New keys, but for those that the body names. Raises `Unavailable` (``mldsa-unavailable``), `KeyTrouble`
    before anything is asked or made."""
    from ledger.keys import MlDsa44Key, SigningKey

    if post_quantum and "keys" in body:
        raise click.UsageError(
            "--post-quantum makes a key of the ledger's, and the body names those already."
        )
    own = "authority_key" not in body
    return _Keys(
        SigningKey.generate() if own else session.key(),
        None if "keys" in body else SigningKey.generate(),
        None if "recovery_key" in body else SigningKey.generate(),
        MlDsa44Key.generate() if post_quantum else None,
        own,
    )


def _make(
    session: Session,
    event: LedgerOpened,
    keys: _Keys,
    passphrase: bytes | None,
    reader: str | None,
    *,
    adopt_register: bool,
) -> Receipt:
    """The receipt of the last entry."""
    from ledger.application import Receipt
    from ledger.exchange.participant_register import adoption

    with _written(session.keys_folder, keys.files(), passphrase):
        ledger = _created(session, event, keys)
    with ledger:
        if reader is not None:
            from ledger.store.opening import grant_reading

            grant_reading(ledger.journal, reader)
        if adopt_register:
            return ledger.record(adoption(event.by or ""), keys.authority)
        head = ledger.head()
    return Receipt(0, head.hash, head.recorded)


def _created(session: Session, event: LedgerOpened, keys: _Keys) -> Ledger:
    """The ledger, signed for by the keeper's key that was made, or by the one that was given."""
    from ledger.application import Ledger
    from ledger.keeping import LedgerKey

    keeper = None
    if keys.keeper is not None:
        guards = [session.keys_folder / f"{name}.guard" for name in (KEEPER, SECOND)]
        also = () if keys.second is None else ((keys.second, guards[1]),)
        keeper = LedgerKey(keys.keeper, guards[0], also)
    elif session.settings.ledger_key is not None:
        keeper = session.ledger_key()
    right = session.settings.clock_is_right
    return Ledger.create(session.path, event, keys.authority, clock_confirmed=right, keeper=keeper)


def _opening(answers: Answers, keys: _Keys, body: dict[str, Any], file: Path | None) -> LedgerOpened:
    from cli.bodies import event_of
    from ledger.chain.note import verifier_key
    from ledger.domain.events import LedgerOpened

    speaking = [key for key in (keys.keeper, keys.second) if key is not None]
    new = {
        "keys": [str(verifier_key(answers.origin, key)) for key in speaking],
        "authority_key": keys.authority.public,
        "recovery_key": None if keys.recovery is None else keys.recovery.public,
    }
    told = {
        "by": answers.authority,
        "origin": answers.origin,
        "participant": answers.participant,
        "name": answers.name,
        "predecessor": answers.continues,
    }
    whole = {name: value for name, value in {**new, **body, **told}.items() if value is not None}
    event = event_of(LedgerOpened.TYPE, whole, file=file)
    assert isinstance(event, LedgerOpened)  # noqa: S101 - its type was asked for
    return event


@contextmanager
def _written(folder: Path, keys: dict[str, LedgerSigner], passphrase: bytes | None) -> Iterator[None]:
    """The keys are in their files; they go again if what follows fails: they would speak for nothing."""
    from ledger.keys import write_key

    made: list[Path] = []
    try:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as problem:
            ledger = str(folder).removesuffix(".keys")
            raise StoreTrouble("store-unwritable", path=ledger, reason=problem.strerror) from None
        for name, key in keys.items():
            write_key(folder / name, key, passphrase)
            made.append(folder / name)
        yield
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _tell(session: Session, answers: Answers, receipt: Receipt, *, plain: bool, keys: _Keys) -> None:
    folder = session.keys_folder
    if session.json:
        emit_json(
            {
                "ledger": session.shown,
                "origin": answers.origin,
                "participant": answers.participant,
                "authority": answers.authority,
                "keys": str(folder),
                "encrypted": not plain,
                "receipt": receipt.text,
                "recorded": edtf.text_of(receipt.recorded),
            }
        )
        return
    say(f"ledger    {session.shown}")
    say(f"origin    {answers.origin}")
    say(f"authority {answers.authority}")
    say(f"keys      {folder}{'' if plain else ' (encrypted)'}")
    say(f"recorded  {receipt.text}")
    if keys.recovery is not None:
        remark(
            f"Move {folder / RECOVERY} to a safe place elsewhere: it can revoke the other keys, and they it."
        )
    if answers.participant is not None and receipt.index == 0:
        remark("Nobody's standing is asked before a register is adopted: adamas participant adopt --shipped.")
    remark("Next: adamas party register PARTY --role ROLE, adamas key enrol PARTY --new; all: adamas --help.")
