"""What Grafana knows, as `@grafana/data` and `@grafana/schema` 13.2 have it: the part of it that is of use here.

What Grafana does not know it does not complain of: a unit comes after the number as a word, a colour is drawn
black or not at all, an option is left out.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[object]:
    return frozenset(text.split())


UNITS = _words(
    "none string short sishort percent percentunit sci locale ppm currencyUSD currencyGBP currencyEUR "
    "bytes decbytes bits decbits Bps binBps bps dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsUS "
    "dateTimeAsLocal dateTimeAsSystem dateTimeFromNow ns µs ms s m h d dtdurationms dtdurations dthms "
    "clockms clocks cps ops reqps rps wps iops eps mps recps rowsps cpm opm reqpm rpm wpm epm mpm recpm rowspm "
    "bool bool_yes_no"
)
UNIT_OF_ITS_OWN = r"(suffix|prefix|time|si|count|currency):.+"
"""Words before or after a number, and forms of a time."""

_HUES = ("red", "orange", "yellow", "green", "blue", "purple")
COLORS = frozenset(
    [shade + hue for hue in _HUES for shade in ("super-light-", "light-", "", "semi-dark-", "dark-")]
    + ["text", "transparent", "panel-bg"]
)
COLOR_OF_ITS_OWN = r"#[0-9a-f]{6}"

TRANSFORMATIONS = _words(
    "append reduce organize calculateField seriesToRows merge concatenate labelsToFields filterFieldsByName "
    "filterByRefId renameByRegex filterByValue groupBy sortBy histogram rowsToFields prepareTimeSeries "
    "convertFieldType joinByField joinByLabels extractFields limit partitionByValues timeSeriesTable formatTime"
)
COLOR_MODES = _words("fixed shades thresholds palette-classic palette-classic-by-name palette-colorblind")
SUMMARIES = _words("lastNotNull last firstNotNull first min max mean sum count range")

Takes = frozenset[object] | type
"""The values that an option can have, or their type."""


def _some(*values: object) -> Takes:
    return frozenset(values)


_LEGEND: dict[str, Takes] = {
    "legend.calcs": SUMMARIES,
    "legend.displayMode": _some("list", "table", "hidden"),
    "legend.placement": _some("bottom", "right"),
    "legend.showLegend": bool,
    "legend.sortBy": str,
    "legend.sortDesc": bool,
    "tooltip.mode": _some("single", "multi", "none"),
    "tooltip.sort": _some("asc", "desc", "none"),
}
OPTIONS: dict[str, dict[str, Takes]] = {
    "stat": {
        "colorMode": _some("background", "background_solid", "none", "value"),
        "graphMode": _some("area", "line", "none"),
        "reduceOptions.calcs": SUMMARIES,
        "reduceOptions.fields": str,
        "reduceOptions.values": bool,
        "textMode": _some("auto", "name", "none", "value", "value_and_name"),
    },
    "table": {
        "cellHeight": _some("sm", "md", "lg", "auto"),
        "showHeader": bool,
        "sortBy.desc": bool,
        "sortBy.displayName": str,
    },
    "timeseries": _LEGEND,
    "state-timeline": {
        **_LEGEND,
        "alignValue": _some("left", "center", "right"),
        "mergeValues": bool,
        "rowHeight": float,
        "showValue": _some("auto", "always", "never"),
    },
}
"""Of a panel, by its type."""

_BARS: dict[str, Takes] = {"fillOpacity": int, "lineWidth": int, "spanNulls": int}
CUSTOM: dict[str, dict[str, Takes]] = {
    "stat": {},
    "table": {
        "align": _some("auto", "left", "right", "center"),
        "cellOptions.type": _some("auto", "color-text", "color-background", "gauge", "sparkline", "json-view"),
        "filterable": bool,
        "hidden": bool,
        "inspect": bool,
        "minWidth": int,
        "width": int,
        "wrapHeaderText": bool,
    },
    "timeseries": {
        **_BARS,
        "axisSoftMax": int,
        "drawStyle": _some("bars", "line", "points"),
        "lineInterpolation": _some("linear", "smooth", "stepAfter", "stepBefore"),
        "lineStyle.dash": int,
        "lineStyle.fill": _some("solid", "dash", "dot", "square"),
        "scaleDistribution.log": int,
        "scaleDistribution.type": _some("linear", "log", "ordinal", "symlog"),
        "stacking.group": str,
        "stacking.mode": _some("none", "normal", "percent"),
        "showPoints": _some("auto", "always", "never"),
    },
    "state-timeline": _BARS,
}
"""Of the fields of a panel, by its type: `custom` in the defaults, `custom.` in an override."""

STANDARD: dict[str, Takes] = {
    "color.fixedColor": str,
    "color.mode": COLOR_MODES,
    "decimals": int,
    "displayName": str,
    "links.targetBlank": bool,
    "links.title": str,
    "links.url": str,
    "max": int,
    "min": int,
    "noValue": str,
    "thresholds.mode": _some("absolute", "percentage"),
    "thresholds.steps.color": str,
    "thresholds.steps.value": _some(None, 1),
    "unit": str,
}
"""Of any field; mappings aside."""
