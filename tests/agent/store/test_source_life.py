from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from leverwatch.agent.store.source_life import alive_until, incomplete_days

MONDAY = date(2026, 3, 2)


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def read(offset: int) -> datetime:
    return datetime.combine(day(offset), datetime.min.time(), UTC)


def test_a_source_was_alive_up_to_its_newest_record_or_the_day_before_it_was_last_read() -> None:
    assert alive_until([(day(4), None)], day(20)) == day(4)
    assert alive_until([(day(4), read(7))], day(20)) == day(6)
    assert alive_until([(day(4), read(2))], day(20)) == day(4)
    assert alive_until([(day(4), read(30))], day(20)) == day(20)
    assert alive_until([(None, read(30))], day(20)) is None


def test_the_source_that_is_behind_counts_unless_it_stopped_long_ago() -> None:
    assert alive_until([(day(40), read(42)), (day(38), None)], day(50)) == day(38)
    assert alive_until([(day(40), read(42)), (day(11), None)], day(50)) == day(41)


def test_a_day_on_which_one_of_two_sources_is_missing_is_incomplete_once_that_one_is_back() -> None:
    every = [day(offset) for offset in range(21)]
    gap = [on for on in every if on not in {day(9), day(10)}]
    assert incomplete_days([(day(0), every), (day(0), gap)]) == {day(9): day(11), day(10): day(11)}
    assert incomplete_days([(day(0), every), (day(0), gap[:9])]) == {}
    assert incomplete_days([(day(0), gap)]) == {}


def test_a_weekend_without_records_of_a_source_of_weekdays_misses_nothing() -> None:
    every = [day(offset) for offset in range(28)]
    weekdays = [on for on in every if on.weekday() < 5]
    assert incomplete_days([(day(0), every), (day(0), weekdays)]) == {}


def test_a_day_that_both_sources_lack_is_not_incomplete_but_missing() -> None:
    both = [day(offset) for offset in range(21) if offset != 9]
    assert incomplete_days([(day(0), both), (day(0), both)]) == {}
