from __future__ import annotations

from leverwatch.collectors.daily.answers import Answer, DayState, Known, settle
from leverwatch.collectors.daily.day_states import days_known, lines, whole
from leverwatch.collectors.daily.window import DAY, Days, Wanted, questions
from tests.collectors.daily.test_answers import START, day

AFTER = "it has no row, and none after it: it may be idle, or rows may still come; it is asked for again"
WANTED = Wanted(today=day(20), ended=day(19), lookback=3, history=15)


def told(known: Known, wanted: Wanted = WANTED) -> list[tuple[str, str]]:
    return [
        (f"{(one.days.first - START).days}-{(one.days.last - START).days}", one.state)
        for one in days_known(known, wanted, 60).told
    ]


def test_every_day_has_the_state_that_the_answers_gave_it() -> None:
    rows = frozenset({day(8), day(9), day(11), day(18), day(20)})
    known = Known()
    for span in questions(WANTED, ()):
        known = settle(span, Answer((), frozenset(one for one in rows if one in span)), known, WANTED).known

    found = days_known(known, WANTED, 60)

    assert told(known) == [
        ("20-20", "partial"), ("19-19", "empty"), ("18-18", "complete"), ("12-17", "empty"), ("11-11", "complete"),
        ("10-10", "empty"), ("8-9", "complete"), ("5-7", "unknown"),
    ]  # fmt: skip
    assert found.counts() == {
        DayState.COMPLETE: 4, DayState.PARTIAL: 1, DayState.EMPTY: 8, DayState.UNKNOWN: 3,
    }  # fmt: skip
    assert [one for one in Days(day(1), day(20)) if whole(one, known)] == list(Days(day(8), day(19)))
    assert found.progress() == "15 of 15 days"


def test_an_unknown_day_says_why() -> None:
    known = Known(
        asked=(Days(day(14), day(17)),), filled=(Days(day(15), day(17)),), bare=(Days(day(14), day(14)),)
    )

    assert lines(days_known(known, WANTED, 60)) == [
        f"{day(18)} to {day(20)} (3 days): unknown: {AFTER}",
        f"{day(15)} to {day(17)} (3 days): complete: it is over, and its rows are counted",
        f"{day(14)} (1 day): unknown: it has no row, and none before it: the records may begin later",
        f"{day(5)} to {day(13)} (9 days): unknown: it was not asked for yet",
    ]


def test_a_day_with_rows_that_is_not_whole_says_why() -> None:
    first, second, *_ = lines(days_known(Known(filled=(Days(day(18), day(20)),)), WANTED, 60))

    assert first == f"{day(20)} (1 day): partial: it is not over; its rows until now are counted"
    assert second.startswith(
        f"{day(18)} to {day(19)} (2 days): partial: it has rows, and is not known to be whole"
    )


def test_a_source_that_was_never_asked_knows_nothing() -> None:
    found = days_known(Known(), WANTED, 60)

    assert found.counts()[DayState.UNKNOWN] == 16
    assert lines(found) == [f"{day(5)} to {day(20)} (16 days): unknown: no question was answered with a row yet"]


def test_the_progress_of_a_history_says_how_long_it_takes() -> None:
    year = Wanted(today=day(20), ended=day(19), lookback=3, history=2803)
    recent = (Days(day(17), day(19)),)

    found = days_known(Known(asked=recent, filled=recent), year, 50)

    assert found.progress() == "3 of 2803 days, about 2 h at 50 questions an hour"
    assert days_known(Known(), WANTED, 60).progress() == "0 of 15 days, less than 1 h at 60 questions an hour"


def test_only_so_many_lines_are_shown() -> None:
    spans = tuple(Days(at, at) for at in (day(19) - DAY * back for back in range(0, 14, 2)))[::-1]

    shown = lines(days_known(Known(asked=(Days(day(5), day(19)),), filled=spans), WANTED, 60), limit=3)

    assert len(shown) == 4
    assert shown[-1].startswith("and ")
