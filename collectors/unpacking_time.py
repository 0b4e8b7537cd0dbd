"""Limits the CPU time that one run spends on compressed files."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

CPU_SECONDS = 10.0
"""Seconds of CPU that one run may spend on compressed files in any case, counting included."""
CPU_SECONDS_PER_MIB = 60.0
"""Further seconds of CPU for each MiB of compressed data, a hundred times what logs need; the next run goes on."""

LATER_REASON = "takes far more CPU than its size lets expect; the rest is read in later runs"


class UnpackingTime:
    """Measures the CPU that one run spends on compressed files; `clock` is that of its thread, in seconds."""

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
