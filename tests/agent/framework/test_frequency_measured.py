"""The measured aims of the frequency rule, on a small set of the histories that `bench_frequency` prints."""

from __future__ import annotations

import pytest

from leverwatch.agent.framework.model import Settings
from tests.benchmarks.bench_frequency import changes_a_year, noticed
from tests.benchmarks.frequency_rules import median_of_weeks, shipped
from tests.benchmarks.prompt_histories import History, constant, stepped

RULE = shipped(Settings())


@pytest.fixture(scope="module")
def still() -> list[History]:
    return constant(2, 3, seed=1)


@pytest.fixture(scope="module")
def steps() -> list[History]:
    return stepped(1, seed=1)


def test_a_constant_rate_changes_the_recommendation_less_than_once_in_a_year_and_a_half(
    still: list[History],
) -> None:
    assert changes_a_year(RULE, still) <= 0.6
    assert changes_a_year(RULE, [one for one in still if one.kind in {"even", "workdays", "weekly"}]) <= 0.4


def test_a_real_change_of_rate_is_noticed_within_four_weeks(steps: list[History]) -> None:
    assert noticed(RULE, steps) <= 28
    assert noticed(RULE, [one for one in steps if one.kind in {"even", "workdays", "weekly"}]) <= 25


def test_a_change_of_rate_of_sprints_by_a_plan_is_noticed_within_four_weeks(steps: list[History]) -> None:
    for kind in ("sprints of 2", "sprints of 3", "sprints of 4"):
        assert noticed(RULE, [one for one in steps if one.kind == kind]) <= 28


def test_the_median_alone_was_neither_calm_nor_quick(still: list[History], steps: list[History]) -> None:
    before = median_of_weeks(13, 1)

    assert changes_a_year(before, still) > 10
    assert noticed(before, steps) > 28
