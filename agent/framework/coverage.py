"""What days without records mean: true zeros where the weekday pattern says so, and bounds everywhere else. Pure.

Days are indexes into a list of daily counts; None is a day without any record of the system's sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date
from math import fsum

from leverwatch.agent.framework.model import UsageFacts

WINDOW_DAYS = 28
"""Days of the volume window. It holds four of each weekday, so the volume does not vary with the weekday."""
PATTERN_WEEKS = 4
"""A weekday without a call so many times in a row is idle, while the other weekdays have records."""
LONGEST_GAP = 6
"""Days in a row without records up to which a system counts as one that is used now and then."""

_WEEK = 7
_WORKDAYS = 5
_REGULAR = 0.75
"""The other weekdays have records on at least this share of their days when a weekday is idle."""

Counts = Sequence[float | None]


def newly_idle(counts: Counts, index: int, first: int, idle: Set[int]) -> list[int]:
    """The days that the day at `index`, which has no records, shows to be true zeros: it and earlier ones like it.

    A weekday is idle from its fourth day in a row without a call on, when the weekdays that have calls in these
    four weeks have them on three days of four. The first three are true zeros as well then. It stays idle, also
    through weeks without any record, until it has a call. Empty: the day at `index` is none. `first` is the index
    of the system's first day.
    """
    if index - _WEEK in idle:
        return [index]
    before = [index - _WEEK * weeks for weeks in range(PATTERN_WEEKS - 1, 0, -1)]
    if before[0] < first or any(counts[day] for day in before):
        return []
    if not _others_are_regular(counts[max(first, index - WINDOW_DAYS + 1) : index + 1]):
        return []
    return [*(day for day in before if counts[day] is None), index]


def _others_are_regular(weeks: Counts) -> bool:
    """Whether the weekdays with a call in these weeks have calls on most of their days."""
    days = [weeks[weekday::_WEEK] for weekday in range(_WEEK)]
    used = [[bool(count) for count in counts] for counts in days if any(counts)]
    return sum(map(sum, used)) >= _REGULAR * sum(map(len, used)) > 0


def unbroken_end(daily: Mapping[date, float]) -> date | None:
    """Return the last day when the days are one after the other, in ascending order and without a gap, as they
    most often are; else None."""
    days = list(daily)
    if not days:
        return None
    run = days[0], len(days)
    # Most systems have the same days, and these are the same objects: that takes a tenth of the time.
    if _RUNS.get(run) == days:
        return days[-1]
    if (days[-1] - days[0]).days != len(days) - 1 or days != sorted(days):
        return None
    if len(_RUNS) >= _MOST_RUNS:
        _RUNS.clear()
    _RUNS[run] = days
    return days[-1]


_RUNS: dict[tuple[date, int], list[date]] = {}
"""Days that were found to be one after the other, by the first of them and their number."""
_MOST_RUNS = 64


def with_idle_days(daily: Mapping[date, float], as_of: date, alive_until: date | None) -> Mapping[date, float]:
    """The daily counts up to `as_of`, with a zero for each idle day between them.

    Args:
        daily: inferences by covered day.
        as_of: days after it are left out.
        alive_until: the last day up to which the sources are known to have been read. Idle days right after the
            newest covered day are true zeros up to it; None: only days between covered ones can be.
    """
    end = unbroken_end(daily)
    if end is not None and end <= as_of and last_day(end.toordinal(), as_of, alive_until) == end.toordinal():
        return daily
    days = [day for day in daily if day <= as_of]
    if not days:
        return {}
    first, newest = min(days).toordinal(), max(days).toordinal()
    until = last_day(newest, as_of, alive_until)
    known: dict[date, float] = daily if len(days) == len(daily) else {day: daily[day] for day in days}  # type: ignore[assignment]  # not changed
    if len(days) == until - first + 1:
        return known
    counts: list[float | None] = [None] * (until - first + 1)
    for day in days:
        counts[day.toordinal() - first] = daily[day]
    idle: set[int] = set()
    for index, count in enumerate(counts):
        if count is None and not fill_idle(counts, index, 0, idle) and index > newest - first:
            break
    return {**known, **{date.fromordinal(first + index): 0.0 for index in idle}}


def known_days(usage: UsageFacts, as_of: date) -> Mapping[date, float]:
    """The daily counts of a system up to a day, with a zero for each day that the weekday pattern says is idle."""
    return with_idle_days(usage.daily, as_of, usage.alive_until)


def last_day(newest: int, as_of: date, alive_until: date | None) -> int:
    """The ordinal of the last day that can be an idle one after the newest covered day: less than a week later, as
    no system has only idle weekdays."""
    if alive_until is None:
        return newest
    return max(newest, min(as_of.toordinal(), alive_until.toordinal(), newest + _WEEK - 1))


def fill_idle(counts: list[float | None], index: int, first: int, idle: set[int]) -> int:
    """Put a zero on each day that the day without records at `index` shows to be idle; returns their number."""
    found = newly_idle(counts, index, first, idle)
    for day in found:
        counts[day] = 0.0
    idle.update(found)
    return len(found)


def is_sparse(counts: Counts, start: int, end: int, idle: Set[int]) -> bool:
    """Whether days with records are never further apart than a week from `start` to before `end`, so that days
    without are no outage.

    Idle days that border on a day without records lengthen the gap; idle days alone are none.
    """
    gap, unknown = 0, False
    for index in range(start, end):
        count = counts[index]
        if count is not None and index not in idle:
            gap, unknown = 0, False
            continue
        gap, unknown = gap + 1, unknown or count is None
        if unknown and gap > LONGEST_GAP:
            return False
    return True


def is_workday(ordinal: int) -> bool:
    """Whether a day is one of Monday to Friday: days of the same kind are compared with each other."""
    return (ordinal - 1) % _WEEK < _WORKDAYS


def likely_sum(window: Counts, last: int, first: int) -> float:
    """The sum of a window when each day without records has its likely count.

    That is the mean of its weekday in the window (else of its kind, else of all days). It is 0 where fewer than
    half of the days of its kind have records, outages aside: days without are the usual ones then.

    Args:
        window: 28 counts, of which at least one is known.
        last: the ordinal of the last day of the window.
        first: the ordinal of the system's first day. Days before it say nothing of how usual missing days are.
    """
    start = last - WINDOW_DAYS + 1
    known = [[count for count in window[day::_WEEK] if count is not None] for day in range(_WEEK)]
    usual = _usual(window, start, max(first - start, 0))
    parts = []
    for day, counts in enumerate(known):
        if counts and len(counts) < PATTERN_WEEKS and usual[is_workday(start + day)]:
            parts.append(fsum(counts) * PATTERN_WEEKS / len(counts))
        elif counts:
            parts.append(fsum(counts))
        elif usual[is_workday(start + day)]:
            kind = is_workday(start + day)
            alike = [
                count for other in range(_WEEK) if is_workday(start + other) is kind for count in known[other]
            ]
            alike = alike or [count for counts in known for count in counts]
            parts.append(fsum(alike) * PATTERN_WEEKS / len(alike))
    return fsum(parts)


def _usual(window: Counts, start: int, lived: int) -> tuple[bool, bool]:
    """Whether calls are usual on weekends, and on workdays: on half of the days from index `lived` on.

    A true zero is a day without. Days of an outage longer than `LONGEST_GAP` say nothing of what is usual.
    """
    if None not in window[lived:]:
        return True, True
    days, missing = [0, 0], [0, 0]
    gap: list[int] = []
    for index, count in enumerate((*window, 0.0)):
        if count is None:
            if index >= lived:
                gap.append(is_workday(start + index))
            continue
        for kind in gap if len(gap) <= LONGEST_GAP else ():
            missing[kind] += 1
        gap.clear()
        if index < len(window):
            (days if count else missing)[is_workday(start + index)] += 1
    return days[0] >= missing[0], days[1] >= missing[1]


def largest_of_kind(counts: Counts, index: int, start: int) -> float:
    """The largest known count of a day like the one at `index` within four weeks of it, of any day when there is
    none like it. `start` is the ordinal of the day at index 0."""
    near = range(max(index - WINDOW_DAYS + 1, 0), min(index + WINDOW_DAYS, len(counts)))
    known = [(other, count) for other in near if other != index and (count := counts[other]) is not None]
    kind = is_workday(start + index)
    alike = [count for other, count in known if is_workday(start + other) is kind]
    return max(alike or [count for _, count in known], default=0.0)
