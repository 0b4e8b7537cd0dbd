"""How the process gives memory back to the system."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

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
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGE_BYTES) and mallopt(_ARENA_MAX, _ARENAS))


_USUAL = gc.get_threshold()
_RARE = 200_000
"""New objects after which a short command looks for garbage."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for garbage rarely: a command imports tens of thousands of objects that stay, and soon ends.

    Python by itself goes through them again and again, and once more at the end, where all of it goes anyway: that
    is a third of the time of a short command.
    """
    atexit.register(gc.freeze)
    gc.set_threshold(_RARE)
    try:
        yield
    finally:
        collected_as_usual()


def collected_as_usual() -> None:
    """Look for garbage as often as Python does, for a process that goes on."""
    gc.set_threshold(*_USUAL)
