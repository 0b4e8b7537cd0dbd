from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.coverage import with_idle_days
from leverwatch.agent.framework.missing_days import stretches
from leverwatch.agent.framework.model import Band, Settings, Status, VolumeState
from leverwatch.agent.framework.reasons import ReasonCode
from leverwatch.agent.framework.volume import is_stale, volume_state
from tests.agent.framework.facts import AS_OF, SMALL, ago, codes, constant, facts, sentence, series, verdict

DEFAULTS = Settings()
FRIDAY = ago(2)
"""`AS_OF` is a Sunday."""


def weekdays(count: float, weeks: int = 28, until: date = FRIDAY) -> dict[date, float]:
    """The same count on every Monday to Friday of some weeks that end on Friday."""
    days = [until - timedelta(days=age) for age in range(7 * weeks)]
    return {day: count for day in days if day.weekday() < 5}


def without(daily: Mapping[date, float], *days: date) -> dict[date, float]:
    return {day: count for day, count in daily.items() if day not in days}


def state(daily: Mapping[date, float], alive: date | None = AS_OF, settings: Settings = DEFAULTS) -> VolumeState:
    return volume_state(daily, AS_OF, settings, alive)


class TestWeekdayBusiness:
    def test_ten_million_calls_every_weekday_for_28_weeks_are_217_million_a_month_and_decided(self) -> None:
        volume = state(weekdays(10e6))
        assert volume.monthly_inferences == 20 * 10e6 * 487 / 448
        assert round((volume.monthly_inferences or 0) / 1e6) == 217
        assert (volume.covered_days, volume.certain, volume.bounded_days) == (28, True, ())
        assert {day.weekday() for day in volume.idle_days} == {5, 6}
        assert len(volume.idle_days) == 8

    def test_the_verdict_is_decided_and_says_which_days_count_as_zero(self) -> None:
        result = verdict(facts(weekdays(10e6)), settings=DEFAULTS)
        assert result.status is Status.DECIDED
        assert ReasonCode.PARTIAL_WINDOW not in codes(result)
        assert sentence(result, ReasonCode.IDLE_DAYS) == (
            "8 days without records count as zero (Saturday, Sunday): such weekdays had no call 4 weeks in a row "
            "or longer while the others had"
        )

    def test_a_weekend_is_not_stale_on_monday_while_the_source_is_read(self) -> None:
        monday = AS_OF + timedelta(days=1)
        read = volume_state(weekdays(10e6), monday, DEFAULTS, monday)
        assert (read.newest_day, is_stale(read, monday, DEFAULTS)) == (AS_OF, False)
        unread = volume_state(weekdays(10e6), monday, DEFAULTS, FRIDAY)
        assert (unread.newest_day, is_stale(unread, monday, DEFAULTS)) == (FRIDAY, True)

    def test_a_system_that_stopped_is_stale_however_long_its_source_is_read(self) -> None:
        later = AS_OF + timedelta(days=60)
        volume = volume_state(weekdays(10e6), later, DEFAULTS, later)
        assert (volume.newest_day, is_stale(volume, later, DEFAULTS)) == (AS_OF, True)

    def test_a_holiday_without_any_record_is_bounded_and_silences_nothing(self) -> None:
        holiday = ago(11)
        volume = state(without(weekdays(10e6), holiday))
        assert (volume.covered_days, volume.bounded_days, volume.certain) == (27, (holiday,), True)
        assert (volume.monthly_low, volume.monthly_high) == (190e6 * 487 / 448, 200e6 * 487 / 448)

    def test_two_weeks_of_holidays_keep_their_weekends_idle_and_hold_the_band(self) -> None:
        closed = [ago(age) for age in range(6, 20)]
        volume = state(without(weekdays(10e6), *closed))
        assert len(volume.idle_days) == 8
        assert (volume.covered_days, volume.band, volume.certain) == (18, Band.MID, True)
        assert (volume.monthly_low, volume.monthly_inferences) == (100e6 * 487 / 448, 200e6 * 487 / 448)

    def test_a_business_that_opens_on_saturdays_keeps_the_idle_ones_before(self) -> None:
        volume = state({**weekdays(10e6), ago(1): 4e6})
        assert volume.monthly_inferences == 204e6 * 487 / 448
        assert (volume.covered_days, volume.bounded_days) == (28, ())

    def test_a_weekday_is_idle_from_its_fourth_week_on(self) -> None:
        assert state(weekdays(10e6, weeks=4)).idle_days != ()
        assert state(weekdays(10e6, weeks=3)).idle_days == ()


