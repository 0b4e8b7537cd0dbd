"""How the process gives memory back to the system."""

from __future__ import annotations

import ctypes

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Parameters of mallopt(3)."""
_ARENAS = 2
_LARGE_BYTES = 256 * 1024


def give_back() -> bool:
    """Have blocks that are large given back as soon as they are free; gives whether the C library can be told.

    By itself glibc learns from the first large block that is freed to keep those of that size, in a heap for each
    thread. Every evaluation renders megabytes, in whichever thread it is, and the heaps add up to several times
    what is in use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGE_BYTES) and mallopt(_ARENA_MAX, _ARENAS))
