"""What the tokens of a day cost whose records tell no cost."""

from __future__ import annotations

import pytest

from leverwatch.agent.framework.economics.amounts import Price
from leverwatch.agent.prices.spend import PricedDay, Untold, price_day

PRICE = Price("m", input=2.0, output=8.0, cached_input=0.5, cache_write=2.5)
DEAR = Price("m", input=20.0, output=80.0, cached_input=5.0, cache_write=25.0)
DAY = Untold(
    input_tokens=1_000_000,
    cached_input_tokens=400_000,
    cache_write_tokens=100_000,
    output_tokens=50_000,
    inferences=70,
)
COST = 0.5 * 2 + 0.4 * 0.5 + 0.1 * 2.5 + 0.05 * 8


def usd(day: PricedDay | None) -> float:
    assert day is not None
    return day.usd


def test_each_kind_of_token_has_its_own_price_and_is_charged_once() -> None:
    assert usd(price_day(DAY, PRICE, None)) == pytest.approx(COST, abs=1e-12)


def test_what_a_price_leaves_out_of_a_cache_is_charged_as_input() -> None:
    assert usd(price_day(DAY, Price("m", 2.0, 8.0), None)) == pytest.approx(1.0 * 2 + 0.05 * 8, abs=1e-12)


def test_a_price_of_zero_is_known_and_costs_nothing() -> None:
    assert price_day(DAY, Price("m", 0.0, 0.0), None) == PricedDay(DAY, 0.0)


def test_without_a_price_nothing_is_priced_and_what_was_priced_stays() -> None:
    before = PricedDay(Untold(10, 0, 0, 0, 1), 0.25)

    assert price_day(DAY, None, None) is None
    assert price_day(DAY, None, before) == before


def test_what_comes_later_has_the_later_price_and_the_rest_keeps_its_own() -> None:
    before = price_day(DAY, PRICE, None)
    more = Untold(1_000_000 + 30_000, 400_000, 100_000, 50_000 + 1_000, 71)

    now = price_day(more, DEAR, before)
    assert usd(now) == pytest.approx(COST + 0.03 * 20 + 0.001 * 80, abs=1e-12)
    assert now is not None
    assert now.tokens == more


def test_a_day_of_which_less_is_left_is_priced_anew_as_a_whole() -> None:
    before = price_day(DAY, PRICE, None)
    half = Untold(500_000, 200_000, 50_000, 25_000, 35)

    assert usd(price_day(half, PRICE, before)) == pytest.approx(COST / 2, abs=1e-12)
    assert usd(price_day(half, DEAR, before)) == pytest.approx(COST * 5, abs=1e-12)


def test_a_day_of_which_nothing_is_left_costs_nothing() -> None:
    before = price_day(DAY, PRICE, None)

    assert price_day(Untold(0, 0, 0, 0, 0), PRICE, before) is None
    assert price_day(Untold(0, 0, 0, 0, 0), None, before) is None


def test_more_from_a_cache_than_there_was_is_not_priced_and_not_cut_to_fit() -> None:
    odd = Untold(100, 90, 20, 5, 1)

    assert price_day(odd, PRICE, None) is None
    assert price_day(odd, PRICE, PricedDay(DAY, COST)) == PricedDay(DAY, COST)


def test_what_fractions_leave_over_is_no_contradiction() -> None:
    left = Untold(0.3, 0.1 + 0.2, 0.0, 0.0, 1)

    assert left.cached_input_tokens > left.input_tokens
    assert usd(price_day(left, PRICE, None)) == pytest.approx(0.3 * 0.5 / 1e6)
