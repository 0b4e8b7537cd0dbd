"""Settings of memory management: of the C library, and of Python's garbage collection."""

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
    """Make the C library return large freed blocks to the system. Returns whether it can be configured.

    By default glibc keeps blocks of the size of the first large block that is freed, in a heap for each thread.
    Every evaluation renders megabytes, in any of the threads, and the heaps add up to several times what is in
    use.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGE_BYTES) and mallopt(_ARENA_MAX, _ARENAS))


def give_back_freed() -> None:
    """Return what is free to the system, after work that needed much more than what follows it.

    Python frees cycles only when many more objects come, and the C library returns what lies between blocks in use
    only when it is told to.
    """
    import ctypes

    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


_USUAL = gc.get_threshold()
_SHORT_COMMAND_OBJECTS = 200_000
"""The number of new objects after which a short command collects garbage."""


def collect_rarely() -> None:
    """Collect garbage rarely from now on."""
    gc.set_threshold(_SHORT_COMMAND_OBJECTS)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Collect garbage rarely for a while, then as often as before."""
    before = gc.get_threshold()
    if 0 < before[0] < _SHORT_COMMAND_OBJECTS:
        gc.set_threshold(_SHORT_COMMAND_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Collect garbage rarely, for a command that imports tens of thousands of objects and soon ends.

    By default Python scans these objects again and again, and once more at the end, where all are freed anyway:
    that takes a third of the time of a short command.
    """
    atexit.register(gc.freeze)
    collect_rarely()
    try:
        yield
    finally:
        collected_as_usual()


def collected_as_usual() -> None:
    """Collect garbage as often as Python does by default, for a process that keeps running."""
    # All objects since the start count as new, and the next one would have them scanned. So they become old ones.
    gc.freeze()
    gc.unfreeze()
    gc.set_threshold(*_USUAL)
