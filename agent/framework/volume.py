"""Monthly volume from daily counts, and the band it has settled in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from math import fsum

from msgspec import Struct

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.coverage import (
    WINDOW_DAYS,
    fill_idle,
    is_sparse,
    largest_of_kind,
    last_day,
    likely_sum,
    unbroken_end,
)
from leverwatch.agent.framework.model import Band, Boundary, Crossing, Settings, UsageFacts, VolumeState

_DEFAULTS = Settings()
_LEVELS = (Band.LOW, Band.MID, Band.HIGH)
_PADDING = WINDOW_DAYS - 1
_DAY = timedelta(days=1)
_MONTH, _OF_MONTH = 487, 448
"""Their ratio is 30.4375 / 28. Multiplying first keeps exact values exact. Sums are rounded once (fsum), so that
the figure depends on the window alone: a running sum would carry errors of days long gone across a threshold."""


def month_equivalent(
    daily: Mapping[date, float], day: date, settings: Settings = _DEFAULTS
) -> tuple[float | None, int]:
    """Return monthly inferences over the 28 days that end at `day`, and how many of these days are covered.

    The figure is the sum of the window x 30.4375 / 28, where a day without records has its likely count
    (`likely_sum`); days that the weekday pattern says are idle are covered zeros. With fewer than
    `settings.minimum_days` covered days the volume is None, that is unknown, unless the system is a sparse one.
    """
    counted = {on.toordinal(): count for on, count in daily.items() if on <= day}
    if not counted:
        return None, 0
    history = _History(counted, day.toordinal(), settings, newest=day.toordinal())
    for _ in history.volumes():
        pass
    return history.month(len(history.counts) - 1)


def recent_weeks(daily: Mapping[date, float], newest: date, weeks: int) -> tuple[float | None, ...]:
    """Totals of the 7-day blocks that end at `newest`, oldest first; None where a day is missing.

    Begins with the first block that is known.
    """
    totals: list[float | None] = []
    if unbroken_end(daily) == newest:
        counts = list(daily.values())
        most = min(len(counts), 7 * weeks) // 7
        return tuple(fsum(counts[len(counts) - 7 * age :][:7]) for age in range(most, 0, -1))
    for age in range(7 * (weeks - 1), -1, -7):
        days = [daily.get(newest - timedelta(days=age + day)) for day in range(7)]
        known = [count for count in days if count is not None]
        if totals or len(known) == 7:
            totals.append(fsum(known) if len(known) == 7 else None)
    return tuple(totals)


def band_of(volume: float, settings: Settings) -> Band:
    """The band a volume lies in, without hysteresis. Both thresholds belong to the middle band."""
    if volume < settings.hybrid_from:
        return Band.LOW
    return Band.HIGH if volume > settings.fine_tuning_above else Band.MID


def threshold_of(boundary: Boundary, settings: Settings) -> float:
    """Monthly inferences at a boundary."""
    return settings.hybrid_from if boundary is Boundary.HYBRID else settings.fine_tuning_above


def volume_state(
    daily: Mapping[date, float],
    as_of: date,
    settings: Settings,
    alive_until: date | None = None,
    incomplete: Collection[date] = (),
) -> VolumeState:
    """Return the state of a system's volume, computed from every day up to the newest covered one.

    Days after the newest covered day neither lower the coverage nor count towards the dwell time of a band;
    `is_stale` tells whether that day is too old to decide by. Days after `as_of` are ignored.

    Args:
        daily: inferences by covered day.
        as_of: the last day that counts.
        settings: the thresholds.
        alive_until: the last day up to which the sources are known to have been read; idle days right after the
            newest day with records are covered up to it.
        incomplete: covered days on which one of several sources was missing; their counts may be too low.
    """
    walked = _without_gaps(daily, as_of, settings, alive_until, incomplete)
    if walked is not None:
        return walked
    counted = {day.toordinal(): count for day, count in daily.items() if day <= as_of}
    if not counted:
        return VolumeState()
    history = _History(counted, last_day(max(counted), as_of, alive_until), settings)
    bands = _Bands(settings)
    steps = list(history.volumes())
    for ordinal, volume in steps:
        bands.step(ordinal, volume)
    candidate, candidate_days = bands.candidate()
    newest = len(history.counts) - 1
    monthly, covered = history.month(newest)
    bounds = None
    if monthly is not None or bands.settled >= 0 or history.old_enough(newest):
        bounds = _bounds(history, steps, [day for day in incomplete if day <= as_of])
    if monthly is None and bounds is not None:
        # Too few days for a figure of their own: they suffice where every filling leads to one band, which is that
        # of the days before, if there was any.
        if bands.settled < 0 and len(bounds.bands) == 1:
            bands.settle(next(iter(bounds.bands)), bounds.since)
        if bounds.bands == {bands.settled}:
            monthly = history.likely(newest)
        else:
            bounds = None
    return VolumeState(
        monthly_inferences=monthly,
        covered_days=covered,
        newest_day=history.day(newest),
        band=None if bands.settled < 0 else _LEVELS[bands.settled],
        band_since=date.fromordinal(bands.since) if bands.since else None,
        candidate=candidate,
        candidate_days=candidate_days,
        crossings=tuple(bands.crossings),
        first_settled=date.fromordinal(bands.first) if bands.first else None,
        monthly_low=monthly if bounds is None else bounds.low,
        monthly_high=monthly if bounds is None else bounds.high,
        idle_days=tuple(history.day(index) for index in sorted(history.idle) if index > newest - WINDOW_DAYS),
        bounded_days=() if bounds is None else bounds.days,
        certain=bounds is None or bounds.bands == {bands.settled},
    )


def _without_gaps(
    daily: Mapping[date, float],
    as_of: date,
    settings: Settings,
    alive_until: date | None,
    incomplete: Collection[date],
) -> VolumeState | None:
    """The same by the compiled helper, which knows days without a gap only; None: it is not for these days."""
    if compiled.native is None or len(daily) < WINDOW_DAYS:
        return None
    days = list(daily)
    newest = days[-1]
    if newest > as_of or last_day(newest.toordinal(), as_of, alive_until) != newest.toordinal():
        return None
    if unbroken_end(daily) is None or any(newest - _PADDING * _DAY <= day <= newest for day in incomplete):
        return None
    bands = _Bands(settings)
    found = compiled.native.walk(list(daily.values()), _days_needed(settings), *bands.limits)
    if found is None:
        return None
    monthly, settled, start, since, candidate, run, crossings = found
    return VolumeState(
        monthly_inferences=monthly,
        covered_days=WINDOW_DAYS,
        newest_day=newest,
        band=_LEVELS[settled],
        band_since=days[since],
        candidate=None if candidate < 0 else _LEVELS[candidate],
        candidate_days=run,
        crossings=tuple(Crossing(days[index], _LEVELS[old], _LEVELS[new]) for index, old, new in crossings),
        first_settled=days[start],
        monthly_low=monthly,
        monthly_high=monthly,
        certain=True,
    )


def state_of(usage: UsageFacts, as_of: date, settings: Settings) -> VolumeState:
    """Return the state of a system's volume as of a day, from what the store knows of its traffic."""
    return volume_state(usage.daily, as_of, settings, usage.alive_until, usage.incomplete)


