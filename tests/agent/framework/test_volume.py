from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.bands import band_of
from leverwatch.agent.framework.coverage import with_idle_days
from leverwatch.agent.framework.model import Band, Boundary, Crossing, Settings, VolumeState
from leverwatch.agent.framework.volume import (
    is_stale,
    month_equivalent,
    recent_weeks,
    threshold_of,
    volume_state,
)
from leverwatch.agent.framework.volume_windows import History
from tests.agent.framework.facts import AS_OF, HIGH, LOW, MID, SMALL, ago, constant, series

DEFAULTS = Settings()
ORDER = list(Band)
AT_HYBRID = 16_000.0
"""A constant day at exactly the hybrid threshold of `SMALL`."""


def fold(*spans: tuple[int, float | None], settings: Settings = SMALL) -> VolumeState:
    return volume_state(series(*spans), AS_OF, settings)


class TestMonthEquivalent:
    def test_a_full_window_is_its_sum_times_487_over_448(self) -> None:
        assert month_equivalent(constant(AT_HYBRID, 28), AS_OF) == (487_000.0, 28)

    def test_days_outside_the_window_do_not_count(self) -> None:
        daily = constant(AT_HYBRID, 28) | {ago(28): 1e9, ago(-1): 1e9}
        assert month_equivalent(daily, AS_OF) == (487_000.0, 28)

    def test_a_covered_day_without_calls_is_a_true_zero(self) -> None:
        assert month_equivalent(constant(AT_HYBRID, 28) | {AS_OF: 0.0}, AS_OF) == (16_000 * 27 * 487 / 448, 28)

    @pytest.mark.parametrize("missing", [1, 4, 7])
    def test_missing_days_of_a_constant_series_change_nothing(self, missing: int) -> None:
        daily = {day: n for day, n in constant(AT_HYBRID, 28).items() if (AS_OF - day).days >= missing}
        assert month_equivalent(daily, AS_OF) == (487_000.0, 28 - missing)

    def test_a_missing_day_takes_the_mean_of_its_weekday(self) -> None:
        weekly = {ago(age): 300.0 if age % 7 == 2 else 1_600.0 for age in range(28)}
        del weekly[ago(2)]
        assert month_equivalent(weekly, AS_OF) == ((4 * 300 + 24 * 1_600) * 487 / 448, 27)

    def test_a_weekday_that_is_covered_in_none_of_four_weeks_is_idle(self) -> None:
        daily = {ago(age): 1_600.0 if age % 7 else 16.0 for age in range(28) if age % 7 != 3}
        assert month_equivalent(daily, AS_OF) == ((4 * 16 + 20 * 1_600) * 487 / 448, 28)

    def test_a_weekday_that_is_covered_in_none_of_three_weeks_takes_the_mean_of_its_kind(self) -> None:
        # Age 3 is a Thursday: three of them are missing, and the fourth lies before the first day.
        daily = {ago(age): 3_000.0 if age % 7 == 4 else 1_000.0 for age in range(24) if age % 7 != 3}
        mean = (3 * 3_000 + 10 * 1_000) / 13
        total = 4 * 3_000 + 20 * 1_000 + 4 * mean
        value, covered = month_equivalent(daily, AS_OF)
        assert covered == 21
        assert value == pytest.approx(total * 487 / 448)

    @pytest.mark.parametrize(("covered", "known"), [(0, False), (1, False), (20, False), (21, True), (28, True)])
    def test_below_the_minimum_the_volume_is_unknown(self, covered: int, known: bool) -> None:
        value, seen = month_equivalent(constant(5.0, covered), AS_OF)
        assert (value is not None, seen) == (known, covered)

    def test_no_setting_makes_an_empty_window_known_or_a_full_one_unknown(self) -> None:
        assert month_equivalent({}, AS_OF, Settings(minimum_days=0)) == (None, 0)
        assert month_equivalent(constant(16.0, 28), AS_OF, Settings(minimum_days=40)) == (487.0, 28)

    @given(st.lists(st.floats(0, 1e9), min_size=28, max_size=28), st.randoms(use_true_random=False))
    def test_the_order_of_days_in_the_mapping_is_irrelevant(
        self, counts: list[float], shuffler: random.Random
    ) -> None:
        daily = {ago(age): count for age, count in enumerate(counts)}
        shuffled = list(daily.items())
        shuffler.shuffle(shuffled)
        assert month_equivalent(dict(shuffled), AS_OF) == month_equivalent(daily, AS_OF)

    @given(st.lists(st.integers(0, 10**9), min_size=28, max_size=28))
    def test_any_28_days_have_four_of_each_weekday_so_rotation_changes_nothing(self, counts: list[int]) -> None:
        turned = counts[1:] + counts[:1]
        first = month_equivalent({ago(age): float(n) for age, n in enumerate(counts)}, AS_OF)
        assert month_equivalent({ago(age): float(n) for age, n in enumerate(turned)}, AS_OF) == first

    @given(
        st.dictionaries(st.integers(0, 27), st.integers(1, 10**9), min_size=21, max_size=28),
        st.integers(0, 27),
        st.integers(1, 10**9),
    )
    def test_more_on_any_covered_day_is_more_a_month(self, counts: dict[int, int], age: int, more: int) -> None:
        daily = {ago(key): float(n) for key, n in counts.items()}
        before, covered = month_equivalent(daily, AS_OF)
        if ago(age) in daily:
            daily[ago(age)] += more
        after, covered_after = month_equivalent(daily, AS_OF)
        assert before is not None
        assert after is not None
        # A weekday without any records is idle, and its days are covered.
        assert covered == covered_after >= len(counts)
        assert after > before if age in counts else after == before


