"""The command ``adamas``: its table of contents, and the one place where an exception becomes an exit code.

Each command's module is imported only when the command is used; the table here is all that ``adamas --help``
needs.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence

import click

import ledger
from cli.output import AdamasGroup, Settings, SuggestingGroup, complain, global_options, json_option, remark
from ledger.errors import AdamasError

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "init": ("cli.init", "Make a ledger and the keys that speak for it"),
        "key": ("cli.keys", "Keys: make, show, enrol, revoke"),
        "demo": ("cli.demo", "Documented histories of real stones, and a small ledger played through"),
        "copy": ("cli.copying", "Copy a ledger into another store, a file or PostgreSQL"),
        "backup": ("cli.copying", "Copy the ledger into one file while others write"),
        "restore": ("cli.copying", "Put a backup back"),
        "help": ("cli.help", "Help on a command, or the table of exit codes"),
    },
    "Record goods": {
        "parcel": ("cli.acts", "Parcels: mined, sorted, split, mixed, sold, received, seized, ..."),
        "certificate": ("cli.acts", "Certificates: apply, issue, validate, send, receive, ..."),
        "shipment": ("cli.acts", "Shipments: export, import, confirm, inspect, ..."),
        "import": ("cli.importing", "Record a production sheet, parties or a history from CSV or XLSX"),
        "template": ("cli.importing", "Print a sheet to fill in, with an example"),
    },
    "Record parties and rights": {
        "party": ("cli.acts", "Parties: register, alias"),
        "role": ("cli.acts", "Roles: grant, withdraw"),
        "licence": ("cli.acts", "Licences: grant, withdraw"),
        "mandate": ("cli.acts", "Mandates of clerks: grant, withdraw"),
        "site": ("cli.acts", "Mines and fields: register"),
        "house": ("cli.acts", "The ledger itself: close, change or revoke its keys"),
        "profile": ("cli.acts", "What KPCS leaves to each State: adopt"),
        "grant": ("cli.acts", "Who may be given sealed fields: give, withdraw"),
    },
    "Record the world outside": {
        "participant": ("cli.acts", "Participants: adopt a register, admit, leave"),
        "measure": ("cli.acts", "Measures that bind a participant: adopt, end"),
        "partner": ("cli.acts", "Other ledgers: recognise, drop, pin, fork"),
        "reconciliation": ("cli.acts", "Reconciliations: state"),
        "alert": ("cli.acts", "Alerts: raise, receive, close"),
        "review": ("cli.acts", "Findings of reviews: find, follow"),
        "governance": ("cli.acts", "Decisions and offices: decide, appoint"),
    },
    "Record about entries": {
        "correct": ("cli.about_entries", "Replace an entry's body from here on; the original stays"),
        "attest": ("cli.about_entries", "Agree with an entry"),
        "erase": ("cli.about_entries", "Erase sealed values of an entry, by law"),
    },
    "In two hands": {
        "sign": ("cli.signing", "A party signs an act into a statement file"),
        "append": ("cli.signing", "The keeper records statement files"),
    },
    "Ask": {
        "trace": ("cli.trace", "Back to the mines: every holder, weight and certificate"),
        "track": ("cli.trace", "Forward to whoever holds it now"),
        "show": ("cli.lookup", "One entry, parcel, certificate or party"),
        "find": ("cli.lookup", "Search ids, names, aliases, seals and certificates"),
        "status": ("cli.lookup", "The ledger at a glance"),
        "log": ("cli.log", "Entries in order, by parcel, party, country, type or time"),
        "list": ("cli.listing", "Parcels, certificates, parties, licences"),
        "balance": ("cli.balance", "Opening + in - out - loss = closing, over a period"),
    },
    "Check": {
        "verify": ("cli.verify", "Check every byte, link, signature and rule of the ledger"),
        "check": (
            "cli.checking",
            "Measures adopted since, deadlines that passed, production beyond capacity",
        ),
        "reconcile": (
            "cli.reconciling",
            "This ledger's certificates against a partner's, every difference classed",
        ),
        "sample": ("cli.sampling", "Certificates drawn for a review, the same for all who know the seed"),
        "replay": ("cli.replay", "The whole state as of a moment, on either clock"),
        "compare": ("cli.compare", "What changed between two moments"),
        "views": ("cli.views", "Build the tables that lists are read from anew"),
    },
    "Prove": {
        "checkpoint": ("cli.checkpoints", "Sign where the ledger ends; prove that it only grew"),
        "prove": ("cli.prove", "Prove an entry, a certificate or a parcel to a stranger"),
        "publish": ("cli.publish", "Write the ledger as static files that anybody can check"),
        "fsck": ("cli.publish", "Derive every file of a published directory again"),
        "trust": ("cli.trust", "Whose signatures count: a trust file of one's own"),
        "verify-fork": ("cli.verify_fork", "Whom two signed histories convict"),
        "verify-index": ("cli.verify_index", "Whether an entry convicts a certificate index that lies"),
        "cosign": ("cli.cosign", "Collect witnesses' cosignatures on a checkpoint"),
        "witness": ("cli.witness", "Cosign the checkpoints of other ledgers, over HTTP"),
        "timestamp": ("cli.timestamp", "Tokens of timestamping authorities over a checkpoint"),
    },
}
"""The table of contents: section, command, the module that has it, and what it does."""

TABLE = {command: row for section in SECTIONS.values() for command, row in section.items()}

JOINED: dict[str, dict[str, tuple[str, str]]] = {
    "participant": {
        "adopt": ("cli.participants", "participant_adopt"),
        "standing": ("cli.participants", "participant_standing"),
    },
    "profile": {"adopt": ("cli.profiles", "profile_adopt")},
    "partner": {
        "recognise": ("cli.partner_mail", "partner_recognise"),
        "renew": ("cli.partner_mail", "partner_renew"),
    },
    "certificate": {
        "send": ("cli.certificate_mail", "certificate_send"),
        "receive": ("cli.certificate_mail", "certificate_receive"),
        "confirm": ("cli.certificate_mail", "certificate_confirm"),
        "receive-confirmation": ("cli.certificate_mail", "certificate_receive_confirmation"),
        "print": ("cli.certificate_print", "certificate_print"),
        "prove-absent": ("cli.house", "prove_absent"),
    },
    "house": {
        "index-certificates": ("cli.house", "index_certificates"),
        "close": ("cli.house", "close"),
        "revoke-key": ("cli.house", "revoke_key"),
        "change-key": ("cli.house", "change_key"),
        "share-guard": ("cli.guard_row", "share_guard"),
    },
    "list": {
        "alerts": ("cli.oversight_lists", "list_alerts"),
        "decisions": ("cli.governance_lists", "list_decisions"),
        "findings": ("cli.oversight_lists", "list_findings"),
        "reconciliations": ("cli.reconciliation_mail", "list_reconciliations"),
        "offices": ("cli.governance_lists", "list_offices"),
    },
    "reconciliation": {
        "send": ("cli.reconciliation_mail", "reconciliation_send"),
        "receive": ("cli.reconciliation_mail", "reconciliation_receive"),
    },
    "alert": {
        "send": ("cli.partner_mail", "alert_send"),
        "receive": ("cli.partner_mail", "alert_receive"),
    },
}
"""Commands of a family that are no acts: the module that has each, and its name there."""


class Contents(SuggestingGroup):
    """A group that knows its commands by name, and imports one only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table of contents."""
        return list(TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for a name that is not in the table."""
        if cmd_name not in TABLE:
            return None
        module = importlib.import_module(TABLE[cmd_name][0])
        command: click.Command = getattr(module, _name_of(cmd_name))
        if isinstance(command, AdamasGroup):
            command.joined = JOINED.get(cmd_name, {})
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of contents first, then the options."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of contents, section by section."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                # one width of the first column for all sections
                formatter.write_dl([(f"{name:<14}", about) for name, (_, about) in commands.items()])


