from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from leverwatch.agent.errors import InternalError, StoreConflict
from leverwatch.agent.log import configure
from leverwatch.agent.scheduling.backfill import Rehearsal
from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.replaced import Replaced
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.errors import SourceIncomplete, SourceRefused, SourceUnavailable, SourceWaits
from leverwatch.collectors.interface import Batch, Matched, Operation, Problem, Result, SourceState, UsageRow
from leverwatch.collectors.unattributed import Unattributed

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ROW = UsageRow("bot", "m", Operation.GENERATION, date(2026, 3, 9), inferences=1)
CONFIG = SourceConfig(name="gateway", type="fake")


def batch(**changes: object) -> Batch:
    return Batch(**{"state": {}, "usage": (ROW,), "tallies": {Result.COUNTED: 1}, **changes})  # type: ignore[arg-type]  # a test's shorthand


@dataclass
class Fake:
    """A collector that yields what it is told, and remembers how it was treated."""

    batches: list[Batch | Exception] = field(default_factory=list)
    matches: Matched | None = None
    revisions: list[int] = field(default_factory=list)
    closed: int = 0

    def collect(self, state: SourceState) -> Iterator[Batch]:
        self.revisions.append(state.revision)
        try:
            for one in self.batches:
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            self.closed += 1

    def matched(self) -> Matched | None:
        return self.matches


@pytest.fixture
def memory(store_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{store_file}")
    yield store
    store.close()


def inferences(store: Store) -> float:
    totals = store.totals(Scope(), 20)
    return sum(model.inferences for total in totals.values() for model in total.models)


def test_a_run_commits_every_batch_and_reports_what_it_read(memory: Store) -> None:
    newest = datetime(2026, 3, 9, tzinfo=UTC)
    fake = Fake([batch(newest_record=newest), batch(tallies={Result.COUNTED: 1, Result.DUPLICATE: 2})])
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: NOW)

    report = runner.run()

    assert (report.success, report.reason, report.error) == (True, None, None)
    assert report.tallies == {Result.COUNTED: 2, Result.DUPLICATE: 2}
    assert inferences(memory) == 2
    view = runner.view()
    assert (view.success, view.runs, view.last_success, view.newest_record) == (True, 1, NOW, newest)
    assert view.records == {Result.COUNTED: 2, Result.DUPLICATE: 2}
    assert memory.source_times()["gateway"].last_success == NOW


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceUnavailable("source gateway: gone"), "unavailable"),
        (SourceRefused("source gateway: shallow"), "refused"),
        (SourceIncomplete("source gateway: a.log: denied"), "incomplete"),
    ],
)
def test_a_failure_is_counted_by_reason_and_batches_before_it_stay(
    memory: Store, error: Exception, reason: str
) -> None:
    runner = SourceRunner(CONFIG, Fake([batch(), error]), memory, now=lambda: NOW)

    report = runner.run()

    assert (report.success, report.reason, report.error) == (False, reason, str(error))
    assert inferences(memory) == 1
    view = runner.view()
    assert (view.success, view.failures, view.last_success, view.error) == (False, {reason: 1}, None, str(error))


def test_the_text_of_an_unexpected_error_is_not_shown(
    memory: Store, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    caplog.set_level(logging.DEBUG)
    runner = SourceRunner(CONFIG, Fake([ValueError("prompt canary-91")]), memory)

    report = runner.run()

    shown = caplog.text + "".join(capsys.readouterr()) + str(runner.view())
    assert (report.reason, report.error) == ("error", "source gateway: unexpected ValueError")
    assert "collector_broken" in shown
    assert "canary-91" not in shown


def test_a_success_clears_the_error(memory: Store) -> None:
    fake = Fake([SourceUnavailable("gone")])
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: NOW)
    runner.run()
    fake.batches = []
    runner.run()

    view = runner.view()
    assert (view.success, view.error, view.runs, view.failures) == (True, None, 2, {"unavailable": 1})


def test_a_run_that_waits_is_no_failure_and_changes_nothing_of_what_the_last_one_said(memory: Store) -> None:
    fake = Fake([batch()])
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: NOW)
    runner.run()
    seen = []
    steps = (SourceWaits("until 10:00"), SourceUnavailable("gone"), SourceWaits("until 11:00"), batch())
    for step in steps:
        fake.batches = [step]
        report = runner.run()
        view = runner.view()
        seen.append((report.success, view.success, view.error, view.waits))

    assert seen == [
        (True, True, None, "until 10:00"),
        (False, False, "gone", None),
        (True, False, "gone", "until 11:00"),
        (True, True, None, None),
    ]
    assert runner.view().failures == {"unavailable": 1}


