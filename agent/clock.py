"""Decides whether the wall clock is trusted. While it is not, nothing is read or decided, and nothing is lost.

With a clock that is behind, records would be refused as being in the future; with one that is ahead, a day would
be decided on that is not over. So the wall clock is compared with a monotonic clock, and at the start with the
latest time in the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from msgspec import Struct

from leverwatch.agent.log import get_logger
from leverwatch.collectors.errors import SourceUnavailable

log = get_logger(__name__)

TOLERANCE = 600.0
"""Seconds. A smaller step is a correction, whose effect is that of the normal drift of a clock."""
SETTLING = 900.0
"""Seconds after which a step is accepted, if the clock has run normally since."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before this time nothing existed that the agent reads: such a clock was never set."""


class Trust(Struct, frozen=True):
    """What is known about the wall clock. Offsets are its time minus that of the monotonic clock, in seconds."""

    doubt: str | None = None
    """Why it is not trusted, in words; None when it is."""
    believed: float | None = None
    """The last trusted offset; None: there was none yet."""
    candidate: float | None = None
    """The offset that may become the trusted one; None when there is none."""
    since: float = 0.0
    """Time of the monotonic clock from which on `candidate` is observed."""


def judge(before: Trust | None, wall: float, steady: float, remembered: float | None) -> Trust:
    """Return what is known after a reading of both clocks; pure.

    Args:
        before: what was known until now; None at the start.
        wall: seconds since the epoch.
        steady: seconds of the monotonic clock.
        remembered: the latest time in the store, in seconds since the epoch; the present cannot be before it.
    """
    known = before.believed if before else None
    offset = wall - steady
    if wall < EARLIEST.timestamp():
        return Trust(f"the clock shows the year {_year(wall)}", known)
    if known is None:
        behind = 0.0 if remembered is None else remembered - wall
        doubt = f"the clock is {_span(behind)} behind what the store remembers"
    else:
        behind = abs(offset - known)
        doubt = f"the clock was set {'back' if offset < known else 'ahead'} by {_span(behind)}"
    if behind <= TOLERANCE:
        return Trust(None, offset)
    if before is None or before.candidate is None or abs(offset - before.candidate) > TOLERANCE:
        return Trust(doubt, known, offset, steady)
    if steady - before.since >= SETTLING:
        return Trust(None, offset)
    return Trust(doubt, known, before.candidate, before.since)


def _span(seconds: float) -> str:
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size or size == 1)
    number = int(seconds // size)
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _year(wall: float) -> int | str:
    try:
        return datetime.fromtimestamp(wall, UTC).year
    except (ValueError, OverflowError, OSError):
        return "0"


def steady_seconds() -> float:
    """Return the seconds of a monotonic clock, which also runs while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """The wall clock, and whether it is trusted. Safe to use from several threads."""

    def __init__(
        self,
        now: Callable[[], datetime],
        remembered: datetime | None,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._now, self._steady = now, steady
        self._newest = None if remembered is None else remembered.timestamp()
        self._trust: Trust | None = None
        self._set_back = False
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the time of the wall clock, in UTC.

        Raises:
            SourceUnavailable: the clock is not trusted. Readers must stop: with a wrong time, records would be
                refused for good, or days decided on that are not over.
        """
        doubt, moment = self._look()
        if doubt is not None:
            raise SourceUnavailable(doubt)
        return moment

    @property
    def was_set_back(self) -> bool:
        """Whether stored times may be in the future, because an earlier time is trusted now than before."""
        with self._lock:
            return self._set_back

    def mended(self) -> None:
        """Note that no stored time is in the future any more."""
        with self._lock:
            self._set_back = False

    def doubt(self) -> str | None:
        """Return why the clock is not trusted now, in words; None when it is."""
        return self._look()[0]

    def _look(self) -> tuple[str | None, datetime]:
        """Return why the clock is not trusted now, and the time."""
        with self._lock:
            moment = self._now()
            before, wall = self._trust, moment.timestamp()
            self._trust = judge(before, wall, self._steady(), self._newest)
            was, doubt = before.doubt if before else None, self._trust.doubt
            if doubt is not None:
                if before is None or was is None or before.candidate != self._trust.candidate:
                    log.error("clock_not_believed", reason=doubt)
                return doubt, moment
            if was is not None:
                log.warning("clock_believed_again", after=was)
            self._set_back |= self._newest is not None and wall < self._newest - TOLERANCE
            self._newest = wall
            return None, moment
