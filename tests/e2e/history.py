"""The demo company with a past: replayed into a real Prometheus, and scraped by it while the agent runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from leverwatch.agent.demo.build import Demo, build
from tests.e2e.agents import leverwatch, running
from tests.e2e.servers import Server, free_port, prometheus, wait_until

_RULES = Path(__file__).parents[2] / "helm/leverwatch/rules/leverwatch.rules.yaml"
DAYS = 40
"""How far the replayed past goes back, unless told otherwise."""


@dataclass(frozen=True)
class History:
    """A Prometheus that knows the past of the demo and its present."""

    prometheus: Server
    demo: Demo
    target: str
    """The `instance` of the agent; its `job` is leverwatch."""
    today: date

    def noon(self, days_ago: int) -> datetime:
        """Noon UTC of a day before today."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(12), UTC)

    def instant(self, query: str, at: datetime | None = None) -> list[dict[str, Any]]:
        """The answer to an instant query, now or in the past."""
        parameters = {"query": query} if at is None else {"query": query, "time": str(at.timestamp())}
        answer: list[dict[str, Any]] = self.prometheus.get("/api/v1/query", **parameters)["data"]["result"]
        return answer

    def range(self, query: str, days: int) -> list[dict[str, Any]]:
        """The answer to a query over the past days, at every full hour."""
        return self.between(query, self.noon(days), self.noon(0), timedelta(hours=1))

    def between(self, query: str, start: datetime, end: datetime, step: timedelta) -> list[dict[str, Any]]:
        """The answer to a range query."""
        answer: list[dict[str, Any]] = self.prometheus.get(
            "/api/v1/query_range",
            query=query,
            start=str(start.timestamp()),
            end=str(end.timestamp()),
            step=str(step.total_seconds()),
        )["data"]["result"]
        return answer


def backfill(demo: Demo, data: Path, since: date, *labels: str) -> None:
    """Replay the demo, at every full hour since a day, into blocks for a Prometheus that has yet to start."""
    file = demo.folder.parent / "past.om"
    added = [part for label in labels for part in ("--label", label)]
    replayed = leverwatch(
        *("replay", "--since", str(since), "--format", "openmetrics", "--step", "1h"),
        *("--output", str(file), *added),
        config=demo.config,
    )
    assert replayed.returncode == 0, replayed.stderr
    made = subprocess.run(
        [
            "promtool",
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            "--max-block-duration=720h",
            file,
            data,
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (made.returncode, made.stderr) == (0, ""), made.stderr


@contextmanager
def company_with_a_past(folder: Path, days: int = DAYS) -> Iterator[History]:
    """Build the demo, read it, replay its past days, and let the agent run under the eyes of Prometheus."""
    now = datetime.now(UTC)
    target = f"127.0.0.1:{free_port()}"
    demo = build(folder / "company", now, listen=target)
    collected = leverwatch("collect", config=demo.config)
    assert collected.returncode == 0, collected.stderr
    since = now.date() - timedelta(days=days)
    backfill(demo, folder / "prometheus" / "data", since, "job=leverwatch", f"instance={target}")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(_RULES)],
        "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": [target]}]}],
    }
    with (
        running(demo.config, int(target.rpartition(":")[2])),
        prometheus(folder / "prometheus", config) as server,
    ):
        history = History(server, demo, target, now.date())
        wait_until(lambda: bool(history.instant("leverwatch_rule_active")), 30, "the agent is scraped")
        yield history
