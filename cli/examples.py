"""One example of each act's command, with which its help ends. A test reads every one with its command."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.domain.events import Event

EXAMPLES: Mapping[str, str] = {
    "ledger-closed/1": "adamas house close --successor adamas.example/bw/7h2kq9",
    "ledger-key-changed/1": "adamas house change-key adamas.example/bw/k7q2+5c1f0a3e+AY0m... --proof 7f85...",
    "ledger-key-revoked/1": (
        "adamas house revoke-key adamas.example/bw/k7q2+5c1f0a3e+AY0m... --size 1200 --root 02eb..."
    ),
    "certificate-index/1": "adamas house index-certificates 1200 --count 84 --root 02eb...",
    "party-registered/1": 'adamas party register miner-1 --role miner --residence BW --name "Tsodilo Mining"',
    "alias-recorded/1": "adamas party alias site:letseng --alias Letšeng --language st",
    "site-registered/1": (
        "adamas site register karowe --in-country BW --mining industrial --operator miner-1 --capacity 400000"
    ),
    "licence-granted/1": (
        "adamas licence grant ML-2016-7 --party miner-1 --licensed mining --site karowe --since 2016-01-01"
    ),
    "licence-withdrawn/1": 'adamas licence withdraw ML-2016-7 --since 2026-07-01 --reason "lapsed"',
    "role-granted/1": "adamas role grant miner-1 --role dealer --since 2026-01-01",
    "role-withdrawn/1": "adamas role withdraw miner-1 --role dealer --since 2026-07-01",
    "mandate-granted/1": (
        "adamas mandate grant M-1 --clerk clerk-3 --party digger-9 --act parcel-mined/1 \\\n"
        "    --act parcel-sold/1 --since 2026-01-01"
    ),
    "mandate-withdrawn/1": "adamas mandate withdraw M-1 --since 2026-07-01",
    "key-enrolled/1": "adamas key enrol miner-1 --new",
    "key-revoked/1": 'adamas key revoke miner-1 --since 2026-07-01 --reason "laptop stolen"',
    "parcel-mined/1": (
        "adamas parcel mine karowe --line K-0001=12.500,stones=1,hs=710210 --line K-0002=260.340,stones=412"
    ),
    "stock-opened/1": 'adamas parcel open-stock dealer-1 --line S-1=120 --origin BW --basis "stock-taking"',
    "parcel-weighed/1": 'adamas parcel weigh P1 --weight 12.495 --reason "after boiling"',
    "parcel-valued/1": "adamas parcel value P1 --value 18500.00 --basis tender",
    "parcel-reported/1": 'adamas parcel report P1 P2 --report "seals found broken" --to authority-bw',
    "parcel-named/1": 'adamas parcel name P1 --name "Lesedi La Rona"',
    "parcel-sorted/1": "adamas parcel sort P1 --output P2=3.500,hs=710231 --output P3=9.000,hs=710221",
    "parcel-split/1": "adamas parcel split P1 --output P2=3.500 --output P3=8.900,stones=1 --loss 0.1",
    "parcel-mixed/1": "adamas parcel mix P1 P2 P3 --output P9",
    "parcel-polished/1": "adamas parcel polish P1 --output P1-A=4.200,hs=710239 --complete yes",
    "parcel-offered/1": "adamas parcel offer P1 P2 --channel tender",
    "parcel-consigned/1": "adamas parcel consign P1 --to cutter-2 --purpose cutting --until 2026-12-31",
    "parcel-transferred/1": "adamas parcel transfer P1 --to authority-bw",
    "parcel-sold/1": "adamas parcel sell P1 P2 --to dealer-1 --channel tender --price 53000.00",
    "parcel-received/1": "adamas parcel receive P1=12.495 P2 --sender miner-1",
    "parcel-sealed/1": "adamas parcel seal P1 P2 --seal BW-004411",
    "parcel-seized/1": 'adamas parcel seize X-1=40.000 --taken-from dealer-1 --ground "no certificate"',
    "parcel-released/1": "adamas parcel release X-1 --to dealer-1",
    "parcel-lost/1": "adamas parcel lose P1 --how stolen",
    "parcel-recovered/1": "adamas parcel recover P1=12.495 --to miner-1",
    "certificate-issued/1": (
        'adamas certificate issue "BW 107" --part P1 --part P2 --value 53000.00 --origin BW \\\n'
        '    --destination BE --exporter dealer-1 --importer "Scheldt Diamonds, Antwerp" --expiry 2026-12-31'
    ),
    "certificate-validated/1": "adamas certificate validate BW/00000107 --seal BW-004411",
    "certificate-voided/1": 'adamas certificate void BW/00000107 --reason "buyer withdrew"',
    "shipment-exported/1": "adamas shipment export BW/00000107 --carrier carrier-1",
    "shipment-imported/1": (
        "adamas shipment import 004911 --provenance SL --line A-1=12.490 --weight 12.500 --value 9000 \\\n"
        '    --origin SL --issued 2026-11-02 --expiry 2026-12-31 --authority "National Minerals Agency" \\\n'
        '    --exporter "A mine, Kono" --importer "Scheldt, Antwerp" --parcels 1 --hs 710231 --seal SL-2201'
    ),
    "import-confirmed/1": "adamas shipment confirm SL/00004911",
    "attested/1": "adamas attest 12",
    "corrected/1": 'adamas correct 12 --set weight=12.459 --reason "digits transposed"',
    "disclosure-erased/1": 'adamas erase 12 --field price --ground "court order 7/2026"',
    "shipment-notified/1": "adamas shipment notify BW/00000107 --direction sent --weight 12.500",
    "shipment-arrived/1": "adamas shipment arrive SL/00004911 --number 004911 --provenance SL --intact yes",
    "shipment-inspected/1": "adamas shipment inspect SL/00004911 --weight 12.490 --stones 3 --conforms yes",
    "shipment-detained/1": 'adamas shipment detain SL/00004911 --ground "seal broken"',
    "shipment-remedied/1": 'adamas shipment remedy SL/00004911 --remedy "issuer confirmed the seals"',
    "shipment-rejected/1": 'adamas shipment reject SL/00004911 --reason "weight differs"',
    "shipment-returned/1": "adamas shipment return BW/00000107 --part P1 --part P2 --to dealer-1",
    "shipment-lost/1": "adamas shipment lose BW/00000107 --how stolen --parcel P1",
    "parcel-forfeited/1": "adamas parcel forfeit X-1 --fate kept",
    "certificate-applied/1": (
        "adamas certificate apply A-12 --part P1 --destination BE --importer Scheldt \\\n"
        '    --declaration "not conflict diamonds" --acquired SL/00004911=3.500'
    ),
    "certificate-refused/1": 'adamas certificate refuse A-12 --reason "no licence in force"',
    "certificate-endorsed/1": (
        'adamas certificate endorse SL/00004911 --field "importer address" --stated Sheldt \\\n'
        '    --endorsed Scheldt --instruction "letter of 2026-06-30"'
    ),
    "certificate-replaced/1": 'adamas certificate replace BW/00000107 --reason "importer changed"',
    "certificate-returned/1": "adamas certificate return BW/00000107 --reason unused",
    "alert-raised/1": "adamas alert raise AL-3 --about fake-certificate --certificate SL/00004911 --reach BE",
    "alert-received/1": "adamas alert receive ledger.example/be/q4x9 --index 80 --hash 02eb... --about fork",
    "alert-closed/1": 'adamas alert close AL-3 --outcome explained --reason "printed twice"',
    "finding-recorded/1": 'adamas review find F-9 --text "yield above any known" --rule yield --entry 12',
    "finding-followed/1": "adamas review follow F-9 --state sent",
    "decision-recorded/1": (
        'adamas governance decide AD-2026-1 --body Plenary --title "On Annex I" --since 2026-01-01'
    ),
    "office-held/1": "adamas governance appoint Chair --holder BW --since 2026-01-01",
    "grant-given/1": "adamas grant give G-1 --reader auditor-2 --field price --since 2026-01-01",
    "grant-withdrawn/1": "adamas grant withdraw G-1 --since 2026-07-01",
    "register-adopted/1": (
        'adamas participant adopt kp-2012 --admission BW,since=2003,source="KP list" \\\n'
        '    --measure UNSC-1,participant=CI,effect=no-trade,since=2005,source="S/RES/1643"'
    ),
    "participant-admitted/1": 'adamas participant admit MZ --since 2021-11 --source "Plenary 2021"',
    "participant-left/1": 'adamas participant leave VE --since 2008 --source "Plenary 2008"',
    "measure-adopted/1": (
        "adamas measure adopt AD-CAR --participant CF --effect zones-only --zone Berberati \\\n"
        '    --source "Administrative decision 2015"'
    ),
    "measure-ended/1": 'adamas measure end AD-CAR --participant CF --since 2024-11 --source "Plenary 2024"',
    "partner-recognised/1": (
        "adamas partner recognise ledger.example/be/q4x9 --participant BE \\\n"
        "    --verifier-key ledger.example/be/q4x9+5c1f... --since 2026-01-01"
    ),
    "partner-dropped/1": "adamas partner drop ledger.example/be/q4x9 --since 2026-07-01",
    "checkpoint-pinned/1": (
        "adamas partner pin ledger.example/be/q4x9 --size 80 --root 02eb... --checkpoint ... --outcome first"
    ),
    "fork-proved/1": "adamas partner fork ledger.example/be/q4x9 --proof 02eb...",
    "reconciliation-stated/1": (
        "adamas reconciliation state BE --period 2025 --statement 02eb... --matched 84 --differing 2"
    ),
    "profile-adopted/1": "adamas profile adopt BW-2026 --validity-days 60 --trade miner=dealer",
}


def example(event: type[Event], *, signing: bool = False) -> str:
    """The example of an act's command, or of the one that signs it into a file."""
    recorded = EXAMPLES.get(event.TYPE, f"adamas {' '.join(event.COMMAND)} --help")
    return recorded.replace("adamas ", "adamas sign ", 1) + " --out act.statement" if signing else recorded
