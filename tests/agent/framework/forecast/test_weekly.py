from __future__ import annotations

from datetime import timedelta
from math import exp, log
from sys import float_info

import pytest

from leverwatch.agent.framework.forecast.weekly import LONGEST, level_shifts, log_totals, weekly_totals
from tests.agent.framework.forecast.series import DAY, daily


def steps(*parts: tuple[int, float]) -> list[float]:
    return [log(level) for weeks, level in parts for _ in range(weeks)]


class TestWeeklyTotals:
    def test_weeks_end_at_the_newest_day_whatever_weekday_it_is(self) -> None:
        assert weekly_totals(daily(range(16)), DAY) == (sum(range(2, 9)), sum(range(9, 16)))

    def test_later_days_do_not_count(self) -> None:
        counts = daily([1.0] * 14)
        assert weekly_totals({**counts, DAY + timedelta(days=1): 99.0}, DAY) == (7.0, 7.0)

    def test_history_ends_at_a_missing_day(self) -> None:
        counts = daily([1.0] * 70)
        del counts[DAY - timedelta(days=24)]
        assert weekly_totals(counts, DAY) == (7.0, 7.0, 7.0)

    def test_history_has_an_end(self) -> None:
        assert len(weekly_totals(daily([1.0] * 2000), DAY)) == LONGEST

    def test_a_week_of_zeros_is_a_week(self) -> None:
        assert weekly_totals(daily([0.0] * 7 + [1.0] * 7), DAY) == (0.0, 7.0)


class TestLogarithms:
    def test_a_week_without_traffic_counts_as_a_hundredth_of_the_median_week(self) -> None:
        assert log_totals([100.0, 0.0, 300.0, 200.0]) == [log(100), log(2), log(300), log(200)]

    def test_without_any_traffic_there_are_none(self) -> None:
        assert log_totals([0.0, 0.0]) == []


class TestLevelShifts:
    @pytest.mark.parametrize("factor", [3.0, 1 / 3, 1.6, 0.6])
    def test_a_jump_is_found_at_its_week(self, factor: float) -> None:
        assert level_shifts(steps((12, 100.0), (8, 100.0 * factor))) == [12]

    def test_a_jump_that_is_younger_than_two_comparisons_is_not_believed_yet(self) -> None:
        assert level_shifts(steps((12, 100.0), (2, 300.0))) == []
        assert level_shifts(steps((12, 100.0), (3, 300.0))) == [12]

    def test_two_jumps_are_two(self) -> None:
        assert level_shifts(steps((10, 100.0), (10, 300.0), (10, 100.0))) == [10, 20]

    @pytest.mark.parametrize("weekly", [0.07, 0.14, 0.3, -0.2])
    def test_steady_growth_is_no_jump_however_steep(self, weekly: float) -> None:
        assert level_shifts([weekly * week for week in range(40)]) == []

    def test_a_week_that_stands_out_is_no_jump(self) -> None:
        assert level_shifts([*steps((12, 100.0)), log(2000), *steps((12, 100.0))]) == []

    def test_a_rise_by_less_than_half_is_no_jump(self) -> None:
        assert level_shifts(steps((12, 100.0), (12, 149.0))) == []
        assert exp(steps((1, 149.0))[0]) == pytest.approx(149.0)


def test_totals_too_small_for_a_hundredth_of_them_have_logarithms_too() -> None:
    assert log_totals([5e-324, 0.0]) == [log(float_info.min)] * 2