def is_stale(volume: VolumeState, as_of: date, settings: Settings) -> bool:
    """Whether the newest covered day is too old to decide by. Usage that was never seen is not stale."""
    return volume.newest_day is not None and (as_of - volume.newest_day).days > settings.stale_after_days


def last_seen(volume: VolumeState) -> date | None:
    """The newest day that is not an idle one, up to which usage was seen; None when it never was."""
    day = volume.newest_day
    while day is not None and day in volume.idle_days:
        day -= timedelta(days=1)
    return day


def _days_needed(settings: Settings) -> int:
    return min(max(settings.minimum_days, 1), WINDOW_DAYS)


class _History:
    """The counts of all days from 27 days before the first one on; days turn out to be idle as they are walked."""

    def __init__(
        self, counted: Mapping[int, float], until: int, settings: Settings, newest: int | None = None
    ) -> None:
        self.first = min(counted)
        self._newest = _PADDING + (max(counted) if newest is None else newest) - self.first
        self.counts: list[float | None] = [None] * _PADDING
        self.counts += map(counted.get, range(self.first, until + 1))
        self.idle: set[int] = set()
        self.settings, self.needed = settings, _days_needed(settings)

    def day(self, index: int) -> date:
        """The day at an index."""
        return date.fromordinal(self.first - _PADDING + index)

    def volumes(self) -> Iterator[tuple[int, float]]:
        """The covered days with a known volume: ordinal and volume. Ends with the last covered day."""
        counts, needed, first = self.counts, self.needed, self.first - _PADDING
        sums = _whole_sums(counts[_PADDING:])
        covered = 0
        for index in range(_PADDING, len(counts)):
            window = counts[index - _PADDING : index + 1]
            if window[-1] is None:
                found = fill_idle(counts, index, _PADDING, self.idle)
                if not found:
                    if index > self._newest:
                        del counts[index:]
                        return
                    covered -= window[0] is not None
                    continue
                covered += found - 1
                window = counts[index - _PADDING : index + 1]
            covered += 1
            if covered == WINDOW_DAYS:
                start = index - 2 * _PADDING
                total = fsum(window) if sums is None else float(sums[start + WINDOW_DAYS] - sums[start])  # type: ignore[arg-type] # none is missing
                yield first + index, total * _MONTH / _OF_MONTH
            elif covered >= needed or self._is_sparse(index):
                yield first + index, _monthly(likely_sum(window, first + index, self.first))
            if window[0] is not None:
                covered -= 1

    def month(self, index: int) -> tuple[float | None, int]:
        """The volume of the window that ends at an index, None when unknown, and its covered days."""
        window = self.counts[index - _PADDING : index + 1]
        covered = sum(count is not None for count in window)
        if covered == WINDOW_DAYS:
            return _monthly(fsum(window)), covered  # type: ignore[arg-type] # none is missing
        if covered and (covered >= self.needed or self._is_sparse(index)):
            return self.likely(index), covered
        return None, covered

    def likely(self, index: int) -> float:
        """The volume of the window that ends at an index, however few of its days are covered (at least one)."""
        window = self.counts[index - _PADDING : index + 1]
        return _monthly(likely_sum(window, self.first - _PADDING + index, self.first))

    def _is_sparse(self, index: int) -> bool:
        start = max(index - _PADDING, _PADDING)
        return self.old_enough(index) and is_sparse(self.counts, start, index + 1, self.idle)

    def old_enough(self, index: int) -> bool:
        """Whether so many days passed since the first one that their volume can be known."""
        return index - _PADDING + 1 >= self.needed


