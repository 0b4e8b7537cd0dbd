"""Whether the wall clock is believed. While it is not, nothing is read and nothing decided: it waits, and is kept.

A record that is read under a clock that is behind would be refused as one of the future, and under one that is
ahead a day would be judged that is not over. What the wall clock says is therefore compared with a clock that only
goes forward, and at the start with the newest moment that the store remembers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from leverwatch.agent.log import get_logger
from leverwatch.collectors.errors import SourceUnavailable

log = get_logger(__name__)

TOLERANCE = 600.0
"""Seconds. A smaller step is a correction, and what it does is what the drift of any clock does."""
SETTLING = 900.0
"""Seconds after which a step is believed, when the clock has gone on from there all the while."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before this nothing that the agent reads existed: the clock was never set."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What is thought of the wall clock. Offsets are its time less that of the steady clock, in seconds."""

    doubt: str | None = None
    """Why it is not believed, in words."""
    believed: float | None = None
    """The offset that was believed last; None: none was yet."""
    candidate: float | None = None
    """The offset that is watched, for it may be the right one."""
    since: float = 0.0
    """Time of the steady clock from which it is watched."""


def judge(before: Trust | None, wall: float, steady: float, remembered: float | None) -> Trust:
    """Take in one look at both clocks, in seconds; pure.

    Args:
        before: what was thought until now; None at the start.
        wall: seconds since 1970.
        steady: seconds of a clock that only goes forward.
        remembered: the newest moment that the store holds, which cannot lie ahead.
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
    """Seconds of a clock that only goes forward, also while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """The wall clock, and whether it is believed. Safe to use from several threads."""

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
        """The wall clock, in UTC.

        Raises:
            SourceUnavailable: it is not believed. Whoever reads is to stop: under a wrong time records would be
                refused for good, or days judged that are not over.
        """
        doubt, moment = self._look()
        if doubt is not None:
            raise SourceUnavailable(doubt)
        return moment

    @property
    def was_set_back(self) -> bool:
        """Whether what is stored may lie in the future: an earlier time is believed now than was before."""
        with self._lock:
            return self._set_back

    def mended(self) -> None:
        """Take note that nothing in the store lies in the future any more."""
        with self._lock:
            self._set_back = False

    def doubt(self) -> str | None:
        """Why the clock is not believed now, in words; None when it is."""
        return self._look()[0]

    def _look(self) -> tuple[str | None, datetime]:
        """Why it is not believed at this moment, and the moment."""
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