class TestBandOf:
    @pytest.mark.parametrize(
        ("volume", "band"),
        [
            (0, Band.LOW),
            (99_999_999.99, Band.LOW),
            (100_000_000, Band.MID),
            (1_000_000_000, Band.MID),
            (1_000_000_001, Band.HIGH),
        ],
    )
    def test_both_boundaries_belong_to_the_middle(self, volume: float, band: Band) -> None:
        assert band_of(volume, DEFAULTS) is band

    def test_thresholds_by_boundary(self) -> None:
        assert [threshold_of(boundary, DEFAULTS) for boundary in Boundary] == [100_000_000, 1_000_000_000]

    @given(st.floats(0, 1e12), st.floats(0, 1e12))
    def test_more_volume_is_never_a_lower_band(self, one: float, other: float) -> None:
        bands = [ORDER.index(band_of(volume, DEFAULTS)) for volume in sorted((one, other))]
        assert bands == sorted(bands)


class TestSettling:
    def test_nothing_seen_is_nothing_known(self) -> None:
        assert volume_state({}, AS_OF, SMALL) == VolumeState()
        assert volume_state({ago(-1): 5.0}, AS_OF, SMALL) == VolumeState()

    def test_too_few_days_are_covered_but_not_known(self) -> None:
        expected = VolumeState(monthly_inferences=None, covered_days=20, newest_day=AS_OF)
        assert volume_state(constant(HIGH, 20), AS_OF, SMALL) == expected

    @pytest.mark.parametrize(
        ("count", "band"),
        [(15_999.0, Band.LOW), (AT_HYBRID, Band.MID), (160_000.0, Band.MID), (160_001.0, Band.HIGH)],
    )
    def test_the_first_known_volume_settles_its_band_at_once(self, count: float, band: Band) -> None:
        state = volume_state(constant(count, 21), AS_OF, SMALL)
        assert (state.band, state.band_since, state.crossings, state.candidate) == (band, AS_OF, (), None)

    def test_the_first_band_dates_from_the_first_known_volume(self) -> None:
        assert volume_state(constant(MID, 60), AS_OF, SMALL).band_since == ago(39)

    def test_a_higher_band_settles_on_its_seventh_day(self) -> None:
        # 27 days of 1,000 and one of 1,000,000 are above 487,000 a month, so the first day is the entry.
        waiting = fold((40, LOW), (6, HIGH))
        assert (waiting.band, waiting.candidate, waiting.candidate_days) == (Band.LOW, Band.MID, 6)
        settled = fold((40, LOW), (7, HIGH))
        assert (settled.band, settled.band_since) == (Band.MID, AS_OF)
        assert settled.crossings == (Crossing(AS_OF, Band.LOW, Band.MID),)

    @pytest.mark.parametrize(
        ("before", "after", "band"),
        [
            (LOW, 15_999.0, Band.LOW),
            (LOW, AT_HYBRID, Band.MID),
            (LOW, 160_000.0, Band.MID),
            (LOW, 160_001.0, Band.HIGH),
            (MID, 160_000.0, Band.MID),
            (MID, 160_001.0, Band.HIGH),
        ],
    )
    def test_growth_enters_a_band_exactly_at_its_boundary(self, before: float, after: float, band: Band) -> None:
        assert fold((40, before), (60, after)).band is band

    def test_a_day_below_the_threshold_restarts_the_dwell(self) -> None:
        # One day of 500,000 lifts the month for as long as it stays in the window.
        assert fold((40, LOW), (1, 500_000.0), (5, LOW)).candidate_days == 6
        broken = fold((40, 15_900.0), (1, 18_800.0), (3, 15_900.0), (1, 0.0), (3, 32_000.0))
        assert (broken.band, broken.candidate, broken.candidate_days) == (Band.LOW, Band.MID, 3)

    def test_dwell_zero_and_one_settle_at_once(self) -> None:
        for days in (0, 1):
            settings = replace(SMALL, dwell_days=days)
            state = volume_state(series((40, LOW), (1, HIGH)), AS_OF, settings)
            assert state.crossings == (Crossing(AS_OF, Band.LOW, Band.MID),)

    @pytest.mark.parametrize("gap", [1, 5, 7, 8, 20])
    def test_uncovered_days_pause_the_dwell(self, gap: int) -> None:
        waiting = fold((60, LOW), (3, HIGH), (gap, None))
        assert (waiting.band, waiting.candidate, waiting.candidate_days) == (Band.LOW, Band.MID, 3)

    def test_the_dwell_goes_on_after_a_gap(self) -> None:
        assert fold((60, LOW), (3, HIGH), (4, None), (3, HIGH)).candidate_days == 6
        assert fold((60, LOW), (3, HIGH), (4, None), (4, HIGH)).crossings == (Crossing(AS_OF, Band.LOW, Band.MID),)

    def test_covered_days_with_an_unknown_volume_pause_the_dwell_too(self) -> None:
        # After twenty uncovered days the volume is unknown until 21 days of a window are covered again.
        unknown = fold((60, LOW), (3, HIGH), (20, None), (20, HIGH))
        assert (unknown.monthly_inferences, unknown.covered_days) == (None, 20)
        assert (unknown.band, unknown.candidate, unknown.candidate_days) == (Band.LOW, Band.MID, 3)
        known = fold((60, LOW), (3, HIGH), (20, None), (21, HIGH))
        assert (known.covered_days, known.candidate_days) == (21, 4)

    def test_a_jump_over_the_middle_loses_no_day_of_dwell(self) -> None:
        huge = 200_000_000.0
        assert fold((40, LOW), (7, huge)).crossings == (Crossing(AS_OF, Band.LOW, Band.HIGH),)
        assert fold((40, LOW), (6, huge)).candidate is Band.HIGH
        # Four days in the middle, then high: the middle settles on its seventh day, high four days later.
        steps = fold((40, LOW), (4, HIGH), (10, huge))
        assert steps.crossings == (
            Crossing(ago(7), Band.LOW, Band.MID),
            Crossing(ago(3), Band.MID, Band.HIGH),
        )

    def test_the_candidate_is_the_band_that_settles_next(self) -> None:
        state = fold((40, LOW), (4, HIGH), (2, 200_000_000.0))
        assert (state.candidate, state.candidate_days) == (Band.MID, 6)
        after = fold((40, LOW), (4, HIGH), (4, 200_000_000.0))
        assert (after.band, after.candidate, after.candidate_days) == (Band.MID, Band.HIGH, 4)


