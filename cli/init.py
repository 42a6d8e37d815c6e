"""``adamas init``: a ledger, and the three keys that it begins with.

The **authority's key** records acts, the **ledger's key** speaks for the ledger as its keeper, the
**recovery key** signs nothing but the revocation and enrolment of keys, and belongs in a safe, elsewhere.
A fourth one on demand, of ML-DSA-44 (FIPS 204), signs every checkpoint beside the ledger's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import adamas_command, ask, emit_json, remark, say
from cli.session import AUTHORITY, KEEPER, RECOVERY, SECOND, Session, pass_session
from ledger import edtf
from ledger.errors import KeyTrouble, Malformed, StoreTrouble, Unconfirmed
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Receipt
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
    example="adamas init\nadamas init --yes --participant BW --authority authority-bw --no-passphrase",
    exits=(0, 2, 4, 6, 7, 9, 10),
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
@click.option("--yes", is_flag=True, help="Ask nothing: take the options and the proposals.")
@pass_session
def init(
    session: Session,
    no_passphrase: bool,
    post_quantum: bool,
    adopt_register: bool,
    yes: bool,
    **given: str | None,
) -> None:
    """Make a ledger and the keys that speak for it.

    Makes the ledger (--ledger, default ./adamas.db) and the folder <ledger>.keys with three key files:
    authority.pem records acts, ledger.pem is the keeper's, recovery.pem revokes and enrols keys if the
    others are lost or stolen.
    """
    _nothing_there(session)
    keys = _new_keys(post_quantum=post_quantum)
    if given["auditor_role"] is not None:
        from ledger.store.opening import check_reading_role

        check_reading_role(session.path, given["auditor_role"])
    answers = _answers(given, yes=yes)
    passphrase = _passphrase(session, no_passphrase=no_passphrase, yes=yes)
    receipt = _make(session, answers, keys, passphrase, given["auditor_role"], adopt_register=adopt_register)
    _tell(session, answers, receipt, plain=passphrase is None)


def _nothing_there(session: Session) -> None:
    if session.file.exists():
        raise StoreTrouble("init-exists", path=session.shown)
    for name in (AUTHORITY, KEEPER, RECOVERY, SECOND):
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
    """The keys of a new ledger by their files' names."""

    authority: SigningKey
    keeper: SigningKey
    recovery: SigningKey
    second: MlDsa44Key | None

    def files(self) -> dict[str, LedgerSigner]:
        """What goes into the keys folder."""
        made: dict[str, LedgerSigner] = {
            AUTHORITY: self.authority,
            KEEPER: self.keeper,
            RECOVERY: self.recovery,
        }
        return made if self.second is None else {**made, SECOND: self.second}


def _new_keys(*, post_quantum: bool) -> _Keys:
    """New keys. Raises `Unavailable` (``mldsa-unavailable``) before anything is asked or made."""
    from ledger.keys import MlDsa44Key, SigningKey

    second = MlDsa44Key.generate() if post_quantum else None
    return _Keys(SigningKey.generate(), SigningKey.generate(), SigningKey.generate(), second)


def _make(
    session: Session,
    answers: Answers,
    keys: _Keys,
    passphrase: bytes | None,
    reader: str | None,
    *,
    adopt_register: bool,
) -> Receipt:
    """The receipt of the last entry."""
    from ledger.application import Ledger, Receipt
    from ledger.exchange.participant_register import adoption
    from ledger.keeping import LedgerKey

    with _written(session.keys_folder, keys.files(), passphrase):
        guards = [session.keys_folder / f"{name}.guard" for name in (KEEPER, SECOND)]
        also = () if keys.second is None else ((keys.second, guards[1]),)
        ledger = Ledger.create(
            session.path,
            _opening(answers, keys),
            keys.authority,
            clock_confirmed=session.settings.clock_is_right,
            keeper=LedgerKey(keys.keeper, guards[0], also),
        )
    with ledger:
        if reader is not None:
            from ledger.store.opening import grant_reading

            grant_reading(ledger.journal, reader)
        if adopt_register:
            return ledger.record(adoption(answers.authority), keys.authority)
        head = ledger.head()
    return Receipt(0, head.hash, head.recorded)


def _opening(answers: Answers, keys: _Keys) -> LedgerOpened:
    from ledger.chain.note import verifier_key
    from ledger.domain.events import LedgerOpened

    speaking: list[LedgerSigner] = [keys.keeper, *([] if keys.second is None else [keys.second])]
    return LedgerOpened(
        by=answers.authority,
        origin=answers.origin,
        participant=answers.participant,
        name=answers.name,
        keys=tuple(str(verifier_key(answers.origin, key)) for key in speaking),
        predecessor=answers.continues,
        authority_key=keys.authority.public,
        recovery_key=keys.recovery.public,
    )


@contextmanager
def _written(folder: Path, keys: dict[str, LedgerSigner], passphrase: bytes | None) -> Iterator[None]:
    """The keys are in their files; they go again if what follows fails: they would speak for nothing."""
    from ledger.keys import write_key

    made: list[Path] = []
    try:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as problem:
            raise KeyTrouble("key-file-unwritable", path=str(folder), reason=problem.strerror) from None
        for name, key in keys.items():
            write_key(folder / name, key, passphrase)
            made.append(folder / name)
        yield
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _tell(session: Session, answers: Answers, receipt: Receipt, *, plain: bool) -> None:
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
    remark(f"Move {folder / RECOVERY} to a safe place elsewhere: it can revoke the other keys, and they it.")
    if answers.participant is not None and receipt.index == 0:
        remark("Nobody's standing is asked before a register is adopted: adamas participant adopt --shipped.")
    remark("Next: adamas party register, adamas key enrol, adamas --help.")
