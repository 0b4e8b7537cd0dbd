from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import pytest

from leverwatch.agent.scheduling.scheduler import THREADS, Pool, Scheduler, backoff
from tests.e2e.servers import wait_until

FAST = timedelta(milliseconds=100)


def noting(runs: list[float]) -> Callable[[], bool]:
    """A job that succeeds, and notes when."""

    def job() -> bool:
        runs.append(time.monotonic())
        return True

    return job


def nothing() -> None:
    """A run that was missed and does not matter."""


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("interval", "failures", "pause"),
    [
        (timedelta(minutes=1), 0, timedelta(minutes=1)),
        (timedelta(minutes=1), 1, timedelta(minutes=2)),
        (timedelta(minutes=1), 3, timedelta(minutes=8)),
        (timedelta(minutes=1), 4, timedelta(minutes=15)),
        (timedelta(minutes=1), 400, timedelta(minutes=15)),
        (timedelta(hours=1), 5, timedelta(hours=1)),
    ],
)
def test_the_pause_doubles_up_to_a_quarter_of_an_hour_and_is_never_under_the_interval(
    interval: timedelta, failures: int, pause: timedelta
) -> None:
    assert backoff(interval, failures) == pause


def test_the_first_run_is_at_once(scheduler: Scheduler) -> None:
    ran = threading.Event()

    def job() -> bool:
        ran.set()
        return True

    scheduler.add("a", timedelta(hours=1), job, nothing)

    assert ran.wait(10)


def test_a_job_never_overlaps_itself_and_what_it_misses_is_counted(scheduler: Scheduler) -> None:
    running, overlaps, release = threading.Semaphore(1), [], threading.Event()
    missed = threading.Event()

    def slow() -> bool:
        if not running.acquire(blocking=False):
            overlaps.append(1)
        release.wait(10)
        running.release()
        return True

    scheduler.add("slow", FAST, slow, missed.set)

    assert missed.wait(10)
    release.set()
    assert overlaps == []


def test_a_slow_job_does_not_delay_another(scheduler: Scheduler) -> None:
    release, runs = threading.Event(), []
    scheduler.add("slow", timedelta(hours=1), lambda: release.wait(30), nothing)

    def quick() -> bool:
        runs.append(1)
        return True

    scheduler.add("quick", FAST, quick, nothing)
    wait_until(lambda: len(runs) >= 3, 10, "three runs beside a slow job")
    release.set()


def test_jobs_that_hang_delay_no_job_of_another_pool(scheduler: Scheduler) -> None:
    release, started = threading.Event(), list[int]()

    def hang() -> bool:
        started.append(1)
        return release.wait(60)

    for number in range(100):
        scheduler.add(f"hangs-{number}", timedelta(hours=1), hang, nothing, Pool.REMOTE)
    wait_until(lambda: len(started) >= 8, 10, "no thread is left in their pool")
    try:
        for pool in (Pool.LOCAL, Pool.OWN):
            runs = list[float]()
            scheduler.add(f"quick-{pool}", timedelta(hours=1), noting(runs), nothing, pool)
            wait_until(lambda runs=runs: bool(runs), 10, "a run of another pool")  # type: ignore[misc]  # bound now
        assert len(started) == 8
    finally:
        release.set()


def test_a_run_that_finds_no_free_thread_is_counted_as_missed(scheduler: Scheduler) -> None:
    release, started, missed, runs = threading.Event(), list[int](), threading.Event(), list[float]()

    def hang() -> bool:
        started.append(1)
        return release.wait(60)

    for number in range(THREADS[Pool.REMOTE]):
        scheduler.add(f"hangs-{number}", timedelta(hours=1), hang, nothing, Pool.REMOTE)
    wait_until(lambda: len(started) == THREADS[Pool.REMOTE], 10, "no thread is left")
    try:
        scheduler.add("waits", FAST, noting(runs), missed.set, Pool.REMOTE)
        assert missed.wait(10)
        assert runs == []
    finally:
        release.set()
    wait_until(lambda: len(runs) > 0, 10, "its turn")


def test_a_stop_that_has_waited_long_enough_names_what_still_runs() -> None:
    scheduler, started, release = Scheduler(), threading.Event(), threading.Event()

    def hang() -> bool:
        started.set()
        return release.wait(60)

    scheduler.add("hangs", timedelta(hours=1), hang, nothing)
    scheduler.start()
    assert started.wait(10)

    assert scheduler.stop(0.1) == {"hangs"}
    release.set()
    assert scheduler.stop(10) == frozenset()


