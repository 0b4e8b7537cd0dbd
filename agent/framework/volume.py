"""Monthly volume from daily counts, and the band it has settled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import fsum

from leverwatch.agent.framework.model import Band, Boundary, Crossing, Settings, VolumeState

WINDOW_DAYS = 28
"""Days of the volume window. It holds four of each weekday, so the volume does not vary with the weekday."""

_DEFAULTS = Settings()
_LEVELS = (Band.LOW, Band.MID, Band.HIGH)


def month_equivalent(
    daily: Mapping[date, float], day: date, settings: Settings = _DEFAULTS
) -> tuple[float | None, int]:
    """Return monthly inferences over the 28 days that end at `day`, and how many of these days are covered.

    The figure is the sum of the window x 30.4375 / 28. A missing day counts as the mean of the covered days of its
    weekday (of all covered days when its weekday has none). With fewer than `settings.minimum_days` covered days
    the volume is None, that is unknown.
    """
    window = [daily.get(day - timedelta(days=age)) for age in range(WINDOW_DAYS - 1, -1, -1)]
    covered = sum(count is not None for count in window)
    if covered < _days_needed(settings):
        return None, covered
    return _month(window, covered), covered


def recent_weeks(daily: Mapping[date, float], newest: date, weeks: int) -> tuple[float | None, ...]:
    """Totals of the 7-day blocks that end at `newest`, oldest first; None where a day is missing.

    Begins with the first block that is known.
    """
    totals: list[float | None] = []
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


def volume_state(daily: Mapping[date, float], as_of: date, settings: Settings) -> VolumeState:
    """Return the state of a system's volume, computed from every day up to the newest covered one.

    Days after the newest covered day neither lower the coverage nor count towards the dwell time of a band;
    `is_stale` tells whether that day is too old to decide by. Days after `as_of` are ignored.
    """
    days = [day for day in daily if day <= as_of]
    if not days:
        return VolumeState()
    newest = max(days)
    bands = _Bands(settings)
    for ordinal, volume in _volumes(daily, min(days), newest, days, settings):
        bands.step(ordinal, volume)
    candidate, candidate_days = bands.candidate()
    monthly, covered = month_equivalent(daily, newest, settings)
    return VolumeState(
        monthly_inferences=monthly,
        covered_days=covered,
        newest_day=newest,
        band=None if bands.settled < 0 else _LEVELS[bands.settled],
        band_since=date.fromordinal(bands.since) if bands.since else None,
        candidate=candidate,
        candidate_days=candidate_days,
        crossings=tuple(bands.crossings),
        first_settled=date.fromordinal(bands.first) if bands.first else None,
    )


def is_stale(volume: VolumeState, as_of: date, settings: Settings) -> bool:
    """Whether the newest covered day is too old to decide by. Usage that was never seen is not stale."""
    return volume.newest_day is not None and (as_of - volume.newest_day).days > settings.stale_after_days


def _days_needed(settings: Settings) -> int:
    return min(max(settings.minimum_days, 1), WINDOW_DAYS)


def _month(window: Sequence[float | None], covered: int) -> float:
    # 487 / 448 is 30.4375 / 28; multiplying first keeps exact values exact. fsum rounds once, so the figure
    # depends on the window alone: a running sum would carry errors of days long gone across a threshold.
    total = fsum(window) if covered == WINDOW_DAYS else _balanced(window)  # type: ignore[arg-type] # none is missing
    return total * 487 / 448


def _balanced(window: Sequence[float | None]) -> float:
    known = [count for count in window if count is not None]
    parts: list[float] = []
    uncovered_weekdays = 0
    for weekday in range(7):
        counts = [count for count in window[weekday::7] if count is not None]
        if counts:
            parts.append(fsum(counts) * 4 / len(counts))
        else:
            uncovered_weekdays += 1
    return fsum((*parts, fsum(known) * 4 * uncovered_weekdays / len(known)))


def _volumes(
    daily: Mapping[date, float], first: date, newest: date, days: Sequence[date], settings: Settings
) -> Iterator[tuple[int, float]]:
    """The covered days with a known volume, from `first` to `newest`: ordinal and volume."""
    needed, start = _days_needed(settings), first.toordinal()
    padding = WINDOW_DAYS - 1
    series: list[float | None] = [None] * (padding + newest.toordinal() - start + 1)
    for day in days:
        series[padding + day.toordinal() - start] = daily[day]
    covered = 0
    for index in range(len(series) - padding):
        window = series[index : index + WINDOW_DAYS]
        if window[-1] is not None:
            covered += 1
            if covered >= needed:
                yield start + index, _month(window, covered)
        if window[0] is not None:
            covered -= 1


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

    def step(self, ordinal: int, volume: float) -> None:
        """Add the volume of one day; days must be given in ascending order."""
        self._in_mid = self._in_mid + 1 if volume >= self._enter_mid else 0
        self._in_high = self._in_high + 1 if volume > self._enter_high else 0
        self._below_mid = self._below_mid + 1 if volume < self._leave_mid else 0
        self._below_high = self._below_high + 1 if volume < self._leave_high else 0
        if self.settled < 0:
            self.settled, self.since = _LEVELS.index(band_of(volume, self._settings)), ordinal
            self.first = ordinal
            return
        level, run = self._next()
        if run >= self._dwell:
            self.crossings.append(Crossing(date.fromordinal(ordinal), _LEVELS[self.settled], _LEVELS[level]))
            self.settled, self.since = level, ordinal

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
