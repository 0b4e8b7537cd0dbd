"""Three systems whose economics were worked out by hand, to the cent.

All have 1,000 static, 200 other and 100 output tokens a call, of which a tuned model keeps a tenth of the static
ones: 300 input and 100 output tokens. All pay, a month: 2 prompt changes of 150 USD (300), 500 for operations,
and for training (120 + 3,600 + 240) / 12 = 330, with a quarter of a retraining of 120 + 240 (90): 420. A hybrid
sends 40% to the tuned model. An instance costs 2 USD x 730.5 h = 1,461 and serves 1,000 x 0.5 x 2,629,800 s =
1,314.9M tokens a month.
"""

from __future__ import annotations

import pytest
from msgspec.structs import asdict, replace

from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.model import CostOfChange, CostSplit, Economics, EconomicsFacts
from leverwatch.agent.framework.model import Strategy
from tests.agent.framework.economics.cases import LARGE, MINI, TUNED_MINI, exactly, facts

PE, HYBRID, FT = Strategy
INPUTS = exactly(
    training_usd=120,
    data_usd=3_600,
    evaluation_usd=240,
    operations_usd_per_month=500,
    retrains_per_month=0.25,
    life_months=12,
    prompt_share_kept=0.1,
    prompt_change_usd=150,
    prompt_changes_per_month=2,
    hybrid_tuned_share=0.4,
    gpu_hour_usd=2,
    tokens_per_second=1_000,
    utilisation=0.5,
    minimum_instances=1,
)


def cents(split: CostSplit) -> tuple[float, ...]:
    return tuple(round(amount, 2) for amount in asdict(split).values())


def assessed(now: EconomicsFacts, declared: Strategy | None, recommended: Strategy | None) -> Economics:
    return assess_economics(replace(now, declared=declared, recommended=recommended))


def assert_costs(found: Economics, costs: dict[Strategy, tuple[tuple[float, ...], float]]) -> None:
    for cost in found.costs:
        split, total = costs[cost.strategy]
        assert cents(cost.split) == split, cost.strategy
        assert round(cost.monthly, 2) == round(sum(split), 2) == total, cost.strategy


def assert_change(found: Economics, saving: float, parts: tuple[float, ...], probability: float) -> None:
    change = found.change
    assert change is not None
    assert round(change.saving, 2) == round(sum(parts), 2) == saving
    assert cents(change.split) == parts
    # Every input is exact, so that all draws give the same amount.
    assert (change.low, change.high) == pytest.approx((saving, saving))
    assert (change.probability, change.lopsided) == (probability, False)


def test_a_small_system_with_an_instance_of_its_own() -> None:
    # A million calls, half of the static tokens from the cache:
    # 700 x 0.15 + 500 x 0.075 + 100 x 0.60 = 202.50 USD for a million calls.
    # One instance: 1M x 400 tokens = 400M, and 160M for the 40% of a hybrid.
    now = facts(MINI, 1_000_000, cached=0.5, inputs=INPUTS)
    found = assessed(now, PE, HYBRID)
    assert_costs(
        found,
        {
            PE: ((202.50, 300.00, 0.00, 0.00), 502.50),
            HYBRID: ((121.50, 800.00, 420.00, 1_461.00), 2_802.50),
            FT: ((0.00, 500.00, 420.00, 1_461.00), 2_381.00),
        },
    )
    assert found.bill == pytest.approx(202.50)
    assert_change(found, -2_300.00, (81.00, -500.00, -420.00, -1_461.00), 0.0)


def test_a_large_system_with_many_instances() -> None:
    # 50M calls of gpt-4o: (1,200 x 2.50 + 100 x 10) / 1M = 0.004 USD each.
    # 50M x 400 tokens / 1,314.9M = 15.2: 16 instances. A hybrid: 20M x 400 / 1,314.9M = 6.1: 7 instances.
    now = facts(LARGE, 50_000_000, inputs=INPUTS)
    found = assessed(now, FT, HYBRID)
    assert_costs(
        found,
        {
            PE: ((200_000.00, 300.00, 0.00, 0.00), 200_300.00),
            HYBRID: ((120_000.00, 800.00, 420.00, 10_227.00), 131_447.00),
            FT: ((0.00, 500.00, 420.00, 23_376.00), 24_296.00),
        },
    )
    assert_change(found, -107_151.00, (-120_000.00, -300.00, 0.00, 13_149.00), 0.0)


def test_a_system_whose_tuned_model_is_paid_for_by_the_token() -> None:
    # 2M calls of gpt-4o at 0.004 USD; tuned 300 x 0.30 + 100 x 1.20 = 210 USD for a million calls.
    # A hybrid: 0.6 x 8,000 + 0.4 x 420 = 4,968.
    now = facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=INPUTS)
    found = assessed(now, PE, FT)
    assert_costs(
        found,
        {
            PE: ((8_000.00, 300.00, 0.00, 0.00), 8_300.00),
            HYBRID: ((4_968.00, 800.00, 420.00, 0.00), 6_188.00),
            FT: ((420.00, 500.00, 420.00, 0.00), 1_340.00),
        },
    )
    assert_change(found, 6_960.00, (7_580.00, -200.00, -420.00, 0.00), 1.0)
    # 300 - 920 = -620 USD that do not depend on traffic, 0.00379 USD saved a call.
    assert found.break_even_median == pytest.approx(620 / 0.00379)
    assert found.break_even_range == pytest.approx((620 / 0.00379, 620 / 0.00379))


@pytest.mark.parametrize("both", list(Strategy))
def test_what_is_declared_and_recommended_changes_nothing_and_still_has_every_cost(both: Strategy) -> None:
    found = assessed(facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=INPUTS), both, both)
    assert found.change == CostOfChange(both, both, 0.0, 0.0, 0.0, None, CostSplit(0.0, 0.0, 0.0, 0.0))
    assert found.change.same
    assert [round(cost.monthly, 2) for cost in found.costs] == [8_300.00, 6_188.00, 1_340.00]


@pytest.mark.parametrize(
    ("declared", "recommended", "reason"),
    [
        (None, HYBRID, "no strategy is declared"),
        (PE, None, "nothing is recommended"),
        (None, None, "nothing is recommended"),
    ],
)
def test_nothing_is_compared_without_both_and_the_reason_is_said(
    declared: Strategy | None, recommended: Strategy | None, reason: str
) -> None:
    found = assessed(facts(LARGE, 2_000_000, tuned=TUNED_MINI, inputs=INPUTS), declared, recommended)
    assert (found.change, found.not_compared) == (None, reason)
    assert len(found.costs) == 3
