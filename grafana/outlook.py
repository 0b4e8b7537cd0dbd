"""The panels about the forecast: when volume reaches a threshold, and the errors of past forecasts."""

from __future__ import annotations

from collections.abc import Mapping

from grafana.model import Column, Kind, Panel, Query, Row, Unit
from grafana.queries import coded, each, setting
from grafana.shared import BOUNDARY_LINES, states, threshold
from leverwatch.agent.framework.forecast.model import Method
from leverwatch.agent.framework.forecast.settings import ForecastSettings

_FORECAST = ForecastSettings()
_NOT_FORETOLD = "Not foretold: four complete weeks of usage are needed, and none of them stale"
_YOUNG = "Too few past forecasts have a known outcome"

METHOD: Mapping[str, str] = {Method.RUN_RATE: "green", Method.TREND: "dark-green"}

_ERROR = each("leverwatch_forecast_scaled_error_ratio", "method")
_COVERAGE = each("leverwatch_forecast_coverage_ratio")
_ORIGINS = each("leverwatch_forecast_origins")


def _day(end: str) -> Query:
    return Query(f"1000 * {each(f'leverwatch_crossing_{end}_timestamp_seconds', 'boundary')}", fills=end)


OUTLOOK_ROW = Row(
    "Outlook",
    (
        Panel(
            "When volume is expected to reach a threshold",
            Kind.TABLE,
            Unit.NUMBER,
            (
                _day("earliest"),
                _day("expected"),
                _day("latest"),
                Query(each("leverwatch_crossing_probability_ratio", "boundary"), fills="probability"),
            ),
            "Days at the likely course of volume and at both ends of its interval. A cell is empty when the day"
            " lies beyond the horizon or too few past forecasts are known. Empty: no threshold is near.",
            width=18,
            height=6,
            empty="No threshold is near",
            columns=(
                Column("system", "System"),
                Column("boundary", "Threshold"),
                Column("earliest", "Earliest", Unit.DAY),
                Column("expected", "Expected", Unit.DAY),
                Column("latest", "Latest", Unit.DAY),
                Column("probability", "Probability", Unit.SHARE),
            ),
            sort="Probability",
            runbook="LeverwatchThresholdApproaching",
        ),
        Panel(
            "Horizon",
            Kind.STAT,
            Unit.SECONDS,
            (Query(setting("leverwatch_crossing_horizon_seconds"), "{{job}}"),),
            "How far the forecast looks.",
            width=6,
            height=6,
        ),
        Panel(
            "Probability of a crossing within the horizon",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(
                    each("leverwatch_crossing_probability_ratio", "boundary"),
                    "{{system}}: {{boundary}}",
                ),
            ),
            f"Known from {_FORECAST.minimum_origins} past forecasts with a known outcome on.",
            width=12,
            height=8,
            empty=_YOUNG,
            series=BOUNDARY_LINES,
            runbook="LeverwatchThresholdApproaching",
        ),
        Panel(
            "Method of the forecast",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_forecast_method", "method", *METHOD)),),
            "The method with the smaller error at past origins foretells the system.",
            width=12,
            height=8,
            empty=_NOT_FORETOLD,
            states=states(METHOD),
        ),
        Panel(
            "Scaled error of each method",
            Kind.GRAPH,
            Unit.NUMBER,
            (
                Query(_ERROR, "{{system}}: {{method}}"),
                threshold("vector(1)", _ERROR, "the last week repeated", on=""),
            ),
            "Error of past forecasts over that of the last week repeated (MASE). Below the dashed line is better"
            " than that.",
            width=8,
            height=8,
            empty="No past forecast can be compared",
        ),
        Panel(
            "Past outcomes within their interval",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(_COVERAGE),
                threshold(f"vector({_FORECAST.interval})", _COVERAGE, "aimed at", on=""),
            ),
            "Share of past outcomes within the interval that was drawn before they were known.",
            width=8,
            height=8,
            empty=_YOUNG,
        ),
        Panel(
            "Past forecasts with a known outcome",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(_ORIGINS),
                threshold(f"vector({_FORECAST.minimum_origins})", _ORIGINS, "needed", on=""),
            ),
            "What interval and probability rest on; below the dashed line there are none.",
            width=8,
            height=8,
            empty=_NOT_FORETOLD,
            whole=True,
        ),
    ),
)
