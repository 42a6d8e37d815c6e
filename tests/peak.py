"""How much memory something takes at its highest."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def highest(work: Callable[[], object]) -> int:
    """Bytes at the highest while something is done; what is made only once was made before."""
    work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
