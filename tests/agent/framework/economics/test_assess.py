from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Amount, Origin, Unpriced
from leverwatch.agent.framework.economics.assess import assess_economics, used_inputs
from leverwatch.agent.framework.economics.assumptions import resolve
from leverwatch.agent.framework.economics.model import CostOutcome, Economics, EconomicsFacts, Missing
from leverwatch.agent.framework.economics.traffic import TrafficMoments
from leverwatch.agent.framework.model import Strategy
from tests.agent.framework.economics.cases import DAY, LARGE, MINI, TUNED_MINI, calls, exactly, facts, traffic


def missing(economics: Economics) -> list[Missing]:
    assert economics.outcome is CostOutcome.UNKNOWN
    assert (economics.probability, economics.saving, economics.break_even) == (None, None, None)
    assert economics.costs == ()
    return [unknown.code for unknown in economics.unknown]


class TestUnknownInIsUnknownOut:
    def test_a_model_without_a_price(self) -> None:
        found = assess_economics(replace(facts(), prices={"m": Unpriced("m", "not in prices.yaml")}))
        assert missing(found) == [Missing.PRICE]
        assert found.unknown[0].text == "the price of m is unknown: not in prices.yaml"

    def test_one_unpriced_model_of_two_whatever_its_share(self) -> None:
        moments = traffic(calls(1000.0), calls(1.0, model="stray"))
        assert missing(assess_economics(replace(facts(), traffic=moments))) == [Missing.PRICE]

    def test_a_model_that_served_nothing_needs_no_price(self) -> None:
        moments = traffic(calls(1000.0), calls(0.0, model="stray"))
        assert assess_economics(replace(facts(), traffic=moments)).outcome is not CostOutcome.UNKNOWN

    def test_volume(self) -> None:
        assert missing(assess_economics(replace(facts(), monthly_inferences=None))) == [Missing.VOLUME]

    def test_no_call_in_four_weeks(self) -> None:
        assert missing(assess_economics(replace(facts(), traffic=traffic()))) == [Missing.TOKENS]

    @pytest.mark.parametrize("kind", ["unknown_input", "unknown_output"])
    def test_tokens_of_more_than_half_of_the_calls(self, kind: str) -> None:
        shape = calls(1000.0)
        half, most = (shape._replace(**cast("Any", {kind: count})) for count in (500.0, 501.0))
        assert assess_economics(replace(facts(), traffic=traffic(half))).outcome is not CostOutcome.UNKNOWN
        assert missing(assess_economics(replace(facts(), traffic=traffic(most)))) == [Missing.TOKENS]

    def test_the_price_of_the_tuned_model(self) -> None:
        unpriced = replace(facts(tuned=TUNED_MINI), tuned_price=Unpriced("ft:x", "nobody lists it"))
        assert missing(assess_economics(unpriced)) == [Missing.TUNED_PRICE]
        assert missing(assess_economics(replace(unpriced, tuned_price=None))) == [Missing.TUNED_PRICE]

    def test_calls_per_trace_when_the_tuned_ones_are_configured(self) -> None:
        inputs = exactly(tuned_calls_per_trace=1)
        assert missing(assess_economics(facts(inputs=inputs))) == [Missing.CALLS]
        known = facts(inputs=inputs, traced=300.0, traces=100.0)
        assert assess_economics(known).outcome is not CostOutcome.UNKNOWN

    def test_everything_that_is_missing_is_said_at_once(self) -> None:
        empty = replace(facts(tuned=TUNED_MINI), monthly_inferences=None, tuned_price=None, prices={})
        assert missing(assess_economics(empty)) == [Missing.PRICE, Missing.VOLUME, Missing.TUNED_PRICE]


class TestCosts:
    def costs(self, facts: EconomicsFacts) -> dict[Strategy, float]:
        return {cost.strategy: cost.monthly for cost in assess_economics(facts).costs}

    def test_by_hand(self) -> None:
        inputs = exactly(
            training_usd=100,
            data_usd=1000,
            evaluation_usd=100,
            operations_usd_per_month=50,
            retrains_per_month=0.5,
            life_months=12,
            prompt_share_kept=0.1,
            prompt_change_usd=100,
            prompt_changes_per_month=2,
            hybrid_tuned_share=0.25,
        )
        costs = self.costs(facts(LARGE, 1_000_000, tuned=TUNED_MINI, inputs=inputs))
        # 1M x (1,200 x $2.50 + 100 x $10) / 1M = $4,000; two prompt changes of $100.
        prompted = 4_000 + 200
        # 1M x (300 x $0.30 + 100 x $1.20) / 1M = $210; $1,200 over 12 months, $50, half a retraining of $200.
        upkeep = 100 + 50 + 100
        assert costs[Strategy.PROMPT_ENGINEERING] == pytest.approx(prompted)
        assert costs[Strategy.FINE_TUNING] == pytest.approx(210 + upkeep)
        assert costs[Strategy.HYBRID] == pytest.approx(0.75 * 4_000 + 0.25 * 210 + 200 + upkeep)

    def test_dedicated_instances_by_hand(self) -> None:
        inputs = exactly(
            gpu_hour_usd=2, tokens_per_second=1000, utilisation=0.5, minimum_instances=1, prompt_share_kept=0
        )
        found = assess_economics(facts(MINI, 10_000_000, inputs=inputs))
        idle = assess_economics(facts(MINI, 1_000, inputs=inputs))
        # 10M x 300 tokens / (500 x 2,629,800 s) = 2.28: three instances for 730.5 hours of $2.
        assert found.costs[2].monthly - idle.costs[2].monthly == pytest.approx(2 * 2 * 730.5)
        assert found.costs[2].tokens_per_thousand == 0.0

    def test_billed_attempts_cost_on_both_sides(self) -> None:
        once = assess_economics(facts(tuned=TUNED_MINI))
        twice = assess_economics(facts(tuned=TUNED_MINI, attempts=2 * 1e8 / 30.4375))
        for before, after in zip(once.costs, twice.costs, strict=True):
            assert after.tokens_per_thousand == pytest.approx(2 * before.tokens_per_thousand)

    def test_attempts_that_were_not_recorded_are_one_each(self) -> None:
        assert self.costs(facts(attempts=0.0)) == self.costs(facts())

    def test_fewer_calls_for_a_task_make_the_tuned_tokens_cheaper(self) -> None:
        shape: dict[str, Any] = {"traced": 300.0, "traces": 100.0}
        as_today = assess_economics(facts(tuned=TUNED_MINI, **shape))
        one_call = assess_economics(facts(tuned=TUNED_MINI, inputs=exactly(tuned_calls_per_trace=1), **shape))
        assert one_call.costs[2].tokens_per_thousand == pytest.approx(as_today.costs[2].tokens_per_thousand / 3)

    def test_cache_writes_have_their_own_price(self) -> None:
        priced = replace(MINI, cache_write=0.30)
        tokens = 1e8 / 30.4375
        found = assess_economics(facts(priced, cache_write_tokens=1000 * tokens))
        assert found.costs[0].tokens_per_thousand == pytest.approx(0.30 + 0.03 + 0.06)

    def test_unknown_cached_tokens_are_assumed_and_not_zero(self) -> None:
        tokens = 1e8 / 30.4375
        found = assess_economics(facts(unknown_cached=tokens))
        # 30% of 1,200 tokens at half the price.
        assert found.costs[0].tokens_per_thousand == pytest.approx(0.24 - 0.36 * 0.075)

    def test_no_traffic_costs_no_tokens(self) -> None:
        found = assess_economics(replace(facts(), monthly_inferences=0.0))
        assert [cost.per_thousand for cost in found.costs] == [None, None, None]
        assert found.outcome is CostOutcome.NOT_CHEAPER


