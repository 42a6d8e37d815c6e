"""How far a slow test goes: a short way every day, the long way where a person asks for it."""

from __future__ import annotations

import os


def extent(short: int, full: int) -> int:
    """``short``, or ``full`` under ADAMAS_SLOW=full; a test that asks carries the mark ``slow``."""
    return full if os.environ.get("ADAMAS_SLOW") == "full" else short
