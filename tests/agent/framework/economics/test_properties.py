from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price, Unpriced
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.assumptions import defaults
from leverwatch.agent.framework.economics.model import CostOutcome, EconomicsFacts
from leverwatch.agent.framework.economics.traffic import Calls, TrafficMoments
from tests.agent.framework.economics.cases import facts
from tests.examples import examples

MONEY = tuple(name for name in defaults() if "usd" in name)
PRICES = st.builds(
    Price,
    st.just("m"),
    input=st.floats(0.01, 20),
    output=st.floats(0.01, 80),
    cached_input=st.none() | st.floats(0.001, 5),
    cache_write=st.none() | st.floats(0.001, 25),
)
SHAPES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "static": st.floats(0, 20_000),
        "dynamic": st.floats(1, 5_000),
        "output": st.floats(1, 3_000),
        "cached": st.floats(0, 1),
    }
)
FACTS = st.builds(
    lambda price, monthly, tuned, shape: facts(price, monthly, tuned=tuned, **shape),
    PRICES,
    st.floats(1e3, 1e10),
    st.none() | PRICES,
    SHAPES,
)
FEW = settings(max_examples=examples(40))


def scaled(price: Price, factor: float) -> Price:
    return replace(
        price,
        input=price.input * factor,
        output=price.output * factor,
        cached_input=price.cached_input and price.cached_input * factor,
        cache_write=price.cache_write and price.cache_write * factor,
    )


def in_other_money(now: EconomicsFacts, factor: float) -> EconomicsFacts:
    """The same facts with every amount of money times `factor`."""
    inputs = {
        name: Amount(a.low * factor, a.likely * factor, a.high * factor, a.origin) if name in MONEY else a
        for name, a in now.inputs.items()
    }
    prices = {name: scaled(price, factor) for name, price in now.prices.items() if isinstance(price, Price)}
    tuned = scaled(now.tuned_price, factor) if isinstance(now.tuned_price, Price) else None
    return replace(now, inputs=inputs, prices=prices, tuned_price=tuned)


@FEW
@given(FACTS)
def test_twice_the_money_is_twice_the_cost_and_changes_no_decision(now: EconomicsFacts) -> None:
    one, two = assess_economics(now), assess_economics(in_other_money(now, 2.0))
    assert (two.outcome, two.probability) == (one.outcome, one.probability)
    assert two.break_even == one.break_even
    for before, after in zip(one.costs, two.costs, strict=True):
        assert after.monthly == pytest.approx(2 * before.monthly)
        assert after.tokens_per_thousand == pytest.approx(2 * before.tokens_per_thousand)


@FEW
@given(FACTS)
def test_tokens_counted_in_thousands_at_a_thousandfold_price_cost_the_same(now: EconomicsFacts) -> None:
    def thousandth(calls: Calls) -> Calls:
        return calls._replace(
            input_tokens=calls.input_tokens / 1000,
            cached_input_tokens=calls.cached_input_tokens / 1000,
            output_tokens=calls.output_tokens / 1000,
            static_tokens=calls.static_tokens / 1000,
        )

    blocks = tuple(replace(b, calls=tuple(map(thousandth, b.calls))) for b in now.traffic.blocks)
    prices = {name: scaled(price, 1000) for name, price in now.prices.items() if isinstance(price, Price)}
    tuned = scaled(now.tuned_price, 1000) if isinstance(now.tuned_price, Price) else None
    speed = now.inputs["tokens_per_second"]
    inputs = {
        **now.inputs,
        "tokens_per_second": Amount(speed.low / 1000, speed.likely / 1000, speed.high / 1000, speed.origin),
    }
    other = replace(now, traffic=TrafficMoments(blocks), prices=prices, tuned_price=tuned, inputs=inputs)
    one, two = assess_economics(now), assess_economics(other)
    assert two.probability == pytest.approx(one.probability, abs=1 / 256)
    for before, after in zip(one.costs, two.costs, strict=True):
        assert after.tokens_per_thousand == pytest.approx(before.tokens_per_thousand)


@FEW
@given(FACTS, st.floats(1.01, 50))
def test_every_strategy_costs_more_at_more_volume(now: EconomicsFacts, factor: float) -> None:
    assert now.monthly_inferences is not None
    more = replace(now, monthly_inferences=now.monthly_inferences * factor)
    for before, after in zip(assess_economics(now).costs, assess_economics(more).costs, strict=True):
        assert after.monthly >= before.monthly
        assert after.tokens_per_thousand == before.tokens_per_thousand


@FEW
@given(FACTS, st.floats(1.01, 50))
def test_per_token_fine_tuning_never_gets_less_likely_to_pay_where_tokens_save(
    now: EconomicsFacts, factor: float
) -> None:
    cheap = replace(now, hosting=Hosting.PER_TOKEN, tuned_price=Price("t", input=0.001, output=0.001))
    assert cheap.monthly_inferences is not None
    more = replace(cheap, monthly_inferences=cheap.monthly_inferences * factor)
    one, two = assess_economics(cheap), assess_economics(more)
    assert one.probability is not None
    assert two.probability is not None
    assert two.probability >= one.probability


@FEW
@given(FACTS)
def test_the_saving_at_the_break_even_volume_is_nothing(now: EconomicsFacts) -> None:
    found = assess_economics(now)
    assert found.break_even is not None
    if now.hosting is Hosting.PER_TOKEN and found.break_even.always_from:
        at = assess_economics(replace(now, monthly_inferences=found.break_even.always_from))
        assert at.saving == pytest.approx(0.0, abs=1e-6 * at.costs[0].monthly)


@FEW
@given(FACTS)
def test_an_answer_is_complete_or_unknown_with_a_reason(now: EconomicsFacts) -> None:
    found = assess_economics(now)
    assert found.probability is not None
    assert 0 <= found.probability <= 1
    assert found.saving == pytest.approx(found.costs[0].monthly - found.costs[2].monthly, rel=1e-6, abs=1e-3)
    unpriced = assess_economics(replace(now, prices={"m": Unpriced("m", "x")}))
    assert unpriced.outcome is CostOutcome.UNKNOWN
    assert unpriced.unknown
    assert unpriced.costs == ()


def test_every_default_is_ordered_and_marked_as_assumed() -> None:
    for name, amount in defaults().items():
        assert amount.low <= amount.likely <= amount.high, name
        assert amount.origin is Origin.ASSUMED