class TestHysteresis:
    @pytest.mark.parametrize(
        ("count", "band"),
        [(16_000.0, Band.MID), (15_000.0, Band.MID), (14_400.0, Band.MID), (14_399.0, Band.LOW)],
    )
    def test_the_middle_is_left_below_nine_tenths_of_its_entry(self, count: float, band: Band) -> None:
        assert fold((40, AT_HYBRID), (60, count)).band is band

    @pytest.mark.parametrize(
        ("count", "band"),
        [
            (160_000.0, Band.HIGH),
            (144_000.0, Band.HIGH),
            (143_999.0, Band.MID),
            (15_000.0, Band.MID),
            (0.0, Band.LOW),
        ],
    )
    def test_high_is_left_below_nine_tenths_of_each_boundary(self, count: float, band: Band) -> None:
        assert fold((40, 160_001.0), (90, count)).band is band

    def test_a_fall_settles_after_the_dwell_too(self) -> None:
        state = fold((40, AT_HYBRID), (60, LOW))
        (crossing,) = state.crossings
        assert (crossing.previous, crossing.band) == (Band.MID, Band.LOW)
        # 28 days fall below 0.9 T once 2.8 of them have: on the third (ten percent less is 2.8 days of 15,000).
        entered = next(age for age in range(59, -1, -1) if 28 * 16_000 - (60 - age) * 15_000 < 0.9 * 28 * 16_000)
        assert crossing.day == ago(entered - 6)

    def test_the_slow_decline_from_high_to_low_names_both_crossings(self) -> None:
        state = fold((40, HIGH), (60, MID), (60, LOW))
        assert [(c.previous, c.band) for c in state.crossings] == [(Band.HIGH, Band.MID), (Band.MID, Band.LOW)]

    def test_no_hysteresis_with_a_ratio_of_one(self) -> None:
        settings = replace(SMALL, leave_ratio=1.0)
        assert volume_state(series((40, AT_HYBRID), (60, 15_999.0)), AS_OF, settings).band is Band.LOW
        assert volume_state(series((40, 160_001.0), (60, 160_000.0)), AS_OF, settings).band is Band.HIGH

    @given(st.lists(st.floats(14_401, 15_999), min_size=1, max_size=80))
    def test_after_entering_nothing_between_leave_and_entry_flips(self, counts: list[float]) -> None:
        state = fold((40, AT_HYBRID), *((1, count) for count in counts))
        assert (state.band, state.crossings) == (Band.MID, ())

    @given(st.lists(st.floats(14_401, 15_999), min_size=1, max_size=80))
    def test_before_entering_nothing_between_leave_and_entry_flips(self, counts: list[float]) -> None:
        state = fold((40, 14_401.0), *((1, count) for count in counts))
        assert (state.band, state.crossings) == (Band.LOW, ())


