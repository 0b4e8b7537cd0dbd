"""How much may come out of compressed data: far more than real logs hold, and too little to harm the agent."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

CPU_SECONDS = 10.0
"""CPU that one run spends on compressed files, however small they are, counting included."""
CPU_SECONDS_PER_MIB = 60.0
"""What it may spend more for each MiB that they have stored: a hundred times what logs need. Later runs go on."""
MOST_RATIO = 2000
"""Bytes of text for each stored byte that are read at all. gzip cannot reach it, and no log of calls does."""
FREE = 8 << 20
"""Bytes of text that any file may hold, however small it is."""
FREE_FRAME = 4096
"""The same of one record that is compressed by itself; a file has many of these."""
MOST_WINDOW = 32 << 20
"""Bytes of memory that a zstd frame may ask for; `zstd --long` and levels above 20 ask for more."""


class TooDense(OSError):
    """A compressed file holds more than its size allows, or asks for too much memory; the rest stays unread."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(errno.EFBIG, reason, path)


LATER_REASON = "takes far more CPU than its size lets expect; the rest is read in later runs"
RATIO_REASON = f"unpacks to more than {MOST_RATIO} times its size; unpack it to have the rest read"
WINDOW_REASON = f"needs more than {MOST_WINDOW >> 20} MiB of memory to be unpacked; unpack it to have it read"


def most_text(stored: int, free: int = FREE) -> int:
    """Bytes of text that may come out of so many stored ones."""
    return free + MOST_RATIO * stored


class UnpackingTime:
    """The CPU that one run has spent on compressed files; `clock` is that of its thread, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._left = CPU_SECONDS
        self._last = clock()

    def begin(self, stored: int) -> None:
        """Begin with a file that has so many bytes stored. What was done since the last call is left out."""
        self._left += CPU_SECONDS_PER_MIB * stored / (1 << 20)
        self._last = self._clock()

    def spend(self, path: str) -> None:
        """Take in what was done since the last call.

        Raises:
            OSError: that was enough for one run.
        """
        before, self._last = self._last, self._clock()
        self._left -= self._last - before
        if self._left < 0:
            raise OSError(errno.EFBIG, LATER_REASON, path)


def asks_for_too_much(error: Exception) -> bool:
    """Whether zstd refused a frame for the memory it asks for, and not for being damaged."""
    return "too much memory" in str(error)
