"""Metric families of the forecast: when volume is expected to cross a threshold, and past forecast errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from leverwatch.agent.exporter.family import Family
from leverwatch.agent.exporter.per_system import (
    DAY,
    EVALUATED,
    Number,
    one_of,
    per_system,
    per_system_and,
    time,
)
from leverwatch.agent.framework.forecast.model import Forecast, Method, Outlook
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView

_FORETOLD = "when four complete weeks of usage are known and it is not stale"
_WITHIN = "when it lies within the horizon"
_BAND = f"{_WITHIN} and enough past forecasts are known for an interval"


def _forecast(view: SystemView) -> Forecast | None:
    found = view.assessment.outlook if view.assessment else None
    return found if isinstance(found, Forecast) and found.volumes else None


def _dates(choose: Callable[[Outlook], date | None]) -> Callable[[SystemView], Iterable[tuple[str, float]]]:
    def values(view: SystemView) -> Iterable[tuple[str, float]]:
        forecast = _forecast(view)
        for outlook in forecast.outlooks if forecast else ():
            moment = time(choose(outlook))
            if moment is not None:
                yield outlook.target.boundary.value, moment

    return values


def _probabilities(view: SystemView) -> Iterable[tuple[str, float]]:
    forecast = _forecast(view)
    for outlook in forecast.outlooks if forecast else ():
        if outlook.probability is not None:
            yield outlook.target.boundary.value, outlook.probability


def _method(view: SystemView) -> Iterable[tuple[str, float]]:
    forecast = _forecast(view)
    return one_of(Method, forecast.method) if forecast else []


def _errors(view: SystemView) -> Iterable[tuple[str, float]]:
    forecast = _forecast(view)
    for score in forecast.scores if forecast else ():
        if score.mase is not None:
            yield score.method.value, score.mase


def _coverage(view: SystemView) -> Number:
    forecast = _forecast(view)
    return forecast.coverage if forecast else None


def _origins(view: SystemView) -> Number:
    forecast = _forecast(view)
    return forecast.known_origins if forecast else None


OUTLOOK: tuple[Family[SystemsSnapshot], ...] = (
    per_system_and(
        "boundary",
        "leverwatch_crossing_expected_timestamp_seconds",
        "Midnight UTC that starts the day on which volume is expected to reach the boundary.",
        _dates(lambda outlook: outlook.expected),
        _WITHIN,
    ),
    per_system_and(
        "boundary",
        "leverwatch_crossing_earliest_timestamp_seconds",
        "The same at the favourable end of the interval of the forecast.",
        _dates(lambda outlook: outlook.earliest),
        _BAND,
    ),
    per_system_and(
        "boundary",
        "leverwatch_crossing_latest_timestamp_seconds",
        "The same at the unfavourable end of the interval of the forecast.",
        _dates(lambda outlook: outlook.latest),
        _BAND,
    ),
    per_system_and(
        "boundary",
        "leverwatch_crossing_probability_ratio",
        "Probability that volume reaches the boundary within the horizon.",
        _probabilities,
        "when at least 12 past forecasts have a known outcome",
    ),
    Family(
        "leverwatch_crossing_horizon_seconds",
        "gauge",
        "How far the forecast looks; whole weeks.",
        (),
        EVALUATED,
        lambda snapshot: [((), snapshot.forecast.horizon_weeks * 7 * DAY)],
    ),
    per_system_and(
        "method",
        "leverwatch_forecast_method",
        "1 for the method that foretells the system, 0 for the other.",
        _method,
        _FORETOLD,
    ),
    per_system_and(
        "method",
        "leverwatch_forecast_scaled_error_ratio",
        "Mean absolute error of the method at past origins over that of the last week repeated (MASE); below 1 is"
        " better than that.",
        _errors,
        "when past forecasts of the method can be compared",
    ),
    per_system(
        "leverwatch_forecast_coverage_ratio",
        "Share of past outcomes within the interval that was drawn before they were known; 0.8 is aimed at.",
        _coverage,
        "when an interval had a known outcome",
    ),
    per_system(
        "leverwatch_forecast_origins",
        "Past forecasts with a known outcome that the interval and the probability rest on.",
        _origins,
        _FORETOLD,
    ),
)
"""The families of the forecast and of its errors."""
