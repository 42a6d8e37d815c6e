"""The floor plan of the house, and the reading of all imports against it.

A file imports only from lower floors, and files on one floor do not know each other. Inside some packages
there are steps: a module imports only from lower steps of its own package. ``faults`` reads every import with
``ast``, also those inside functions and under ``if TYPE_CHECKING``, and answers one sentence for each fault:
an import that goes up or aside, a module that the plan does not name, a name that no module has.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

Steps = tuple[tuple[str, ...], ...]

PACKAGES = ("ledger", "cli")

FLOORS: Steps = (
    ("ledger.messages", "ledger.values"),
    ("ledger.errors",),
    ("ledger.edtf", "ledger.encoding"),
    ("ledger.keys",),
    ("ledger.turns",),
    ("ledger.guard", "ledger.signers"),
    ("ledger.domain", "ledger.chain"),
    ("ledger.store",),
    ("ledger.keeping",),
    ("ledger.projections",),
    ("ledger.investigation", "ledger.audit"),
    ("ledger.federation",),
    ("ledger.exchange",),
    ("ledger.admission",),
    ("ledger.decision",),
    ("ledger.recording",),
    ("ledger.application",),
    ("ledger.group_commit",),
    ("cli",),
)
"""From the ground up."""

ONLY: Mapping[str, tuple[str, ...]] = {
    "ledger.domain": ("ledger.messages", "ledger.values", "ledger.errors", "ledger.edtf"),
    "ledger.chain": (
        "ledger.messages",
        "ledger.values",
        "ledger.errors",
        "ledger.edtf",
        "ledger.encoding",
        "ledger.keys",
    ),
}
"""Where fewer floors are open than all the lower ones: no bytes in the domain, no domain in the chain."""

STEPS: Mapping[str, Steps] = {
    "ledger.domain": (
        ("vocabulary",),
        ("forms",),
        ("fields",),
        ("bodies", "act"),
        (
            "parcel_acts",
            "certificate_acts",
            "border_acts",
            "register_acts",
            "participant_acts",
            "partner_acts",
            "oversight_acts",
            "entry_acts",
        ),
        ("events",),
        ("change",),
        ("parcels", "certificates", "parties", "participants"),
        ("registration", "partners", "passages", "applications", "offices"),
        ("state", "refusal"),
        ("ancestry", "shipment_parties", "moments", "standing_rules", "registry_rules", "weight_rules"),
        ("certificate_rules",),
        ("partner_rules",),
        ("application_rules", "return_rules", "valuation_rules", "supervision_rules"),
        ("issuing_rules",),
        ("border_rules", "custody_rules", "correction_rules", "measure_rules"),
        ("rules",),
    ),
    "ledger.chain": (
        ("forms", "names", "merkle", "steps", "cores"),
        ("disclosure", "entry", "note", "proof_steps", "neighbours"),
        ("statement", "checkpoint"),
        ("proof", "trust", "authority", "succession", "covered"),
        ("tiles", "bundle", "inspection"),
        ("bundle_check", "certificate_index", "tile_source", "paging"),
        ("claims",),
        ("verification", "forks", "absence", "archive", "tile_check"),
    ),
    "ledger.store": (
        ("journal", "decoding", "remembered", "rows", "ordered"),
        (
            "clock",
            "sqlite_file",
            "sqlite_trouble",
            "postgres_url",
            "postgres_trouble",
            "nodes",
            "postgres_at_once",
        ),
        ("sqlite_recorder", "sqlite_connection", "postgres_connection", "plain_tables"),
        ("sqlite_erasure", "postgres_recorder"),
        ("postgres_place", "postgres_reading", "sqlite_reading"),
        ("sqlite", "postgres", "guard_row"),
        ("opening", "records", "tables"),
        ("roots",),
        ("layers", "salvage", "evidence", "bodies", "kept_tables"),
        ("postgres_salvage", "single_rows", "copying"),
        ("checking", "restoring", "sharing"),
    ),
    "ledger.projections": (
        ("handling", "stored"),
        ("spans", "register_goods", "register_parties"),
        ("custody", "lineage", "register", "movements", "names", "entries"),
        ("tracing", "views"),
        ("following", "balances", "wording"),
        ("*",),
    ),
    "ledger.investigation": (
        ("occurrence",),
        ("replay", "shipments"),
        ("compare", "accounts", "leftovers"),
        ("*",),
    ),
    "ledger.audit": (
        ("entitlement", "derived_rows", "ranges", "serving", "working_paper"),
        ("derived_nodes", "kept_values", "processes"),
        ("division", "resuming"),
        ("examination", "derived_end"),
        ("auditing",),
        ("only_new",),
        ("report",),
    ),
    "ledger.federation": (
        ("add_checkpoint", "posting", "peers", "entitling"),
        ("successors",),
        (
            "memory",
            "mail",
            "publications",
            "growth",
            "proving",
            "absences",
            "proof_report",
            "mirror",
            "filed_acts",
        ),
        ("arriving",),
        (
            "witness",
            "timestamp",
            "alarms",
            "exchange_of_certificates",
            "sources",
            "publishing",
            "proven_shipments",
            "agreements",
        ),
        ("witness_http", "cosigning", "trace_across", "kept_letters"),
    ),
    "ledger.exchange": (
        ("history_form", "history_names", "history_pieces", "dialect", "sheets", "slips", "import_file", "*"),
        ("history_dates", "history_acts", "templates"),
        ("histories", "tabular"),
        ("cells",),
        ("drafts", "rejects"),
        ("rehearsal", "custody_sheet", "certificate_rows"),
        ("importing", "demonstration", "demonstration_histories", "border_sheet"),
        ("demonstration_refusals", "demonstration_port"),
        ("demonstration_port_refusals",),
    ),
    "cli": (
        ("measured",),
        ("output",),
        ("session", "moments", "artefacts"),
        ("hints", "options", "bodies", "defaults", "recording", "examples", "asking", "borders"),
        ("opening", "particulars", "verify_proof", "counterpart"),
        ("acts",),
        ("about_entries", "key_acts", "letters"),
        ("*",),
        ("main",),
    ),
}
"""The order inside a package, lowest first. ``*`` stands for every module that is not named; where it is
absent, such a module is a fault. A package that is not here has one step: its modules do not know each other.
"""

PLACES: Mapping[str, tuple[str, ...]] = {
    "msgpack": ("ledger.encoding",),
    "cryptography": ("ledger.keys", "ledger.federation.timestamp"),
    "rfc3161_client": ("ledger.federation.timestamp",),
    "eventsourcing": ("ledger.store",),
    "sqlite3": ("ledger.store",),
    "psycopg": ("ledger.store",),
    "openpyxl": ("ledger.exchange",),
    "click": ("cli",),
}
"""Where a third-party package, or SQL, may be imported. One that is not here may be imported nowhere."""


class NothingToRead(Exception):
    """The folder holds no such sources: a plan that is held against nothing would always hold."""


@dataclass(frozen=True)
class Import:
    """``module`` (dotted) imports ``target`` (dotted; a module of ours where it names one) on ``line``."""

    module: str
    target: str
    line: int


def modules(root: Path) -> dict[str, Path]:
    """Every module of the product by its dotted name. Raises ``NothingToRead`` when a package has none."""
    found: dict[str, Path] = {}
    for package in PACKAGES:
        files = sorted((root / package).rglob("*.py"))
        if not any(file.name != "__init__.py" for file in files):
            raise NothingToRead(f"no module in {root / package}")
        for file in files:
            parts = file.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@lru_cache(maxsize=4_000)
def parsed(text: str) -> ast.Module:
    """A source as a tree, which nobody changes. Kept by text, for all who read the sources."""
    return ast.parse(text)


@lru_cache(maxsize=4_000)
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """All that is in a module. Kept, as a tree is gone through many times."""
    return tuple(ast.walk(tree))


def imports(root: Path) -> list[Import]:
    """All imports in all modules of the product."""
    ours = modules(root)
    known = frozenset(ours)
    return [
        Import(name, target, line)
        for name, file in ours.items()
        for target, line in _targets(file.read_text(encoding="utf-8"), known)
    ]


@lru_cache(maxsize=4_000)
def _targets(text: str, ours: frozenset[str]) -> list[tuple[str, int]]:
    """What a source imports, and where. Kept by text: a planted fault changes one file of many."""
    return sorted(set(_each_target(text, ours)))


def _each_target(text: str, ours: frozenset[str]) -> Iterator[tuple[str, int]]:
    for node in _importing(text):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            stem = "." * node.level + (node.module or "")
            for alias in node.names:
                longer = f"{stem}.{alias.name}"
                yield (longer if longer in ours else stem), node.lineno
        elif isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value), node.lineno


@lru_cache(maxsize=2_000)
def _importing(text: str) -> tuple[ast.Import | ast.ImportFrom | ast.Call, ...]:
    """What imports in a source. Kept by text: a planted fault changes one file of many."""
    return tuple(node for node in nodes(parsed(text)) if _imports(node))


def _imports(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom | ast.Call]:
    if isinstance(node, ast.Call) and node.args:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name in ("import_module", "__import__")
    return isinstance(node, (ast.Import, ast.ImportFrom))


def faults(root: Path) -> list[str]:
    """One sentence for each import, and each module, that is not as the plan says."""
    every, ours = imports(root), modules(root)
    found = [f"{name} is not on the plan" for name in ours if not _is_planned(name)]
    found += [
        f"{name} is on the plan, and there is no such module" for name in _planned() if name not in ours
    ]
    found += [f"{item.module}:{item.line}: {why}" for item in every for why in _why_not(item)]
    return found + [f"a circle of imports: {' -> '.join(circle)}" for circle in _circles(every)]


def _within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def _floor(name: str) -> tuple[int, str] | None:
    for number, places in enumerate(FLOORS):
        for place in places:
            if _within(name, place):
                return number, place
    return None


def _step(name: str, place: str) -> int | None:
    """The step of a module inside its package; a package itself and packages without steps are on step 0."""
    if name == place or place not in STEPS:
        return 0
    inner = name.removeprefix(place + ".")
    for wanted in (inner, inner.split(".", maxsplit=1)[0], "*"):
        for number, names in enumerate(STEPS[place]):
            if wanted in names:
                return number
    return None


def _planned() -> Iterator[str]:
    """Every name on the plan."""
    yield from (name for floor in FLOORS for name in floor)
    for place, steps in STEPS.items():
        yield from (f"{place}.{name}" for step in steps for name in step if name != "*")


def _is_planned(name: str) -> bool:
    floor = _floor(name)
    return name in PACKAGES or (floor is not None and _step(name, floor[1]) is not None)


def _why_not(item: Import) -> Iterator[str]:
    top = item.target.split(".", maxsplit=1)[0]
    if top == "":
        yield f"imports {item.target} relatively"
    elif top in PACKAGES:
        yield from _why_not_ours(item)
    elif top in PLACES:
        if not any(_within(item.module, place) for place in PLACES[top]):
            yield f"{item.module} imports {top}, which belongs in {' or '.join(PLACES[top])}"
    elif top not in sys.stdlib_module_names:
        yield f"{item.module} imports {top}, which no place is agreed for"


def _why_not_ours(item: Import) -> Iterator[str]:
    here, there = _floor(item.module), _floor(item.target)
    if item.target == "ledger" or here is None:  # the version; a module off the plan is named once already
        return
    if there is None:
        yield f"{item.module} imports {item.target}, which is not on the plan"
    elif here[1] == there[1]:
        mine, other = _step(item.module, here[1]), _step(item.target, here[1])
        if mine is not None and other is not None and mine <= other and item.module != item.target:
            yield f"{item.module} imports {item.target}, which is not on a lower step of {here[1]}"
    elif there[0] >= here[0]:
        yield f"{item.module} imports {item.target}, which is not on a lower floor"
    elif here[1] in ONLY and there[1] not in ONLY[here[1]]:
        yield f"{item.module} imports {item.target}; {here[1]} knows only {', '.join(ONLY[here[1]])}"


def _circles(every: list[Import]) -> list[tuple[str, ...]]:
    """The circles among our own modules, each once, from its first module in the alphabet."""
    names = {item.module for item in every}
    reached: dict[str, set[str]] = {name: set() for name in names}
    for item in every:
        reached[item.module].add(item.target)
    onward = {name: sorted(targets & names) for name, targets in reached.items()}
    found: set[tuple[str, ...]] = set()
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = path[path.index(name) :]
            first = circle.index(min(circle))
            found.add((*circle[first:], *circle[:first], circle[first]))
        elif name not in done:
            for following in onward[name]:
                walk(following, (*path, name))
            done.add(name)

    for name in sorted(names):
        walk(name, ())
    return sorted(found)
