"""The range and the probability of the change, and the words for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.model import CostOfChange, Economics, EconomicsFacts
from leverwatch.agent.framework.economics.words import bill_text, change_notes, change_text
from leverwatch.agent.framework.model import Strategy
from tests.agent.framework.economics.cases import LARGE, TUNED_MINI, facts
from tests.agent.framework.economics.test_by_hand import INPUTS
from tests.agent.framework.economics.test_properties import FACTS, FEW

PE, HYBRID, FT = Strategy


def changed(now: EconomicsFacts, declared: Strategy, recommended: Strategy) -> tuple[Economics, CostOfChange]:
    found = assess_economics(replace(now, declared=declared, recommended=recommended))
    assert found.change is not None
    return found, found.change


def with_operations(low: float, likely: float, high: float) -> EconomicsFacts:
    """A system of 2M calls, of whose inputs only this one is a range. With 500 fine-tuning saves 6,960 USD."""
    inputs = {**INPUTS, "operations_usd_per_month": Amount(low, likely, high, Origin.CONFIGURED)}
    return facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=inputs)


def test_the_range_is_that_of_the_only_input_that_has_one() -> None:
    _, change = changed(with_operations(0, 500, 1_000), PE, FT)
    # A tenth of this triangle lies below 1,000 x (0.1 / 2)**0.5 = 223.61, and another above 776.39.
    assert (change.low, change.high) == pytest.approx((6_960 - 276.39, 6_960 + 276.39), abs=3)
    assert change.saving == pytest.approx(6_960)


def test_the_probability_is_the_share_of_the_triangle_that_saves() -> None:
    # Saves up to 7,460 USD of operations: (7,460 / 14,000)**2 / 2 below the middle of 7,000 and more above it.
    _, change = changed(with_operations(0, 7_000, 14_000), PE, FT)
    assert change.probability == pytest.approx(1 - (14_000 - 7_460) ** 2 / (2 * 7_000**2), abs=0.01)


def test_a_likely_amount_outside_of_its_range_says_why() -> None:
    found, change = changed(with_operations(500, 500, 4_000), PE, FT)
    assert change.lopsided
    assert change.high < change.saving
    [note] = change_notes(found)
    assert note == (
        "the likely amount lies outside of 10% to 90%, as inputs reach much farther to one side of their likely"
        " values than to the other"
    )


@FEW
@given(FACTS, st.sampled_from(Strategy), st.sampled_from(Strategy))
def test_a_change_is_the_difference_of_two_costs_whose_parts_add_up(
    now: EconomicsFacts, declared: Strategy, recommended: Strategy
) -> None:
    found, change = changed(now, declared, recommended)
    costs = {cost.strategy: cost for cost in found.costs}
    scale = sum(cost.monthly for cost in found.costs)
    for cost in found.costs:
        assert cost.split.total == cost.monthly
    difference = costs[declared].monthly - costs[recommended].monthly
    assert change.saving == pytest.approx(difference, abs=1e-9 * scale)
    assert change.split.total == pytest.approx(difference, abs=1e-9 * scale)
    assert change.low <= change.high


@FEW
@given(FACTS, st.sampled_from(Strategy), st.sampled_from(Strategy))
def test_an_interval_contains_its_likely_value_or_the_summary_says_why_not(
    now: EconomicsFacts, declared: Strategy, recommended: Strategy
) -> None:
    found, change = changed(now, declared, recommended)
    inside = change.low <= change.saving <= change.high
    assert inside != any("lies outside" in note for note in change_notes(found))
    low, median, high = (
        float("inf") if volume is None else volume
        for volume in (found.break_even_range[0], found.break_even_median, found.break_even_range[1])
    )
    assert low <= median <= high


@FEW
@given(FACTS, st.sampled_from(Strategy), st.sampled_from(Strategy))
def test_the_way_back_costs_what_the_way_there_saves(
    now: EconomicsFacts, declared: Strategy, recommended: Strategy
) -> None:
    _, there = changed(now, declared, recommended)
    _, back = changed(now, recommended, declared)
    assert (back.saving, back.low, back.high) == pytest.approx((-there.saving, -there.high, -there.low), abs=1e-3)


def test_the_change_to_fine_tuning_is_what_the_outcome_rests_on() -> None:
    found, change = changed(facts(LARGE, 620_000, tuned=TUNED_MINI, cached=0.6), PE, FT)
    assert change.probability == found.probability == found.costs[2].cheaper
    assert change.saving == pytest.approx(found.saving)


def test_words_for_a_change_that_saves_and_for_one_that_costs() -> None:
    saves, _ = changed(with_operations(0, 500, 1_000), PE, FT)
    costs, _ = changed(with_operations(0, 500, 1_000), FT, HYBRID)
    assert change_text(saves).startswith("fine-tuning instead of prompt engineering: saves 6,960 USD a month (10%")
    assert change_text(saves).endswith(" less; probability that it saves: 100%)")
    # A hybrid pays for operations as fine-tuning does, so that no draw differs.
    assert change_text(costs) == (
        "hybrid instead of fine-tuning: costs 4,848 USD a month more"
        " (10% to 90%: 4,848 to 4,848 more; probability that it saves: 0%)"
    )
    assert change_notes(costs) == (
        "fine-tuning is declared, and today's models are priced as those of prompt engineering",
    )


def test_words_for_a_range_on_both_sides_of_nothing() -> None:
    found, change = changed(with_operations(0, 7_000, 14_000), PE, FT)
    text = f"10% to 90%: {-change.low:,.0f} more to {change.high:,.0f} less"
    assert text in change_text(found)


def test_words_for_nothing_to_change_and_for_nothing_to_compare() -> None:
    same, _ = changed(with_operations(0, 500, 1_000), HYBRID, HYBRID)
    assert change_text(same) == "hybrid is declared and recommended: nothing changes, 0 USD a month by definition"
    assert change_notes(same) == ()
    alone = assess_economics(replace(with_operations(0, 500, 1_000), recommended=HYBRID))
    assert change_text(alone) == "nothing is compared: no strategy is declared"
    unknown = assess_economics(replace(with_operations(0, 500, 1_000), monthly_inferences=None))
    assert (change_text(unknown), change_notes(unknown), bill_text(unknown)) == ("", (), "")


def test_the_bill_of_today_says_whether_all_of_it_is_measured() -> None:
    told = assess_economics(facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=INPUTS))
    unknown = facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=INPUTS, unknown_cached=2e6 / 30.4375)
    assert bill_text(told) == "tokens of today's bill (measured): 8,000 USD a month"
    # An assumed 30% of 1,200 input tokens at half of 2.50 USD.
    assert bill_text(assess_economics(unknown)) == (
        "tokens of today's bill (measured, cached share assumed): 7,100 USD a month"
    )
