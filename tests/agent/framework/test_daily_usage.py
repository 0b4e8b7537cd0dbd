from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.daily_usage import (
    DailyUsage,
    PromptSums,
    day_calls,
    measured_shares,
    output_checks,
    prompt_moments,
    recent_models,
)
from leverwatch.agent.framework.economics.traffic import Calls, DayCalls
from leverwatch.agent.framework.locked_in import OutputChecks
from leverwatch.agent.framework.overengineering import PromptMoments
from tests.agent.framework.facts import AS_OF, ago

NAMES = DailyUsage._fields[2:]


def row(age: int = 0, model: str = "m", **sums: Any) -> DailyUsage:
    return DailyUsage(ago(age), model, **{**dict.fromkeys(NAMES, 0.0), **sums})


def test_the_calls_are_the_sums_of_the_same_names() -> None:
    moments = DailyUsage(AS_OF, "m", *(float(number) for number in range(len(NAMES))))

    [found] = day_calls([moments])

    assert isinstance(found, DayCalls)
    assert found.day == AS_OF
    assert found.calls._asdict() == {name: getattr(moments, name) for name in Calls._fields}


def test_checks_are_added_up_by_day_and_a_day_without_any_is_unknown() -> None:
    rows = [
        row(1, checked=10, invalid=2),
        row(1, "n", checked=5, invalid=1, schema_checked=5, schema_mode=4),
        row(2, inferences=100),
    ]

    assert output_checks(rows) == {ago(1): OutputChecks(15, 3, 5, 4)}


def test_recent_models_are_those_of_28_days() -> None:
    rows = [row(0, inferences=1), row(0, inferences=2), row(27, "n", inferences=3), row(28, "o", inferences=4)]

    assert recent_models(rows, AS_OF) == {"m": {AS_OF: 3.0}, "n": {ago(27): 3.0}}


def test_means_are_over_the_calls_that_are_known() -> None:
    rows = [
        row(
            inferences=100,
            attempts=120,
            input_tokens=8_000,
            unknown_input=20,
            output_tokens=3_000,
            cached_input_tokens=1_500,
            unknown_cached=50,
            static_tokens=2_400,
            static_known=60,
            traced=90,
            traces=30,
        ),
        row(28, inferences=1_000, input_tokens=9e9),
    ]
    earlier = PromptSums(10, 700, 0, 250, 10)

    assert prompt_moments(rows, earlier, AS_OF, eval_gain=False) == PromptMoments(
        input_tokens=100.0,
        output_tokens=30.0,
        static_tokens=40.0,
        cached_tokens=30.0,
        calls_per_trace=3.0,
        attempts=1.2,
        earlier_input_tokens=70.0,
        earlier_static_tokens=25.0,
        eval_gain=False,
    )


@pytest.mark.parametrize(
    ("sums", "unknown"),
    [
        ({"unknown_input": 51.0}, "input_tokens"),
        ({"unknown_output": 51.0}, "output_tokens"),
        ({"unknown_cached": 51.0}, "cached_tokens"),
        ({"static_known": 49.0}, "static_tokens"),
        ({"traces": 0.0}, "calls_per_trace"),
        ({"attempts": 99.0}, "attempts"),
    ],
)
def test_what_fewer_than_half_of_the_calls_support_is_unknown(sums: dict[str, Any], unknown: str) -> None:
    known: dict[str, Any] = {"inferences": 100, "attempts": 100, "static_known": 50, "traced": 100, "traces": 50}

    assert getattr(prompt_moments([row(**known)], None, AS_OF), unknown) is not None
    assert getattr(prompt_moments([row(**known)._replace(**sums)], None, AS_OF), unknown) is None


def test_no_usage_means_nothing_is_known() -> None:
    assert prompt_moments([], PromptSums(10, 700, 0, 250, 10), AS_OF) == PromptMoments()
    assert prompt_moments([row(inferences=0)], None, AS_OF) == PromptMoments()


@given(
    st.lists(
        st.builds(
            lambda age, *sums: DailyUsage(AS_OF - timedelta(days=age), "m", *sums),
            st.integers(0, 40),
            *[st.floats(0, 1e6)] * len(NAMES),
        ),
        max_size=5,
    )
)
def test_no_sums_make_a_mean_that_is_negative_or_an_error(rows: list[DailyUsage]) -> None:
    found = prompt_moments(rows, None, AS_OF)

    for name in ("input_tokens", "output_tokens", "static_tokens", "cached_tokens", "attempts", "calls_per_trace"):
        value = getattr(found, name)
        assert value is None or value >= 0


def calls(model: str = "m", **sums: float) -> Calls:
    return Calls(model, **{"inferences": 10, "input_tokens": 1_000, **sums})


def test_shares_that_every_model_measured_are_measured() -> None:
    one = calls(static_tokens=200, static_known=5, cached_input_tokens=300)
    two = calls("n", static_tokens=600, static_known=10, cached_input_tokens=100, unknown_cached=5)

    found = measured_shares({"m": one, "n": two})

    assert found == {"static_share": pytest.approx(0.5), "cached_share": pytest.approx(0.25)}


def test_a_share_that_one_model_did_not_measure_is_left_to_the_assumption() -> None:
    one = calls(static_tokens=200, static_known=5, cached_input_tokens=300)

    assert set(measured_shares({"m": one, "n": calls("n")})) == {"cached_share"}
    assert set(measured_shares({"m": one, "n": calls("n", static_known=1, unknown_cached=6)})) == {"static_share"}
    assert measured_shares({"m": one, "n": calls("n", unknown_input=10)}) == {}
    assert measured_shares({}) == {}
