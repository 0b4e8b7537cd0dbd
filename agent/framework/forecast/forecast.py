"""The forecast of one system on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, fsum

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.coverage import unbroken_end
from leverwatch.agent.framework.forecast.backtest import (
    HORIZONS,
    by_week,
    coverage,
    errors,
    prolonged,
    score,
    start_of_trend,
    widths,
)
from leverwatch.agent.framework.forecast.crossing import outlook
from leverwatch.agent.framework.forecast.methods import History, damped, path
from leverwatch.agent.framework.forecast.model import Direction, Forecast, Method, Outlook, Score, Target
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.forecast.weekly import level_shifts, log_totals, weekly_totals
from leverwatch.agent.framework.model import Band, Boundary, Settings, VolumeState
from leverwatch.agent.framework.volume import threshold_of

_DEFAULTS = ForecastSettings()
_WINDOW = 4


def targets(volume: VolumeState, settings: Settings) -> tuple[Target, ...]:
    """The thresholds that would change the settled band: T upwards, and `settings.leave_ratio` x T downwards."""
    if volume.band is None:
        return ()
    found = []
    for boundary in Boundary:
        threshold = threshold_of(boundary, settings)
        below = volume.band is Band.LOW or (boundary is Boundary.FINE_TUNING and volume.band is Band.MID)
        if below:
            found.append(Target(boundary, Direction.UP, threshold))
        else:
            found.append(Target(boundary, Direction.DOWN, threshold * settings.leave_ratio))
    return tuple(found)


def forecast(
    daily: Mapping[date, float], newest: date, aims: Sequence[Target], settings: ForecastSettings = _DEFAULTS
) -> Forecast:
    """Forecast when volume reaches each of `aims`.

    Only complete weeks are used, so that the weekday of `newest` does not tilt the trend. Deterministic.

    Args:
        daily: inferences by covered day; days after `newest` are ignored.
        newest: the newest covered day.
        aims: thresholds, all above 0.
        settings: horizon and limits.
    """
    found = _by_helper(daily, newest, aims, settings)
    return _in_python(daily, newest, aims, settings) if found is None else found


def _by_helper(
    daily: Mapping[date, float], newest: date, aims: Sequence[Target], settings: ForecastSettings
) -> Forecast | None:
    """Return what `_in_python` does, in every digit, by the compiled helper; None: it is not for this, or not
    built."""
    if compiled.native is None:
        return None
    by_day = unbroken_end(daily) == newest
    horizon = settings.horizon_weeks
    found = compiled.native.forecast(
        list(daily.values() if by_day else weekly_totals(daily, newest)),
        7 if by_day else 1,
        [(1.0 if aim.direction is Direction.UP else -1.0, aim.volume) for aim in aims],
        damped(max(horizon, HORIZONS[-1])),
        horizon,
        settings.interval,
        settings.minimum_weeks,
        settings.minimum_origins,
    )
    if found is None:
        return None
    trend, weeks, volume, scores, origins, inside, outcomes, start, width, volumes, crossed = found
    return Forecast(
        newest,
        Method.TREND if trend else Method.RUN_RATE,
        weeks,
        volume,
        tuple([Score(method, origins, *score) for method, score in zip(Method, scores, strict=True)]),
        origins,
        inside / outcomes if outcomes else None,
        outcomes,
        _week_of(newest, weeks, start),
        width,
        volumes,
        tuple([_outlook(aim, newest, *figures) for aim, figures in zip(aims, crossed, strict=True)]),
    )


def _outlook(aim: Target, newest: date, expected: int, earliest: int, latest: int, probability: float) -> Outlook:
    """The outlook of days from `newest` on, of which a negative one is none, as is a negative probability."""
    first, early, late = (
        None if ahead < 0 else newest + timedelta(days=ahead) for ahead in (expected, earliest, latest)
    )
    return Outlook(aim, first, early, late, None if probability < 0 else probability)


def _week_of(newest: date, weeks: int, start: int) -> date | None:
    """The first day of the week with a number; None for the first week."""
    return newest - timedelta(days=7 * (weeks - start) - 1) if start else None


def _in_python(
    daily: Mapping[date, float], newest: date, aims: Sequence[Target], settings: ForecastSettings
) -> Forecast:
    totals = weekly_totals(daily, newest)
    logs = log_totals(totals)
    if len(logs) < _WINDOW:
        scores = tuple(Score(method, 0, None, None, None) for method in Method)
        volume = monthly(totals[-_WINDOW:]) if len(totals) >= _WINDOW else None
        return Forecast(newest, Method.RUN_RATE, len(totals), volume, scores, 0, None, 0, None)
    # Floored, so that a week without traffic has a logarithm and an error has a size.
    floored = [max(total, exp(level)) for total, level in zip(totals, logs, strict=True)]
    shifts = level_shifts(logs)
    history = History(floored, logs)
    past = {method: errors(method, history, shifts) for method in Method}
    scores = tuple(score(method, floored, [known[0] for known in past[method]]) for method in Method)
    method = _choice(scores, len(totals), settings)
    known = past[method]
    start = start_of_trend(shifts, len(totals))
    volumes = _volumes(method, history, start, settings.horizon_weeks)
    achieved, outcomes = coverage([errors_of[0] for errors_of in known], settings.interval)
    width = widths(known, settings.interval)
    horizon = settings.horizon_weeks
    band = by_week(width, horizon) if width else None
    enough = len(known) >= settings.minimum_origins
    futures = [by_week(prolonged(errors_of), horizon) for errors_of in known] if enough else []
    return Forecast(
        as_of=newest,
        method=method,
        weeks=len(totals),
        monthly_inferences=monthly(totals[-_WINDOW:]),
        scores=scores,
        known_origins=len(known),
        coverage=achieved,
        coverage_origins=outcomes,
        level_shift=_week_of(newest, len(totals), start),
        error_widths=width,
        volumes=volumes,
        outlooks=tuple(outlook(aim, volumes, band, futures, newest) for aim in aims),
    )


def monthly(weeks: Sequence[float]) -> float:
    """Month-equivalent of four weekly totals: their sum x 30.4375 / 28."""
    return fsum(weeks) * 487 / 448


def _choice(scores: Sequence[Score], weeks: int, settings: ForecastSettings) -> Method:
    """The method with the smaller scaled error (MASE); the run-rate when one is unknown or the history short."""
    if weeks < settings.minimum_weeks:
        return Method.RUN_RATE
    ranked = [(one.mase, one.method is not Method.RUN_RATE, one.method) for one in scores if one.mase is not None]
    return min(ranked)[2] if len(ranked) == len(scores) else Method.RUN_RATE


def _volumes(method: Method, history: History, start: int, weeks: int) -> tuple[float, ...]:
    """Monthly inferences now and after each of the coming weeks."""
    known = history.totals[-_WINDOW:]
    if method is Method.RUN_RATE:
        # Not worked out week by week: as known weeks leave the window it would ripple around the same level.
        return (monthly(known),) * (weeks + 1)
    series = [*known, *path(method, history, start, len(history.totals), weeks)]
    return tuple(monthly(series[week : week + _WINDOW]) for week in range(weeks + 1))
