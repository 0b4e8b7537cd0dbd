from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.comparison import ComparisonOutcome, compare
from leverwatch.collectors.interface import EvalResult
from tests.agent.framework.evals import result

OPPOSITE = {ComparisonOutcome.BETTER: ComparisonOutcome.WORSE, ComparisonOutcome.WORSE: ComparisonOutcome.BETTER}


@st.composite
def shares(draw: st.DrawFn) -> EvalResult:
    n = draw(st.integers(1, 5000))
    return result(1, draw(st.integers(0, n)), n)


@st.composite
def scores(draw: st.DrawFn) -> EvalResult:
    value = draw(st.floats(-1e3, 1e3))
    return result(1, None, draw(st.integers(1, 5000)), value=value, stderr=draw(st.floats(0, 100)))


def test_two_shares_are_compared_with_newcombes_interval() -> None:
    # Newcombe 1998 (Statistics in Medicine 17), table II, case (a), method 10: 0.0524 to 0.3339.
    compared = compare(result(9, 48, 80), result(1, 56, 70))

    assert compared.outcome is ComparisonOutcome.BETTER
    assert compared.difference == pytest.approx(0.2)
    assert compared.low == pytest.approx(0.0524, abs=5e-5)
    assert compared.high == pytest.approx(0.3339, abs=5e-5)


def test_two_means_are_compared_with_their_standard_errors() -> None:
    compared = compare(result(9, None, value=3.0, stderr=0.3), result(1, None, value=4.0, stderr=0.4))

    assert compared.outcome is ComparisonOutcome.BETTER
    assert compared.low == pytest.approx(1 - 1.959964 * 0.5)
    assert compared.reason.code == "eval_better"
    assert compared.reason.text == (
        "answers accuracy: from 3 (n=200) to 4 (n=200), difference +1 (+0.02002 to +1.98 at 95.00%)"
    )


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (result(9, 150), result(1, 152), ComparisonOutcome.NO_DIFFERENCE),
        (result(9, 190), result(1, 150), ComparisonOutcome.WORSE),
        (result(9, 29, 29), result(1, 0, 500), ComparisonOutcome.TOO_SMALL),
        (result(9, 0, 500), result(1, 29, 29), ComparisonOutcome.TOO_SMALL),
        (result(9, 100, suite_hash="other"), result(1, 190), ComparisonOutcome.NOT_COMPARABLE),
        (result(9, 100), result(1, 190, higher_is_better=None), ComparisonOutcome.NOT_COMPARABLE),
        (result(9, 100), result(1, 190, higher_is_better=False), ComparisonOutcome.NOT_COMPARABLE),
        (result(9, None), result(1, 190), ComparisonOutcome.NOT_COMPARABLE),
        (
            result(9, None, value=90.0, stderr=1.0, higher_is_better=False),
            result(1, None, value=80.0, stderr=1.0, higher_is_better=False),
            ComparisonOutcome.BETTER,
        ),
        (result(9, None, value=0.5, stderr=0.0), result(1, None, value=0.6, stderr=0.0), ComparisonOutcome.BETTER),
        (result(9, None, value=0.5, stderr=0.01), result(1, 200), ComparisonOutcome.BETTER),
    ],
)
def test_what_a_comparison_comes_to(before: EvalResult, after: EvalResult, outcome: ComparisonOutcome) -> None:
    assert compare(before, after).outcome is outcome


def test_more_comparisons_ask_for_more() -> None:
    before, after = result(9, 150), result(1, 166)

    assert compare(before, after).outcome is ComparisonOutcome.BETTER
    assert compare(before, after, comparisons=10).outcome is ComparisonOutcome.NO_DIFFERENCE
    assert compare(before, after, comparisons=10).confidence == pytest.approx(0.995)


@given(st.one_of(st.tuples(shares(), shares()), st.tuples(scores(), scores()), st.tuples(shares(), scores())))
def test_swapping_before_and_after_swaps_better_and_worse(pair: tuple[EvalResult, EvalResult]) -> None:
    there, back = compare(*pair), compare(pair[1], pair[0])

    assert back.outcome is OPPOSITE.get(there.outcome, there.outcome)
    assert back.difference == -there.difference
    if there.low is not None and there.high is not None:
        assert back.low == pytest.approx(-there.high, abs=1e-9)
        assert back.high == pytest.approx(-there.low, abs=1e-9)
        assert there.low <= there.difference <= there.high


