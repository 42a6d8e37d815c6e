"""Reads the sources for the message codes they use, and holds them against the catalogue.

A *maker* takes a code: an exception class of ``ledger.errors`` (first argument), ``messages.text``, any class
of ours with a field ``code`` (``Refusal``, ``Problem``, a finding), and any function of ours that hands one
of its own parameters on to a maker. ``faults`` answers one sentence for each code without a text, text
without a use, text that is no valid template, and call that does not give what its text asks for.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.floor_plan import modules, nodes, parsed

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = Function | ast.ClassDef


@dataclass(frozen=True)
class Maker:
    """Where a call gives the code: at ``place``, or as the keyword ``name``."""

    place: int
    name: str
    gives: frozenset[str] | None
    """Names that the text may use whatever the call says; ``None`` when this cannot be read here."""
    values: int | None = None
    """The place of a dictionary of further values; ``None``: the call's keywords are the values."""
    usual: ast.expr | None = None
    """The code where the call gives none."""


@dataclass(frozen=True)
class Use:
    """A code at a place in the sources; ``given``: the names of its values, ``None`` if not readable.

    ``maker`` is the class or function that takes it.
    """

    code: str
    at: str
    given: frozenset[str] | None
    maker: str


def sources(root: Path) -> dict[str, ast.Module]:
    """The parsed modules of the product. Raises ``NothingToRead`` where there are none."""
    return {name: parsed(file.read_text(encoding="utf-8")) for name, file in modules(root).items()}


def makers(trees: Mapping[str, ast.Module]) -> dict[str, Maker]:
    """Every class and function that takes a message code, by its name."""
    found = {"text": Maker(0, "code", None), "AdamasError": Maker(0, "code", frozenset())}
    classes = [node for tree in trees.values() for node in nodes(tree) if isinstance(node, ast.ClassDef)]
    for node in classes:
        fields = list(_fields(node))
        if "code" in fields:
            values = fields.index("values") if "values" in fields else None
            gives = None if values is None else frozenset(fields)
            found[node.name] = Maker(fields.index("code"), "code", gives, values)
    grown = -1
    while grown != len(found):
        grown = len(found)
        for node in classes:
            if any(ast.unparse(parent).rpartition(".")[2] in found for parent in node.bases):
                found.setdefault(node.name, _inherited(node, found))
        for tree in trees.values():
            found |= {k: v for k, v in _handing_on(tree, found) if k not in found}
    return found


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            yield item.target.id


def _inherited(node: ast.ClassDef, found: Mapping[str, Maker]) -> Maker:
    parent = next(name for base in node.bases if (name := ast.unparse(base).rpartition(".")[2]) in found)
    return found[parent]


def _handing_on(tree: ast.Module, found: Mapping[str, Maker]) -> Iterator[tuple[str, Maker]]:
    """Functions that pass one of their own parameters as the code of a maker."""
    for function, parameters, calls in _functions(tree):
        bound = parameters[:1] in (["self"], ["cls"])
        for call in calls:
            if (maker := found.get(_name(call))) is not None:
                code = _code_of(call, maker)
                if isinstance(code, ast.Name) and code.id in parameters:
                    usual = _defaults(function.args).get(code.id)
                    place = parameters.index(code.id) - bound
                    yield function.name, Maker(place, code.id, None, usual=usual)


@lru_cache(maxsize=4_000)
def _functions(tree: ast.Module) -> list[tuple[Function, list[str], list[ast.Call]]]:
    """The functions of a module that may be called by a name, with their parameters and the calls in them."""
    return [
        (
            node,
            [argument.arg for argument in _arguments(node.args)],
            [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)],
        )
        for node in nodes(tree)
        if isinstance(node, Function) and not node.name.startswith("__")
    ]


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    return arguments.posonlyargs + arguments.args + arguments.kwonlyargs