def _whole_sums(counts: Sequence[float | None]) -> list[int] | None:
    """The sums of the first 0, 1, 2 and so on counts; None when one of them is unknown or no whole number.

    A difference of two is the exact sum of what is between them, so that it is rounded once, as `fsum` does.
    """
    known = [count for count in counts if count is not None and float(count).is_integer()]
    return [0, *accumulate(map(int, known))] if len(known) == len(counts) else None


class _Bounded(Struct, frozen=True):
    low: float
    high: float
    days: tuple[date, ...]
    bands: frozenset[int]
    """The bands that are settled when all bounded days are as low, and as high, as they can be."""
    since: int
    """The ordinal of the day from which both are settled."""


def _bounds(
    history: _History, steps: Sequence[tuple[int, float]], incomplete: Collection[date]
) -> _Bounded | None:
    """What the bounded days of the last window can be; None without any.

    A band never falls when any count rises, so that both ends stand for every filling between them. What was
    bounded before the window has its likely count: a doubt ends when its day leaves the window.
    """
    counts = history.counts
    newest = len(counts) - 1
    start = newest - _PADDING
    low = {index: 0.0 for index in range(start, newest + 1) if counts[index] is None}
    for day in incomplete:
        index = day.toordinal() - history.first + _PADDING
        if start <= index <= newest and (count := counts[index]) is not None:
            low[index] = count
    if not low:
        return None
    origin = history.first - _PADDING
    counted = [None if index in history.idle else count for index, count in enumerate(counts)]
    high = {index: max(count, largest_of_kind(counted, index, origin)) for index, count in low.items()}
    ends = []
    for filling in (low, high):
        bands = _Bands(history.settings)
        for ordinal, volume in steps:
            if ordinal < origin + start:
                bands.step(ordinal, volume)
        filled = [filling.get(index, count) for index, count in enumerate(counts)]
        for index in range(max(start, _PADDING), newest + 1):
            if history.old_enough(index):
                window = filled[index - _PADDING : index + 1]
                bands.step(origin + index, _monthly(likely_sum(window, origin + index, history.first)))
        ends.append((bands, _monthly(likely_sum(filled[start:], origin + newest, history.first))))
    (lowest, least), (highest, most) = ends
    days = tuple(history.day(index) for index in sorted(low))
    levels = frozenset((lowest.settled, highest.settled))
    return _Bounded(least, most, days, levels, max(lowest.since, highest.since))


