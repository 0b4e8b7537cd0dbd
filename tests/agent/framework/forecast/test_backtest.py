from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.forecast.backtest import (
    AHEAD,
    FIRST,
    MOST,
    by_week,
    coverage,
    errors,
    quantile,
    score,
    start_of_trend,
    widths,
)
from leverwatch.agent.framework.forecast.methods import History
from leverwatch.agent.framework.forecast.model import Method, Score

ERRORS = st.lists(st.floats(-2, 2), max_size=40)


def history(totals: list[float]) -> History:
    return History(totals, [log(total) for total in totals])


class TestErrors:
    def test_steady_growth_is_underestimated_by_a_run_rate_by_four_weeks_of_it(self) -> None:
        growth = history([exp(0.05 * week) for week in range(20)])
        found = errors(Method.RUN_RATE, growth, [])
        assert len(found) == 20 - FIRST - AHEAD + 1
        assert [known[0] for known in found] == pytest.approx([0.2] * len(found))
        assert [len(known) for known in found] == [2] * 5 + [1] * 4
        assert [known[1] for known in found[:5]] == pytest.approx([0.4] * 5)

    def test_an_origin_knows_nothing_of_what_comes_later(self) -> None:
        totals = [100.0 + 7 * (week % 5) for week in range(30)]
        for method in Method:
            before = errors(method, history(totals), [])
            after = errors(method, history([*totals[:-1], 1e6]), [])
            changed = [index for index, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
            # The last week is in the outcome of three origins only: 4, 8 and 13 weeks before.
            assert [len(before) - index for index in changed] == [10, 5, 1]

    def test_only_the_latest_origins_count(self) -> None:
        assert len(errors(Method.TREND, history([1.0 + week for week in range(100)]), [])) == MOST

    def test_too_short_a_history_has_none(self) -> None:
        assert errors(Method.TREND, history([1.0] * (FIRST + AHEAD - 1)), []) == []

    def test_a_jump_counts_only_once_it_was_plain(self) -> None:
        assert [start_of_trend([10], weeks) for weeks in (14, 15, 40)] == [0, 10, 10]


class TestScore:
    def test_by_hand(self) -> None:
        totals = [10.0] * 8 + [10.0, 10.0, 10.0, 20.0, 20.0]
        known = [found[0] for found in errors(Method.RUN_RATE, history(totals), [])]
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

    def test_a_far_horizon_is_as_wide_as_its_own_errors_and_never_narrower_than_a_near_one(self) -> None:
        found = [(0.1, 0.4, 0.3)] * 5
        assert widths(found, 0.8) == (0.1, 0.4, 0.4)

    def test_a_horizon_without_known_errors_grows_in_proportion(self) -> None:
        assert widths([(0.1,)] * 5, 0.8) == pytest.approx((0.1, 0.2, 0.325))
        assert widths([(0.1, 0.3)] * 5, 0.8) == pytest.approx((0.1, 0.3, 0.3 * 13 / 8))
        assert widths([(0.1, 0.3)] * 3, 0.8) is None

    def test_weeks_lie_on_lines_between_the_horizons(self) -> None:
        found = by_week((0.4, 0.6, 1.1), 14)
        expected = [0.0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2]
        assert found == pytest.approx(expected)

    def test_coverage_judges_an_interval_by_what_was_known_when_it_was_drawn(self) -> None:
        calm, wild = [0.1] * 12, [0.1] * 11 + [0.2]
        assert coverage(calm, 0.8) == (1.0, 1)
        assert coverage(wild, 0.8) == (0.0, 1)

    def test_too_few_errors_have_no_coverage(self) -> None:
        assert coverage([0.1] * 11, 0.8) == (None, 0)
