"""Limits of decompression: far above what real logs need, and low enough that no file can harm the agent. Pure."""

from __future__ import annotations

import errno

MOST_RATIO = 2000
"""The largest ratio of text to compressed bytes that is read. gzip cannot reach it, and no usage log does."""
FREE = 8 << 20
"""Bytes of text that any file may have, whatever the ratio."""
FREE_FRAME = 4096
"""Bytes of text that any record compressed by itself may have, whatever the ratio."""
MOST_WINDOW = 32 << 20
"""Bytes of memory that decompressing a zstd frame may need; `zstd --long` and levels above 20 need more."""
MOST_XZ_MEMORY = 72 << 20
"""Bytes of memory that decompressing xz data may need; `xz -9` needs 65 MiB, and `xz` without a level 9 MiB."""


class TooDense(OSError):
    """A compressed file has more text than its size allows, or needs too much memory; the rest is not read."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(errno.EFBIG, reason, path)


RATIO_REASON = f"unpacks to more than {MOST_RATIO} times its size; unpack it to have the rest read"
WINDOW_REASON = f"needs more than {MOST_WINDOW >> 20} MiB of memory to be unpacked; unpack it to have it read"

XZ_REASON = f"needs more than {MOST_XZ_MEMORY >> 20} MiB of memory to be unpacked; unpack it to have it read"


def most_text(stored: int, free: int = FREE) -> int:
    """Return how many bytes of text may come out of `stored` compressed ones."""
    return free + MOST_RATIO * stored


def asks_for_too_much(error: Exception) -> bool:
    """Whether zstd or xz refused data because of the memory that it needs, and not because it is damaged."""
    return "too much memory" in str(error)
