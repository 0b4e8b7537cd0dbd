from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.framework.forecast.backtest import AHEAD, FIRST, MOST, coverage, errors, quantile, score, start_of_trend
from agent.framework.forecast.methods import History
from agent.framework.forecast.model import Method, Score

ERRORS = st.lists(st.floats(-2, 2), max_size=40)


def history(totals: list[float]) -> History:
    return History(totals, [log(total) for total in totals])


class TestErrors:
    def test_steady_growth_is_underestimated_by_a_run_rate_by_four_weeks_of_it(self) -> None:
        growth = history([exp(0.05 * week) for week in range(20)])
        found = errors(Method.RUN_RATE, growth, [])
        assert found == pytest.approx([0.2] * (20 - FIRST - AHEAD + 1))

    def test_an_origin_knows_nothing_of_what_comes_later(self) -> None:
        totals = [100.0 + 7 * (week % 5) for week in range(30)]
        for method in Method:
            before = errors(method, history(totals), [])
            after = errors(method, history([*totals[:-1], 1e6]), [])
            assert before[:-1] == after[:-1]
            assert before[-1] != after[-1]

    def test_only_the_latest_origins_count(self) -> None:
        assert len(errors(Method.TREND, history([1.0 + week for week in range(100)]), [])) == MOST

    def test_too_short_a_history_has_none(self) -> None:
        assert errors(Method.TREND, history([1.0] * (FIRST + AHEAD - 1)), []) == []

    def test_a_jump_counts_only_once_it_was_plain(self) -> None:
        assert [start_of_trend([10], weeks) for weeks in (14, 15, 40)] == [0, 10, 10]


class TestScore:
    def test_by_hand(self) -> None:
        totals = [10.0] * 8 + [10.0, 10.0, 10.0, 20.0, 20.0]
        known = errors(Method.RUN_RATE, history(totals), [])
        # Two origins: 50 and 60 came where 40 was foretold, by the run-rate and by the last week alike.
        assert known == pytest.approx([log(50 / 40), log(60 / 40)])
        found = score(Method.RUN_RATE, totals, known)
        assert found.origins == 2
        assert found.mase == pytest.approx(1.0)
        assert found.median_error == found.bias == pytest.approx((known[0] + known[1]) / 2)

    def test_without_origins_nothing_is_said(self) -> None:
        assert score(Method.TREND, [1.0], []) == Score(Method.TREND, 0, None, None, None)

    def test_a_series_that_never_moves_has_no_scale(self) -> None:
        assert score(Method.RUN_RATE, [5.0] * 12, [0.0]).mase is None


class TestIntervals:
    def test_the_place_of_the_error_is_corrected_for_their_number(self) -> None:
        assert quantile([0.1, -0.2, 0.3], 0.8) is None
        assert quantile([0.1, -0.2, 0.3, -0.4], 0.8) == 0.4
        assert quantile([index / 10 for index in range(1, 10)], 0.8) == 0.8

    @given(ERRORS)
    def test_at_least_four_fifths_of_the_errors_lie_within(self, known: list[float]) -> None:
        width = quantile(known, 0.8)
        assert width is None or sum(abs(error) <= width for error in known) >= 0.8 * len(known)

    def test_coverage_judges_an_interval_by_what_was_known_when_it_was_drawn(self) -> None:
        calm, wild = [0.1] * 12, [0.1] * 11 + [0.2]
        assert coverage(calm, 0.8) == (1.0, 1)
        assert coverage(wild, 0.8) == (0.0, 1)

    def test_too_few_errors_have_no_coverage(self) -> None:
        assert coverage([0.1] * 11, 0.8) == (None, 0)
