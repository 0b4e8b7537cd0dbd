"""Turns a dashboard into Grafana's classic JSON (schema version 39). Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from grafana.fields import Json, defaults, metrics, overrides, ref
from grafana.model import Annotation, Column, Dashboard, Kind, Panel, Query, Variable
from grafana.shared import RUNBOOKS_AT

TAG = "leverwatch"
_WIDTH = 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def render(dashboard: Dashboard) -> Json:
    """Return the dashboard as JSON values."""
    return {
        "annotations": {"list": [_annotation(one) for one in dashboard.annotations]},
        "description": dashboard.text,
        "editable": False,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": list(_links(dashboard)),
        "panels": list(_panels(dashboard)),
        "refresh": "1m",
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
    yield {
        **_link("leverwatch", ""),
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": [TAG],
        "targetBlank": False,
        "tooltip": "The other dashboards, with the same choices and time range",
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
        "allValue": None if variable.one_of else ".+",
        "current": everything if variable.all_at_first else {},
        "datasource": _SOURCE,
        "hide": 2 if variable.one_of else 0,
        "includeAll": not variable.one_of,
        "label": variable.label,
        "multi": not variable.one_of,
        "name": variable.name,
        "options": [],
        "query": {"qryType": 5, "query": variable.query, "refId": f"{variable.name}-values"},
        "refresh": 2,
        "regex": variable.one_of,
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "datasource": _SOURCE,
        "enable": True,
        "expr": annotation.expr,
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "step": "1h",
        "tagKeys": "system",
        "textFormat": "",
        "titleFormat": annotation.title,
    }


def _panels(dashboard: Dashboard) -> Iterator[Json]:
    y = 0
    for row in dashboard.rows:
        yield {
            "collapsed": False,
            "gridPos": {"h": 1, "w": _WIDTH, "x": 0, "y": y},
            "id": _id(row.title, ""),
            "panels": [],
            "title": row.title,
            "type": "row",
        }
        y, x, tallest = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > _WIDTH:
                y, x, tallest = y + tallest, 0, 0
            yield _panel(panel, row.title, {"h": panel.height, "w": panel.width, "x": x, "y": y})
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest


def _id(row: str, title: str) -> int:
    """Return an id that does not change when other panels are added or removed, for links to this panel."""
    return zlib.crc32(f"{row}/{title}".encode()) % 1_000_000_000 + 1


def _panel(panel: Panel, row: str, place: Json) -> Json:
    made: Json = {
        "datasource": _SOURCE,
        "description": f"{panel.text}\n\nMetrics: {', '.join(f'`{name}`' for name in metrics(panel.queries))}",
        "fieldConfig": {"defaults": defaults(panel), "overrides": list(overrides(panel))},
        "gridPos": place,
        "id": _id(row, panel.title),
        "links": list(_panel_links(panel)),
        "options": _options(panel),
        "targets": [_target(panel, number, query) for number, query in enumerate(panel.queries)],
        "title": panel.title,
        "transformations": _transformations(panel),
        "type": str(panel.kind),
    }
    return made


def _panel_links(panel: Panel) -> Iterator[Json]:
    if panel.runbook:
        yield _link(f"Runbook: {panel.runbook}", f"{RUNBOOKS_AT}/{panel.runbook}.md")


def _target(panel: Panel, number: int, query: Query) -> Json:
    instant = panel.kind in (Kind.STAT, Kind.TABLE)
    return {
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": query.expr,
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
        return {"colorMode": "value", "graphMode": "none", "reduceOptions": reduced, "textMode": "auto"}
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
