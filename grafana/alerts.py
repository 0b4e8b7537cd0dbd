"""The shipped rules in other forms: for the ruler of Mimir, and as alert rules that Grafana manages itself.

Sources are the rule files of the chart; nothing is said twice. Those for Mimir are loaded with `mimirtool rules
load`; Grafana reads its own when it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from grafana.fields import metrics
from grafana.model import Dashboard
from grafana.render import panel_id
from grafana.templates import without_queries

Json = dict[str, Any]

RULES = Path(__file__).parents[1] / "helm/leverwatch/rules"
NAMESPACE = "leverwatch"
DATASOURCE = "prometheus"
"""The uid of the data source, as grafana/provisioning/datasources has it. A rule of Grafana has to name one."""
INTERVAL = "1m"
"""How often Grafana evaluates a group: as often as Prometheus does unless told otherwise."""

_ASKED, _ONE, _FIRES = "A", "B", "C"
_EXPRESSION = "__expr__"
_WINDOW = 600
_HEAD = "# {}\n# Made from helm/leverwatch/rules by `make dashboards`: change those, and not this file.\n"


def rule_files(dashboards: tuple[Dashboard, ...], rules: Path = RULES) -> dict[str, str]:
    """Return the content of each file by its path below grafana/."""
    alerts = _load(rules / "leverwatch.rules.yaml")
    recording = _load(rules / "recording.rules.yaml")
    return {
        "rules/leverwatch.mimir.yaml": _page(
            "Alert rules of leverwatch for the ruler of Mimir: mimirtool rules load leverwatch.mimir.yaml",
            {"namespace": NAMESPACE, **alerts},
        ),
        "rules/recording.mimir.yaml": _page(
            "Recording rules of leverwatch for the ruler of Mimir: mimirtool rules load recording.mimir.yaml",
            {"namespace": f"{NAMESPACE}-recording", **recording},
        ),
        "rules/leverwatch.grafana.yaml": _page(
            "Alert rules of leverwatch that Grafana evaluates itself, for /etc/grafana/provisioning/alerting.",
            managed(alerts, dashboards),
        ),
    }


def managed(rules: Json, dashboards: tuple[Dashboard, ...]) -> Json:
    """Return alert rules of Prometheus as a document of Grafana's file provisioning."""
    groups = [
        {
            "orgId": 1,
            "name": group["name"],
            "folder": NAMESPACE,
            "interval": group.get("interval", INTERVAL),
            "rules": [_managed(rule, dashboards) for rule in group["rules"]],
        }
        for group in rules["groups"]
    ]
    return {"apiVersion": 1, "groups": groups}


def uid(alert: str) -> str:
    """Return the uid of the rule of an alert: its name in small letters, with dashes."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()


def _managed(rule: Json, dashboards: tuple[Dashboard, ...]) -> Json:
    kept = {"keepFiringFor": rule["keep_firing_for"]} if "keep_firing_for" in rule else {}
    return {
        "uid": uid(rule["alert"]),
        "title": rule["alert"],
        "condition": _FIRES,
        "data": list(_data(rule["expr"])),
        # As in Prometheus: without a series there is no alert, and with one there is, whatever its value.
        "noDataState": "OK",
        # Prometheus keeps what it had and reports the failure elsewhere; here this is how somebody hears of it.
        "execErrState": "Error",
        "for": rule["for"],
        **kept,
        "missing_series_evals_to_resolve": 1,
        "annotations": {**_annotations(rule), **_panel(rule, dashboards)},
        "labels": {name: _without(text) for name, text in rule["labels"].items()},
        "isPaused": False,
    }


def _data(expr: str) -> Iterator[Json]:
    """Yield the query, its one value a series, and the condition, which holds for every series there is."""
    yield {
        "refId": _ASKED,
        "relativeTimeRange": {"from": _WINDOW, "to": 0},
        "datasourceUid": DATASOURCE,
        "model": {
            "refId": _ASKED,
            "datasource": {"type": "prometheus", "uid": DATASOURCE},
            "editorMode": "code",
            "expr": expr,
            "instant": True,
            "range": False,
            "intervalMs": 1000,
            "maxDataPoints": 43200,
        },
    }
    # What Grafana before 10 takes for a series with one point is a number later; this makes a number of both.
    yield _expression(_ONE, {"type": "reduce", "expression": _ASKED, "reducer": "last"})
    any_value = " || ".join(f"{kind}(${_ONE})" for kind in ("is_number", "is_nan", "is_inf"))
    yield _expression(_FIRES, {"type": "math", "expression": any_value})


def _expression(ref: str, model: Json) -> Json:
    source = {"type": _EXPRESSION, "uid": _EXPRESSION}
    return {
        "refId": ref,
        "relativeTimeRange": {"from": _WINDOW, "to": 0},
        "datasourceUid": _EXPRESSION,
        "model": {"refId": ref, "datasource": source, **model},
    }


def _without(template: str, *, alternatives: bool = False) -> str:
    return without_queries(template, f".Values.{_ONE}.Value", alternatives=alternatives)


def _annotations(rule: Json) -> Json:
    """Return what the alert says: the dashboard is in this Grafana, the runbook in the repository."""
    given = rule["annotations"]
    return {
        "summary": given["summary"],
        "description": _without(given["description"]),
        "dashboard_url": f'{{{{externalURL | reReplaceAll "/+\\\\z" ""}}}}{_without(_link(rule))}',
        "runbook_url": _without(given["runbook_url"], alternatives=True),
    }


def _link(rule: Json) -> str:
    """Return the path of a rule's dashboard, as a template.

    Raises:
        ValueError: the rule has no link to a dashboard.
    """
    found = re.search(r"{{- \.grafana -}}(.+?) ?{{- else if \.page", rule["annotations"]["dashboard_url"])
    if found is None:
        raise ValueError(f"{rule['alert']}: no link to a dashboard")
    return found[1]


def _panel(rule: Json, dashboards: tuple[Dashboard, ...]) -> Json:
    """Return the panel that Grafana shows with an alert: the one with its runbook, else one of its first metric.

    Raises:
        ValueError: there is neither.
    """
    (dashboard,) = (one for one in dashboards if f"/d/{one.uid}?" in _link(rule))
    every = [(row, panel) for row in dashboard.rows for panel in row.panels]
    first = next(iter(re.findall(r"\bleverwatch_\w+", rule["expr"])), "up")
    for row, panel in (
        *(one for one in every if one[1].runbook == rule["alert"]),
        *(one for one in every if first in metrics(one[1].queries)),
    ):
        return {"__dashboardUid__": dashboard.uid, "__panelId__": str(panel_id(row.title, panel.title))}
    raise ValueError(f"{rule['alert']}: no panel of {dashboard.uid} shows {first}")


def _load(path: Path) -> Json:
    document: Json = yaml.safe_load(path.read_text("utf-8"))
    return document


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and no text by reference."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the name is PyYAML's
        """Return that nothing is written as an alias, which not every reader of such files knows."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _page(head: str, document: Json) -> str:
    return _HEAD.format(head) + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=115, allow_unicode=True)
