"""Until when sources are known to have been alive, and on which days one of several was missing. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_WEEKS = 4
"""A source without a record for more weeks before the newest day feeds a system no longer, and is not missed on a
weekday on which it had no record for so many weeks."""


def name_of(source: str) -> str:
    """Return the name that the parts of a source have in common: `pods` for `pods@node-7`.

    Parts are read by several agents, each at its own place, so that no two see the same traffic.
    """
    return source.partition("@")[0]


def alive_until(sources: Sequence[tuple[date | None, datetime | None]], as_of: date) -> date | None:
    """Return the last day up to which all sources that still feed a system are known to have been alive.

    A source was alive up to the day of its newest record, and up to the last day that had ended when it was last
    read without an error. None: no source has a record.

    Args:
        sources: for each source, the day of its newest record, and when it was last read.
        as_of: no later day is returned.
    """
    newest = max((day for day, _ in sources if day is not None), default=None)
    if newest is None:
        return None
    ends = [
        day if read is None else max(day, read.astimezone(UTC).date() - _DAY)
        for day, read in sources
        if day is not None and newest - day <= _WEEKS * _WEEK
    ]
    return min(*ends, as_of)


def incomplete_days(sources: Sequence[tuple[date, Sequence[date]]]) -> Mapping[date, date]:
    """Return the days on which one source had records and another, which feeds the system as well, was missing.

    The value is the day on which that one was there again: before, it might feed the system no longer. A source is
    missed on a weekday on which it had records in one of the four weeks before.

    Args:
        sources: for each source, the first day of the system, and the days with a record in ascending order.
    """
    if len(sources) < 2:
        return {}
    covered = set[date]()
    missed: dict[date, date] = {}
    for start, days in sources:
        own = days[bisect_left(days, start) :]
        covered.update(own)
        if own and len(own) < (own[-1] - own[0]).days + 1:
            known = set(own)
            for number in range((own[-1] - own[0]).days):
                day = own[0] + timedelta(days=number)
                if day not in known and any(day - weeks * _WEEK in known for weeks in range(1, _WEEKS + 1)):
                    again = own[bisect_right(own, day)]
                    missed[day] = min(again, missed.get(day, again))
    return {day: again for day, again in missed.items() if day in covered}
