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
        "adamas shipment import 004911 --provenance SL --line A-1=12.490,foreign=P1 --weight 12.500 \\\n"
        "    --origin SL --expiry 2026-12-31 --seal SL-2201"
    ),
    "import-confirmed/1": "adamas shipment confirm SL/00004911",
    "attested/1": "adamas attest 12",
    "corrected/1": 'adamas correct 12 --set weight=12.459 --reason "digits transposed"',
    "disclosure-erased/1": 'adamas erase 12 --field price --ground "court order 7/2026"',
}


def example(event: type[Event]) -> str:
    """The example of an act's command."""
    return EXAMPLES.get(event.TYPE, f"adamas {' '.join(event.COMMAND)} --help")