@given(st.one_of(st.tuples(shares(), shares()), st.tuples(scores(), scores())))
def test_turning_the_direction_swaps_better_and_worse(pair: tuple[EvalResult, EvalResult]) -> None:
    turned = [replace(side, higher_is_better=False) for side in pair]

    there = compare(*pair).outcome
    assert compare(*turned).outcome is OPPOSITE.get(there, there)


def grown(given_result: EvalResult, times: int) -> EvalResult:
    """The same result from so many times as many cases."""
    passed = None if given_result.passed is None else given_result.passed * times
    stderr = None if given_result.stderr is None else given_result.stderr / sqrt(times)
    return replace(given_result, n=given_result.n * times, passed=passed, stderr=stderr)


@given(st.one_of(st.tuples(shares(), shares()), st.tuples(scores(), scores())), st.integers(2, 50))
def test_more_cases_with_the_same_result_only_make_it_clearer(
    pair: tuple[EvalResult, EvalResult], times: int
) -> None:
    small, large = compare(*pair), compare(*(grown(side, times) for side in pair))
    assume(small.outcome in OPPOSITE)

    assert large.outcome is small.outcome


@given(shares(), st.integers(2, 12))
def test_a_result_compared_with_itself_never_differs(same: EvalResult, comparisons: int) -> None:
    assert compare(same, same, comparisons=comparisons).outcome in {
        ComparisonOutcome.NO_DIFFERENCE,
        ComparisonOutcome.TOO_SMALL,
    }


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (
            result(9, None, 40, value=0.9, stderr=sqrt(0.09 / 39)),
            result(1, None, 40, value=1.0, stderr=0.0),
            "no_difference",
        ),
        (result(9, 36, 40), result(1, None, 40, value=1.0, stderr=0.0), "no_difference"),
        (result(9, None, 40, value=1.0, stderr=0.0), result(1, None, 40, value=0.0, stderr=0.0), "worse"),
        (result(9, None, 40, value=7.0, stderr=0.0), result(1, None, 40, value=8.0, stderr=0.0), "not_comparable"),
    ],
)
def test_no_spread_at_all_is_no_certainty(before: EvalResult, after: EvalResult, outcome: str) -> None:
    assert compare(before, after).outcome == outcome


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt_version": "v2"}, "the prompts differ: v1 before, v2 after"),
        ({"prompt_version": ""}, "whether the prompts are the same cannot be told: only one is named, v1"),
        ({"errored": 11}, "11 of 200 cases ended with an error in the result from after"),
        ({"errored": 11, "cases": 211}, "11 of 211 cases ended with an error in the result from after"),
        (
            {"suite_hash": "h1~cases"},
            "whether the test cases are the same cannot be told: one of the two runs did not write their hash",
        ),
        ({"suite_hash": "h2~cases"}, "the suites differ in their test cases"),
    ],
)
def test_what_makes_two_results_not_comparable_is_said(change: dict[str, Any], reason: str) -> None:
    compared = compare(result(9, 100), result(1, 190, **change))

    assert compared.outcome is ComparisonOutcome.NOT_COMPARABLE
    assert compared.reason.text == f"answers accuracy: {reason}"


def test_a_few_errors_are_no_reason_not_to_compare() -> None:
    assert compare(result(9, 100, errored=10), result(1, 190)).outcome is ComparisonOutcome.BETTER


def test_the_same_cases_are_the_same_wherever_they_were_read_from() -> None:
    assert compare(result(9, 100, suite_hash="a~x"), result(1, 190, suite_hash="b~x")).outcome == "better"
    assert compare(result(9, 100, suite_hash="a~x"), result(1, 190, suite_hash="a~y")).outcome == "not_comparable"


def test_results_of_any_prompt_are_compared_where_the_prompt_is_what_changed() -> None:
    assert compare(result(9, 100), result(1, 190, prompt_version="v2"), any_prompt=True).outcome == "better"
