"""What a load of the dashboards costs Prometheus, with a thousand systems over 90 days, before and now.

Run as `python -m tests.benchmarks.bench_dashboards [--systems 1000] [--before COMMIT]`. Blocks with two samples a
day of every series that a load reads are written for a real Prometheus, which looks back from one to the next: a
query has a value at each of its steps. Then everything is asked that Grafana asks when a dashboard is opened on a
screen of 1,280 pixels: choices, marks, and the panels of open rows. Printed: queries, the processor time of
Prometheus, the size of its answers, and the slowest query and mark. Older dashboards come from git;
`--before ''` leaves them out, as they take minutes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.e2e.servers import Server, prometheus
from tests.grafana.queries import FOLDER, filled

Json = dict[str, Any]
BEFORE = "4b345c4e"
"""The commit from before rows were closed, lines were bounded and marks were dated."""
DAYS, SPACING = 90, 43_200
SCREEN = 1000
"""The width in pixels of 24 columns beside a docked menu."""
_STEPS = ((5400, 3600), (9000, 7200), (18000, 10800), (32400, 21600), (86400, 43200), (604_800, 86400))
"""To what Grafana rounds an interval below the first of each pair, in seconds; smaller ones are of no use here."""
_STRATEGIES = ("prompt_engineering", "hybrid", "fine_tuning")
_RULES = ("volume_low", "volume_mid", "volume_high", "frequent_changes", "locked_in_behavior")


def series_of(number: int, first: int) -> Iterator[tuple[str, str, float, float]]:
    """Yield metric, further labels, and its values before and after the middle of the time."""
    changed, differs = first + (number % 80) * 86_400, number % 7 == 0
    for place, strategy in enumerate(_STRATEGIES):
        label = f',strategy="{strategy}"'
        before, after = float(number % 3 == place), float((number + differs) % 3 == place)
        yield "leverwatch_recommended_strategy", label, before, after
        yield "leverwatch_declared_strategy", label, before, before
        yield "leverwatch_strategy_monthly_cost_usd", label, 100 + place, 100 + place
    for status in ("decided", "provisional", "undecided"):
        yield (
            "leverwatch_verdict_status",
            f',status="{status}"',
            float(status == "decided"),
            float(status == "decided"),
        )
    for rule in _RULES:
        yield "leverwatch_rule_active", f',rule="{rule}"', float(rule == "volume_mid"), float(rule == "volume_mid")
    for boundary in _STRATEGIES[1:]:
        yield "leverwatch_volume_crossing_timestamp_seconds", f',boundary="{boundary}"', first, changed
    for bound in ("low", "likely", "high"):
        yield "leverwatch_recommendation_saving_usd", f',bound="{bound}"', 10 * number, 10 * number
    yield "leverwatch_strategy_mismatch", "", 0, float(differs)
    if differs:
        yield "leverwatch_strategy_mismatch_since_timestamp_seconds", "", changed, changed
    yield "leverwatch_recommendation_changed_timestamp_seconds", "", first, changed
    yield "leverwatch_declaration_reviewed_timestamp_seconds", "", first, changed
    label = f',strategy="{_STRATEGIES[number % 3]}"'
    yield "leverwatch_declaration_changed_timestamp_seconds", label, first, changed
    yield "leverwatch_prompt_changes_settled_timestamp_seconds", "", first, changed
    yield "leverwatch_monthly_inferences", "", 1e6 * number, 1.1e6 * number
    yield "leverwatch_usage_coverage_ratio", "", 1, 1
    for flag in ("verdict_held", "rules_in_conflict", "review_due", "prompt_over_engineered"):
        yield f"leverwatch_{flag}", "", 0, float(number % 50 == 1)
    yield "leverwatch_system_declared", "", 1, 1


def write(data: Path, systems: int, now: int) -> int:
    """Write the blocks, and return the number of their samples."""
    first, written = now - DAYS * 86_400, 0
    lines: dict[str, list[str]] = {}
    times = [*range(first, now + 1, SPACING)]
    agent = 'job="leverwatch",instance="one:9847"'
    for boundary, volume in zip(_STRATEGIES[1:], (1e8, 1e9), strict=True):
        name = "leverwatch_volume_threshold_inferences"
        lines.setdefault(name, []).extend(f'{name}{{{agent},boundary="{boundary}"}} {volume} {at}' for at in times)
    for name in ("leverwatch_volume_dwell_seconds", "leverwatch_undeclared_systems_dropped"):
        lines[name] = [f"{name}{{{agent}}} 1 {at}" for at in times]
    for number in range(systems):
        for name, labels, before, after in series_of(number, first):
            key = f'{name}{{{agent},system="system-{number:04d}"{labels}}}'
            middle = times[len(times) // 2]
            lines.setdefault(name, []).extend(f"{key} {before if at < middle else after} {at}" for at in times)
    file = data.parent / "past.om"
    with file.open("w", encoding="utf-8") as output:
        for name, samples in lines.items():
            output.write(f"# TYPE {name} gauge\n" + "\n".join(samples) + "\n")
            written += len(samples)
        output.write("# EOF\n")
    subprocess.run(
        [
            "promtool",
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            "--max-block-duration=2400h",
            file,
            data,
        ],
        check=True,
        capture_output=True,
    )
    file.unlink()
    return written


@dataclass
class Load:
    """What a load of a dashboard cost."""

    queries: int = 0
    seconds: float = 0.0
    size: int = 0
    slowest: float = 0.0
    slowest_mark: float = 0.0
    choices: dict[str, str] = field(default_factory=dict)


class Browser:
    """Asks what Grafana asks."""

    def __init__(self, server: Server, now: int) -> None:
        self._base, self._now = server.url, now
        self._session = requests.Session()

    def _cpu(self) -> float:
        text = self._session.get(f"{self._base}/metrics", timeout=60).text
        return float(re.findall(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)[0])

    def _ask(self, load: Load, path: str, **parameters: str) -> Any:
        started = time.perf_counter()
        answer = self._session.post(f"{self._base}/api/v1/{path}", data=parameters, timeout=300)
        took = time.perf_counter() - started
        answer.raise_for_status()
        load.queries, load.size = load.queries + 1, load.size + len(answer.content)
        load.slowest = max(load.slowest, took)
        return took, answer.json()["data"]

    def _range(self, load: Load, query: str, step: int) -> float:
        start, end = self._now - DAYS * 86_400, self._now
        took: float
        took, _ = self._ask(load, "query_range", query=query, start=str(start), end=str(end), step=str(step))
        return took

    def open(self, dashboard: Json, *, rows: bool, chosen: dict[str, str]) -> Load:
        """Load a dashboard; with `rows` its closed rows are opened, too."""
        load = Load(
            choices={"job": "leverwatch", "instance": ".+", "__rate_interval": "12h", "system": ".+", **chosen}
        )
        before = self._cpu()
        for variable in dashboard["templating"]["list"]:
            asked = variable.get("query")
            if variable["type"] == "query" and asked["query"].startswith("query_result("):
                inner = filled(asked["query"], load.choices).removeprefix("query_result(")[:-1]
                _, found = self._ask(load, "query", query=inner, time=str(self._now))
                names = [row["metric"].get("system", "") for row in found["result"]]
                load.choices.setdefault(variable["name"], "|".join(names))
        for mark in dashboard["annotations"]["list"]:
            step = int(mark["step"].removesuffix("h")) * 3600
            load.slowest_mark = max(load.slowest_mark, self._range(load, filled(mark["expr"], load.choices), step))
        for panel in dashboard["panels"]:
            for one in [panel, *(panel.get("panels", ()) if rows else ())]:
                self._draw(load, one)
        load.seconds = self._cpu() - before
        return load

    def _draw(self, load: Load, panel: Json) -> None:
        for target in panel.get("targets", ()):
            query = filled(target["expr"], load.choices)
            if target["instant"]:
                self._ask(load, "query", query=query, time=str(self._now))
            else:
                points = panel.get("maxDataPoints") or SCREEN * panel["gridPos"]["w"] // 24
                step = next(rounded for below, rounded in _STEPS if DAYS * 86_400 / points < below)
                self._range(load, query, step)


def of_commit(commit: str, name: str) -> Json:
    """Return a dashboard of a commit.

    Raises:
        subprocess.CalledProcessError: git does not know the commit.
    """
    shown = ["git", "show", f"{commit}:grafana/dashboards/{name}.json"]
    made: Json = json.loads(subprocess.run(shown, check=True, capture_output=True, cwd=FOLDER).stdout)
    return made


def main() -> None:
    """Print a line for each way to open a dashboard."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--systems", type=int, default=1000)
    parser.add_argument("--before", default=BEFORE)
    arguments = parser.parse_args()
    now = int(time.time()) // SPACING * SPACING
    one = {"system": "system-0007"}
    with tempfile.TemporaryDirectory() as folder:
        samples = write(Path(folder) / "data", arguments.systems, now)
        print(f"{arguments.systems} systems, {DAYS} days, {samples} samples")
        print(f"{'':34}{'queries':>8}{'CPU s':>8}{'MB':>8}{'slowest':>9}{'mark':>7}")
        with prometheus(Path(folder), {"scrape_configs": []}, f"--query.lookback-delta={SPACING + 60}s") as server:
            browser = Browser(server, now)
            before = [("before", arguments.before)] if arguments.before else []
            for when, commit in (("now", ""), *before):
                for name, chosen in (("fleet", {}), ("system", {}), ("system", one)):
                    if not commit and name == "system" and not chosen:
                        continue
                    made = of_commit(commit, name) if commit else json.loads((FOLDER / f"{name}.json").read_text())
                    for rows in (False, True) if not commit else (False,):
                        load = browser.open(made, rows=rows, chosen=chosen)
                        title = f"{when}: {name}{', one' if chosen else ''}{', all rows' if rows else ''}"
                        print(
                            f"{title:34}{load.queries:8}{load.seconds:8.2f}{load.size / 1e6:8.2f}"
                            f"{load.slowest:9.2f}{load.slowest_mark:7.2f}",
                            flush=True,
                        )


if __name__ == "__main__":
    main()
