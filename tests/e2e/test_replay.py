"""The demo's past: what changed when, by hand, and the same past in a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from leverwatch.agent.config import load_config
from leverwatch.agent.demo.build import build
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.replay.run import all_changes
from leverwatch.agent.replay.verdicts import days_between
from tests.e2e.agents import leverwatch_json
from tests.e2e.history import History, company_with_a_past
from tests.e2e.test_demo import read

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

# The usage log begins on Monday, 27 July, and has no gap; the prompts were imported on 12 July.
#
# 27 July: one day of 28 is covered, too few for volume. Prompt history is 2 weeks old, too short for a frequency.
#   So only declared behaviour decides, provisionally, because the frequency might overturn it.
# 8 August: the 28th day of prompt history, 12 July included, so four whole weeks: the frequency is known. Prompts
#   of search-summaries change on 2 or 3 days a week, those of claims-triage on 1 to 3, so the rate is at least 1
#   for both. Of contract-extraction only the import lies in these weeks: one day in four weeks. For hr-faq
#   and support-bot no recommendation changes, and that their prompts change rarely is known from then on.
# 16 August: the 21st covered day, the least that volume needs; the other 7 days cannot reach a threshold.
# 1 November: by the generator's numbers, the last 28 days of support-bot are worth 99.64M a month on 25 October,
#   101.26M on the 26th, and stay above 100M from there; 1 November is the seventh such day, which settles it.
# hr-faq (40,000 a month) stays far below the first threshold, and nothing else changes until 23 November.
TABLE = """\
2026-07-27  claims-triage        -                   fine_tuning         provisional  locked_in_behavior
2026-07-27  contract-extraction  -                   fine_tuning         provisional  locked_in_behavior
2026-07-27  hr-faq               -                   -                   undecided    -
2026-07-27  search-summaries     -                   -                   undecided    -
2026-07-27  support-bot          -                   -                   undecided    -
2026-08-08  claims-triage        fine_tuning         hybrid              decided      conflict
2026-08-08  contract-extraction  fine_tuning         fine_tuning         decided      locked_in_behavior
2026-08-08  hr-faq               -                   -                   undecided    -
2026-08-08  search-summaries     -                   prompt_engineering  decided      frequent_changes
2026-08-08  support-bot          -                   -                   undecided    -
2026-08-16  hr-faq               -                   prompt_engineering  decided      volume_low
2026-08-16  support-bot          -                   prompt_engineering  decided      volume_low
2026-11-01  support-bot          prompt_engineering  hybrid              decided      volume_mid
"""


def test_120_days_of_the_demo_change_when_they_must(tmp_path: Path) -> None:
    demo = build(tmp_path / "company", NOW)
    store = read(demo, f"sqlite:///{tmp_path / 'store.db'}")
    plan = Plan.of(load_config(demo.config).config)
    first, last = date(2026, 7, 27), date(2026, 11, 23)
    with store.past(last, plan.scope, plan.models_per_system) as past:
        found = all_changes(past, plan, days_between(first, last), {}, past.timelines)
    store.close()

    rows = [
        (
            str(change.verdict.as_of),
            change.verdict.system,
            str((change.previous and change.previous.strategy) or "-"),
            str(change.verdict.strategy or "-"),
            str(change.verdict.status),
            "conflict" if change.verdict.conflict else str(change.verdict.rule or "-"),
        )
        for change in found
    ]
    assert rows == [tuple(line.split()) for line in TABLE.splitlines()]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with company_with_a_past(tmp_path_factory.mktemp("history")) as there:
        yield there


@pytest.mark.parametrize("days_ago", [38, 20, 2])
def test_prometheus_knows_what_was_recommended_on_a_past_day_and_on_what_volume(
    history: History, days_ago: int
) -> None:
    noon = history.noon(days_ago)
    verdicts = leverwatch_json(
        "evaluate", "--as-of", str(noon.date() - timedelta(days=1)), config=history.demo.config
    )

    recommended = history.instant("leverwatch_recommended_strategy == 1", noon)
    volumes = history.instant("leverwatch_monthly_inferences", noon)

    assert {(row["metric"]["system"], row["metric"]["strategy"]) for row in recommended} == {
        (verdict["system"], verdict["strategy"]) for verdict in verdicts
    }
    assert {row["metric"]["system"]: float(row["value"][1]) for row in volumes} == {
        verdict["system"]: verdict["volume"]["monthly_inferences"] for verdict in verdicts
    }


def test_the_change_of_recommendation_is_in_the_past_of_prometheus(history: History) -> None:
    (change,) = (
        row
        for row in leverwatch_json(
            "replay",
            "--since",
            str(history.noon(39).date()),
            "--system",
            "support-bot",
            config=history.demo.config,
        )
        if row["from"] == "prompt_engineering"
    )
    (series,) = history.range('leverwatch_recommended_strategy{system="support-bot",strategy="hybrid"}', 39)

    first = min(moment for moment, value in series["values"] if value == "1")
    shown = datetime.fromtimestamp(first, UTC)
    assert (change["to"], shown.hour) == ("hybrid", 0)
    assert shown.date() - timedelta(days=1) == date.fromisoformat(change["day"])


def test_past_and_present_are_one_series(history: History) -> None:
    (series,) = history.instant('count_over_time(leverwatch_monthly_inferences{system="support-bot"}[30d])')

    (present,) = history.instant('count_over_time(leverwatch_monthly_inferences{system="support-bot"}[2h])')
    assert float(series["value"][1]) > float(present["value"][1]) > 0
    assert series["metric"]["instance"] == history.target


@pytest.mark.parametrize("counter", ["inferences", "input_tokens", "cost_usd", "prompt_changes"])
def test_counters_do_not_fall_where_the_past_meets_the_present(history: History, counter: str) -> None:
    rows = history.instant(f"resets(leverwatch_{counter}_total[35d])")

    assert len(rows) >= 5
    assert {row["value"][1] for row in rows} == {"0"}