class TestOtherMissingDays:
    def test_one_missed_day_in_28_is_decided_and_named_with_its_bounds(self) -> None:
        result = verdict(facts(without(constant(1e6), ago(4))))
        assert result.status is Status.DECIDED
        assert sentence(result, ReasonCode.PARTIAL_WINDOW) == (
            f"27 of 28 days are covered; {ago(4)} had no records: bounded by what was seen and the largest day of "
            "their kind, 29.4M to 30.4M a month, the high band either way"
        )

    def test_one_missed_day_is_provisional_only_where_it_could_settle_another_band(self) -> None:
        # The middle band is left below 14,400 a day: 27 of 28 days of 14,450 lie below, all of them do not.
        near = series((60, 16_000.0), (40, 14_450.0))
        assert verdict(facts(near)).status is Status.DECIDED
        result = verdict(facts(without(near, ago(10))))
        assert result.status is Status.PROVISIONAL
        assert sentence(result, ReasonCode.PARTIAL_WINDOW).endswith("which could settle another band")

    def test_an_outage_on_a_weekend_of_a_system_that_is_used_daily_is_bounded(self) -> None:
        volume = state(without(constant(1e6), ago(7), ago(8)))
        assert (volume.idle_days, volume.bounded_days) == ((), (ago(8), ago(7)))

    def test_a_whole_missing_week_is_bounded(self) -> None:
        gone = [ago(age) for age in range(7, 14)]
        volume = state(without(constant(10e6), *gone))
        assert (volume.covered_days, len(volume.bounded_days), volume.certain) == (21, 7, True)

    def test_a_weekly_batch_has_six_idle_weekdays(self) -> None:
        volume = state({ago(7 * week): 70e6 for week in range(20)})
        assert (volume.monthly_inferences, volume.covered_days) == (280e6 * 487 / 448, 28)
        assert volume.certain

    def test_a_call_every_third_day_is_counted_as_seen_and_decided_when_no_filling_matters(self) -> None:
        sparse = {ago(3 * number): 1_000.0 for number in range(40)}
        volume = state(sparse)
        assert (volume.monthly_inferences, volume.covered_days) == (10 * 1_000 * 487 / 448, 10)
        assert (volume.certain, len(volume.bounded_days)) == (True, 18)
        assert not state(dict.fromkeys(sparse, 8000000.0)).certain

    def test_nine_missing_days_of_a_settled_system_are_decided_where_no_filling_moves_the_band(self) -> None:
        gone = [ago(age) for age in range(5, 14)]
        result = verdict(facts(without(constant(10.0, 200), *gone)), settings=DEFAULTS)
        assert (result.status, result.held, result.volume.covered_days) == (Status.DECIDED, False, 19)
        assert (result.volume.monthly_low, result.volume.monthly_inferences) == (190 * 487 / 448, 280 * 487 / 448)
        assert sentence(result, ReasonCode.PARTIAL_WINDOW).endswith("the low band either way")

    def test_below_the_minimum_of_days_a_filling_that_moves_the_band_leaves_the_volume_unknown(self) -> None:
        gone = [ago(age) for age in range(3, 24)]
        result = verdict(facts(without(constant(4e6, 200), *gone)), settings=DEFAULTS)
        assert (result.status, result.held) == (Status.PROVISIONAL, True)
        assert (result.volume.band, result.volume.monthly_inferences) == (Band.MID, None)

    @pytest.mark.parametrize(("count", "status"), [(8e6, Status.DECIDED), (5e6, Status.UNDECIDED)])
    def test_a_new_system_with_ten_days_lost_of_its_first_28_is_decided_where_every_filling_leads_to_one_band(
        self, count: float, status: Status
    ) -> None:
        lost = without(constant(count, 28), *[ago(age) for age in range(5, 15)])
        result = verdict(facts(lost), settings=DEFAULTS)
        assert (result.status, result.volume.covered_days) == (status, 18)
        assert (result.volume.band, result.volume.certain) == (Band.MID if count == 8e6 else None, True)

    @pytest.mark.parametrize("covered", [1, 20])
    def test_a_new_system_with_few_days_is_unknown_whatever_its_bounds(self, covered: int) -> None:
        result = verdict(facts(constant(10.0, covered)), settings=DEFAULTS)
        assert (result.status, result.volume.monthly_inferences) == (Status.UNDECIDED, None)

    def test_an_outage_says_nothing_of_how_usual_days_without_calls_are(self) -> None:
        daily = without(constant(10.0, 200), *[ago(age) for age in range(3, 24)])
        assert state(daily).monthly_inferences == pytest.approx(280 * 487 / 448)

    def test_a_monthly_batch_stays_unknown(self) -> None:
        assert state({ago(30 * number): 5e6 for number in range(8)}).monthly_inferences is None

    def test_a_source_that_was_missing_beside_another_bounds_the_day_from_what_was_counted(self) -> None:
        daily = constant(1e6) | {ago(4): 4e5}
        volume = volume_state(daily, AS_OF, DEFAULTS, AS_OF, {ago(4): ago(3)})
        assert volume.bounded_days == (ago(4),)
        assert volume.monthly_low == volume.monthly_inferences == (27e6 + 4e5) * 487 / 448
        assert volume.monthly_high == 28e6 * 487 / 448


