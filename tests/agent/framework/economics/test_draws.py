from __future__ import annotations

from collections import Counter
from itertools import product
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.draws import DRAWS, draws, order, weeks_drawn


@pytest.mark.parametrize("triple", [(1.0, 2.0, 6.0), (0.0, 0.0, 1.0), (0.0, 1.0, 1.0)])
def test_draws_have_the_mean_and_the_spread_of_the_triangle(triple: tuple[float, float, float]) -> None:
    low, likely, high = triple
    values = draws("x", Amount(*triple, Origin.ASSUMED))
    mean = (low + likely + high) / 3
    variance = (low**2 + likely**2 + high**2 - low * likely - low * high - likely * high) / 18
    assert fmean(values) == pytest.approx(mean, rel=0.002)
    assert fmean((value - mean) ** 2 for value in values) == pytest.approx(variance, rel=0.01)
    assert low <= min(values) <= max(values) <= high


def test_a_number_without_a_range_is_drawn_as_itself() -> None:
    assert set(draws("x", Amount.exactly(3.0, Origin.CONFIGURED))) == {3.0}


def test_columns_differ_and_stay() -> None:
    amount = Amount(0, 1, 2, Origin.ASSUMED)
    assert draws("a", amount) != draws("b", amount)
    assert sorted(draws("a", amount)) == sorted(draws("b", amount))


def test_four_weeks_are_drawn_in_every_possible_way() -> None:
    every = Counter(tuple(way.count(week) for week in range(4)) for way in product(range(4), repeat=4))
    assert Counter(weeks_drawn(4)) == every


@given(st.text())
def test_an_order_leaves_no_draw_out(seed: str) -> None:
    assert sorted(order(seed)) == list(range(DRAWS))
