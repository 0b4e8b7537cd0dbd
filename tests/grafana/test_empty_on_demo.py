"""Queries for which the demo has no data, asked by a real promtool of series that have some."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.grafana.queries import FOLDER, filled, load, panels

ALL = {"job": ".+", "instance": ".+", "system": ".+", "__rate_interval": "5m"}
CROSSINGS = "When volume is expected to reach a threshold"
REVIEWS = "Every system, reviews that are due first"


def series(metric: str, values: str, **labels: str) -> list[dict[str, str]]:
    """A series as two agents on one store export it."""
    added = "".join(f',{name}="{value}"' for name, value in labels.items())
    return [
        {"series": f'{metric}{{job="a",instance="{one}",system="bot"{added}}}', "values": values}
        for one in ("one", "two")
    ]


DAYS = [
    part
    for end, low, high in (("earliest", 10, 30), ("expected", 20, 40), ("latest", 25, 50))
    for boundary, day in (("hybrid", low), ("fine_tuning", high))
    for part in series(f"leverwatch_crossing_{end}_timestamp_seconds", f"{day}x10", boundary=boundary)
]


def expression(dashboard: str, title: str, letter: str) -> str:
    (found,) = (
        target["expr"]
        for panel in panels(load(FOLDER / f"{dashboard}.json"))
        if panel["title"] == title
        for target in panel["targets"]
        if target["refId"] == letter
    )
    return filled(found, ALL)


@pytest.mark.parametrize(
    ("dashboard", "title", "letter", "given", "expected"),
    [
        ("system", CROSSINGS, "A", DAYS, {',boundary="hybrid"': 10_000, ',boundary="fine_tuning"': 30_000}),
        ("system", CROSSINGS, "B", DAYS, {',boundary="hybrid"': 20_000, ',boundary="fine_tuning"': 40_000}),
        ("system", CROSSINGS, "C", DAYS, {',boundary="hybrid"': 25_000, ',boundary="fine_tuning"': 50_000}),
        ("fleet", REVIEWS, "E", DAYS, {"": 20_000}),
        *(
            (
                "system",
                title,
                letter,
                series("leverwatch_crossing_probability_ratio", "0.25x10", boundary="hybrid"),
                {',boundary="hybrid"': 0.25},
            )
            for title, letter in ((CROSSINGS, "D"), ("Probability of a crossing within the horizon", "A"))
        ),
        (
            "system",
            "Past outcomes within their interval",
            "A",
            series("leverwatch_forecast_coverage_ratio", "0.75x10"),
            {"": 0.75},
        ),
        (
            "system",
            "Days on which git and traffic differ",
            "A",
            series("leverwatch_prompt_divergences", "2x10", kind="served_never_landed"),
            {',kind="served_never_landed"': 2},
        ),
        (
            "system",
            "Inferences for each trace",
            "A",
            series("leverwatch_calls_per_trace_ratio", "3.5x10"),
            {"": 3.5},
        ),
    ],
)
def test_a_query_that_the_demo_cannot_fill_has_one_line_for_all_agents_of_a_store(
    tmp_path: Path,
    dashboard: str,
    title: str,
    letter: str,
    given: list[dict[str, str]],
    expected: dict[str, float],
) -> None:
    lines = {f'{{job="a",system="bot"{labels}}}': value for labels, value in expected.items()}

    assert_answer(tmp_path, expression(dashboard, title, letter), given, lines)


@pytest.mark.parametrize(
    ("title", "metric", "expected"),
    [
        ("Past outcomes within their interval", "leverwatch_forecast_coverage_ratio", {"{}": 0.8}),
        ("Inferences for each trace", "leverwatch_calls_per_trace_ratio", {'{job="a"}': 3}),
    ],
)
def test_a_line_to_compare_with_comes_with_what_is_compared(
    tmp_path: Path, title: str, metric: str, expected: dict[str, float]
) -> None:
    threshold = [
        {"series": f'leverwatch_calls_per_trace_threshold_ratio{{job="a",instance="{one}"}}', "values": "3x10"}
        for one in ("one", "two")
    ]
    query = expression("system", title, "B")

    assert_answer(tmp_path, query, [*threshold, *series(metric, "0.75x10")], expected)
    assert_answer(tmp_path, query, threshold, {})


def test_log_lines_that_were_left_out_are_drawn_beside_the_warnings(tmp_path: Path) -> None:
    left_out = {
        "series": 'leverwatch_log_lines_left_out_total{job="a",instance="one",event="tls_handshake_failed"}',
        "values": "0+6x10",
    }
    line = {'{job="a",instance="one",event="tls_handshake_failed"}': 360.0}

    assert_answer(tmp_path, expression("agent", "Warnings an hour, by event", "B"), [left_out], line)


def assert_answer(folder: Path, query: str, given: list[dict[str, str]], expected: dict[str, float]) -> None:
    asked = {
        "expr": query,
        "eval_time": "5m",
        "exp_samples": [{"labels": labels, "value": value} for labels, value in expected.items()],
    }
    file = folder / "empty.test.yaml"
    file.write_text(
        json.dumps({"tests": [{"interval": "1m", "input_series": given, "promql_expr_test": [asked]}]})
    )

    done = subprocess.run(
        ["promtool", "test", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
