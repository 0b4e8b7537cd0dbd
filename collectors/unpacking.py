"""How much may come out of compressed data: far more than real logs hold, too little to harm the agent. Pure."""

from __future__ import annotations

import errno

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


RATIO_REASON = f"unpacks to more than {MOST_RATIO} times its size; unpack it to have the rest read"
WINDOW_REASON = f"needs more than {MOST_WINDOW >> 20} MiB of memory to be unpacked; unpack it to have it read"


def most_text(stored: int, free: int = FREE) -> int:
    """Bytes of text that may come out of so many stored ones."""
    return free + MOST_RATIO * stored


def asks_for_too_much(error: Exception) -> bool:
    """Whether zstd refused a frame for the memory it asks for, and not for being damaged."""
    return "too much memory" in str(error)
