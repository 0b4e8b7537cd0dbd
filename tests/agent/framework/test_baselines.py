from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.baselines import Baseline, BaselineCode, Side, baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.fine_tuned_models import ModelDays
from leverwatch.agent.framework.mistakes import BaselineSettings
from leverwatch.collectors.interface import EvalResult
from tests.agent.framework.evals import BASE, TUNED, counts, result
from tests.agent.framework.facts import AS_OF

ADOPTED = 20
DAILY = {BASE: counts(100, 60), TUNED: counts(100, ADOPTED)}
BEFORE = result(ADOPTED + 5, 150)


def after(passed: int = 150, n: int = 200, age: int = ADOPTED - 1, **changes: Any) -> EvalResult:
    return result(age, passed, n, TUNED, **changes)


def found(*results: EvalResult, daily: ModelDays = DAILY, **settings: Any) -> Baseline:
    judged = baseline(daily, results, AS_OF, BaselineSettings(**settings))
    assert judged is not None
    return judged


def codes(judged: Baseline) -> list[str]:
    return [reason.code for reason in judged.reasons]


def test_a_system_without_a_tuned_model_needs_no_baseline() -> None:
    assert baseline({BASE: counts(100, 60)}, [BEFORE], AS_OF) is None
    assert baseline({}, [], AS_OF) is None


def test_a_tuned_model_that_served_its_last_part_long_ago_needs_none() -> None:
    assert baseline({BASE: counts(100, 90), TUNED: counts(100, 60, 28)}, [], AS_OF) is None
    assert baseline({BASE: counts(100, 90), TUNED: counts(100, 60, 27)}, [], AS_OF) is not None


@pytest.mark.parametrize(
    ("passed", "outcome"),
    [(190, ComparisonOutcome.BETTER), (152, ComparisonOutcome.NO_DIFFERENCE), (110, ComparisonOutcome.WORSE)],
)
def test_before_and_after_are_compared(passed: int, outcome: ComparisonOutcome) -> None:
    judged = found(BEFORE, after(passed))

    assert (judged.outcome, judged.missing, judged.stale) == (outcome, (), False)
    assert (judged.tuned.model, judged.previous) == (TUNED, (BASE,))
    assert judged.age_days == ADOPTED - 1
    assert codes(judged) == [f"eval_{outcome}"]


def test_a_tuned_model_may_have_been_evaluated_before_it_served_anybody() -> None:
    assert found(BEFORE, after(190, age=ADOPTED + 3)).outcome is ComparisonOutcome.BETTER
    assert found(BEFORE, after(190, age=ADOPTED + 31)).missing == (Side.AFTER,)


@pytest.mark.parametrize(
    ("results", "missing", "wanted"),
    [
        ([], (Side.BEFORE, Side.AFTER), [BaselineCode.MISSING_BEFORE, BaselineCode.MISSING_AFTER]),
        ([BEFORE], (Side.AFTER,), [BaselineCode.MISSING_AFTER]),
        ([after()], (Side.BEFORE,), [BaselineCode.MISSING_BEFORE]),
        ([result(ADOPTED + 31), after()], (Side.BEFORE,), [BaselineCode.MISSING_BEFORE]),
        ([result(ADOPTED - 1), after()], (Side.BEFORE,), [BaselineCode.MISSING_BEFORE]),
        ([result(ADOPTED + 5, model="another"), after()], (Side.BEFORE,), [BaselineCode.MISSING_BEFORE]),
    ],
)
def test_what_is_missing_is_said(
    results: Sequence[EvalResult], missing: tuple[Side, ...], wanted: list[BaselineCode]
) -> None:
    judged = found(*results)

    assert (judged.outcome, judged.missing, codes(judged)) == (ComparisonOutcome.MISSING, missing, wanted)


@pytest.mark.parametrize("age", [ADOPTED, ADOPTED + 30])
def test_both_ends_of_the_thirty_days_belong_to_them(age: int) -> None:
    assert found(result(age, 150), after(190)).outcome is ComparisonOutcome.BETTER


def test_a_system_that_began_with_a_tuned_model_is_compared_with_any_other() -> None:
    judged = found(result(ADOPTED + 5, 150, model="prototype"), after(190), daily={TUNED: counts(100, ADOPTED)})

    assert (judged.outcome, judged.previous) == (ComparisonOutcome.BETTER, ())


def test_other_test_cases_are_never_compared_silently() -> None:
    judged = found(BEFORE, after(190, suite_hash="h2"))

    assert (judged.outcome, codes(judged)) == (ComparisonOutcome.NOT_COMPARABLE, ["eval_not_comparable"])
    assert judged.reasons[0].text == "answers accuracy: the suites differ in their test cases"


def test_results_that_share_no_metric_are_not_comparable() -> None:
    judged = found(BEFORE, after(190, metric="tone"))

    assert (judged.outcome, codes(judged)) == (ComparisonOutcome.NOT_COMPARABLE, [BaselineCode.NOTHING_SHARED])


