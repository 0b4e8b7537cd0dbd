from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from leverwatch.collectors.daily.answers import Answer, DayState
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.errors import RateLimited, SchemaDiffers, TimedOut
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError, SourceWaits, StateFromNewer
from leverwatch.collectors.interface import (
    BackfillRequest,
    Batch,
    CollectorContext,
    Operation,
    Result,
    SourceState,
    UsageRow,
)

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
TODAY = NOW.date()


class Table:
    """A source with so many inferences on each day."""

    def __init__(self, days: Mapping[date, float]) -> None:
        self.days, self.asked, self.settings = dict(days), [], "a"  # type: ignore[var-annotated]
        self.fails: list[CollectorError] = []

    def ask(self, days: Days) -> Answer:
        self.asked.append(days)
        if self.fails:
            raise self.fails.pop(0)
        found = {day: number for day, number in self.days.items() if day in days}
        rows = tuple(UsageRow("bot", "m", Operation.GENERATION, day, number) for day, number in found.items())
        return Answer(rows, frozenset(found), {Result.COUNTED: len(rows)} if rows else {})

    def shown(self, days: Days) -> str:
        return f"how many on {days}?"


class Store:
    """Applies batches as the store does."""

    def __init__(self) -> None:
        self.state: dict[str, bytes] = {}
        self.days: dict[date, float] = {}
        self.problems: list[str] = []

    def run(self, reader: DailyCollector, *, stop_after: int | None = None) -> int:
        batches = reader.collect(SourceState(0, lambda: self.state))
        return self.take(batches, stop_after)

    def take(self, batches: Iterable[Batch], stop_after: int | None = None) -> int:
        number = 0
        for batch in batches:
            self.days = {day: found for day, found in self.days.items() if day not in batch.replaces}
            self.days |= dict.fromkeys(batch.replaces, 0.0)
            for row in batch.usage:
                assert row.day in batch.replaces
                self.days[row.day] += row.inferences
            self.state.update({key: value for key, value in batch.state.items() if value is not None})
            self.problems += (f"{it.reason}: {it.detail}" for it in batch.problems)
            assert batch.read == sum(batch.tallies.values())
            # One without progress only says what was asked.
            number += batch.progress is not None
            if number == stop_after:
                break
        return number


def collector(table: Table, tmp_path: Path, now: datetime = NOW, **settings: object) -> DailyCollector:
    given = {"name": "spend", "type": "daily", "history": "60d", **settings}
    context = CollectorContext(tmp_path, tmp_path, lambda: now)
    return DailyCollector(DailyConfig.model_validate(given), context, table)


def month(*, days: int = 60, number: float = 100) -> dict[date, float]:
    return {TODAY - DAY * back: number + back for back in range(days + 1)}


def test_a_first_run_reads_the_whole_history_the_newest_days_first(tmp_path: Path) -> None:
    table, store = Table(month(days=80)), Store()

    store.run(collector(table, tmp_path))

    assert [days.last for days in table.asked] == [TODAY, TODAY - DAY * 4, TODAY - DAY * 32, TODAY - DAY * 60]
    assert store.days == {TODAY - DAY * back: 100 + back for back in range(61)}