_RESERVED = ("import", "list", "help")


def _name_of(command: str) -> str:
    """What a command is called in its module."""
    return f"{command}_" if command in _RESERVED else command.replace("-", "_")


@click.group(
    cls=Contents,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[*global_options(hidden=False, from_environment=True), json_option(hidden=True)],
    epilog="Global options may stand behind the command too. Exit codes: adamas help exit-codes.",
)
@click.version_option(ledger.__version__, prog_name="adamas")
@click.pass_context
def adamas(context: click.Context) -> None:
    """Adamas: an open, tamper-evident ledger for rough diamonds.

    It proves what was recorded, by whom and when. It never claims that the record is true of the stones.
    """
    if "NO_COLOR" in os.environ:
        context.color = False


FAULT, INTERRUPTED, PIPE_CLOSED = 70, 130, 141
"""Outside the table: a fault of the program; Ctrl-C; nobody reads the output any more (128 + SIGPIPE)."""


def spare_the_collector() -> None:
    """Entries are many small values without cycles: look for cycles seldom, and not among what is imported.

    For a process that does one thing and ends; it takes a fifth of the time of recording or reading off.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def run(arguments: Sequence[str] | None = None) -> None:
    """The entry point. What a person can act on ends with its exit code (see `ledger.errors`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        spare_the_collector()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old terminal shows ? for what it has no letter for
    sys.exit(_ended(given, Settings()))


def _ended(arguments: list[str], settings: Settings) -> int:
    """The exit code of a run; everything that went wrong has been told."""
    try:
        result = _invoked(arguments, settings)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except AdamasError as trouble:
        from cli.hints import behind

        complain(trouble, json=settings.json, hint=lambda code, values: behind(code, values, settings))
        return trouble.exit_code
    except click.ClickException as misunderstood:
        return _not_understood(misunderstood, as_json="--json" in arguments)
    except (click.Abort, KeyboardInterrupt):
        remark("adamas: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _close_quietly()
        return PIPE_CLOSED
    except Exception:  # noqa: BLE001 - the one place where nothing may get past without a word
        return _fault()
    return result if isinstance(result, int) else 0


def _invoked(arguments: list[str], settings: Settings) -> object:
    """Run the command. Only a shell that asks for completions needs click's own ``main``, which swallows
    closed pipes."""
    if "_ADAMAS_COMPLETE" in os.environ:
        return adamas.main(arguments, prog_name="adamas")
    with adamas.make_context("adamas", list(arguments), obj=settings) as context:
        return adamas.invoke(context)


def _not_understood(misunderstood: click.ClickException, *, as_json: bool) -> int:
    from cli.misunderstood import clearer

    misunderstood = clearer(misunderstood)
    if as_json:
        from cli.output import as_json as text_of

        said = misunderstood.format_message()
        remark(text_of({"exit": misunderstood.exit_code, "code": "usage", "said": said}))
    else:
        misunderstood.show()
    return misunderstood.exit_code


def _close_quietly() -> None:
    """Let Python flush what is left into nothing when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def _fault() -> int:
    import traceback

    remark(traceback.format_exc().rstrip())
    remark("adamas: this is a fault of the program; please report it with the lines above")
    return FAULT
