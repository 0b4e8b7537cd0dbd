"""Dates of clocks that are wrong: the landing counts, at a date that can be true, and is reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.git.dates import FIRST_DATE, SLACK, newest_of, sound_dates
from tests.collectors.sources.git.repo import START, Repo, watch

NOW = FIRST_DATE + 1_000 * SLACK
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
FAR_AHEAD = datetime(2037, 1, 1, tzinfo=UTC)


def days(*numbers: int) -> list[int]:
    return [FIRST_DATE + number * SLACK for number in numbers]


@pytest.mark.parametrize(
    ("read", "sound"),
    [
        ([1, 5, 9], [1, 5, 9]),
        ([1, 5, 5], [1, 5, 5]),
        ([-9, 5, 9], [5, 5, 9]),
        ([-9, -8, 5], [5, 5, 5]),
        ([1, -9, 9], [1, 1, 9]),
        ([1, 9, -9], [1, 9, 9]),
        ([5_000, 5, 9], [5, 5, 9]),
        ([1, 5_000, 9], [1, 1, 9]),
        ([1, 5, 5_000], [1, 5, 5]),
        ([-9], [1_000]),
        ([5_000, -9], [1_000, 1_000]),
        ([1, 5, 50, 9, 10], [1, 5, 5, 9, 10]),
        ([1, 50, 9], [1, 50, 50]),
        ([50, 51, 9, 10, 11], [9, 9, 9, 10, 11]),
        ([1, 9, 8, 10], [1, 9, 8, 10]),
        ([1, 9, 8, 8], [1, 9, 8, 8]),
    ],
)
def test_a_wrong_date_becomes_that_of_the_nearest_commit_with_a_sound_one(
    read: list[int], sound: list[int]
) -> None:
    dates = days(*read)
    found = sound_dates(dates, NOW)

    assert [found.moved.get(index, date) for index, date in enumerate(dates)] == days(*sound)


def test_a_clock_that_is_some_hours_ahead_tells_the_day() -> None:
    found = sound_dates([NOW - 20 * SLACK, NOW + SLACK // 4], NOW)

    assert found.moved == {1: NOW}


@given(st.lists(st.integers(-50, 1_100), max_size=30))
def test_sound_dates_are_never_before_git_and_never_after_the_clock(numbers: list[int]) -> None:
    dates = days(*numbers)
    found = sound_dates(dates, NOW)
    sound = [found.moved.get(index, date) for index, date in enumerate(dates)]

    assert all(FIRST_DATE <= date <= NOW for date in sound)
    assert all(later - earlier >= -2 * SLACK for earlier, later in pairwise(sound))


@given(st.lists(st.integers(-5, 40), max_size=20), st.lists(st.integers(0, 60), max_size=5))
def test_dates_that_need_no_look_at_the_others_are_those_that_a_look_gives(
    before: list[int], after: list[int]
) -> None:
    known = sound_dates(days(*before), NOW)
    newest = known.newest
    going_on = newest is not None and newest_of(days(*after), newest, NOW)
    if not going_on:
        return
    assert sound_dates(days(*before, *after), NOW).moved == known.moved


def test_a_first_commit_of_1970_does_not_make_a_history_long(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit({"a.md": "1"}, at=LONG_AGO)
    repo.commit({"a.md": "2"}, at=START)
    source = watch(repo.path, tmp_path)

    (batch,) = source.collect()

    assert source.events() == [(0, "added", 1), (0, "modified", 1)]
    assert [(one.place, one.reason) for one in batch.problems] == [(first, Result.BAD_TIME)]
    assert "dated 1970-01-02" in batch.problems[0].detail
    assert "counts on 2026-01-05" in batch.problems[0].detail
    assert source.tallies == {Result.COUNTED: 2, Result.BAD_TIME: 1}


def test_a_commit_of_2037_is_not_the_last_change(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"code.py": "1"})
    ahead = repo.commit({"a.md": "2"}, at=FAR_AHEAD)
    source = watch(repo.path, tmp_path)

    (batch,) = source.collect()

    # Its parent touched no prompt, and is its neighbour all the same.
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]
    assert batch.newest_record == START + timedelta(days=1)
    assert [(one.place, one.reason) for one in batch.problems] == [(ahead, Result.FUTURE)]


def test_a_wrong_date_is_reported_once_however_often_the_history_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"}, at=FAR_AHEAD)
    source = watch(repo.path, tmp_path)
    source.collect()
    repo.commit({"a.md": "3"}, at=LONG_AGO)
    source.restart(bulk_above=7)

    (batch,) = source.collect()

    assert [one.reason for one in batch.problems] == [Result.BAD_TIME]
    assert source.tallies == {Result.COUNTED: 3, Result.BAD_TIME: 1, Result.FUTURE: 1}


def test_a_sound_date_that_comes_later_brings_a_first_commit_to_its_day(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"}, at=FAR_AHEAD)
    source = watch(repo.path, tmp_path)
    source.collect()
    assert source.events() == [(365, "added", 1)], "the clock of the agent"

    repo.commit({"a.md": "2"}, at=START + timedelta(days=3))
    source.collect()

    assert source.events() == [(3, "added", 1), (3, "modified", 1)]


@given(st.data())
def test_wrong_dates_found_on_the_way_are_those_found_at_once(data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(-5, 30), min_size=1, max_size=15))
    known: dict[int, int] = {}
    newest: int | None = None
    read = 0
    while read < len(numbers):
        new = data.draw(st.integers(1, len(numbers) - read))
        dates = days(*numbers[: read + new])
        further = newest_of(dates[read:], newest, NOW) if newest is not None else None
        if further is None:
            found = sound_dates(dates, NOW)
            newest = found.newest
            fresh = {index: found.moved.get(index, date) for index, date in enumerate(dates)}
        else:
            newest = further
            fresh = {index: dates[index] for index in range(read, read + new)}
        # The store keeps the earliest date of a change.
        known |= {index: min(date, known.get(index, date)) for index, date in fresh.items()}
        read += new
    whole = sound_dates(days(*numbers), NOW)

    assert known == {index: whole.moved.get(index, date) for index, date in enumerate(days(*numbers))}