class TestFold:
    def test_days_after_as_of_are_invisible(self) -> None:
        daily = constant(MID, 60)
        assert volume_state(daily | {ago(-1): 1e12}, AS_OF, SMALL) == volume_state(daily, AS_OF, SMALL)

    def test_days_that_have_not_arrived_do_not_thin_the_window(self) -> None:
        state = volume_state(constant(MID, 60, until=ago(2)), AS_OF, SMALL)
        assert (state.covered_days, state.newest_day) == (28, ago(2))
        assert state == volume_state(constant(MID, 60, until=ago(2)), ago(2), SMALL)

    @pytest.mark.parametrize(("age", "stale"), [(0, False), (2, False), (3, True), (400, True)])
    def test_usage_is_stale_when_its_newest_day_is_too_old(self, age: int, stale: bool) -> None:
        state = volume_state(constant(MID, 60, until=ago(age)), AS_OF, SMALL)
        assert is_stale(state, AS_OF, SMALL) is stale

    def test_usage_never_seen_is_not_stale(self) -> None:
        assert not is_stale(VolumeState(), AS_OF, SMALL)

    @given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(21, 60))
    def test_a_larger_constant_series_never_has_a_lower_band(self, one: float, other: float, days: int) -> None:
        states = [volume_state(constant(count, days), AS_OF, SMALL) for count in sorted((one, other))]
        bands = [ORDER.index(state.band) for state in states if state.band]
        assert len(bands) == 2
        assert bands == sorted(bands)
        assert all(state.crossings == () for state in states)

    @given(
        st.lists(st.one_of(st.none(), st.floats(0, 4e5)), min_size=1, max_size=120),
        st.randoms(use_true_random=False),
    )
    def test_the_fold_is_deterministic_consistent_and_blind_to_order(
        self, counts: list[float | None], shuffler: random.Random
    ) -> None:
        daily = {ago(age): count for age, count in enumerate(counts) if count is not None}
        state = volume_state(daily, AS_OF, SMALL)
        shuffled = list(daily.items())
        shuffler.shuffle(shuffled)
        assert volume_state(dict(shuffled), AS_OF, SMALL) == state
        if state.newest_day is not None:
            assert (state.monthly_inferences, state.covered_days) == month_equivalent(daily, state.newest_day)
        for earlier, later in zip(state.crossings, state.crossings[1:], strict=False):
            assert earlier.band is later.previous
            assert later.day > earlier.day
        if state.crossings:
            assert (state.crossings[-1].band, state.crossings[-1].day) == (state.band, state.band_since)
        assert state.candidate is None or (state.candidate is not state.band and 0 < state.candidate_days < 7)

    @given(st.lists(st.one_of(st.none(), st.floats(0, 4e5)), min_size=30, max_size=120))
    def test_it_agrees_with_a_plain_reading_of_the_rule(self, counts: list[float | None]) -> None:
        daily = {ago(len(counts) - 1 - index): n for index, n in enumerate(counts) if n is not None}
        assert volume_state(daily, AS_OF, SMALL).crossings == plain_crossings(daily)


