"""Three cases with a known answer, from an independent simulation with inputs of its own.

Its table: (A) gpt-4o-mini against its own tuned version pays in about 2.5% of the draws; token costs of 0.24, 0.20
and 0.17 USD for 1,000 inferences against 0.21. (B) gpt-4o against a tuned gpt-4o-mini breaks even at 0.36, 0.62
and 1.07 million a month (10%, 50%, 90%). (C) gpt-4o-mini against an own 8B model on two or more GPUs is cheaper in
0% of the draws up to 30 million a month, in 54% at 100, 78% at 300 and 83% at 1,000 million.
"""

from __future__ import annotations

import pytest

from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.model import CostOutcome, Economics
from tests.agent.framework.economics.cases import LARGE, MINI, TUNED_MINI, facts

CACHED = 6 / 9
"""The mean of the table's cached share, beta(6, 3)."""
OWN_MODEL = {"operations_usd_per_month": Amount(2_000, 4_000, 8_000, Origin.CONFIGURED)}
"""Running GPUs takes more of people's time than a hosted model does."""


def own_model(monthly: float) -> Economics:
    return assess_economics(facts(MINI, monthly, cached=CACHED, inputs=OWN_MODEL))


class TestATunedModelOfTheSameFamily:
    @pytest.mark.parametrize(("cached", "cost"), [(0.0, 0.24), (0.5, 0.2025), (0.9, 0.1725)])
    def test_costs_of_tokens_are_exact(self, cached: float, cost: float) -> None:
        found = assess_economics(facts(MINI, 1e9, tuned=TUNED_MINI, cached=cached))
        assert found.costs[0].tokens_per_thousand == pytest.approx(cost)

    def test_the_tuned_tokens_cost_about_as_much(self) -> None:
        found = assess_economics(facts(MINI, 1e9, tuned=TUNED_MINI, cached=CACHED))
        assert found.costs[-1].tokens_per_thousand == pytest.approx(0.21, abs=0.02)

    def test_hardly_ever_pays(self) -> None:
        found = assess_economics(facts(MINI, 1e9, tuned=TUNED_MINI, cached=CACHED))
        assert found.outcome is CostOutcome.NOT_CHEAPER
        assert found.probability is not None
        assert found.probability < 0.05


class TestALargeModelDistilledToASmallOne:
    def test_breaks_even_within_a_fifth_of_the_table(self) -> None:
        found = assess_economics(facts(LARGE, 1e6, tuned=TUNED_MINI, cached=CACHED))
        low, high = found.break_even_range
        assert low == pytest.approx(360_000, rel=0.2)
        assert high == pytest.approx(1_070_000, rel=0.2)

    def test_the_median_of_the_table_decides_about_even(self) -> None:
        found = assess_economics(facts(LARGE, 620_000, tuned=TUNED_MINI, cached=CACHED))
        assert found.probability == pytest.approx(0.5, abs=0.15)


class TestAnOwnModelOnDedicatedInstances:
    @pytest.mark.parametrize(("monthly", "share"), [(1e7, 0.0), (3e7, 0.0), (1e8, 0.54), (3e8, 0.78), (1e9, 0.83)])
    def test_is_cheaper_within_ten_points_of_the_table(self, monthly: float, share: float) -> None:
        assert own_model(monthly).probability == pytest.approx(share, abs=0.10)

    def test_outcomes_go_from_no_over_cannot_tell_to_yes(self) -> None:
        outcomes = [own_model(monthly).outcome for monthly in (3e7, 1e8, 1e9)]
        assert outcomes == [CostOutcome.NOT_CHEAPER, CostOutcome.CANNOT_TELL, CostOutcome.CHEAPER]

    def test_throughput_matters_most(self) -> None:
        assert {driver.name for driver in own_model(1e9).drivers} == {"tokens_per_second", "utilisation"}
