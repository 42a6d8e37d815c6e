"""The form of canonical maps: which keys they must and may have, and of what type each is.

An unknown key is malformed (FORMATS.md section 2): a reader that skipped it would report less than was
signed. ``form`` is the format's name as the refusal shows it: ``statement``, ``.statement file``.
"""

from __future__ import annotations

from typing import Any

from ledger import encoding
from ledger.errors import Malformed


def check_map(fields: Any, required: frozenset[str], allowed: frozenset[str], form: str) -> None:
    """Raises `Malformed` unless ``fields`` is a map with all required keys and no others than allowed."""
    if type(fields) is not dict:
        raise Malformed("form-map", form=form, type=type(fields).__name__)
    if fields.keys() == required:
        return
    for key in sorted(fields.keys() - allowed):
        raise Malformed("form-unknown-key", form=form, key=key)
    for key in sorted(required - fields.keys()):
        raise Malformed("form-missing-key", form=form, key=key)


def check_version(version: Any, form: str) -> None:
    """Raises `Malformed` (``form-version``) unless the version is the integer 1."""
    if type(version) is not int or version != 1:
        raise Malformed("form-version", form=form, version=version)


def check_kind(value: Any, kind: type, form: str, key: str) -> None:
    """Raises `Malformed` (``form-field``) unless ``value`` is exactly of ``kind``; True is no integer."""
    if type(value) is not kind:
        raise Malformed("form-field", form=form, key=key, type=type(value).__name__, kind=kind.__name__)


def is_size(value: Any) -> bool:
    """Whether ``value`` can be a tree size or an index: an integer from 0 to 2^53 - 1."""
    return type(value) is int and 0 <= value < encoding.BELOW


def is_hash(value: Any) -> bool:
    """Whether ``value`` is 32 bytes."""
    return type(value) is bytes and len(value) == 32
