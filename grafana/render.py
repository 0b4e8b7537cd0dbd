"""Turns a dashboard into Grafana's classic JSON (schema version 39). Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from grafana.fields import Json, defaults, metrics, or_words, overrides, ref, with_row_of_words
from grafana.model import Annotation, Column, Dashboard, Kind, Panel, Query, Row, Variable
from grafana.shared import RUNBOOKS_AT

TAG = "leverwatch"
_WIDTH = 24
_POINTS = 200
"""The most points of a line: two a day over 90 days, as usage is known by the day."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def render(dashboard: Dashboard) -> Json:
    """Return the dashboard as JSON values."""
    made = _rendered(dashboard)
    return _exact(made) if dashboard.one_system else made


def _exact(value: Any) -> Any:
    """Return JSON values in which one job and one system are asked for by their names, which are no patterns."""
    if isinstance(value, dict):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    if isinstance(value, str):
        return value.replace('job=~"$job"', 'job="$job"').replace('system=~"$system"', 'system="$system"')
    return value


def _rendered(dashboard: Dashboard) -> Json:
    return {
        "annotations": {"list": [_annotation(one) for one in dashboard.annotations]},
        "description": dashboard.text,
        "editable": False,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": list(_links(dashboard)),
        "panels": list(_panels(dashboard)),
        "refresh": "5m",
        "schemaVersion": 39,
        "tags": [TAG],
        "templating": {"list": [_data_source(), *map(_variable, dashboard.variables)]},
        "time": {"from": dashboard.since, "to": "now"},
        "timepicker": {},
        "timezone": "utc",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
        "weekStart": "",
    }


def _links(dashboard: Dashboard) -> Iterator[Json]:
    # Neither choices nor range: what one is about is no choice for another, and each has a range of its own.
    yield {
        **_link("leverwatch", ""),
        "asDropdown": True,
        "icon": "external link",
        "tags": [TAG],
        "targetBlank": False,
        "tooltip": "The other dashboards, each with its own choices and time range",
        "type": "dashboards",
    }
    for title, url in dashboard.links:
        yield _link(title, url)


def _link(title: str, url: str) -> Json:
    """Return a link to a document that opens in a new tab."""
    return {
        "asDropdown": False,
        "icon": "doc",
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "title": title,
        "tooltip": "",
        "type": "link",
        "url": url,
    }


