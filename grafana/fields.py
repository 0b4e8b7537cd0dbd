"""The field configuration of a panel in Grafana's JSON: units, value mappings, colours, lines and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from grafana.model import NOT_SCRAPED, Column, Kind, Panel, Query, State, Unit
from grafana.shared import NEUTRAL
from leverwatch.agent.exporter.families import SECTIONS

_NARROWEST = 90
"""The least width of a column in pixels, so that tables fit a screen."""
_NOT_REPLAYED = {
    family.name
    for section in ("economics", "outlook", "baselines", "over_engineering", "reviews", "locked_in")
    for family in SECTIONS[section]
    if "system" in family.labels
}
NOTHING = -1
"""Stands in a state timeline for times of which no series has a value."""
_JUST_BEGUN = ", or it has only just begun: zoom in"
"""Added to the text for no data: a graph over 90 days has a point every twelve hours, none of a younger agent."""
_HOURS_2 = 7_200_000
"""Points up to so many milliseconds apart are joined by a line, as a replayed past may have one sample an hour."""
_METRIC = re.compile(r"\b(?:leverwatch_[a-z0-9_]+|up|ALERTS)(?=\{)")

Json = dict[str, Any]


def metrics(queries: Sequence[Query]) -> list[str]:
    """Return the metrics that the queries read, each once, in order of appearance."""
    return list(dict.fromkeys(name for query in queries for name in _METRIC.findall(query.expr)))


def ref(number: int) -> str:
    """Return the letter by which Grafana refers to the query with this index."""
    return chr(ord("A") + number)


def or_words(query: Query, *, one_system: bool) -> str:
    """Return the query of a state timeline with a line for times without any value.

    Grafana has words of its own, which look like an error, for a state timeline without data. Where it is about
    one system, that line has the labels of the system, so that it is the same line as that of its states.
    """
    labels = {"job": "$job", "system": "$system"} if one_system else {_LABEL.findall(query.legend)[0]: "none"}
    words = f"vector({NOTHING})"
    for name, value in labels.items():
        words = f'label_replace({words}, "{name}", "{value}", "", "")'
    return f"({query.expr}) or on () {words}"


_LABEL = re.compile(r"\{\{(\w+)\}\}")


def words(panel: Panel) -> str:
    """Return what a panel says instead of data, which is true without an agent as well: of a time range no more
    than that it has no value there, of a moment that something is not known or not so."""
    if panel.kind in (Kind.STAT, Kind.TABLE):
        if panel.empty == NOT_SCRAPED or "not known" in panel.empty.lower():
            return panel.empty
        return f"Not known, or {panel.empty[0].lower()}{panel.empty[1:]}"
    if panel.empty == NOT_SCRAPED:
        text = "No value in this time: was the agent scraped?"
    else:
        text = f"No value in this time. The usual reason: {panel.empty[0].lower()}{panel.empty[1:]}"
    return text + (_JUST_BEGUN if _has_no_past(panel) else "")


def row_of_words(panel: Panel) -> tuple[str, str] | None:
    """Return the label and the text of the row that a table of several queries has where none of them has one.

    Grafana shows the words for no data where there is no field, and several queries without rows have fields: of
    such a table there would be headings and nothing else. None: a single query, whose words are shown.
    """
    if panel.kind is not Kind.TABLE or len(panel.queries) < 2:
        return None
    filled = {query.fills for query in panel.queries}
    labels = [column for column in panel.columns if column.source not in filled and not column.hidden]
    # A link would lead to what the words name, and a system is known also where nothing is known of it.
    said = next((column for column in labels if column.source != "system" and not column.link), labels[0])
    none = panel.empty != NOT_SCRAPED and said.source != "system"
    # Brief, as a column has no room for more; both are true without an agent as well.
    return said.source, "none known" if none else "no data"


def with_row_of_words(panel: Panel) -> Panel:
    """Return a panel whose queries have that row where there is no other."""
    said = row_of_words(panel)
    if said is None:
        return panel
    label, text = said
    nothing = " * on () ".join(f"absent({query.expr})" for query in panel.queries)
    row = f'label_replace({nothing}, "{label}", "{text}", "", "")'
    first, *others = panel.queries
    if first.fills:
        # The row has a value, which a query that fills a column would show.
        return replace(panel, queries=(*panel.queries, Query(row)))
    return replace(panel, queries=(replace(first, expr=f"{first.expr} or {row}"), *others))


def _mappings(states: Sequence[State]) -> list[Json]:
    if not states:
        return []
    options = {
        str(state.value): {"color": state.color, "index": index, "text": state.text}
        for index, state in enumerate(states)
    }
    return [{"options": options, "type": "value"}]


def defaults(panel: Panel) -> Json:
    """Return the field defaults of a panel, which apply to all its values."""
    # With a colour by threshold a state timeline would show ranges instead of the mapped states.
    color: Json = {"fixedColor": "text", "mode": "fixed"}
    if panel.kind is Kind.GRAPH:
        # Blue, purple and orange are those of strategies.
        color = {"fixedColor": "green", "mode": "shades"}
    elif panel.from_one:
        color = {"mode": "thresholds"}
    custom: Json = {}
    if panel.kind is Kind.GRAPH:
        custom = _lines(panel)
    elif panel.kind is Kind.STATES:
        custom = {"fillOpacity": 80, "lineWidth": 0, "spanNulls": _HOURS_2}
    elif panel.kind is Kind.TABLE:
        custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False}
        custom |= {"minWidth": _NARROWEST, "wrapHeaderText": True}
    states = panel.states
    if panel.kind is Kind.STATES:
        states = (*states, State(NOTHING, words(panel), NEUTRAL))
    made: Json = {
        "color": color,
        "custom": custom,
        "mappings": _mappings(states),
        "noValue": words(panel),
        "unit": str(panel.unit),
    }
    if panel.kind is Kind.GRAPH and not panel.below_zero and not panel.magnitudes:
        made["min"] = 0
    if panel.whole:
        made["decimals"] = 0
    if panel.from_one:
        steps = [{"color": "green", "value": None}, {"color": panel.from_one, "value": 1}]
        made["thresholds"] = {"mode": "absolute", "steps": steps}
    return made


def _has_no_past(panel: Panel) -> bool:
    """Whether the metrics of a panel are never replayed, so that its lines begin when the agent was started."""
    over_time = panel.kind in (Kind.GRAPH, Kind.STATES)
    return over_time and bool(_NOT_REPLAYED.intersection(metrics(panel.queries)))


def _lines(panel: Panel) -> Json:
    custom: Json = {"drawStyle": "line", "fillOpacity": 8, "lineInterpolation": "stepAfter", "lineWidth": 1}
    custom |= {"showPoints": "never", "spanNulls": _HOURS_2}
    if panel.whole or panel.unit is Unit.PER_HOUR:
        # An axis from 0 to 100 makes nothing look like a missing line.
        custom["axisSoftMax"] = 1
    if panel.stacked:
        custom |= {"fillOpacity": 40, "stacking": {"group": "A", "mode": "normal"}}
    if panel.magnitudes:
        custom |= {"fillOpacity": 0, "scaleDistribution": {"log": 10, "type": "log"}}
    return custom


def overrides(panel: Panel) -> Iterator[Json]:
    """Yield the field overrides of a panel, for single queries, lines and columns."""
    if panel.kind is Kind.TABLE:
        # The words for no data are for the table without rows.
        yield {
            "matcher": {"id": "byRegexp", "options": "/.*/"},
            "properties": [{"id": "noValue", "value": "-"}],
        }
    for number, query in enumerate(panel.queries):
        properties = list(_query(query))
        if properties:
            yield {"matcher": {"id": "byFrameRefID", "options": ref(number)}, "properties": properties}
    for series in panel.series:
        properties = [_fixed(series.color)]
        if series.text:
            properties.append({"id": "displayName", "value": series.text})
        yield {"matcher": {"id": "byRegexp", "options": f"/{series.pattern}/"}, "properties": properties}
    for column in panel.columns:
        properties = list(_column(column))
        if properties:
            yield {"matcher": {"id": "byName", "options": column.title}, "properties": properties}


def _query(query: Query) -> Iterator[Json]:
    if query.dashed:
        yield {"id": "custom.lineStyle", "value": {"dash": [8, 8], "fill": "dash"}}
        yield {"id": "custom.fillOpacity", "value": 0}
    if query.color:
        yield _fixed(query.color)


def _fixed(color: str) -> Json:
    return {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}}


def _column(column: Column) -> Iterator[Json]:
    if column.hidden:
        yield {"id": "custom.hidden", "value": True}
    if column.width:
        yield {"id": "custom.width", "value": column.width}
    if column.unit is not None:
        yield {"id": "unit", "value": str(column.unit)}
    if column.states:
        yield {"id": "mappings", "value": _mappings(column.states)}
        yield {"id": "custom.cellOptions", "value": {"type": "color-text"}}
        # Words: some stand for numbers, which would be on the right.
        yield {"id": "custom.align", "value": "left"}
    if column.link:
        yield {
            "id": "links",
            "value": [{"targetBlank": False, "title": "Show ${__value.text}", "url": column.link}],
        }
