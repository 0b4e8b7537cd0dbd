"""Whether a system's prompts change frequently, as it has settled from the whole history of active days.

The rate is the mean of active days a week over the present stretch: the weeks, at most 104, over which changes
have come at about the same rate. A new stretch begins where the newest weeks fit a rate of their own much better
than that of the weeks before. How much better is measured in odds, and what counts as much grows with how unevenly
the changes have come so far. So a constant rate is averaged over a long time, and a new one is seen within weeks.
`docs/decisions/settled-frequency.md` has the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from math import log

from leverwatch.agent.framework.frequency import whole_weeks
from leverwatch.agent.framework.model import FrequencyCrossing, FrequencyState, PromptFacts, Settings

MEMORY_WEEKS = 104
"""A rate is averaged over so many weeks at most."""

_NEWEST = (2, 3, 4, 6, 9, 13, 26)
"""Numbers of newest weeks that may be a stretch of their own."""
_BEFORE = 4
"""Weeks of the stretch that must lie before them."""
_LUMPS = (2, 4)
"""Lengths in weeks at which unevenness is measured: changes in bursts, in sprints, or in months of their own."""
_MONTH = 4
"""Weeks after which most plans repeat: numbers of newest weeks that are whole months see each sprint as often."""
_REGULAR = 0.7
"""Up to this unevenness from month to month, changes come by such a plan."""
_EVEN = 4.0
"""Active days of even change that a history is credited with, as unevenness cannot be told from a few days."""
_LOG = [0.0, *(log(number) for number in range(1, 7 * MEMORY_WEEKS + 1))]


def frequency_state(prompts: PromptFacts, as_of: date, settings: Settings) -> FrequencyState:
    """Return the state of a system's change frequency, computed from every day since the first event.

    Active days after `as_of`, or before the first event, are ignored. Unknown as long as nothing watches the
    prompts, or their history has fewer whole weeks than `settings.minimum_history_weeks`.
    """
    minimum = max(settings.minimum_history_weeks, 1)
    if prompts.first_change is None or whole_weeks(prompts, as_of) < minimum:
        return FrequencyState()
    start = prompts.first_change.toordinal()
    active = [0] * (as_of.toordinal() - start + 1)
    for day in prompts.active_days:
        index = day.toordinal() - start
        if 0 <= index < len(active):
            active[index] = 1
    stretches, settled = _Stretches(active, settings), _Settled(settings)
    for end in range(7 * minimum, len(active) + 1):
        settled.step(start + end - 1, *stretches.step(end))
    return settled.state()


class _Stretches:
    """The present stretch, day by day. `end` counts days since the first event; weeks are counted back from it."""

    def __init__(self, active: Sequence[int], settings: Settings) -> None:
        self._total = [0, *accumulate(active)]
        self._odds = log(settings.frequency_change_odds)
        self._begin = 0
        self._uneven = [_squares(self._total, 7 * weeks) for weeks in _LUMPS]

    def step(self, end: int) -> tuple[int, int]:
        """Return active days and weeks of the stretch at the end of a day; days must be given in ascending
        order."""
        weeks = min((end - self._begin) // 7, MEMORY_WEEKS)
        total = self._total
        days = total[end] - total[end - 7 * weeks]
        best, newest = self._odds, 0
        for count in _NEWEST:
            if count > weeks - _BEFORE:
                break
            odds = _log_odds(total[end] - total[end - 7 * count], count, days, weeks)
            if odds > best:
                # The unevenness is that of the days before: a real change must not hide itself.
                odds /= self._unevenness(end - 7 * count, count)
            if odds > best:
                best, newest = odds, count
        if newest:
            self._begin = end - 7 * newest
            return total[end] - total[self._begin], newest
        return days, weeks

    def _unevenness(self, end: int, count: int) -> float:
        """How many times more active days varied up to `end` than independent ones would; at least 1.

        Sprints that come by a plan are uneven from week to week. Over `count` weeks that are whole months they are
        even.
        """
        found = [self._variance(end, lump, squares) for lump, squares in zip(_LUMPS, self._uneven, strict=True)]
        if count % _MONTH == 0 and found[_LUMPS.index(_MONTH)] <= _REGULAR:
            return 1.0
        return max(1.0, *found)

    def _variance(self, end: int, lump: int, squares: Sequence[float]) -> float:
        """Variance over mean of the active days in spans of `lump` weeks; 1 when there are too few.

        The variance is that of the difference between neighbouring spans, which one change of rate barely moves.
        """
        weeks = min(end // 7, MEMORY_WEEKS)
        pairs = weeks - 2 * lump + 1
        if pairs < 1:
            return 1.0
        days = self._total[end] - self._total[end - 7 * weeks]
        seen = (squares[end] - squares[end - 7 * pairs]) / lump
        return (seen + _EVEN) / (days * pairs / weeks + _EVEN)


def _squares(total: Sequence[int], span: int) -> list[float]:
    """For each day, half the squared differences of two neighbouring spans of days, added up week by week."""
    found = [0.0] * len(total)
    for end in range(2 * span, len(total)):
        difference = total[end] - 2 * total[end - span] + total[end - 2 * span]
        found[end] = found[end - 7] + difference * difference / 2
    return found


def _log_odds(newest: int, count: int, days: int, weeks: int) -> float:
    """The logarithm of how many times likelier the active days are with a rate of their own for the newest weeks.

    This is the likelihood ratio of two Poisson rates to one.
    """
    before = days - newest
    return (
        newest * (_LOG[newest] - _LOG[count])
        + before * (_LOG[before] - _LOG[weeks - count])
        - days * (_LOG[days] - _LOG[weeks])
    )


class _Settled:
    """Frequent or not, with a mark to enter at, a lower one to leave at, and days in a row beyond it."""

    def __init__(self, settings: Settings) -> None:
        self._enter = settings.frequent_days_per_week
        self._leave = settings.frequent_days_per_week * settings.frequency_leave_ratio
        self._dwell = max(settings.frequency_dwell_days, 1)
        self._frequent: bool | None = None
        self._first = self._since = self._run = self._weeks = 0
        self._rate = 0.0
        self._crossings: list[FrequencyCrossing] = []

    def step(self, ordinal: int, days: int, weeks: int) -> None:
        """Add the stretch at the end of one day."""
        self._weeks, self._rate = weeks, days / weeks
        if self._frequent is None:
            self._frequent = self._rate >= self._enter
            self._first = self._since = ordinal
            return
        beyond = self._rate < self._leave if self._frequent else self._rate >= self._enter
        self._run = self._run + 1 if beyond else 0
        if self._run >= self._dwell:
            self._frequent, self._since, self._run = not self._frequent, ordinal, 0
            self._crossings.append(FrequencyCrossing(date.fromordinal(ordinal), frequent=self._frequent))

    def state(self) -> FrequencyState:
        """The state at the end of the last day."""
        return FrequencyState(
            frequent=self._frequent,
            since=date.fromordinal(self._since),
            per_week=self._rate,
            weeks=self._weeks,
            candidate=None if not self._run else not self._frequent,
            candidate_days=self._run,
            first_settled=date.fromordinal(self._first),
            crossings=tuple(self._crossings),
        )