def test_a_source_that_another_agent_advanced_starts_again_from_what_is_there(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Fake([batch()])
    runner = SourceRunner(CONFIG, fake, memory)
    real = memory.apply
    interfered: list[int] = []

    def apply(source: str, revision: int, one: Batch) -> None:
        if not interfered:
            interfered.append(1)
            real(source, revision, batch(usage=()))
        real(source, revision, one)

    monkeypatch.setattr(memory, "apply", apply)

    assert runner.run().success
    assert fake.revisions == [0, 1]
    assert fake.closed == 2
    assert inferences(memory) == 1


def test_a_source_that_others_read_all_the_while_is_left_to_them(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Fake([batch()])
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: NOW)
    real = memory.apply

    def apply(source: str, revision: int, one: Batch) -> None:
        real(source, revision, one)
        real(source, revision, one)

    monkeypatch.setattr(memory, "apply", apply)

    assert runner.run().success
    assert fake.revisions == [0, 1, 2]
    assert inferences(memory) == 3, "what the others counted"
    assert memory.source_times()["gateway"].last_success == NOW


def test_an_agent_that_always_loses_gives_up_with_a_reason(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def apply(_source: str, _revision: int, _batch: Batch) -> None:
        raise StoreConflict("source gateway: taken")

    monkeypatch.setattr(memory, "apply", apply)
    report = SourceRunner(CONFIG, Fake([batch()]), memory).run()

    assert (report.success, report.reason) == (False, "store")


def test_a_run_ends_between_batches_when_the_agent_stops(memory: Store) -> None:
    stop: list[bool] = []
    fake = Fake([batch(), batch(), batch()])
    runner = SourceRunner(
        CONFIG, fake, memory, stopping=lambda: bool(stop), on_batch=lambda _source, _batch: stop.append(True)
    )

    runner.run()

    assert inferences(memory) == 1
    assert fake.closed == 1


def test_problems_are_logged_by_reason_with_a_place_and_a_count_at_most_once_an_hour_each(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    clock = [0.0]
    bad = batch(
        tallies={Result.COUNTED: 1, Result.INVALID_LINE: 50, Result.BAD_TIME: 2},
        problems=(
            Problem("app.log:7", Result.INVALID_LINE, "not one JSON object"),
            Problem("app.log:9", Result.BAD_TIME, "ts: not a time"),
        ),
    )
    fake = Fake([bad, bad])
    runner = SourceRunner(CONFIG, fake, memory, monotonic=lambda: clock[0])

    def logged() -> list[str]:
        runner.run()
        lines = [line for line in capsys.readouterr().err.splitlines() if "event=bad_input" in line]
        return [line.partition("source=")[2].partition(" logger=")[0] for line in lines]

    first = [
        'gateway place=app.log:9 reason=bad_time detail="ts: not a time" count=4',
        'gateway place=app.log:7 reason=invalid_line detail="not one JSON object" count=100',
    ]
    assert logged() == first
    clock[0] = 3599
    assert logged() == []
    fake.batches = []
    clock[0] = 3600
    assert logged() == first, "what came within the hour is told when it is over, also by a run without anything"
    clock[0] = 7200
    assert logged() == []


def test_a_run_that_fails_tells_its_problems_as_well(memory: Store, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    problem = Problem("app.log:7", Result.INVALID_LINE, "not one JSON object")

    SourceRunner(CONFIG, Fake([batch(problems=(problem,)), SourceUnavailable("gone")]), memory).run()

    assert "place=app.log:7 reason=invalid_line" in capsys.readouterr().err


def test_each_doubt_about_a_setting_is_told_although_all_have_one_reason(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    doubts = tuple(Problem("bot", "nothing_selected", f"pattern {number}") for number in range(3))

    SourceRunner(CONFIG, Fake([batch(problems=doubts)]), memory).run()

    assert capsys.readouterr().err.count("reason=nothing_selected") == 3


def test_figures_of_earlier_processes_are_there_from_the_start(memory: Store) -> None:
    SourceRunner(CONFIG, Fake([batch()]), memory, now=lambda: NOW).run()

    view = SourceRunner(CONFIG, Fake(), memory).view()

    assert (view.records, view.last_success, view.success, view.runs) == ({Result.COUNTED: 1}, NOW, None, 0)


def test_missed_runs_are_counted(memory: Store) -> None:
    runner = SourceRunner(CONFIG, Fake(), memory)
    runner.missed()

    assert runner.view().missed_runs == 1


def test_a_run_that_was_ended_because_the_agent_stops_is_no_failure(memory: Store) -> None:
    stopping: list[bool] = []
    runner = SourceRunner(
        CONFIG, Fake([SourceUnavailable("git was ended")]), memory, stopping=lambda: bool(stopping)
    )
    assert not runner.run().success
    before = runner.view()
    assert before.failures == {"unavailable": 1}

    stopping.append(True)
    assert not runner.run().success
    assert runner.view() == before


def whole(inferences: float, day: date = ROW.day, **changes: object) -> Batch:
    rows = (replace(ROW, inferences=inferences, day=day),)
    return batch(usage=rows, replaces=frozenset({ROW.day}), **changes)


def test_what_replacing_days_changed_is_reported_logged_and_shown_by_the_next_process(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    SourceRunner(CONFIG, Fake([whole(10), whole(4)]), memory).run()
    runner = SourceRunner(CONFIG, Fake([whole(9), whole(7)]), memory)

    report = runner.run()

    assert (report.replaced_days, report.replaced) == (1, Replaced(added=5, taken_back=2))
    assert runner.view().restated_inferences == 8
    assert SourceRunner(CONFIG, Fake(), memory).view().restated_inferences == 8
    lines = [line for line in capsys.readouterr().err.splitlines() if "event=collector_run " in line]
    assert "replaced_days=1 added=5.0 taken_back=2.0" in lines[-1]


def test_a_run_that_only_adds_says_nothing_of_replaced_days(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    report = SourceRunner(CONFIG, Fake([batch()]), memory).run()

    assert (report.replaced_days, report.replaced) == (0, Replaced())
    assert "replaced" not in capsys.readouterr().err


def test_a_collector_that_contradicts_itself_fails_with_the_reason_and_loudly(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    fake = Fake([whole(10), whole(4, day=date(2026, 3, 8))])

    report = SourceRunner(CONFIG, fake, memory).run()

    assert (report.success, report.reason) == (False, "error")
    assert "rows of 1 others, the first of them 2026-03-08" in str(report.error)
    assert "collector_contradicts_itself" in capsys.readouterr().err
    assert inferences(memory) == 10
    assert fake.closed == 1


def test_a_rehearsal_finds_the_rows_of_names_that_have_no_room(memory: Store) -> None:
    memory.limits = NameLimits(systems=1, models=1)
    names = [(system, model) for system in ("bot", "beyond") for model in ("m", "n")]
    rows = tuple(replace(ROW, system=system, model=model, inferences=3) for system, model in names)
    days = frozenset({ROW.day})
    memory.apply("gateway", 0, batch(usage=rows, replaces=days))
    rehearsal = Rehearsal(memory)

    assert rehearsal.apply("gateway", 1, batch(usage=rows, replaces=days)) == Replaced()
    assert rehearsal.apply("gateway", 2, batch(usage=rows[:1], replaces=days)) == Replaced(0, 9)
    # A rehearsal goes on from what it was told, and the store from what it holds.
    assert rehearsal.apply("gateway", 3, batch(usage=rows[:1], replaces=days)) == Replaced()
    assert memory.source_times()["gateway"].restated_inferences == 0
    with pytest.raises(InternalError):
        rehearsal.apply("gateway", 4, batch(replaces=frozenset({date(2026, 3, 8)})))


def test_a_view_has_the_share_that_was_refused_within_a_day_its_samples_and_what_is_wrong(memory: Store) -> None:
    now = [NOW]
    lost = {Result.COUNTED: 1, Result.UNATTRIBUTED: 2, Result.IGNORED: 9}
    problem = Problem("app.log:7", Result.UNATTRIBUTED, "names no system")
    fake = Fake([batch(tallies=lost, problems=(problem,))], matches=Matched(1, ("b/*.log",)))
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: now[0])
    assert (runner.view().unreadable_share, runner.view().matches) == (None, None)

    runner.run()
    bad = runner.view()
    fake.batches, fake.matches = [batch(tallies={Result.COUNTED: 1})], Matched(2)
    now[0] += timedelta(hours=23)
    runner.run()
    half = runner.view()
    now[0] += timedelta(hours=2)
    runner.run()

    assert (bad.unreadable_share, bad.matches, bad.samples) == (2 / 3, 1, (problem,))
    assert bad.concerns == {
        "matches_nothing": "nothing matches b/*.log",
        "most_refused": (
            "most of what the last day read was refused or names no system, 2 of 3 records: 2 unattributed"
        ),
    }
    assert (half.unreadable_share, half.matches, half.concerns) == (0.5, 2, {})
    assert (runner.view().unreadable_share, runner.view().concerns) == (0, {})


def test_what_is_wrong_with_a_source_is_logged_once_until_it_is_over_and_at_most_once_an_hour(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    fake = Fake([batch()])
    clock = [0.0]
    runner = SourceRunner(CONFIG, fake, memory, monotonic=lambda: clock[0])
    told = []
    for moment, files in ((0, 1), (1, 0), (7000, 0), (7001, 1), (7002, 0), (7003, 1), (7004, 0)):
        clock[0], fake.matches = moment, Matched(files, () if files else ("*.log",))
        runner.run()
        told.append(capsys.readouterr().err.count("event=matches_nothing"))

    assert told == [0, 1, 0, 0, 1, 0, 0]


def test_what_is_unattributed_adds_up_and_for_days_that_are_replaced_the_latest_answer_holds(
    memory: Store,
) -> None:
    lost = {Result.COUNTED: 1, Result.UNATTRIBUTED: 3}
    fake = Fake([batch(tallies=lost, unattributed={"key: k1": 2, "key: k2": 1})])
    runner = SourceRunner(CONFIG, fake, memory, now=lambda: NOW)

    first = runner.run()
    runner.run()
    added = runner.view()
    fake.batches = [batch(tallies=lost, unattributed={"key: k2": 3}, replaces=frozenset({ROW.day}))]
    runner.run()
    runner.run()

    assert first.unattributed == Unattributed((("key: k1", 2), ("key: k2", 1)))
    assert added.unattributed == Unattributed((("key: k1", 4), ("key: k2", 2)))
    assert added.unattributed_share == 0.75
    assert runner.view().unattributed == Unattributed((("key: k2", 3),))
