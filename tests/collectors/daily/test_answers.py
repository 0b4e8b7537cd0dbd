from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.daily.answers import Answer, DayState, Known, settle
from leverwatch.collectors.daily.window import DAY, Days, Wanted, spans_of

START = date(2026, 3, 1)
AT = Wanted(today=START + DAY * 11, ended=START + DAY * 10, lookback=3, history=11)
NONE: frozenset[date] = frozenset()


def day(number: int) -> date:
    return START + DAY * number


def days(first: int, last: int) -> Days:
    return Days(day(first), day(last))


def answer(*filled: int, partial: Iterable[int] = ()) -> Answer:
    return Answer(usage=(), filled=frozenset(map(day, filled)), partial=frozenset(map(day, partial)))


def known(*filled: int, asked: Days | None = None) -> Known:
    return Known(filled=spans_of(map(day, filled)), asked=() if asked is None else (asked,))


def test_a_day_that_is_over_and_has_rows_is_complete() -> None:
    found = settle(days(9, 10), answer(9, 10), Known(), AT)

    assert found.states == {day(9): DayState.COMPLETE, day(10): DayState.COMPLETE}
    assert found.replaces == {day(9), day(10)}
    assert found.known.asked == (days(9, 10),)


def test_the_present_day_is_never_complete_and_is_asked_for_again() -> None:
    found = settle(days(10, 11), answer(10, 11), Known(), AT)

    assert found.states[day(11)] is DayState.PARTIAL
    assert day(11) in found.replaces
    assert found.known.asked == (days(10, 10),)


def test_a_day_of_which_the_source_says_that_something_is_missing_is_asked_for_again() -> None:
    found = settle(days(8, 10), answer(8, 9, 10, partial=[9]), Known(), AT)

    assert found.states[day(9)] is DayState.PARTIAL
    assert found.known.asked == (days(8, 8), days(10, 10))


def test_a_day_without_rows_between_days_with_rows_is_a_true_zero() -> None:
    found = settle(days(7, 10), answer(7, 10), Known(), AT)

    assert found.states[day(8)] is found.states[day(9)] is DayState.EMPTY
    assert found.replaces == set(days(7, 10))


def test_a_day_after_the_last_row_is_unknown_and_is_asked_for_again() -> None:
    found = settle(days(7, 10), answer(7, 8), Known(), AT)

    assert found.states[day(9)] is found.states[day(10)] is DayState.UNKNOWN
    assert found.replaces == {day(7), day(8)}
    assert found.known.asked == (days(7, 8),)


def test_a_day_before_the_first_row_is_unknown_and_is_not_asked_for_again() -> None:
    found = settle(days(5, 10), answer(8, 9, 10), Known(), AT)

    assert found.states[day(6)] is DayState.UNKNOWN
    assert found.replaces == {day(8), day(9), day(10)}
    assert found.known.asked == (days(5, 10),)
    assert found.known.bare == (days(5, 7),)


def test_days_before_the_first_row_are_true_zeros_once_an_older_row_is_found() -> None:
    newer = settle(days(5, 10), answer(8, 9, 10), Known(), AT)

    older = settle(days(0, 4), answer(2), newer.known, AT)

    assert {number: older.states[day(number)] for number in range(8)} == {
        0: DayState.UNKNOWN, 1: DayState.UNKNOWN, 2: DayState.COMPLETE, 3: DayState.EMPTY, 4: DayState.EMPTY,
        5: DayState.EMPTY, 6: DayState.EMPTY, 7: DayState.EMPTY,
    }  # fmt: skip
    assert older.replaces == set(days(2, 7))
    assert older.known.bare == (days(0, 1),)


def test_nothing_is_known_of_days_of_a_source_without_any_row() -> None:
    found = settle(days(5, 11), answer(), Known(), AT)

    assert set(found.states.values()) == {DayState.UNKNOWN}
    assert found.replaces == NONE
    assert found.known == Known()


def test_a_day_that_lost_all_its_rows_is_taken_back() -> None:
    found = settle(days(7, 10), answer(7, 10), known(7, 8, 9, 10), AT)

    assert found.lost == {day(8), day(9)}
    assert found.kept == NONE
    assert found.states[day(8)] is DayState.EMPTY
    assert found.replaces == set(days(7, 10))
    assert found.known.filled == (days(7, 7), days(10, 10))


def test_the_last_day_that_lost_its_rows_is_taken_back_too() -> None:
    found = settle(days(8, 10), answer(8, 9), known(8, 9, 10), AT)

    assert found.lost == {day(10)}
    assert day(10) in found.replaces
    assert found.known.asked == (days(8, 9),)


def test_days_whose_rows_are_gone_with_all_older_ones_keep_what_was_counted() -> None:
    found = settle(days(5, 10), answer(8, 9, 10), known(5, 6, 7, 8, 9, 10), AT)

    assert found.kept == {day(5), day(6), day(7)}
    assert found.lost == NONE
    assert found.replaces == {day(8), day(9), day(10)}
    assert found.known.filled == (days(5, 10),)
    assert found.known.asked == (days(5, 10),)


def test_a_source_that_lost_everything_takes_nothing_back() -> None:
    found = settle(days(8, 11), answer(), known(7, 8, 9, 10), AT)

    assert found.kept == {day(8), day(9), day(10)}
    assert found.replaces == NONE


@given(st.data())
def test_the_order_of_answers_does_not_change_what_is_known(data: st.DataObject) -> None:
    filled = data.draw(st.sets(st.integers(0, 10)))
    cut = data.draw(st.integers(0, 9))
    halves = [days(0, cut), days(cut + 1, 10)]

    def after(order: list[Days]) -> tuple[Known, set[date]]:
        now = Known()
        replaced: set[date] = set()
        for half in order:
            rows = frozenset(day(number) for number in filled if day(number) in half)
            found = settle(half, Answer(usage=(), filled=rows), now, AT)
            now, replaced = found.known, replaced | found.replaces
        return now, replaced

    known_forward, forward = after(halves)
    known_backward, backward = after(halves[::-1])

    true = {day(number) for number in range(min(filled), max(filled) + 1)} if filled else set()
    assert backward == true
    assert forward <= true
    assert known_forward.filled == known_backward.filled == spans_of(map(day, filled))


def test_a_day_of_which_the_source_says_nothing_keeps_what_was_counted_and_is_no_zero() -> None:
    silent = Answer(usage=(), filled=frozenset(map(day, (6, 10))), untold=frozenset(map(day, (7, 8))))

    found = settle(days(6, 10), silent, known(8), AT)

    assert found.states == {
        day(6): DayState.COMPLETE,
        day(7): DayState.UNKNOWN,
        day(8): DayState.UNKNOWN,
        day(9): DayState.EMPTY,
        day(10): DayState.COMPLETE,
    }
    assert found.replaces == {day(6), day(9), day(10)}
    assert not found.lost
    assert not found.kept
    assert day(8) in {one for span in found.known.filled for one in span}
    assert not any(day(7) in span for span in found.known.asked)