def _monthly(total: float) -> float:
    return total * _MONTH / _OF_MONTH


class _Bands:
    """The settled band, and for each boundary how many days in a row volume has been beyond it.

    Only covered days with a known volume count; other days neither add to a run nor end it. Runs are kept for each
    boundary instead of each band: a day in the high band is also a day above the hybrid threshold, so that a rise
    from low through mid to high loses no day of dwell.
    """

    def __init__(self, settings: Settings) -> None:
        self.settled = -1
        self.first = self.since = 0
        self.crossings: list[Crossing] = []
        self._dwell = max(settings.dwell_days, 1)
        self._enter_mid, self._enter_high = settings.hybrid_from, settings.fine_tuning_above
        self._leave_mid = settings.hybrid_from * settings.leave_ratio
        self._leave_high = settings.fine_tuning_above * settings.leave_ratio
        self._in_mid = self._in_high = self._below_mid = self._below_high = 0
        self._settings = settings

    @property
    def limits(self) -> tuple[int, float, float, float, float]:
        """How long a band must last, and the limits of the bands, as the compiled helper takes them."""
        return self._dwell, self._enter_mid, self._enter_high, self._leave_mid, self._leave_high

    def step(self, ordinal: int, volume: float) -> None:
        """Add the volume of one day; days must be given in ascending order."""
        self._in_mid = self._in_mid + 1 if volume >= self._enter_mid else 0
        self._in_high = self._in_high + 1 if volume > self._enter_high else 0
        self._below_mid = self._below_mid + 1 if volume < self._leave_mid else 0
        self._below_high = self._below_high + 1 if volume < self._leave_high else 0
        if self.settled < 0:
            self.settle(_LEVELS.index(band_of(volume, self._settings)), ordinal)
            return
        level, run = self._next()
        if run >= self._dwell:
            self.crossings.append(Crossing(date.fromordinal(ordinal), _LEVELS[self.settled], _LEVELS[level]))
            self.settled, self.since = level, ordinal

    def settle(self, level: int, ordinal: int) -> None:
        """Take a level as the first one that is settled."""
        self.settled, self.first, self.since = level, ordinal, ordinal

    def candidate(self) -> tuple[Band | None, int]:
        """The band that would settle next (None: none), and for how many days volume has been in it."""
        level, run = self._next() if self.settled >= 0 else (0, 0)
        return (_LEVELS[level], run) if run else (None, 0)

    def _next(self) -> tuple[int, int]:
        """The band that the longest run leads to (the furthest, of several), and the length of that run."""
        if self.settled == 0:
            near, far = (1, self._in_mid), (2, self._in_high)
        elif self.settled == 2:
            near, far = (1, self._below_high), (0, self._below_mid)
        else:
            return (2, self._in_high) if self._in_high else (0, self._below_mid)
        return far if far[1] >= near[1] else near
