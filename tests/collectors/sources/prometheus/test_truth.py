"""The increases of each day, against what happened and what `increase` says, on real servers."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leverwatch.collectors.sources.prometheus.totals import recovered
from tests.collectors.sources.prometheus.columns import Column, scattered
from tests.collectors.sources.prometheus.conftest import SEED
from tests.collectors.sources.prometheus.stored import DAY, FIRST, calls, day, days, source

pytestmark = pytest.mark.e2e
SIM: dict[str, Any] = {
    "metrics": {"inferences": "calls_total"}, "system": "{case}", "replica_labels": ["replica"],
}  # fmt: skip
PAGE = Path(__file__).parents[4] / "docs" / "sources" / "prometheus.md"


def seen(column: Column, number: int) -> float:
    """Return what all samples tell of a day: from the one before it, and from zero when there is none."""
    begin, end = number * DAY, (number + 1) * DAY
    return sum(
        recovered(
            max(((at, value) for at, value in series.samples if at <= begin), default=(0, None))[1],
            [value for at, value in series.samples if begin < at <= end],
        )
        for series in column.series
    )


def increase(url: str, case: str, number: int) -> float:
    """Return what `increase` of a server says of a day; of two replicas the greater one."""
    query = f'sum(max by (pod) (increase(calls_total{{case="{case}"}}[1d])))'
    given = {"query": query, "time": str(FIRST.timestamp() + (number + 1) * DAY)}
    (found,) = requests.get(f"{url}/api/v1/query", given, timeout=30).json()["data"]["result"]
    return float(found["value"][1])


def test_a_day_has_what_all_samples_tell_and_nothing_else(server: str, known: dict[str, Column]) -> None:
    found = calls(source(server, **SIM).ask(days(1, 3)))

    for name, column in known.items():
        if name != "replicas":
            told = [found.get((name, number), 0) for number in (1, 2, 3)]
            assert told == [seen(column, number) for number in (1, 2, 3)], name


def test_any_counters_have_on_every_day_what_all_of_their_samples_tell(server: str) -> None:
    series = scattered(SEED)
    asked = source(server, metrics={"inferences": "scattered_total"}, system="{case}")

    found = calls(asked.ask(days(1, 3)))

    told = {
        (it.labels["case"], number): seen(Column("", [], [it]), number) for it in series for number in (1, 2, 3)
    }
    assert found == {key: value for key, value in told.items() if value}
    assert len([key for key in told if told[key]]) > 60


# What is lost lies between the last scrape and a new start, or the end of a pod; two calls a second, every 15 s.
BOUNDS = {"plain": 40, "resets": 150, "born": 0, "burst": 40, "pods": 600, "replicas": 40}


def test_a_day_is_as_near_to_the_truth_as_its_samples_allow(server: str, known: dict[str, Column]) -> None:
    found = calls(source(server, **SIM).ask(days(1, 3)))

    wrong = {
        (name, number): found.get((name, number), 0) - known[name].truth[number]
        for name in BOUNDS
        for number in (1, 2, 3)
    }
    assert {key: off for key, off in wrong.items() if abs(off) > BOUNDS[key[0]]} == {}
    assert wrong["pods", 1] < 0
    gap = [found["gap", number] - known["gap"].truth[number] for number in (1, 2, 3)]
    assert gap[0] < -14_000 < 14_000 < gap[1]
    assert abs(sum(gap)) <= 40


@pytest.mark.parametrize("split", [[(1, 1), (2, 2), (3, 3)], [(1, 2), (3, 3)], [(1, 1), (2, 3)]])
def test_nothing_is_lost_or_doubled_however_days_are_asked_for(server: str, split: list[tuple[int, int]]) -> None:
    whole = calls(source(server, **SIM).ask(days(1, 3)))

    parts: dict[tuple[str, int], float] = {}
    for first, last in split:
        parts |= calls(source(server, **SIM).ask(days(first, last)))

    assert parts == whole


def test_a_gap_is_told_from_a_day_on_which_nothing_happened(server: str) -> None:
    gap, born = (source(server, **SIM, matching=f'case="{case}"').ask(days(1, 4)) for case in ("gap", "born"))

    assert gap.filled == {day(1), day(2), day(3)}
    assert gap.partial == {day(1), day(2)}
    assert [(place[-10:], *rest) for place, *rest in gap.problems] == [
        ("2026-03-02", "gap", "samples are missing for 8.3% of the time (2.0 h)"),
        ("2026-03-03", "gap", "samples are missing for 8.3% of the time (2.0 h)"),
    ]
    # Of idle days there are samples; of the last one there is nothing at all.
    assert (set(born.filled), set(born.partial), list(born.problems)) == ({day(1), day(2), day(3)}, set(), [])


def test_a_bound_says_when_a_gap_makes_a_day_partial(server: str) -> None:
    settings = {**SIM, "matching": 'case="gap"', "partial_above": 0.1}

    assert source(server, **settings).ask(days(1, 2)).partial == frozenset()


def test_what_is_older_than_everything_that_is_known_counts_from_its_first_sample(
    server: str, known: dict[str, Column]
) -> None:
    found = source(server, **SIM).ask(days(0, 0))

    first = known["plain"].series[0].samples
    assert calls(found)["plain", 0] == max(value for at, value in first if at <= DAY) - first[0][1]
    assert found.partial == {day(0)}
    assert found.problems[0][1:] == (
        "unknown_beginning", "5 series had counted before their first sample, from which they count here",
    )  # fmt: skip


def test_the_present_day_counts_until_now(server: str, known: dict[str, Column]) -> None:
    now = FIRST + timedelta(days=2, hours=20, minutes=31)

    found = source(server, now, **SIM, matching='case=~"plain|resets"').ask(days(1, 2))

    until = 2 * DAY + 20 * 3600 + 30 * 60
    for name in ("plain", "resets"):
        (series,) = known[name].series
        before = max(it for it in series.samples if it[0] <= 2 * DAY)[1]
        rest = [value for at, value in series.samples if 2 * DAY < at <= until]
        assert calls(found)[name, 2] == recovered(before, rest), name
        assert calls(found)[name, 1] == seen(known[name], 1)


def test_the_page_has_the_errors_that_are_measured_here(
    server: str, known: dict[str, Column], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["server"]
    found = calls(source(server, **SIM).ask(days(1, 2)))
    names = {"prometheus": "Prometheus", "victoriametrics": "VictoriaMetrics"}

    def row(title: str, errors: list[float]) -> str:
        return f"| {title} | " + " | ".join(f"{error:+,.0f}" for error in errors) + " |"

    order = ("plain", "resets", "gap", "born", "burst", "pods", "replicas")
    ours = row(
        f"`type: prometheus`, {names[kind]}", [found.get((name, 1), 0) - known[name].truth[1] for name in order]
    )
    theirs = row(
        f"`increase`, {names[kind]}", [increase(server, name, 1) - known[name].truth[1] for name in order]
    )
    print(f"\n{ours}\n{theirs}")
    text = PAGE.read_text()
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        for line in (ours, theirs):
            start = re.escape(line[: line.index("|", 2) + 1])
            text = re.sub(f"(?m)^{start}.*$", line, text)
        PAGE.write_text(text)
    assert ours in text
    assert theirs in text
