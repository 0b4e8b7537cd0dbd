from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.daily.window import DAY, Days, Wanted, joined, questions, slices, spans_of, without

START = date(2026, 3, 1)
numbers = st.integers(0, 60)
spans = st.lists(st.tuples(numbers, numbers).map(lambda it: days(*it)), max_size=8)


def days(first: int, last: int) -> Days:
    return Days(START + DAY * first, START + DAY * last)


def all_of(found: list[Days] | tuple[Days, ...]) -> set[date]:
    return {day for span in found for day in span}


@given(spans)
def test_joined_spans_have_the_same_days_and_never_touch(found: list[Days]) -> None:
    result = joined(found)

    assert all_of(result) == all_of(found)
    assert all(before.last + DAY < after.first for before, after in pairwise(result))
    assert joined(result) == result == spans_of(all_of(found))


@given(spans, spans)
def test_taking_spans_out_leaves_the_other_days(found: list[Days], taken: list[Days]) -> None:
    assert all_of(without(found, taken)) == all_of(found) - all_of(taken)


@given(numbers, numbers)
def test_slices_are_the_whole_span_the_newest_first_and_at_most_four_weeks_long(first: int, length: int) -> None:
    span = days(first, first + length)

    found = list(slices(span))

    assert [day for part in reversed(found) for day in part] == list(span)
    assert all(1 <= len(part) <= 28 for part in found)
    assert len(found[0]) == min(length + 1, 28)


def wanted(**given: int) -> Wanted:
    return Wanted(today=START + DAY * 101, ended=START + DAY * 100, **{"lookback": 3, "history": 90, **given})


def test_a_first_run_asks_for_the_recent_days_and_then_for_the_history_the_newest_four_weeks_first() -> None:
    assert questions(wanted(), ()) == [days(98, 101), days(70, 97), days(42, 69), days(14, 41), days(11, 13)]


def test_a_later_run_asks_only_for_the_recent_days() -> None:
    assert questions(wanted(), [days(11, 100)]) == [days(98, 101)]


def test_a_run_goes_on_where_the_last_one_ended() -> None:
    assert questions(wanted(), [days(70, 99)]) == [days(98, 101), days(42, 69), days(14, 41), days(11, 13)]


def test_days_that_passed_while_nobody_asked_are_asked_for() -> None:
    assert questions(wanted(), [days(0, 80)]) == [days(98, 101), days(81, 97)]


def test_a_lookback_longer_than_the_history_asks_for_no_day_twice() -> None:
    assert questions(wanted(lookback=50, history=5), ()) == [days(96, 101)]


@given(st.integers(1, 40), st.integers(1, 200), spans)
def test_every_day_without_an_answer_is_asked_for_exactly_once(
    lookback: int, history: int, asked: list[Days]
) -> None:
    at = wanted(lookback=lookback, history=history)

    found = questions(at, asked)

    listed = [day for span in found for day in span]
    assert len(listed) == len(set(listed))
    assert set(listed) == (set(at.all) - all_of(asked)) | set(at.recent)


@pytest.mark.parametrize(("first", "last", "length"), [(0, 0, 1), (0, 9, 10), (5, 4, 0), (5, 0, 0)])
def test_the_length_of_a_span_is_its_number_of_days(first: int, last: int, length: int) -> None:
    assert len(days(first, last)) == len(list(days(first, last))) == length


def test_a_span_knows_its_days() -> None:
    span = days(2, 4)

    assert START + DAY * 2 in span
    assert START + DAY * 5 not in span
    assert START + timedelta(days=1) not in span
    assert "2026-03-03" not in span
    assert str(span) == "2026-03-03 to 2026-03-05"
    assert str(days(2, 2)) == "2026-03-03"