def test_a_job_that_fails_again_and_again_is_run_less_often(scheduler: Scheduler) -> None:
    failed, fine = [], []

    def failing() -> bool:
        failed.append(1)
        return False

    def working() -> bool:
        fine.append(1)
        return True

    scheduler.add("failing", FAST, failing, nothing)
    scheduler.add("working", FAST, working, nothing)
    wait_until(lambda: len(fine) >= 15, 20, "fifteen runs")

    assert 1 < len(failed) < len(fine) / 2


def test_a_job_that_is_wanted_soon_while_it_runs_is_run_again_at_once(scheduler: Scheduler) -> None:
    starts, missed, release = threading.Semaphore(0), list[int](), threading.Event()

    def job() -> bool:
        starts.release()
        return release.wait(30)

    scheduler.add("a", timedelta(hours=1), job, lambda: missed.append(1))
    assert starts.acquire(timeout=10)
    scheduler.soon("a")
    time.sleep(0.5)  # when it would be found that it still runs
    release.set()

    assert starts.acquire(timeout=10), "what it saw may be older than what it was wanted for"
    assert missed == []


def test_a_job_can_be_run_soon_and_be_removed(scheduler: Scheduler) -> None:
    runs = []

    def job() -> bool:
        runs.append(1)
        return True

    scheduler.add("a", timedelta(hours=1), job, nothing)
    wait_until(lambda: len(runs) == 1, 10, "the first run")
    scheduler.soon("a")
    wait_until(lambda: len(runs) == 2, 10, "the second run")
    scheduler.remove("a")
    scheduler.soon("a")
    scheduler.remove("a")

    assert len(runs) == 2


def test_stopping_waits_for_a_run_in_progress() -> None:
    scheduler, started, ended = Scheduler(), threading.Event(), []

    def job() -> bool:
        started.set()
        threading.Event().wait(0.3)
        ended.append(1)
        return True

    scheduler.add("a", timedelta(hours=1), job, nothing)
    scheduler.start()
    assert started.wait(10)
    scheduler.stop()
    scheduler.stop()

    assert ended == [1]


def test_a_job_that_moves_itself_while_the_scheduler_stops_does_not_hang() -> None:
    scheduler, started, release = Scheduler(), threading.Event(), threading.Event()

    def job() -> bool:
        started.set()
        release.wait(10)
        scheduler.soon("a")
        return False

    scheduler.add("a", timedelta(milliseconds=100), job, nothing)
    scheduler.start()
    assert started.wait(10)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    release.set()
    stopping.join(10)

    assert not stopping.is_alive()


def test_a_success_ends_the_pause_that_failures_made_longer(scheduler: Scheduler) -> None:
    outcomes = iter([False, False, False, True, False, False])
    moments: list[float] = []

    def job() -> bool:
        moments.append(time.monotonic())
        return next(outcomes, True)

    scheduler.add("a", FAST, job, nothing)
    wait_until(lambda: len(moments) >= 7, 20, "seven runs")

    pauses = [after - before for before, after in pairwise(moments)]
    # Without the success in between, the fifth run would be the fourth failure, and followed by eight intervals.
    assert pauses[2] > 3.5 * FAST.total_seconds()
    assert pauses[4] < pauses[2]


def test_a_run_that_is_late_by_seconds_is_run_and_several_late_ones_are_one(scheduler: Scheduler) -> None:
    rare: list[float] = []
    often: list[float] = []
    missed = threading.Event()
    scheduler.add("rare", timedelta(hours=1), noting(rare), missed.set)
    scheduler.add("often", FAST, noting(often), nothing)
    wait_until(lambda: bool(rare and often), 10, "the first runs")

    scheduler._scheduler.pause()
    scheduler.soon("rare")
    time.sleep(1.5)
    before = len(often)
    scheduler._scheduler.resume()
    wait_until(lambda: len(rare) == 2, 10, "the late run")
    time.sleep(0.05)

    assert not missed.is_set()
    assert len(often) - before <= 3, "fifteen runs were due"


def test_a_clock_that_is_set_back_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    back, real = [timedelta()], time.time

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls.fromtimestamp(real(), tz) - back[0]

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Clock)
    monkeypatch.setattr("leverwatch.agent.scheduling.scheduler.datetime", Clock)
    monkeypatch.setattr(
        "leverwatch.agent.scheduling.scheduler.time.time", lambda: real() - back[0].total_seconds()
    )
    scheduler, runs = Scheduler(watch=0.05), list[float]()
    scheduler.add("a", FAST, noting(runs), nothing)
    scheduler.start()
    try:
        wait_until(lambda: len(runs) >= 2, 10, "two runs")
        back[0] = timedelta(hours=2)
        before = len(runs)
        wait_until(lambda: len(runs) >= before + 5, 10, "runs by a clock that shows the past")
    finally:
        scheduler.stop()
