"""Runs each source and the evaluation on their own intervals, with APScheduler."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Condition, Event, Thread
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from leverwatch.agent.log import get_logger

log = get_logger(__name__)

_LONGEST_BACKOFF = timedelta(minutes=15)
_WATCH_SECONDS = 15.0
_STEP_SECONDS = 1.0
"""Steps of the wall clock below this many seconds are ignored, as they delay nothing that matters."""
_SOON = timedelta(milliseconds=100)


class Pool(StrEnum):
    """The pool of threads that a job runs on, so that jobs which wait for other machines block no others."""

    LOCAL = "local"
    REMOTE = "remote"
    OWN = "own"
    """For the evaluation, the lease and the check of the clock, which must not wait for sources."""


THREADS: Mapping[Pool, int] = {Pool.LOCAL: 16, Pool.REMOTE: 8, Pool.OWN: 3}
"""Threads of each pool, that is jobs that run at the same time; others wait for a free thread. The number is
fixed, so that threads, child processes and memory fit into a container, however many sources there are."""


def backoff(interval: timedelta, failures: int) -> timedelta:
    """Return the pause before the next run, after that many failures in a row.

    It doubles with each failure up to 15 minutes, and is never shorter than the interval.
    """
    doubled = interval * 2 ** min(failures, 16) if failures else interval
    return max(interval, min(doubled, _LONGEST_BACKOFF))


class Scheduler:
    """Runs jobs repeatedly on threads.

    A job runs for the first time at once. A late run is not skipped, and a job never overlaps itself. It returns
    whether it succeeded; after a failure the next run is `backoff` later. Every `watch` seconds the wall clock is
    compared with the monotonic one, so that a clock that is set back delays no run.
    """

    def __init__(self, threads: Mapping[Pool, int] = THREADS, watch: float = _WATCH_SECONDS) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={str(pool): ThreadPoolExecutor(number) for pool, number in threads.items()},
            # misfire_grace_time None: however late, a run is run. The default drops it after a second.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._missed: dict[str, Callable[[], None]] = {}
        self._failures: dict[str, int] = {}
        self._idle = Condition()
        self._active: set[str] = set()
        self._wanted: set[str] = set()
        """Jobs that are to run as soon as possible and have not started yet."""
        self._stopping = False
        self._watch, self._stopped = watch, Event()
        self._scheduler.add_listener(self._on_missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Start running jobs."""
        self._scheduler.start()
        Thread(target=self._watch_clock, name="clock", daemon=True).start()

    def stop(self, seconds: float | None = None) -> frozenset[str]:
        """Start no further job, and wait up to `seconds` for running ones (None: until they end).

        Returns the names of the jobs that still run.
        """
        # The library's own wait holds a lock that a job needs to be moved: a job that ends right then would wait
        # for the shutdown, and the shutdown for the job.
        with self._idle:
            self._stopping = True
            self._idle.wait_for(lambda: not self._active, seconds)
            running = frozenset(self._active)
        self._stopped.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=not running)
        return running

    def add(
        self,
        name: str,
        interval: timedelta,
        job: Callable[[], bool],
        missed: Callable[[], None],
        pool: Pool = Pool.LOCAL,
    ) -> None:
        """Run `job` at once and then every `interval`; `missed` is called for each run that could not start."""
        self._missed[name] = missed
        self._failures[name] = 0
        self._scheduler.add_job(
            lambda: self._run(name, interval, job),
            "interval",
            seconds=interval.total_seconds(),
            id=name,
            executor=str(pool),
            next_run_time=datetime.now(UTC),
            replace_existing=True,
        )

    def remove(self, name: str) -> None:
        """Schedule no further runs of a job; a running one is not interrupted."""
        self._missed.pop(name, None)
        with self._idle:
            self._wanted.discard(name)
        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            log.debug("job_unknown", job=name)

    def soon(self, name: str) -> None:
        """Run a job as soon as possible; a running one is run once more afterwards, as its input may have
        changed."""
        with self._idle:
            self._wanted.add(name)
            runs = name in self._active
        if not runs:
            self._move(name, datetime.now(UTC))

    def _run(self, name: str, interval: timedelta, job: Callable[[], bool]) -> None:
        goes_on = True
        while goes_on:
            with self._idle:
                if self._stopping:
                    return
                self._active.add(name)
                self._wanted.discard(name)
            try:
                self._run_once(name, interval, job)
            finally:
                with self._idle:
                    self._active.discard(name)
                    self._idle.notify_all()
                    goes_on = name in self._wanted

    def _run_once(self, name: str, interval: timedelta, job: Callable[[], bool]) -> None:
        if job():
            self._failures[name] = 0
            return
        self._failures[name] = self._failures.get(name, 0) + 1
        pause = backoff(interval, self._failures[name] - 1)
        if pause > interval:
            self._move(name, datetime.now(UTC) + pause)

    def _move(self, name: str, moment: datetime) -> None:
        try:
            self._scheduler.modify_job(name, next_run_time=moment)
        except JobLookupError:  # removed by a reload while it ran
            log.debug("job_unknown", job=name)

    def _watch_clock(self) -> None:
        # The library plans by the wall clock: when that is set back by an hour, nothing would run for an hour.
        reference = time.time() - time.monotonic()
        while not self._stopped.wait(self._watch):
            ahead = time.time() - time.monotonic()
            if reference - ahead > _STEP_SECONDS:
                log.warning("clock_set_back", seconds=round(reference - ahead, 3))
                for job in self._scheduler.get_jobs():
                    self._move(job.id, job.next_run_time - timedelta(seconds=reference - ahead))
                reference = ahead
            reference = max(reference, ahead)

    def _on_missed(self, event: Any) -> None:
        with self._idle:
            early = event.job_id in self._wanted - self._active
        if early:
            # For the library the last run has not quite ended, or not quite begun: no scheduled run is missed.
            self._move(event.job_id, datetime.now(UTC) + _SOON)
            return
        missed = self._missed.get(event.job_id)
        if missed is not None:
            missed()
