"""Limits of decompression: far above what real logs need, and low enough that no file can harm the agent."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

CPU_SECONDS = 10.0
"""Seconds of CPU that one run may spend on compressed files in any case, counting included."""
CPU_SECONDS_PER_MIB = 60.0
"""Further seconds of CPU for each MiB of compressed data, a hundred times what logs need; the next run goes on."""
MOST_RATIO = 2000
"""The largest ratio of text to compressed bytes that is read. gzip cannot reach it, and no usage log does."""
FREE = 8 << 20
"""Bytes of text that any file may have, whatever the ratio."""
FREE_FRAME = 4096
"""Bytes of text that any record compressed by itself may have, whatever the ratio."""
MOST_WINDOW = 32 << 20
"""Bytes of memory that decompressing a zstd frame may need; `zstd --long` and levels above 20 need more."""


class TooDense(OSError):
    """A compressed file has more text than its size allows, or needs too much memory; the rest is not read."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(errno.EFBIG, reason, path)


LATER_REASON = "takes far more CPU than its size lets expect; the rest is read in later runs"
RATIO_REASON = f"unpacks to more than {MOST_RATIO} times its size; unpack it to have the rest read"
WINDOW_REASON = f"needs more than {MOST_WINDOW >> 20} MiB of memory to be unpacked; unpack it to have it read"


def most_text(stored: int, free: int = FREE) -> int:
    """Return how many bytes of text may come out of `stored` compressed ones."""
    return free + MOST_RATIO * stored


class UnpackingTime:
    """Measures the CPU that one run spends on compressed files. `clock` is the CPU clock of the thread, in
    seconds."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._left = CPU_SECONDS
        self._last = clock()

    def begin(self, stored: int) -> None:
        """Begin a file with `stored` compressed bytes. The time since the last call is not counted."""
        self._left += CPU_SECONDS_PER_MIB * stored / (1 << 20)
        self._last = self._clock()

    def spend(self, path: str) -> None:
        """Count the CPU time since the last call.

        Raises:
            OSError: the run has used up its time.
        """
        before, self._last = self._last, self._clock()
        self._left -= self._last - before
        if self._left < 0:
            raise OSError(errno.EFBIG, LATER_REASON, path)


def asks_for_too_much(error: Exception) -> bool:
    """Whether zstd refused a frame because of the memory that it needs, and not because it is damaged."""
    return "too much memory" in str(error)