def test_the_pair_of_the_same_cases_is_preferred_and_then_the_larger_and_the_newer() -> None:
    judged = found(
        result(ADOPTED + 1, 10, suite_hash="h2"),
        result(ADOPTED + 9, 100),
        result(ADOPTED + 5, 150),
        result(ADOPTED + 1, 20, 20),
        after(0, age=1, suite_hash="h3"),
        after(190, age=5),
        after(2, 20, age=2),
    )

    (compared,) = judged.comparisons
    assert (compared.before.passed, compared.after.passed) == (150, 190)
    assert judged.outcome is ComparisonOutcome.BETTER


def test_the_pair_of_the_same_prompt_is_preferred_to_a_newer_one_of_another() -> None:
    judged = found(BEFORE, after(160, age=5), after(20, age=1, prompt_version="another"))

    (compared,) = judged.comparisons
    assert (compared.before.prompt_version, compared.after.prompt_version, compared.after.passed) == (
        "v1",
        "v1",
        160,
    )
    assert judged.outcome is ComparisonOutcome.NO_DIFFERENCE


def test_two_prompts_are_never_compared_silently() -> None:
    judged = found(BEFORE, after(20, prompt_version="another"))

    assert judged.outcome is ComparisonOutcome.NOT_COMPARABLE
    assert judged.reasons[0].text == "answers accuracy: the prompts differ: v1 before, another after"


def test_one_metric_that_got_worse_outweighs_all_that_got_better() -> None:
    judged = found(
        BEFORE, replace(BEFORE, metric="tone"), after(199), after(100, metric="tone"), after(5, 10, metric="new")
    )

    assert judged.outcome is ComparisonOutcome.WORSE
    assert codes(judged) == ["eval_worse", "eval_better"]
    assert [comparison.confidence for comparison in judged.comparisons] == [0.975, 0.975]


def test_a_small_result_is_too_small_whatever_it_says() -> None:
    assert found(BEFORE, after(29, 29)).outcome is ComparisonOutcome.TOO_SMALL
    assert found(BEFORE, after(29, 29), minimum_n=29).outcome is ComparisonOutcome.BETTER


def test_a_baseline_grows_stale() -> None:
    old = {BASE: counts(100, 200), TUNED: counts(100, 100)}
    results = [result(105, 150), after(190, age=60)]

    fresh = found(*results, daily=old)
    stale = found(*results, daily=old, stale_after_days=59)

    assert (fresh.stale, fresh.age_days) == (False, 60)
    assert (stale.stale, stale.outcome) == (True, ComparisonOutcome.BETTER)
    assert codes(stale) == ["eval_better", BaselineCode.STALE_AGE]


def test_a_baseline_of_an_earlier_tuned_model_is_stale_and_the_new_one_has_none() -> None:
    newer = "ft:gpt-4o-mini:org::v2"
    daily = DAILY | {newer: counts(100, 5)}
    judged = found(BEFORE, after(190), daily=daily)

    assert judged.tuned.model == newer
    assert (judged.outcome, judged.missing, judged.stale) == (ComparisonOutcome.MISSING, (Side.AFTER,), True)
    assert (judged.age_days, judged.newest) == (ADOPTED - 1, AS_OF - timedelta(days=ADOPTED - 1))
    assert codes(judged) == [BaselineCode.MISSING_AFTER, BaselineCode.STALE_VERSION]


def test_patterns_of_the_settings_and_of_the_system_name_tuned_models() -> None:
    daily = {BASE: counts(100, 60), "acme-1": counts(100, ADOPTED)}

    assert baseline(daily, [], AS_OF) is None
    assert found(daily=daily, tuned_models=("acme-*",)).tuned.model == "acme-1"
    judged = baseline(daily, [], AS_OF, None, ["acme-?"])
    assert judged is not None
    assert judged.tuned.model == "acme-1"


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 400), st.integers(1, 400))
def test_swapping_the_two_results_swaps_better_and_worse(x1: int, x2: int, n1: int, n2: int) -> None:
    first, second = (min(x1, n1), n1), (min(x2, n2), n2)
    there = found(result(ADOPTED + 5, *first), after(*second)).outcome
    back = found(result(ADOPTED + 5, *second), after(*first)).outcome

    opposite = {
        ComparisonOutcome.BETTER: ComparisonOutcome.WORSE,
        ComparisonOutcome.WORSE: ComparisonOutcome.BETTER,
    }
    assert back is opposite.get(there, there)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.sampled_from([BASE, TUNED])), max_size=12))
def test_results_of_days_to_come_change_nothing(drawn: list[tuple[int, int, str]]) -> None:
    results = [result(age, passed, 40, model) for age, passed, model in drawn]
    ahead = [replace(one, at=one.at + timedelta(days=200)) for one in results]

    assert found(*results) == found(*results, *ahead)
