"""Log lines that others can cause: a few at once, then one every few seconds with the number that were left
out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from leverwatch.agent.log import Logger

_BURST = 5
_SECONDS = 10.0
"""After a burst, one line of an event is logged in so many seconds."""


class LeftOut:
    """Counts the lines that were not logged, by event."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, event: str) -> None:
        """Count one line."""
        with self._lock:
            self._counts[event] += 1

    def counts(self) -> Mapping[str, int]:
        """Lines left out since the start, by event name."""
        with self._lock:
            return dict(self._counts)


lines_left_out = LeftOut()
"""The counter of this process."""


@dataclass
class _Bucket:
    allowed: float
    filled_at: float
    left_out: int = 0


class LimitedLog:
    """A logger with a rate limit for each event, for events that others can cause."""

    def __init__(self, log: Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log, self._monotonic = log, monotonic
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def info(self, event: str, **fields: Any) -> None:
        """Log at info, or count the line as left out."""
        self._write(self._log.info, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log a warning, or count the line as left out."""
        self._write(self._log.warning, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Log an error with the current exception, or count the line as left out."""
        self._write(self._log.exception, event, fields)

    def _write(self, write: Callable[..., Any], event: str, fields: Mapping[str, Any]) -> None:
        left_out = self._turn(event)
        if left_out is None:
            lines_left_out.add(event)
        elif left_out:
            write(event, left_out=left_out, **fields)
        else:
            write(event, **fields)

    def _turn(self, event: str) -> int | None:
        """Return how many lines of the event were left out before this one; None when this one is left out too."""
        with self._lock:
            now = self._monotonic()
            bucket = self._buckets.setdefault(event, _Bucket(_BURST, now))
            bucket.allowed = min(_BURST, bucket.allowed + (now - bucket.filled_at) / _SECONDS)
            bucket.filled_at = now
            if bucket.allowed < 1:
                bucket.left_out += 1
                return None
            bucket.allowed -= 1
            left_out, bucket.left_out = bucket.left_out, 0
            return left_out
