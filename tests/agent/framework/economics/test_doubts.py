from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.daily_usage import measured_shares
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.doubts import doubt
from leverwatch.agent.framework.economics.model import CostOutcome, EconomicsFacts, Missing
from leverwatch.agent.framework.economics.traffic import Block, Calls, TrafficMoments
from tests.agent.framework.economics.cases import MINI, calls, exactly, facts, traffic

SOUND = calls(100.0)
"""A thousand static and 200 other input tokens for each of 100 calls."""


def given(*weeks: Calls) -> EconomicsFacts:
    return replace(facts(), traffic=TrafficMoments(tuple(Block(7, (week,)) for week in weeks)), prices={"m": MINI})


def doubtful(now: EconomicsFacts) -> list[str]:
    found = assess_economics(now)
    assert found.outcome is CostOutcome.UNKNOWN
    assert (found.costs, found.saving, found.probability) == ((), None, None)
    assert {unknown.code for unknown in found.unknown} == {Missing.DOUBTFUL}
    return [unknown.text for unknown in found.unknown]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"cached_input_tokens": 150_000.0},
            "the cached input tokens of m are more than its input tokens (1,500 of 1,200 a call)",
        ),
        (
            {"cached_input_tokens": 120_000.0},
            "all input tokens of m are counted as cached, and some are always new",
        ),
        (
            {"cached_input_tokens": 70_000.0, "cache_write_tokens": 60_000.0},
            (
                "the tokens of m read from and written to the cache are more than its input tokens (1,300 of"
                " 1,200 a call)"
            ),
        ),
        (
            {"static_tokens": 130_000.0},
            "the static tokens of m are more than its input tokens (1,300 of 1,200 a call)",
        ),
        ({"output_tokens": -1.0}, "the output tokens of m are negative"),
        ({"cached_input_tokens": -5.0}, "the cached input tokens of m are negative"),
        ({"input_tokens": float("inf")}, "a sum of the calls to m is no finite number"),
    ],
)
def test_sums_that_cannot_be_right_make_the_economics_unknown(wrong: dict[str, Any], text: str) -> None:
    week = SOUND._replace(**wrong)
    assert doubt(SOUND) is None
    assert doubtful(given(week, week, week, week)) == [text]
    assert measured_shares({"m": week}) == {}


def test_one_impossible_week_is_found_although_the_four_together_are_possible() -> None:
    bad = SOUND._replace(cached_input_tokens=130_000.0)
    assert doubt(bad.plus(SOUND)) is None
    assert doubtful(given(SOUND, bad, SOUND, SOUND)) == [
        "the cached input tokens of m are more than its input tokens (1,300 of 1,200 a call)"
    ]


def test_each_doubtful_model_is_named_once() -> None:
    wrong: dict[str, Any] = {"cached_input_tokens": 130_000.0}
    moments = traffic(SOUND._replace(**wrong), calls(100.0, model="n")._replace(**wrong), calls(5.0, model="o"))
    texts = doubtful(replace(facts(), traffic=moments, prices=dict.fromkeys("mno", MINI)))
    assert [text.partition(" are")[0] for text in texts] == [
        "the cached input tokens of m",
        "the cached input tokens of n",
    ]


def test_nearly_everything_cached_and_everything_read_or_written_can_be_right() -> None:
    nearly = SOUND._replace(cached_input_tokens=119_900.0)
    both = SOUND._replace(cached_input_tokens=100_000.0, cache_write_tokens=20_000.0)
    static = SOUND._replace(static_tokens=120_000.0)
    for week in (nearly, both, static):
        assert assess_economics(given(week, week)).outcome is not CostOutcome.UNKNOWN


def test_a_week_that_does_not_tell_its_cached_tokens_takes_the_share_of_the_others() -> None:
    told = SOUND._replace(cached_input_tokens=96_000.0)
    # A fifth of the length: 80% of it is 192 tokens, not the 960 of a call of the other weeks.
    short = calls(100.0, static=200, dynamic=40)._replace(unknown_cached=100.0)
    whole = assess_economics(given(told, told, told, short)).costs[0].tokens_per_thousand
    # Mean input 960 tokens, 80% of them at half the price; 100 output tokens.
    assert whole == pytest.approx(960 * (0.2 * 0.15 + 0.8 * 0.075) / 1000 + 0.06)


def test_fewer_calls_than_traces_are_doubtful_where_calls_per_trace_matter() -> None:
    few: dict[str, Any] = {"traced": 50.0, "traces": 100.0}
    text = "fewer calls name a trace than there are traces"
    assert doubtful(facts(inputs=exactly(tuned_calls_per_trace=1), **few)) == [text]
    assert assess_economics(facts(**few)).outcome is not CostOutcome.UNKNOWN


@pytest.mark.parametrize("volume", [-1.0, float("inf"), float("nan")])
def test_a_volume_that_is_no_volume_is_doubtful(volume: float) -> None:
    assert doubtful(replace(facts(), monthly_inferences=volume)) == [
        "the monthly volume is negative or no finite number"
    ]
