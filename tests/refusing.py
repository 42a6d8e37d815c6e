"""Expecting an exception by its stable code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.errors import AdamasError, Malformed


@contextmanager
def refusing(kind: type[AdamasError], code: str) -> Iterator[pytest.ExceptionInfo[AdamasError]]:
    """Fails unless an exception of that class and code is raised whose sentence can be written."""
    with pytest.raises(kind) as raised:
        yield raised
    assert raised.value.code == code
    assert str(raised.value)


def code_of(call: object, *arguments: object) -> str:
    """The code with which something malformed is refused."""
    assert callable(call)
    with pytest.raises(Malformed) as refused:
        call(*arguments)
    assert str(refused.value)
    return refused.value.code