FACTORS = st.lists(st.floats(0, 1), min_size=28, max_size=28)
MISSING = st.sets(st.integers(0, 27), max_size=7)


class TestAlways:
    @given(st.floats(1_000, 400_000), MISSING, FACTORS)
    def test_no_filling_within_the_bounds_changes_a_certain_band(
        self, level: float, missing: set[int], factors: list[float]
    ) -> None:
        # The newest day has records, and all before the window have: only days of the window are bounded.
        daily = without(constant(level, 90), *(ago(age) for age in missing - {0}))
        volume = volume_state(daily, AS_OF, SMALL)
        filled = daily | {day: level * factors[(AS_OF - day).days] for day in volume.bounded_days}
        if volume.certain:
            assert volume_state(filled, AS_OF, SMALL).band is volume.band
        month = volume_state(filled, AS_OF, SMALL).monthly_inferences
        assert month is not None
        assert (volume.monthly_low or 0) <= month * (1 + 1e-9)
        assert month <= (volume.monthly_high or 0) * (1 + 1e-9)

    @given(st.floats(0, 1e7), MISSING)
    def test_idle_days_never_get_a_mean(self, level: float, missing: set[int]) -> None:
        gone = [ago(age) for age in missing if age > 2]
        known = with_idle_days(without(weekdays(level + 1), *gone), AS_OF, AS_OF)
        assert all(known[ago(age)] == 0 for age in range(28) if ago(age).weekday() >= 5)
        volume = state(without(weekdays(level + 1), *gone))
        assert volume.monthly_high is None or volume.monthly_high <= 20 * (level + 1) * 487 / 448 * (1 + 1e-9)

    @given(st.floats(1, 1e7), MISSING, st.integers(1, 27))
    def test_a_true_zero_never_raises_the_volume(self, level: float, missing: set[int], age: int) -> None:
        daily = without(constant(level), *(ago(number) for number in sorted(missing - {0})[:6]), ago(age))
        before, after = (state(days).monthly_inferences for days in (daily, daily | {ago(age): 0.0}))
        assert before is not None
        assert after is not None
        assert after <= before * (1 + 1e-9)

    def test_a_true_zero_does_not_make_calls_usual_on_the_days_like_it(self) -> None:
        daily = without(constant(1.0), *map(ago, (7, 8, 14, 15)))
        assert state(daily | {ago(1): 0.0}).monthly_inferences == state(without(daily, ago(1))).monthly_inferences

    @given(st.sets(st.integers(0, 80), min_size=5), st.integers(0, 30))
    def test_what_comes_later_does_not_move_the_crossings_before(self, ages: set[int], cut: int) -> None:
        daily = {ago(age): 1e5 if age % 3 else 1e3 for age in ages}
        earlier = volume_state(daily, ago(cut), SMALL).crossings
        assert volume_state(daily, AS_OF, SMALL).crossings[: len(earlier)] == earlier


@pytest.mark.parametrize(
    ("ages", "text"),
    [
        ([4], f"{ago(4)}"),
        ([9, 8, 4], f"{ago(9)} to {ago(8)}, {ago(4)}"),
        ([20, 19, 15, 9, 4], f"2 earlier days, {ago(15)}, {ago(9)}, {ago(4)}"),
    ],
)
def test_days_in_a_row_are_named_as_one_stretch(ages: list[int], text: str) -> None:
    assert stretches([ago(age) for age in ages]) == text
