"""``adamas certificate print``: a sheet with every field of KPCS Annex I, for the screen and for paper."""

from __future__ import annotations

from dataclasses import asdict

import click

from cli.asking import opaque_remark
from cli.moments import Moment, moment_options
from cli.options import normal
from cli.output import adamas_command, emit_json, say
from cli.session import Session, pass_session
from ledger import edtf


@adamas_command(
    "print",
    example='adamas certificate print "BW 107"\nadamas certificate print BW/00000107 --html > bw-107.html',
    exits=(0, 4, 5, 7),
)
@click.argument("number", metavar="NUMBER")
@click.option("--html", is_flag=True, help="One HTML page, laid out for A4 paper; it needs nothing else.")
@moment_options
@pass_session
def certificate_print(session: Session, number: str, html: bool, moment: Moment) -> None:
    """Print a certificate's sheet: all fields of KPCS Annex I, its state, and its receipt INDEX:HASH.

    NUMBER is a key such as BW/00000107, or the number as printed. What is sealed and not known here is shown
    as withheld. Another ledger's certificate is told from the letter with which it arrived. The sheet is
    not the certificate.
    """
    from ledger.domain.events import Imported
    from ledger.domain.supervision_rules import missing_attestations
    from ledger.exchange.certificate_sheet import STATEMENT, TITLE, as_html, as_text, sheet
    from ledger.federation.kept_letters import certificate_of_letter
    from ledger.projections.particulars import certificate
    from ledger.store.evidence import Evidence

    ledger = session.ledger()
    found = certificate(ledger.records, normal(number), moment).certificate
    state = ledger.state()
    today = edtf.parse(edtf.day_of(session.clock()))
    theirs = None
    if found.issued is None and any(isinstance(act.event, Imported) for act in found.acts):
        letters = Evidence(session.evidence_folder)
        theirs = certificate_of_letter(ledger.journal, ledger.records, letters, found.id)
    missing = 0 if moment else missing_attestations(state, found.id, today)
    made = sheet(found, state, missing=missing, theirs=theirs)
    if session.json:
        emit_json({"title": TITLE, "statement": STATEMENT, **asdict(made)})
    elif html:
        say(as_html(made).removesuffix("\n"))
    else:
        say(as_text(made).removesuffix("\n"))
    opaque_remark(*ledger.records.opaque())
