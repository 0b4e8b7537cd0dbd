"""Whether a cost is made of counts at fixed prices."""

from __future__ import annotations

from random import Random

import pytest

from leverwatch.collectors.sniffing.prices import prices_of

RNG = Random(7)
TAKEN = {at: float(RNG.randrange(200, 6000)) for at in range(40)}
CACHED = {at: float(RNG.choice((0, 0, 128, 1024))) for at in range(40)}
GIVEN = {at: float(RNG.randrange(20, 900)) for at in range(40)}
ONE = dict.fromkeys(range(40), "m")


def test_the_price_of_each_count_is_found_though_costs_are_rounded() -> None:
    costs = {at: round(TAKEN[at] * 2.5e-6 + GIVEN[at] * 1e-5, 6) for at in TAKEN}

    (found,) = prices_of(costs, [TAKEN, GIVEN], ONE)

    assert found.each == pytest.approx((2.5e-6, 1e-5), rel=1e-3)


def test_each_group_has_its_own_prices() -> None:
    groups = {at: "ab"[at % 2] for at in TAKEN}
    costs = {at: (TAKEN[at] * 1e-6 + GIVEN[at] * 4e-6) * (1 + at % 2) for at in TAKEN}

    found = prices_of(costs, [TAKEN, GIVEN], groups)

    assert sorted(it.each for it in found) == [pytest.approx((1e-6, 4e-6)), pytest.approx((2e-6, 8e-6))]
    assert not prices_of(costs, [TAKEN, GIVEN], ONE)


def test_a_discount_on_a_part_is_less_than_nothing() -> None:
    costs = {at: (TAKEN[at] - CACHED[at]) * 2e-6 + CACHED[at] * 5e-7 + GIVEN[at] * 8e-6 for at in TAKEN}

    (found,) = prices_of(costs, [TAKEN, CACHED, GIVEN], ONE)

    assert found.each == pytest.approx((2e-6, -1.5e-6, 8e-6))


def test_what_is_no_part_of_a_cost_or_is_told_too_seldom_has_no_price() -> None:
    costs = {at: TAKEN[at] * 2e-6 + GIVEN[at] * 8e-6 for at in TAKEN}
    noise = {at: float(RNG.randrange(5000)) for at in TAKEN}

    assert not prices_of(costs, [TAKEN, noise], ONE)
    assert not prices_of(costs, [TAKEN, GIVEN, noise], ONE)
    assert not prices_of({at: costs[at] for at in range(5)}, [TAKEN, GIVEN], ONE)
    assert not prices_of({at: round(cost, 2) for at, cost in costs.items()}, [TAKEN, GIVEN], ONE)


def test_counts_that_always_go_together_have_no_price_of_their_own() -> None:
    costs = {at: TAKEN[at] * 2e-6 for at in TAKEN}

    assert not prices_of(costs, [TAKEN, {at: 2 * number for at, number in TAKEN.items()}], ONE)
