"""The CPU that one run may spend on compressed files."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

CPU_SECONDS = 10.0
"""CPU that one run spends on compressed files, however small they are, counting included."""
CPU_SECONDS_PER_MIB = 60.0
"""What it may spend more for each MiB that they have stored: a hundred times what logs need. Later runs go on."""

LATER_REASON = "takes far more CPU than its size lets expect; the rest is read in later runs"


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