def _defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    placed = arguments.posonlyargs + arguments.args
    late = placed[len(placed) - len(arguments.defaults) :]
    pairs = [
        *zip(late, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {argument.arg: value for argument, value in pairs if value is not None}


def _name(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _code_of(call: ast.Call, maker: Maker) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == maker.name:
            return keyword.value
    ahead = call.args[: maker.place + 1]
    if len(ahead) <= maker.place or any(isinstance(item, ast.Starred) for item in ahead):
        return maker.usual
    return ahead[-1]


def uses(trees: Mapping[str, ast.Module]) -> tuple[list[Use], list[str]]:
    """Every use of a code that can be read, and a sentence for each that cannot."""
    known = makers(trees)
    homes = _homes(trees)
    found: list[Use] = []
    unread: list[str] = []
    for module, tree in trees.items():
        parameters = _parameters(tree)
        for call in nodes(tree):
            if not isinstance(call, ast.Call) or (maker := known.get(_name(call))) is None:
                continue
            if _is_anothers(call, module, homes, trees, known):
                continue
            code = _code_of(call, maker)
            at = f"{module}:{call.lineno}"
            codes = _literals(code, tree)
            if codes is not None:
                found += [Use(item, at, _given(call, maker), _name(call)) for item in codes]
            elif not _comes_from_elsewhere(code, parameters):
                unread.append(f"{at}: the code of {_name(call)} cannot be read: {ast.unparse(call)}")
    return found, unread


def _homes(trees: Mapping[str, ast.Module]) -> dict[str, dict[str, str]]:
    """For each module, where the names come from that it defines or imports from our modules."""
    homes: dict[str, dict[str, str]] = {}
    for module, tree in trees.items():
        names: dict[str, str] = {}
        for node in nodes(tree):
            if isinstance(node, ast.ImportFrom) and (home := node.module) is not None and home in trees:
                names |= {alias.asname or alias.name: home for alias in node.names}
        names |= {node.name: module for node in tree.body if isinstance(node, Node)}
        homes[module] = names
    return homes


def _is_anothers(
    call: ast.Call,
    module: str,
    homes: Mapping[str, dict[str, str]],
    trees: Mapping[str, ast.Module],
    known: Mapping[str, Maker],
) -> bool:
    """True for a class or function that only shares its name with a maker: the one meant here takes no
    code.
    """
    name = _name(call)
    home = homes[module].get(name) if isinstance(call.func, ast.Name) else None
    if home is None:
        return False
    defined = [node for node in trees[home].body if isinstance(node, Node) and node.name == name]
    if defined and not isinstance(defined[0], ast.ClassDef):
        alone = ast.Module(body=list(defined), type_ignores=[])
        return not any(hander == name for hander, _ in _handing_on(alone, known))
    own = [node for node in defined if isinstance(node, ast.ClassDef)]
    return bool(own) and "code" not in list(_fields(own[0])) and not own[0].bases


def _parameters(tree: ast.Module) -> set[str]:
    return {node.arg for node in nodes(tree) if isinstance(node, ast.arg)}


def _literals(code: ast.expr | None, tree: ast.Module) -> list[str] | None:
    """The codes an expression can stand for: a literal, one of several, or what its name is given."""
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        return [code.value]
    if isinstance(code, ast.IfExp):
        return _all_literals([code.body, code.orelse], tree)
    if isinstance(code, ast.Dict):
        return _all_literals(code.values, tree)
    if isinstance(code, ast.Subscript):
        return _literals(code.value, tree)
    if isinstance(code, ast.Name):
        assigned = _assigned(tree).get(code.id)
        return _all_literals(assigned, tree) if assigned else None
    return None


def _all_literals(codes: list[ast.expr], tree: ast.Module) -> list[str] | None:
    parts = [_literals(code, tree) for code in codes if not isinstance(code, ast.Name)]
    return (
        None if len(parts) < len(codes) or None in parts else [item for part in parts for item in part or ()]
    )


@lru_cache(maxsize=4_000)
def _assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What each name of a module is given."""
    given: dict[str, list[ast.expr]] = {}
    for node in nodes(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            given.setdefault(node.target.id, []).append(node.value)
    return given


def _comes_from_elsewhere(code: ast.expr | None, parameters: set[str]) -> bool:
    """True for a code that another value carries (``refusal.code``) or a caller gives: it is read there."""
    if isinstance(code, ast.Name):
        return code.id in parameters
    return isinstance(code, ast.Attribute) and code.attr == "code"


def _given(call: ast.Call, maker: Maker) -> frozenset[str] | None:
    keywords = {keyword.arg for keyword in call.keywords}
    if maker.gives is None or None in keywords:
        return None
    names = maker.gives | {name for name in keywords if name}
    if maker.values is None:
        return names
    values = next((k.value for k in call.keywords if k.arg == "values"), None)
    if values is None and len(call.args) > maker.values:
        values = call.args[maker.values]
    if values is None:
        return names
    if not isinstance(values, ast.Dict) or not all(isinstance(key, ast.Constant) for key in values.keys):
        return None
    return names | {str(key.value) for key in values.keys if isinstance(key, ast.Constant)}


def placeholders(template: str) -> set[str]:
    """The names a text asks for. Raises ``ValueError`` unless each is a plain name, or one with two forms of
    a word that agrees with it."""
    names = set()
    for _, placeholder, _, _ in string.Formatter().parse(template):
        name, *forms = (placeholder or "").split("|")
        if placeholder is None:
            continue
        if not name.isidentifier() or (forms and (len(forms) != 2 or forms[0] == forms[1])):
            raise ValueError(f"the placeholder {{{placeholder}}} is no plain name")
        names.add(name)
    return names


def faults(root: Path, catalogue: Mapping[str, str]) -> list[str]:
    """One sentence for each disagreement of sources and catalogue."""
    trees = sources(root)
    found, sentences = uses(trees)
    asked: dict[str, set[str]] = {}
    for code, template in catalogue.items():
        try:
            asked[code] = placeholders(template)
        except ValueError as trouble:
            sentences.append(f"{code}: {trouble}")
    for use in found:
        if use.code not in catalogue:
            sentences.append(f"{use.at}: {use.code} has no text")
        elif use.given is not None and (lacking := asked.get(use.code, set()) - use.given):
            sentences.append(f"{use.at}: {use.code} needs {', '.join(sorted(lacking))}")
    said = {use.code for use in found} | _all_constants(trees)
    return sentences + [f"{code}: a text that nothing uses" for code in sorted(set(catalogue) - said)]


def _all_constants(trees: Mapping[str, ast.Module]) -> set[str]:
    """All string constants: a code may stand in a table that a maker is fed from."""
    every = (node for tree in trees.values() for node in nodes(tree))
    return {node.value for node in every if isinstance(node, ast.Constant) and isinstance(node.value, str)}