def test_a_second_run_asks_for_the_recent_days_only_and_finds_late_rows(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    table.asked.clear()
    table.days[TODAY - DAY * 2] = 5000
    table.days[TODAY - DAY * 20] = 5000

    store.run(collector(table, tmp_path))

    assert table.asked == [Days(TODAY - DAY * 3, TODAY)]
    assert store.days[TODAY - DAY * 2] == 5000
    assert store.days[TODAY - DAY * 20] == 120


def test_a_run_that_is_ended_between_two_answers_is_gone_on_with(tmp_path: Path) -> None:
    for steps in range(1, 4):
        table, store = Table(month()), Store()
        store.run(collector(table, tmp_path), stop_after=steps)
        asked = {day for days in table.asked for day in days}
        table.asked.clear()

        store.run(collector(table, tmp_path))

        assert store.days == month()
        again = {day for days in table.asked for day in days} & asked
        assert again <= set(Days(TODAY - DAY * 3, TODAY))


def test_an_error_in_the_middle_keeps_what_was_answered(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    reader = collector(table, tmp_path)
    batches = reader.collect(SourceState(0, lambda: store.state))
    store.take([next(batches)])
    table.fails = [SchemaDiffers("source spend: no column `tokens`")]

    with pytest.raises(SchemaDiffers, match="no column"):
        store.take(batches)

    assert len(store.days) == 4
    store.run(collector(table, tmp_path))
    assert store.days == month()


def test_a_budget_that_is_used_up_ends_a_run_and_the_next_hour_goes_on(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    reader = collector(table, tmp_path, queries_per_hour=2)

    assert store.run(reader) == 2
    with pytest.raises(
        SourceWaits,
        match=r"^its questions of this hour are used up \(2, `queries_per_hour`\); it goes on at 10:0[01] UTC$",
    ):
        store.run(reader)

    hour = timedelta(hours=1, minutes=1)
    assert store.run(collector(table, tmp_path, NOW + hour, queries_per_hour=2)) == 2
    assert len(table.asked) == 4


def test_a_restart_does_not_give_the_budget_back(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    assert store.run(collector(table, tmp_path, queries_per_hour=3)) == 3

    with pytest.raises(SourceWaits, match="used up"):
        store.run(collector(table, tmp_path, NOW + timedelta(minutes=59), queries_per_hour=3))

    assert len(table.asked) == 3
    assert store.run(collector(table, tmp_path, NOW + timedelta(minutes=61), queries_per_hour=3)) == 2


def test_a_run_that_takes_too_long_ends_and_the_next_one_asks_for_fewer_days_at_once(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    for most in (28, 14):
        table.asked.clear()
        batches = collector(table, tmp_path).collect(SourceState(0, lambda: store.state))
        store.take([next(batches)])
        table.fails = [TimedOut("source spend: slow")]
        with pytest.raises(TimedOut, match=f"asks for at most {most // 2} days at once"):
            store.take(batches)
        assert [len(days) for days in table.asked] == [4, most]

    table.asked.clear()
    store.run(collector(table, tmp_path))

    assert max(map(len, table.asked)) == 7
    assert store.days == {TODAY - DAY * back: 100 + back for back in range(61)}


def test_a_question_whose_answer_nobody_lived_to_see_was_asked(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    for _ in range(2):
        batches = collector(table, tmp_path, queries_per_hour=4).collect(SourceState(0, lambda: store.state))
        store.take([next(batches)])
        next(batches)
        # The process is killed before the second answer is stored.

    with pytest.raises(SourceWaits, match="used up"):
        store.run(collector(table, tmp_path, queries_per_hour=4))
    assert len(table.asked) == 4


def test_a_question_that_failed_is_asked_out_of_the_same_budget_after_a_restart(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    for _ in range(2):
        table.fails = [SchemaDiffers("source spend: no column `tokens`")]
        with pytest.raises(SchemaDiffers):
            store.run(collector(table, tmp_path, queries_per_hour=2))

    with pytest.raises(SourceWaits, match="used up"):
        store.run(collector(table, tmp_path, queries_per_hour=2))


def test_a_restart_asks_no_earlier_than_the_source_wants(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    table.fails = [RateLimited("source spend: slow down", 900)]
    with pytest.raises(RateLimited, match="slow down"):
        store.run(collector(table, tmp_path))

    with pytest.raises(RateLimited, match=r"again in 300 s"):
        store.run(collector(table, tmp_path, NOW + timedelta(minutes=10)))

    assert len(table.asked) == 1
    assert store.run(collector(table, tmp_path, NOW + timedelta(minutes=15))) == 4


def test_a_clock_that_was_set_back_makes_no_question_cheaper(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path, queries_per_hour=4))

    with pytest.raises(SourceWaits, match=r"it goes on at 10:0[01] UTC"):
        store.run(collector(table, tmp_path, NOW - timedelta(days=2), queries_per_hour=4))

    # It takes the hour that it always takes, and not until the clock is where it was.
    later = NOW - timedelta(days=2) + timedelta(minutes=62)
    assert store.run(collector(table, tmp_path, later, queries_per_hour=4)) > 0


def test_a_wait_that_a_clock_far_ahead_made_ends_with_it(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    table.fails = [RateLimited("source spend: slow down", 900)]
    with pytest.raises(RateLimited):
        store.run(collector(table, tmp_path, NOW + timedelta(days=400)))

    assert store.run(collector(table, tmp_path)) == 4


def test_what_is_known_of_the_days_is_told_from_what_is_stored(tmp_path: Path) -> None:
    table, store = Table(month(days=20)), Store()
    assert (
        collector(table, tmp_path).days(store.state).progress()
        == "0 of 60 days, less than 1 h at 60 questions an hour"
    )

    store.run(collector(table, tmp_path), stop_after=2)

    found = collector(table, tmp_path).days(store.state)
    assert found.counts() == {
        DayState.COMPLETE: 20, DayState.PARTIAL: 1, DayState.EMPTY: 0, DayState.UNKNOWN: 40
    }  # fmt: skip
    table.settings = "b"
    assert collector(table, tmp_path).days(store.state).answered == 0


def test_other_settings_ask_for_every_day_again(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    table.asked.clear()
    table.settings, table.days = "b", month(number=7)

    store.run(collector(table, tmp_path))

    assert len(table.asked) == 4
    assert store.days == month(number=7)


def test_a_day_that_passed_is_asked_for_and_the_present_one_again(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    later = {TODAY + DAY * ahead: 50.0 for ahead in range(1, 11)}
    table.days |= later | {TODAY: 999}
    table.asked.clear()

    store.run(collector(table, tmp_path, NOW + timedelta(days=10)))

    assert {**month(), **later, TODAY: 999} == store.days
    assert sum(map(len, table.asked)) == 11


def test_a_day_is_not_over_before_its_rows_had_time_to_arrive(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    early = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
    store.run(collector(table, tmp_path, early, lookback="1d"))
    table.days[TODAY] = 12345
    table.asked.clear()

    store.run(collector(table, tmp_path, early + timedelta(hours=2), lookback="1d"))

    assert table.asked[0].first == TODAY
    assert store.days[TODAY] == 12345


def test_rows_that_are_gone_are_taken_back_and_said(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    del table.days[TODAY - DAY]

    store.run(collector(table, tmp_path))

    assert store.days[TODAY - DAY] == 0
    assert store.problems == ["rows_lost: had rows and has none now; what was counted is taken back"]


def test_a_day_that_lost_its_rows_says_so_until_it_has_some_again(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    lost = TODAY - DAY * 2
    store.run(collector(table, tmp_path))
    number = table.days.pop(lost)
    store.run(collector(table, tmp_path))

    def why(reader: DailyCollector) -> str:
        return next(one.why for one in reader.days(store.state).told if lost in one.days)

    later = collector(table, tmp_path, NOW + timedelta(hours=20))
    assert (
        why(later) == "its rows are gone: it had 102 calls, which are taken back; that was noticed on 2026-11-28"
    )
    store.run(later)
    assert why(later).endswith("noticed on 2026-11-28")
    assert later.trial(lost, store.state).why == why(later)
    assert later.trial(lost, store.state).state is DayState.EMPTY

    table.days[lost] = number
    store.run(later)
    assert why(later) == "it is over, and its rows are counted"


def test_a_trial_knows_rows_that_were_deleted_for_their_age_from_rows_that_are_lost(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    reader = collector(table, tmp_path)
    store.run(reader)
    day = TODAY - DAY * 40
    del table.days[day]

    lost = reader.trial(day, store.state)
    table.days = {one: number for one, number in table.days.items() if one > day}
    kept = reader.trial(day, store.state)

    assert (lost.state, lost.why.partition(",")[0]) == (DayState.EMPTY, "its rows are gone: it had 140 calls")
    assert (kept.state, kept.why.partition(",")[0]) == (DayState.COMPLETE, "it had rows when it was last counted")


def test_the_oldest_days_of_a_question_are_taken_back_where_there_are_older_rows_still(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    for back in range(4):
        table.days.pop(TODAY - DAY * back, None)

    store.run(collector(table, tmp_path))

    assert [store.days[TODAY - DAY * back] for back in range(5)] == [0, 0, 0, 0, month()[TODAY - DAY * 4]]
    assert {problem.partition(":")[0] for problem in store.problems} == {"rows_lost"}


def test_days_that_the_source_does_not_keep_any_longer_stay_counted(tmp_path: Path) -> None:
    table, store = Table(month()), Store()
    store.run(collector(table, tmp_path))
    table.settings = "b"
    for back in range(10, 61):
        del table.days[TODAY - DAY * back]

    store.run(collector(table, tmp_path))

    assert store.days == month()
    assert any(problem.startswith("rows_gone: ") for problem in store.problems)


def test_a_backfill_asks_for_its_days_again(tmp_path: Path) -> None:
    table, store = Table(month(days=100)), Store()
    store.run(collector(table, tmp_path))
    table.days[TODAY - DAY * 30] = 1
    table.asked.clear()
    reader = collector(table, tmp_path)
    asked = BackfillRequest(since=TODAY - DAY * 80, until=TODAY - DAY * 25)

    store.take(reader.backfill(SourceState(0, lambda: store.state), asked))

    assert [len(days) for days in table.asked] == [28, 28]
    assert store.days[TODAY - DAY * 30] == 1
    assert store.days[TODAY - DAY * 80] == 180


def test_a_trial_counts_nothing(tmp_path: Path) -> None:
    table = Table(month())
    reader = collector(table, tmp_path, queries_per_hour=1)

    found = [reader.trial(TODAY - DAY) for _ in range(3)]

    assert {it.question for it in found} == {"how many on 2026-11-27?"}
    assert {it.state for it in found} == {DayState.COMPLETE}
    assert found[0].answer.usage[0].inferences == 101
    assert reader.trial(TODAY).state is DayState.PARTIAL
    assert reader.trial(TODAY - DAY * 400).state is DayState.UNKNOWN
    assert len([it for it in reader.collect(SourceState(0, dict)) if it.progress]) == 1


def test_the_progress_is_in_days(tmp_path: Path) -> None:
    batches = list(collector(Table(month()), tmp_path).collect(SourceState(0, dict)))

    steps = [(it.progress.done, it.progress.total, it.progress.unit) for it in batches if it.progress]
    assert steps == [(4, 61, "days"), (32, 61, "days"), (60, 61, "days"), (61, 61, "days")]


def test_state_of_another_type_of_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateFromNewer):
        list(collector(Table({}), tmp_path).collect(SourceState(0, lambda: {"file/ab": b"version 1\n"})))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("history", "36h"), ("lookback", "0s"), ("queries_per_hour", 0), ("ready_after", "8d")],
)
def test_settings_that_make_no_sense_are_refused(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=setting):
        DailyConfig.model_validate({"name": "spend", "type": "daily", setting: value})


def test_what_says_of_how_many_calls_it_is_says_of_which_days_too(tmp_path: Path) -> None:
    class Odd(Table):
        def ask(self, days: Days) -> Answer:
            problems = (("db", Result.UNATTRIBUTED, "names no system: 7 calls"), ("db", "gap", "nothing seen"))
            return replace(super().ask(days), problems=problems)

    reader = collector(Odd({TODAY - DAY: 5.0}), tmp_path, history="3d")
    batches = list(reader.collect(SourceState(0, dict)))

    places = [(it.place, it.reason) for batch in batches for it in batch.problems]
    assert places == [("db: 2026-11-25 to 2026-11-28", "unattributed"), ("db", "gap")]
