"""Which UTC days a backfill counts, and which records of a file belong to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.timestamps import parse_time

Days = tuple[tuple[int, int], ...]
"""Ranges of UTC days as (first, last) ordinals, both inclusive; ascending, with a gap between each two."""

_TIME = FIELD_INDEX["time"]
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
EVER: Days = ((FIRST_DAY, LAST_DAY),)


def union(one: Days, other: Days) -> Days:
    """Return the days that are in either argument."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((*one, *other)):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def minus(days: Days, less: Days) -> Days:
    """Return the days of the first argument that are not in the second."""
    left: list[tuple[int, int]] = []
    for first, last in days:
        at = first
        for start, end in less:
            if end < at or start > last:
                continue
            if start > at:
                left.append((at, start - 1))
            at = end + 1
        if at <= last:
            left.append((at, last))
    return tuple(left)


def contains(days: Days, day: int) -> bool:
    """Return whether a day is among these days."""
    return any(first <= day <= last for first, last in days)


@dataclass(slots=True)
class Window:
    """Keeps the records of some days. `before` are the days that an earlier read of the same bytes counted."""

    days: Days
    zone: tzinfo
    before: Days | None = None
    left_out: bool = False
    """Whether records were left out since the last `take`, which another backfill may count."""
    later: bool = False

    def keep(self, parsed: Parsed) -> int:
        """Remove the records of other days from `parsed`; return how many."""
        dropped = 0
        if self.before is not None:
            # What is no record, or names no day, was settled by the first reading.
            dropped = len(parsed.refused) + parsed.ignored + sum(parsed.passed.values())
            parsed.refused, parsed.ignored, parsed.passed = [], 0, {}
        kept = [index for index, row in enumerate(parsed.rows) if self._keeps(row[_TIME])]
        dropped += len(parsed.rows) - len(kept)
        parsed.lines = [index if parsed.lines is None else parsed.lines[index] for index in kept]
        parsed.pieces = {place: parsed.pieces[index] for place, index in enumerate(kept) if index in parsed.pieces}
        parsed.rows = [parsed.rows[index] for index in kept]
        parsed.seen = [time for time in parsed.seen if self._keeps(time)]
        return dropped

    def take(self) -> tuple[bool, bool]:
        """Return whether records were left out since the last call, and whether some are newer than the counted
        days."""
        taken = (self.left_out, self.later)
        self.left_out = self.later = False
        return taken

    def _keeps(self, time: object) -> bool:
        moment = parse_time(time, self.zone)
        return self.before is None if moment is None else self.keeps(moment.toordinal())

    def keeps(self, day: int) -> bool:
        """Return whether to count the records of a day; when not, note that some were left out."""
        if contains(self.days, day):
            return True
        counted = union(self.days, self.before or ())
        if not contains(counted, day):
            self.left_out = True
            self.later = self.later or day > counted[-1][1]
        return False