def _data_source() -> Json:
    return {
        "current": {},
        "hide": 0,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _variable(variable: Variable) -> Json:
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return {
        "allValue": None if variable.single or variable.listed else ".+",
        "current": {} if variable.single else everything,
        "datasource": _SOURCE,
        "hide": 2 if variable.hidden else 0,
        "includeAll": not variable.single,
        "label": variable.label,
        "multi": not variable.single,
        "name": variable.name,
        "options": [],
        "query": {"qryType": 5, "query": variable.query, "refId": f"{variable.name}-values"},
        "refresh": 2,
        "regex": variable.pattern,
        "skipUrlSync": False,
        "sort": 0 if variable.pattern else 1,
        "type": "query",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "datasource": _SOURCE,
        "enable": True,
        "expr": annotation.expr,
        # It is drawn; only its switch above the dashboard is not.
        "hide": True,
        "iconColor": annotation.color,
        "name": annotation.name,
        "step": "12h",
        "tagKeys": "system",
        "textFormat": "",
        "titleFormat": annotation.title,
        "useValueForTime": True,
    }


def _panels(dashboard: Dashboard) -> Iterator[Json]:
    y = 0
    for row in dashboard.rows:
        made = list(_placed(row, y + 1, one_system=dashboard.one_system))
        yield {
            "collapsed": row.collapsed,
            "gridPos": {"h": 1, "w": _WIDTH, "x": 0, "y": y},
            "id": panel_id(row.title, ""),
            "panels": made if row.collapsed else [],
            "title": row.title,
            "type": "row",
        }
        y += 1
        if not row.collapsed:
            yield from made
            y = max((panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in made), default=y)


def _placed(row: Row, y: int, *, one_system: bool) -> Iterator[Json]:
    """Yield the panels of a row, from left to right and from a height downwards."""
    x, tallest = 0, 0
    for panel in row.panels:
        if x + panel.width > _WIDTH:
            y, x, tallest = y + tallest, 0, 0
        yield _panel(
            panel, row.title, {"h": panel.height, "w": panel.width, "x": x, "y": y}, one_system=one_system
        )
        x, tallest = x + panel.width, max(tallest, panel.height)


def panel_id(row: str, title: str) -> int:
    """Return an id that does not change when other panels are added or removed, for links to this panel."""
    return zlib.crc32(f"{row}/{title}".encode()) % 1_000_000_000 + 1


def _panel(panel: Panel, row: str, place: Json, *, one_system: bool) -> Json:
    panel = with_row_of_words(panel)
    made: Json = {
        "datasource": _SOURCE,
        "description": f"{panel.text}\n\nMetrics: {', '.join(f'`{name}`' for name in metrics(panel.queries))}",
        "fieldConfig": {"defaults": defaults(panel), "overrides": list(overrides(panel))},
        "gridPos": place,
        "id": panel_id(row, panel.title),
        "links": list(_panel_links(panel)),
        "options": _options(panel),
        "targets": [
            _target(panel, number, query, one_system=one_system) for number, query in enumerate(panel.queries)
        ],
        "title": panel.title,
        "transformations": _transformations(panel),
        "type": str(panel.kind),
    }
    if panel.kind in (Kind.GRAPH, Kind.STATES):
        made["maxDataPoints"] = _POINTS
    return made


def _panel_links(panel: Panel) -> Iterator[Json]:
    if panel.runbook:
        yield _link(f"Runbook: {panel.runbook}", f"{RUNBOOKS_AT}/{panel.runbook}.md")


def _target(panel: Panel, number: int, query: Query, *, one_system: bool) -> Json:
    instant = panel.kind in (Kind.STAT, Kind.TABLE)
    return {
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": or_words(query, one_system=one_system) if panel.kind is Kind.STATES else query.expr,
        "format": "table" if panel.kind is Kind.TABLE else "time_series",
        "instant": instant,
        "legendFormat": query.legend,
        "range": not instant,
        "refId": ref(number),
    }


def _options(panel: Panel) -> Json:
    legend: Json = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
    if panel.many:
        legend |= {"calcs": ["max"], "displayMode": "table", "placement": "right"}
        legend |= {"sortBy": "Max", "sortDesc": True}
    if panel.kind is Kind.STAT:
        reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        mode = "name" if panel.names else "value_and_name" if panel.both else "auto"
        return {"colorMode": "value", "graphMode": "none", "reduceOptions": reduced, "textMode": mode}
    if panel.kind is Kind.TABLE:
        order = [{"desc": True, "displayName": panel.sort}] if panel.sort else []
        return {"cellHeight": "sm", "showHeader": True, "sortBy": order}
    if panel.kind is Kind.STATES:
        tooltip = {"mode": "single", "sort": "none"}
        return {
            "alignValue": "left",
            "legend": {**legend, "showLegend": False},
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": tooltip,
        }
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def _transformations(panel: Panel) -> list[Json]:
    """Return the transformations of a table: merge the queries by common labels, keep only the listed columns."""
    if panel.kind is not Kind.TABLE:
        return []
    names = [_field(column, panel.queries) for column in panel.columns]
    titles = {name: column.title for name, column in zip(names, panel.columns, strict=True)}
    keep = {"include": {"names": names}}
    order = {"excludeByName": {}, "indexByName": {name: i for i, name in enumerate(names)}, "renameByName": titles}
    return [
        {"id": "merge", "options": {}},
        {"id": "filterFieldsByName", "options": keep},
        {"id": "organize", "options": order},
    ]


def _field(column: Column, queries: Sequence[Query]) -> str:
    """Return the field name that Grafana gives to the label, or to the values of the query, of a column."""
    for number, query in enumerate(queries):
        if query.fills == column.source:
            return f"Value #{ref(number)}" if len(queries) > 1 else "Value"
    return column.source
