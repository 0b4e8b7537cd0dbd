"""How much may come out of compressed data: far more than real logs hold, and too little to harm the agent."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

DENSE_RATIO = 200
"""Bytes of text for each stored byte from which a file is dense. Logs are at 5 to 60."""
DENSE_SECONDS = 30.0
"""CPU that one run spends on what dense files hold beyond that; later runs go on."""
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


LATER_REASON = (
    f"unpacks to more than {DENSE_RATIO} times its size; the rest is read in later runs, "
    f"{DENSE_SECONDS:g} s of CPU in each"
)
RATIO_REASON = f"unpacks to more than {MOST_RATIO} times its size; unpack it to have the rest read"
WINDOW_REASON = f"needs more than {MOST_WINDOW >> 20} MiB of memory to be unpacked; unpack it to have it read"


def most_text(stored: int, free: int = FREE) -> int:
    """Bytes of text that may come out of so many stored ones."""
    return free + MOST_RATIO * stored


def is_dense(text: int, stored: int) -> bool:
    """Whether so many bytes of text are more than so many stored ones usually hold."""
    return text > FREE + DENSE_RATIO * stored


class DenseTime:
    """The CPU that one run has spent on dense files, counting included; `clock` is its thread's, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._spent = 0.0
        self._last = clock()

    def begin(self) -> None:
        """Leave out what was done since the last call."""
        self._last = self._clock()

    def add(self, *, dense: bool, path: str) -> None:
        """Take in what was done since the last call, in a file that is `dense` by now.

        Raises:
            OSError: that was enough of it for one run.
        """
        before, self._last = self._last, self._clock()
        if dense:
            self._spent += self._last - before
            if self._spent > DENSE_SECONDS:
                raise OSError(errno.EFBIG, LATER_REASON, path)


def asks_for_too_much(error: Exception) -> bool:
    """Whether zstd refused a frame for the memory it asks for, and not for being damaged."""
    return "too much memory" in str(error)
