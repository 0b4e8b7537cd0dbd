"""What panels ask a Prometheus that knows the demo, and what is in the answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.history import History
from tests.e2e.servers import Server
from tests.grafana.queries import FILES, Json, filled, load, panels

ALL = {"job": ".+", "instance": ".+", "system": ".+", "__rate_interval": "10s"}


def values(server: Server, query: str) -> list[float]:
    """The values that a query has now, the least first."""
    found = server.get("/api/v1/query", query=query)["data"]["result"]
    return sorted(float(row["value"][1]) for row in found)


def of_dashboards() -> Iterator[tuple[Json, Json, Json]]:
    """Every dashboard, panel and query."""
    for dashboard in map(load, FILES):
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield dashboard, panel, target


def told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is more than the line of a state timeline for times without a value, and the row of an empty table."""
    return [
        row
        for row in found
        if {value for _, value in row.get("values", [row.get("value")])} != {"-1"}
        and not {"no data", "none known"}.intersection(row["metric"].values())
    ]


def answers(history: History, target: Json, choice: dict[str, str]) -> list[dict[str, Any]]:
    """What a panel would be drawn from: now for tables and figures, the past month and minute for graphs."""
    query = filled(target["expr"], choice)
    if target["instant"]:
        return history.instant(query)
    now = datetime.now(UTC)
    minute = history.between(query, now - timedelta(minutes=1), now, timedelta(seconds=5))
    return history.range(query, 30) + minute


def words_of(panel: Json, target: Json) -> set[str]:
    """The values of a query that have words; empty: it is shown as it is."""
    source = "Value" if len(panel["targets"]) == 1 else f"Value #{target['refId']}"
    renamed = panel["transformations"][-1]["options"]["renameByName"] if panel["transformations"] else {}
    mappings = [
        *panel["fieldConfig"]["defaults"]["mappings"],
        *(
            mapping
            for override in panel["fieldConfig"]["overrides"]
            if source in renamed and override["matcher"]["options"] == renamed[source]
            for one in override["properties"]
            if one["id"] == "mappings"
            for mapping in one["value"]
        ),
    ]
    return {value for mapping in mappings for value in mapping["options"]}


def rows_of(history: History, dashboard: str, title: str) -> dict[str, dict[str, str]]:
    """The cells of a table with one line a system, by system, each by its label or the letter of its query."""
    (panel,) = (one for one in panels(load(FILES[0].with_name(f"{dashboard}.json"))) if one["title"] == title)
    rows: dict[str, dict[str, str]] = {}
    for target in panel["targets"]:
        found = history.instant(filled(target["expr"], ALL))
        systems = [row["metric"]["system"] for row in found]
        assert len(systems) == len(set(systems)), f"{target['refId']}: one line a system"
        for row in found:
            cells = rows.setdefault(row["metric"]["system"], {})
            cells |= {label: value for label, value in row["metric"].items() if label not in ("job", "system")}
            cells[target["refId"]] = row["value"][1]
    return rows


def timeline(title: str) -> str:
    """The query of a timeline of the dashboard of one system."""
    (panel,) = (one for one in panels(load(FILES[0].with_name("system.json"))) if one["title"] == title)
    query: str = panel["targets"][0]["expr"]
    return query