class TestWeeksWithoutTraffic:
    def test_a_draw_of_nothing_compares_fixed_costs_alone(self) -> None:
        busy = traffic(calls(1e6)).blocks[0]
        idle = replace(busy, calls=())
        dear_prompts = exactly(prompt_change_usd=1e6, prompt_changes_per_month=1)
        for tuned in (None, TUNED_MINI):
            now = facts(monthly=1e6, tuned=tuned, inputs=dear_prompts)
            found = assess_economics(replace(now, traffic=TrafficMoments((idle, idle, idle, busy))))
            assert found.probability == 1.0

    def test_instances_are_no_cost_of_hosting_per_token(self) -> None:
        busy = traffic(calls(1.0)).blocks[0]
        idle = replace(busy, calls=())
        # Prompts cost 5,000 USD a month more than tuning; the two instances that nobody hosts would cost 146,100.
        inputs = exactly(
            training_usd=0,
            data_usd=0,
            evaluation_usd=0,
            operations_usd_per_month=0,
            prompt_change_usd=5_000,
            prompt_changes_per_month=1,
            gpu_hour_usd=100,
        )
        now = facts(monthly=1.0, tuned=TUNED_MINI, inputs=inputs)
        found = assess_economics(replace(now, traffic=TrafficMoments((idle, idle, idle, busy))))
        assert found.probability == 1.0


class TestProvenance:
    def test_configured_outranks_measured_outranks_assumed(self) -> None:
        mine = Amount(1, 2, 3, Origin.CONFIGURED)
        seen = Amount.exactly(5, Origin.MEASURED)
        inputs = resolve({"training_usd": mine}, measured={"prompt_changes_per_month": seen, "training_usd": seen})
        assert inputs["training_usd"] == mine
        assert inputs["prompt_changes_per_month"] == seen
        assert inputs["data_usd"].origin is Origin.ASSUMED

    def test_the_first_layer_wins(self) -> None:
        system, everywhere = exactly(life_months=6), exactly(life_months=9, gpu_hour_usd=1)
        inputs = resolve(system, everywhere)
        assert (inputs["life_months"].likely, inputs["gpu_hour_usd"].likely) == (6, 1)

    def test_only_inputs_that_matter_are_shown(self) -> None:
        assert "gpu_hour_usd" in used_inputs(facts())
        assert "gpu_hour_usd" not in used_inputs(facts(tuned=TUNED_MINI))

    def test_a_driver_names_its_origin(self) -> None:
        inputs = {"operations_usd_per_month": Amount(0, 1000, 900_000, Origin.CONFIGURED)}
        driver = assess_economics(facts(inputs=inputs)).drivers[0]
        assert (driver.name, driver.origin) == ("operations_usd_per_month", Origin.CONFIGURED)
        assert driver.swing == pytest.approx(900_000)


class TestDeterminism:
    def test_equal_facts_give_equal_answers(self) -> None:
        assert assess_economics(facts()) == assess_economics(facts())

    def test_the_name_and_the_day_choose_the_draws(self) -> None:
        uneven = [calls(1e6 * (1 + number)) for number in range(4)]
        moments = traffic(uneven[0])
        blocks = tuple(replace(moments.blocks[0], calls=(part,)) for part in uneven)
        now = replace(facts(monthly=9e7, cached=0.6), traffic=replace(moments, blocks=blocks))
        names = {assess_economics(replace(now, system=f"s{index}")).probability for index in range(20)}
        later = {assess_economics(replace(now, as_of=DAY + timedelta(days=age))).probability for age in range(20)}
        assert len(names) > 1
        assert len(later) > 1
        assert all(answer is not None for answer in names | later)
        spread = [answer for answer in names | later if answer is not None]
        assert max(spread) - min(spread) < 0.08
