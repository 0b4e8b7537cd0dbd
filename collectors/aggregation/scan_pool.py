"""Parses chunks in threads, ahead of the thread that counts them in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.lines import Lines
    from leverwatch.collectors.aggregation.native_scanned import Scanned


class ScanPool:
    """Calls `scan` in `number` threads, one of them the caller's, and `count` in the caller's, in order.

    The helper releases the interpreter's lock while it scans, so that threads are enough.
    """

    def __init__(
        self,
        scan: Callable[[bytes | memoryview], Scanned | None],
        number: int,
        count: Callable[[Lines, Scanned | None], object],
    ) -> None:
        self._scan, self._count = scan, count
        self.ahead = 2 * number
        """The largest number of chunks that wait when `submit` returns."""
        self._pool = ThreadPoolExecutor(max(1, number - 1), "scan")
        self._flight: deque[tuple[Lines, Future[Scanned | None]]] = deque()

    def submit(self, lines: Lines) -> None:
        """Count a chunk; it is counted at the latest when `finish` returns."""
        self._flight.append((lines, self._pool.submit(self._scan, lines.data)))
        while len(self._flight) > self.ahead or (self._flight and self._flight[0][1].done()):
            self._next()

    def finish(self) -> None:
        """Wait until every chunk is counted."""
        while self._flight:
            self._next()

    def stop(self) -> None:
        """End the threads, and forget the chunks that are not counted."""
        self._flight.clear()
        self._pool.shutdown(cancel_futures=True)

    def _next(self) -> None:
        lines, found = self._flight.popleft()
        self._count(lines, found.result())
