"""Expecting an exception by its stable code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.errors import AdamasError


@contextmanager
def refusing(kind: type[AdamasError], code: str) -> Iterator[pytest.ExceptionInfo[AdamasError]]:
    """Fails unless an exception of that class and code is raised whose sentence can be written."""
    with pytest.raises(kind) as raised:
        yield raised
    assert raised.value.code == code
    assert str(raised.value)