def plain_crossings(daily: dict[date, float]) -> tuple[Crossing, ...]:
    """The rule read literally: on each covered day look back for seven of them beyond a boundary."""
    found: list[Crossing] = []
    history: list[float] = []
    band: Band | None = None
    day = min(daily, default=AS_OF)
    while day <= max(daily, default=ago(1)):
        volume, _ = month_equivalent(daily, day)
        if volume is not None and (day in daily or _is_idle(daily, day)):
            history.append(volume)
            new = band_of(volume, SMALL) if band is None else _next_band(band, history[-7:])
            if band is not None and new is not band:
                found.append(Crossing(day, band, new))
            band = new
        day += timedelta(days=1)
    return tuple(found)


def _is_idle(daily: dict[date, float], day: date) -> bool:
    """Whether a day without records is a true zero, by what is known up to it and something after it."""
    after = day + timedelta(days=1)
    known = {on: count for on, count in daily.items() if on < day}
    return bool(known) and day in with_idle_days(known | {after: 0.0}, after, None)


def _next_band(band: Band, week: list[float]) -> Band:
    if len(week) < 7:
        return band
    if min(week) > 4_870_000:
        return Band.HIGH
    if min(week) >= 487_000 and band is Band.LOW:
        return Band.MID
    if max(week) < 487_000 * 0.9:
        return Band.LOW
    if max(week) < 4_870_000 * 0.9 and band is Band.HIGH:
        return Band.MID
    return band


class TestRecentWeeks:
    def test_weeks_end_at_the_newest_day_and_the_oldest_comes_first(self) -> None:
        daily = {ago(age): float(1 + age // 7) for age in range(28)}

        assert recent_weeks(daily, AS_OF, 13) == (28.0, 21.0, 14.0, 7.0)
        assert recent_weeks(daily, AS_OF, 2) == (14.0, 7.0)

    def test_a_week_with_a_missing_day_is_unknown_and_one_without_calls_is_zero(self) -> None:
        daily = constant(1.0, 28) | {ago(age): 0.0 for age in range(7)}
        del daily[ago(10)]

        assert recent_weeks(daily, AS_OF, 13) == (7.0, 7.0, None, 0.0)

    def test_a_history_that_begins_within_a_week_begins_with_the_next_one(self) -> None:
        assert recent_weeks(constant(1.0, 17), AS_OF, 13) == (7.0, 7.0)
        assert recent_weeks(constant(1.0, 6), AS_OF, 13) == ()


@given(st.lists(st.integers(0, 2**60), min_size=1, max_size=90), st.none() | st.floats(0, 1e6))
def test_a_volume_on_the_way_is_that_of_its_window_alone(counts: list[int], broken: float | None) -> None:
    """Sums of whole numbers are carried from day to day, all others are not."""
    daily = {AS_OF.toordinal() + at: float(count) for at, count in enumerate(counts)}
    if broken is not None:
        daily[AS_OF.toordinal() + len(counts) // 2] = broken
    history = History(daily, max(daily), SMALL)

    for ordinal, volume in history.volumes():
        assert volume == history.month(ordinal - history.first + 27)[0]
