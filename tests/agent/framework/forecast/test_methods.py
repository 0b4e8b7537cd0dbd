from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.forecast.methods import DAMPING, TREND_WEEKS, History, path
from leverwatch.agent.framework.forecast.model import Method

LOGS = st.lists(st.floats(-5, 20), min_size=4, max_size=40)


def history(totals: Sequence[float]) -> History:
    return History(totals, [log(total) for total in totals])


def test_the_run_rate_is_the_mean_of_four_weeks() -> None:
    assert path(Method.RUN_RATE, history([9.0, 1.0, 2.0, 3.0, 6.0]), 0, 5, 2) == [3.0, 3.0]


def test_the_trend_goes_on_and_fades() -> None:
    growth = 0.1
    foretold = path(Method.TREND, history([exp(growth * week) for week in range(13)]), 0, 13, 3)
    weekly = DAMPING**7
    steps = [growth * (12 + sum(weekly**step for step in range(1, week + 1))) / growth for week in (1, 2, 3)]
    assert foretold == pytest.approx([exp(growth * step) for step in steps])


def test_the_trend_looks_at_thirteen_weeks_at_most() -> None:
    old = history([1e6] * 10 + [exp(0.1 * week) for week in range(TREND_WEEKS)])
    new = history([exp(0.1 * week) for week in range(TREND_WEEKS)])
    assert path(Method.TREND, old, 0, 23, 4) == pytest.approx(path(Method.TREND, new, 0, 13, 4))


def test_the_trend_starts_where_it_is_told_to() -> None:
    jumped = history([1.0] * 6 + [10.0] * 6)
    assert path(Method.TREND, jumped, 6, 12, 2) == pytest.approx([10.0, 10.0])


def test_three_wild_weeks_of_thirteen_do_not_turn_the_trend() -> None:
    totals = [exp(0.05 * week) for week in range(13)]
    for week in (3, 7, 11):
        totals[week] *= 40
    _, slope = history(totals).theil_sen(0, 13)
    assert slope == pytest.approx(0.05, abs=0.02)


@given(LOGS, st.data())
def test_shared_slopes_are_those_of_the_definition(logs: list[float], data: st.DataObject) -> None:
    end = data.draw(st.integers(4, len(logs)))
    start = data.draw(st.integers(max(end - TREND_WEEKS, 0), end - 4))
    window = logs[start:end]
    slope = median((b - a) / (j - i) for i, a in enumerate(window) for j, b in enumerate(window) if j > i)
    level = median(value + slope * (len(window) - 1 - index) for index, value in enumerate(window))
    found = History(logs, logs).theil_sen(start, end)
    assert found == pytest.approx((level, slope), abs=1e-9)
