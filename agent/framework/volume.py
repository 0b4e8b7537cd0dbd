"""Monthly volume from daily counts, and the band it has settled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from math import fsum

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.bands import LEVELS, Bands
from leverwatch.agent.framework.coverage import (
    WINDOW_DAYS,
    last_day,
    unbroken_end,
)
from leverwatch.agent.framework.model import Boundary, Crossing, Settings, UsageFacts, VolumeState
from leverwatch.agent.framework.volume_windows import PADDING, History, bounds_of, days_needed

_DEFAULTS = Settings()
_DAY = timedelta(days=1)


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
    history = History(counted, day.toordinal(), settings, newest=day.toordinal())
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
    history = History(counted, last_day(max(counted), as_of, alive_until), settings)
    bands = Bands(settings)
    steps = list(history.volumes())
    for ordinal, volume in steps:
        bands.step(ordinal, volume)
    candidate, candidate_days = bands.candidate()
    newest = len(history.counts) - 1
    monthly, covered = history.month(newest)
    bounds = None
    if monthly is not None or bands.settled >= 0 or history.old_enough(newest):
        bounds = bounds_of(history, steps, [day for day in incomplete if day <= as_of])
    if monthly is None and bounds is not None:
        # Too few days for a figure of their own: they suffice where every filling leads to one band, which is that
        # of the days before, if there was any.
        if bands.settled < 0 and len(bounds.bands) == 1:
            bands.settle(next(iter(bounds.bands)), bounds.since)
        if bounds.bands == {bands.settled}:
            monthly = history.likely(newest)
        else:
            bounds = None
    if steps and steps[0][0] > history.first + history.needed - 1:
        bands.known_since(_settled_before(steps[0][0], daily, settings, alive_until, incomplete))
    return VolumeState(
        monthly_inferences=monthly,
        covered_days=covered,
        newest_day=history.day(newest),
        band=None if bands.settled < 0 else LEVELS[bands.settled],
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


def _settled_before(
    first: int,
    daily: Mapping[date, float],
    settings: Settings,
    alive_until: date | None,
    incomplete: Collection[date],
) -> VolumeState:
    """The state of the day before the first one with a volume of its own, which bounds alone may have settled."""
    last = date.fromordinal(first - 1)
    counted = {day: count for day, count in daily.items() if day <= last}
    return volume_state(counted, last, settings, alive_until and min(alive_until, last), incomplete)


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
    if unbroken_end(daily) is None or any(newest - PADDING * _DAY <= day <= newest for day in incomplete):
        return None
    bands = Bands(settings)
    found = compiled.native.walk(list(daily.values()), days_needed(settings), *bands.limits)
    if found is None:
        return None
    monthly, settled, start, since, candidate, run, crossings = found
    return VolumeState(
        monthly_inferences=monthly,
        covered_days=WINDOW_DAYS,
        newest_day=newest,
        band=LEVELS[settled],
        band_since=days[since],
        candidate=None if candidate < 0 else LEVELS[candidate],
        candidate_days=run,
        crossings=tuple(Crossing(days[index], LEVELS[old], LEVELS[new]) for index, old, new in crossings),
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
