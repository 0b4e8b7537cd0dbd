from __future__ import annotations

from datetime import date, timedelta
from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.agent.framework.forecast.crossing import outlook
from leverwatch.agent.framework.forecast.forecast import forecast, monthly, targets
from leverwatch.agent.framework.forecast.model import Direction, Forecast, Method, Target
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.model import Band, Boundary, Settings, VolumeState
from tests.agent.framework.forecast.series import DAY, daily, growing, series
from tests.examples import examples

UP, DOWN = Direction
FEW = settings(max_examples=examples(50))


def aim(volume: float, direction: Direction = UP) -> Target:
    return Target(Boundary.HYBRID, direction, volume)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


class TestTargets:
    @pytest.mark.parametrize(
        ("band", "expected"),
        [
            (Band.LOW, [(UP, 1e8), (UP, 1e9)]),
            (Band.MID, [(DOWN, 9e7), (UP, 1e9)]),
            (Band.HIGH, [(DOWN, 9e7), (DOWN, 9e8)]),
            (None, []),
        ],
    )
    def test_what_would_change_the_settled_band(
        self, band: Band | None, expected: list[tuple[Direction, float]]
    ) -> None:
        found = targets(VolumeState(band=band), Settings())
        assert [(one.direction, one.volume) for one in found] == expected


class TestTheMethod:
    def test_a_flat_series_keeps_its_run_rate(self) -> None:
        assert forecast(series(365, lambda _: 1000.0, 0.1), DAY, ()).method is Method.RUN_RATE

    @pytest.mark.parametrize("rate", [0.01, 0.004, -0.004])
    def test_growth_and_decline_are_left_to_the_trend(self, rate: float) -> None:
        found = forecast(growing(365, rate, 0.05), DAY, ())
        assert found.method is Method.TREND
        run_rate, trend = found.scores
        assert run_rate.mase is not None
        assert trend.mase is not None
        assert trend.mase < 1 < run_rate.mase

    def test_below_sixteen_weeks_it_is_the_run_rate_whatever_the_scores(self) -> None:
        assert forecast(growing(15 * 7, 0.01), DAY, ()).method is Method.RUN_RATE
        assert forecast(growing(16 * 7, 0.01), DAY, ()).method is Method.TREND

    def test_a_jump_restarts_the_trend(self) -> None:
        found = forecast(series(280, lambda day: 1000.0 if day < 210 else 3000.0), DAY, ())
        assert found.level_shift == DAY - timedelta(days=69)

    def test_the_last_volume_is_the_month_equivalent(self) -> None:
        assert forecast(daily([100.0] * 28), DAY, ()).monthly_inferences == pytest.approx(3043.75)


class TestCrossings:
    def test_a_known_growth_reaches_a_threshold_on_a_known_day(self) -> None:
        found = forecast(growing(365, 0.01), DAY, ())
        assert found.monthly_inferences is not None
        # Undamped, 10% more would take 9.5 days; damping by 2% a day leaves 91% of the first ten days.
        near = forecast(growing(365, 0.01), DAY, [aim(found.monthly_inferences * 1.1)]).outlooks[0]
        assert near.expected is not None
        assert after(10) <= near.expected <= after(12)

    def test_what_lies_beyond_the_horizon_is_not_foretold(self) -> None:
        found = forecast(growing(365, 0.001), DAY, [aim(1e12)]).outlooks[0]
        assert (found.expected, found.earliest, found.latest, found.probability) == (None, None, None, 0.0)

    def test_a_threshold_that_is_reached_already_is_reached_today(self) -> None:
        found = forecast(series(365, lambda _: 1000.0, 0.1), DAY, [aim(1.0)]).outlooks[0]
        assert (found.expected, found.earliest, found.latest, found.probability) == (DAY, DAY, DAY, 1.0)

    def test_decline_reaches_a_threshold_from_above(self) -> None:
        now = forecast(growing(365, -0.01), DAY, ()).monthly_inferences
        assert now is not None
        found = forecast(growing(365, -0.01), DAY, [aim(now * 0.9, DOWN), aim(now * 1.1)]).outlooks
        assert found[0].expected is not None
        assert found[1].expected is None

    def test_between_two_weeks_the_day_lies_on_a_line_of_logarithms(self) -> None:
        volumes = [100.0, 100.0 * exp(0.7)]
        found = outlook(aim(100.0 * exp(0.29)), volumes, None, (), DAY)
        assert found.expected == after(3)

    def test_the_probability_is_the_share_of_past_errors_that_would_do(self) -> None:
        volumes = [100.0] * 5
        past = [[0.0, 0.0, 0.0, 0.0, error] for error in (0.05, 0.11, 0.2, -0.5)]
        assert outlook(aim(110.0), volumes, None, past, DAY).probability == 0.5
        assert outlook(aim(90.0, DOWN), volumes, None, past, DAY).probability == 0.25

    def test_a_future_that_only_passes_by_counts_too(self) -> None:
        assert outlook(aim(110.0), [100.0] * 3, None, [[0.0, 0.2, 0.0]], DAY).probability == 1.0

    def test_probabilities_are_withheld_with_fewer_than_twelve_past_forecasts(self) -> None:
        for weeks, known in ((22, 11), (23, 12)):
            found = forecast(growing(weeks * 7, 0.01, 0.05), DAY, [aim(1e6)])
            assert found.known_origins == known
            assert (found.outlooks[0].probability is None) == (known < 12)

    def test_dates_are_withheld_with_fewer_than_four(self) -> None:
        found = forecast(growing(14 * 7, 0.01), DAY, [aim(1e5)])
        assert (found.known_origins, found.error_widths) == (3, None)
        assert (found.outlooks[0].earliest, found.outlooks[0].latest) == (None, None)


