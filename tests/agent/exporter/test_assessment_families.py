"""What the families beside the verdict make of an assessment, most of all of what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from leverwatch.agent.exporter.economics_families import ECONOMICS
from leverwatch.agent.exporter.eval_families import EVALS
from leverwatch.agent.exporter.mistake_families import MISTAKES
from leverwatch.agent.exporter.outlook_families import OUTLOOK
from leverwatch.agent.framework.assessment import Assessment, PromptJudgement
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.overengineering import judge
from leverwatch.agent.snapshot import PriceFileState
from tests.agent.exporter import assessed, samples

FAMILIES = {family.name: family for family in (*ECONOMICS, *OUTLOOK, *MISTAKES, *EVALS)}
BESIDE = sorted(name for name, family in FAMILIES.items() if "system" in family.labels)


def series(name: str, assessment: Assessment | None) -> Mapping[tuple[str, ...], float]:
    view = replace(samples.agreeing(), assessment=assessment)
    return {labels[1:]: value for labels, value in FAMILIES[name].samples(samples.systems(view))}


def seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("name", BESIDE)
def test_every_family_has_a_series_when_everything_is_known(name: str) -> None:
    assert series(name, assessed.everything()) != {}


@pytest.mark.parametrize("name", BESIDE)
def test_no_family_has_a_series_without_an_assessment(name: str) -> None:
    assert series(name, None) == {}


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_unknown_has_no_series(name: str) -> None:
    found = series(name, assessed.nothing())
    if name == "leverwatch_economics_outcome":
        assert {labels for labels, value in found.items() if value} == {("unknown",)}
    elif name == "leverwatch_economics_agreement":
        assert {labels for labels, value in found.items() if value} == {("not_compared",)}
    else:
        assert found == {}


@pytest.mark.parametrize("name", BESIDE)
def test_little_knowledge_makes_no_zero(name: str) -> None:
    found = series(name, assessed.little())
    assert set(found.values()) <= {0.0, 1.0}
    if name not in {"leverwatch_economics_outcome", "leverwatch_economics_agreement"}:
        assert found == {}


def test_a_break_even_that_is_never_reached_has_no_series() -> None:
    assert series("leverwatch_break_even_inferences", assessed.everything()) == {
        ("low",): 22_000_000.0,
        ("likely",): 36_500_000.0,
    }


def test_inputs_are_counted_by_origin() -> None:
    assert series("leverwatch_economics_inputs", assessed.everything()) == {
        ("measured",): 1,
        ("configured",): 1,
        ("assumed",): 2,
    }


def test_costs_are_by_strategy() -> None:
    assert series("leverwatch_strategy_monthly_cost_usd", assessed.everything()) == {
        ("prompt_engineering",): 21_500.0,
        ("hybrid",): 17_250.5,
        ("fine_tuning",): 12_800.0,
    }
    assert ("fine_tuning",) not in series(
        "leverwatch_strategy_cost_per_thousand_inferences_usd", assessed.everything()
    )


def test_the_parts_of_a_strategy_add_up_to_its_cost() -> None:
    found = series("leverwatch_strategy_monthly_cost_part_usd", assessed.everything())
    assert found[("prompt_engineering", "tokens")] == 21_060.0
    assert found[("hybrid", "hosting")] == 2_100.0
    for (strategy,), cost in series("leverwatch_strategy_monthly_cost_usd", assessed.everything()).items():
        assert sum(amount for (owner, _), amount in found.items() if owner == strategy) == cost


def test_the_change_has_its_saving_with_both_quantiles_and_its_probability() -> None:
    assert series("leverwatch_recommendation_saving_usd", assessed.everything()) == {
        ("low",): -1_150.0,
        ("likely",): 4_249.5,
        ("high",): 9_300.0,
    }
    assert series("leverwatch_recommendation_saves_probability_ratio", assessed.everything()) == {(): 0.78}


def test_a_recommendation_that_is_declared_saves_zero_and_has_no_probability() -> None:
    same = replace(assessed.everything(), economics=replace(assessed.economics(), change=assessed.no_change()))
    assert series("leverwatch_recommendation_saving_usd", same) == {("low",): 0, ("likely",): 0, ("high",): 0}
    assert series("leverwatch_recommendation_saves_probability_ratio", same) == {}


def test_without_a_comparison_there_is_no_saving() -> None:
    economics = replace(assessed.economics(), change=None, not_compared="no strategy is declared")
    found = replace(assessed.everything(), economics=economics)
    assert series("leverwatch_recommendation_saving_usd", found) == {}
    assert series("leverwatch_recommendation_saves_probability_ratio", found) == {}


def test_a_boundary_beyond_the_horizon_has_a_probability_and_no_date() -> None:
    assert series("leverwatch_crossing_expected_timestamp_seconds", assessed.everything()) == {
        ("fine_tuning",): seconds(date(2026, 5, 11))
    }
    assert series("leverwatch_crossing_probability_ratio", assessed.everything()) == {
        ("hybrid",): 0.0,
        ("fine_tuning",): 0.75,
    }


def test_the_state_sets_have_one_present_state() -> None:
    for name, present in {
        "leverwatch_economics_outcome": "cheaper",
        "leverwatch_economics_agreement": "agrees",
        "leverwatch_forecast_method": "theil-sen-13w-damped",
        "leverwatch_baseline_outcome": "worse",
    }.items():
        found = series(name, assessed.everything())
        assert {labels for labels, value in found.items() if value == 1} == {(present,)}, name
        assert set(found.values()) == {0.0, 1.0}, name


def test_a_sign_and_an_evidence_that_are_unknown_are_absent() -> None:
    judgement = assessed.prompts()
    moments = replace(judgement.moments, attempts=None)
    unknown = replace(assessed.everything(), prompts=PromptJudgement(moments, judge(moments)))
    signs = series("leverwatch_over_engineering_sign", unknown)

    assert signs == {("caching",): 1, ("chain",): 1, ("growth",): 1, ("static_share",): 1}
    assert series("leverwatch_locked_in_support", assessed.everything()) == {
        ("validation_failures",): 0,
        ("stable_prompt",): 0,
    }


def test_a_schema_mode_comes_first_only_when_outputs_were_checked() -> None:
    everything = assessed.everything()
    calm = replace(assessed.locked_in(), advice=())

    assert series("leverwatch_structured_output_first", everything) == {(): 1}
    assert series("leverwatch_structured_output_first", replace(everything, locked_in=calm)) == {(): 0}
    assert series("leverwatch_structured_output_first", assessed.little()) == {}


def test_the_last_day_of_a_model_is_by_model() -> None:
    assert series("leverwatch_model_shutdown_timestamp_seconds", assessed.everything()) == {
        ("small-1",): seconds(date(2026, 4, 20))
    }


def test_a_price_file_has_series_only_when_it_is_configured() -> None:
    problems, failures = "leverwatch_price_file_problems", "leverwatch_price_file_failures_total"
    without = replace(samples.systems(), price_file=None)
    broken = replace(without, price_file=PriceFileState(("a", "b"), 3))

    assert [list(FAMILIES[name].samples(without)) for name in (problems, failures)] == [[], []]
    assert [list(FAMILIES[name].samples(broken)) for name in (problems, failures)] == [[((), 2)], [((), 3)]]


def test_the_horizon_is_in_seconds() -> None:
    snapshot = replace(samples.systems(), forecast=ForecastSettings(horizon_weeks=2))

    assert list(FAMILIES["leverwatch_crossing_horizon_seconds"].samples(snapshot)) == [((), 14 * 86_400)]


def test_the_newest_eval_results_have_their_score_cases_and_time_as_they_were_read() -> None:
    tuned, other = ("small-1-lora", "golden", "accuracy"), ("small-1", "golden", "tone")
    found = assessed.everything()

    assert series("leverwatch_eval_result_score", found) == {tuned: 0.75, other: -0.25}
    assert series("leverwatch_eval_result_cases", found) == {tuned: 200, other: 40}
    assert series("leverwatch_eval_result_timestamp_seconds", found) == {
        tuned: seconds(date(2026, 1, 12)) + 12 * 3600,
        other: seconds(date(2025, 12, 20)) + 12 * 3600,
    }


def test_eval_results_are_exported_where_no_model_is_fine_tuned() -> None:
    found = replace(assessed.little(), evaluations=assessed.evaluations())

    assert series("leverwatch_baseline_outcome", found) == {}
    assert len(series("leverwatch_eval_result_score", found)) == 2