class TestTooLittle:
    @pytest.mark.parametrize("counts", [[], [5.0] * 27, [0.0] * 365])
    def test_nothing_is_foretold(self, counts: list[float]) -> None:
        found = forecast(daily(counts), DAY, [aim(1e8)])
        assert found.outlooks == ()
        assert (found.known_origins, found.coverage, found.error_widths) == (0, None, None)

    def test_unknown_volume_is_none_and_a_true_zero_is_zero(self) -> None:
        assert forecast(daily([5.0] * 27), DAY, ()).monthly_inferences is None
        assert forecast(daily([0.0] * 28), DAY, ()).monthly_inferences == 0.0

    def test_weeks_without_traffic_among_others_break_nothing(self) -> None:
        counts = [0.0 if index // 7 % 5 == 0 else 100.0 for index in range(364)]
        found = forecast(daily(counts), DAY, [aim(1e8)])
        assert found.known_origins == 26
        assert found.outlooks[0].expected is None


COUNTS = st.lists(st.floats(0, 1e7), min_size=28, max_size=300)
RATES = st.builds(growing, st.integers(28, 300), st.floats(-0.03, 0.03), st.floats(0, 0.4), st.integers(0, 1000))
ANY = st.one_of(RATES, COUNTS.map(daily))


def dates(found: Forecast) -> list[tuple[date | None, date | None, date | None]]:
    return [(one.earliest, one.expected, one.latest) for one in found.outlooks]


class TestAlways:
    @FEW
    @given(ANY, st.floats(0.2, 5), st.sampled_from(Direction))
    def test_earliest_expected_and_latest_are_in_order(
        self, counts: dict[date, float], share: float, direction: Direction
    ) -> None:
        now = forecast(counts, DAY, ()).monthly_inferences
        found = forecast(counts, DAY, [aim(max(now or 0.0, 1.0) * share, direction)])
        for earliest, expected, latest in dates(found):
            if found.error_widths is None:
                assert (earliest, latest) == (None, None)
                continue
            # A day that is not foretold lies beyond the horizon.
            order = [day or date.max for day in (earliest, expected, latest)]
            assert order == sorted(order)
            assert all(day == date.max or DAY <= day <= after(91) for day in order)

    @FEW
    @given(ANY, st.integers(-10, 10))
    def test_other_units_change_no_date(self, counts: dict[date, float], power: int) -> None:
        factor = 2.0**power
        now = monthly([sum(counts.values()) / len(counts) * 7 * 1.25] * 4) or 1.0
        one = forecast(counts, DAY, [aim(now)])
        two = forecast({day: count * factor for day, count in counts.items()}, DAY, [aim(now * factor)])
        assert two.method is one.method
        assert two.known_origins == one.known_origins
        for before, later in zip(dates(one), dates(two), strict=True):
            for a, b in zip(before, later, strict=True):
                # Rounding may move a day that lies exactly between two.
                assert (a is None) == (b is None)
                assert a is None or b is None or abs((a - b).days) <= 1

    @FEW
    @given(ANY)
    def test_a_higher_threshold_is_reached_no_earlier_and_no_more_likely(self, counts: dict[date, float]) -> None:
        now = forecast(counts, DAY, ()).monthly_inferences or 1.0
        found = forecast(counts, DAY, [aim(now * (1 + step / 5)) for step in range(1, 6)])
        expected = [one.expected or date.max for one in found.outlooks]
        assert expected == sorted(expected)
        likely = [one.probability for one in found.outlooks if one.probability is not None]
        assert likely == sorted(likely, reverse=True)

    @FEW
    @given(ANY)
    def test_equal_facts_give_equal_answers(self, counts: dict[date, float]) -> None:
        assert forecast(counts, DAY, [aim(1e6)]) == forecast(dict(reversed(counts.items())), DAY, [aim(1e6)])

    def test_settings_move_the_limits(self) -> None:
        short = ForecastSettings(horizon_weeks=1, minimum_weeks=100, minimum_origins=100)
        found = forecast(growing(365, 0.01), DAY, [aim(exp(log(1e5)))], short)
        assert (found.method, found.outlooks[0].probability) == (Method.RUN_RATE, None)
