"""Runs one source: times, logs, counts and isolates it, and commits its batches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from threading import Lock
from traceback import format_tb
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from leverwatch.agent.errors import InternalError, StoreConflict, StoreError
from leverwatch.agent.log import get_logger
from leverwatch.agent.scheduling.nothing_counted import Concern, concerns, unattributed_share, unreadable_share
from leverwatch.agent.scheduling.problem_log import SECONDS, ProblemLog
from leverwatch.agent.scheduling.recent import Recent
from leverwatch.agent.source_view import SourceView
from leverwatch.agent.store.replaced import Replaced
from leverwatch.agent.store.store import SourceTimes
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.daily.day_states import DaysKnown, TellsDays
from leverwatch.collectors.errors import CollectorError, SourceWaits
from leverwatch.collectors.interface import (
    BackfillRequest,
    Backfills,
    Batch,
    Collector,
    Matched,
    Matches,
    Problem,
    Result,
    SourceState,
    utc_now,
)
from leverwatch.collectors.result_files import ReadsResultFiles
from leverwatch.collectors.unattributed import Tally, Unattributed, heaviest_of

log = get_logger(__name__)

_TRIES = 3
"""How often a run starts again without any progress, because another agent advanced the source."""
_BACKFILL_TRIES = 30
_NOTHING = Replaced()


class Ledger(Protocol):
    """What a runner writes to: the store, or a stand-in for dry runs that writes nothing."""

    def source_state(self, source: str) -> SourceState:
        """Return the durable state of a source."""
        ...

    def source_times(self) -> Mapping[str, SourceTimes]:
        """Return when each source was last read."""
        ...

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Return the number of records by source and result."""
        ...

    def unreadable(self) -> Mapping[str, Mapping[str, int]]:
        """Return the number of values that could not be read, by source and field."""
        ...

    def apply(self, source: str, revision: int, batch: Batch) -> Replaced | None:
        """Write a batch. Returns what changed on the days that it replaces, if any. Raises StoreConflict."""
        ...

    def mark_success(self, source: str, moment: datetime) -> None:
        """Note that a source was read without an error."""
        ...


class RunReport(Struct, frozen=True):
    """The result of one run of a source."""

    source: str
    success: bool
    seconds: float
    tallies: Mapping[Result, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """By field, values of counted records that could not be read."""
    read: int = 0
    """Records read, counted independently of their results."""
    prompt_changes: int = 0
    replaced_days: int = 0
    """UTC days that were replaced as a whole."""
    replaced: Replaced = _NOTHING
    """What replacing days changed."""
    reason: str | None = None
    """Why the run failed, as a constant; None after a success."""
    error: str | None = None
    """Why the run failed, in words; None after a success."""
    waits: str | None = None
    """What its settings have the source wait for, in words, where nothing could be asked; that is no failure."""
    unattributed: Unattributed = Unattributed()
    """What calls of the run had that name no system."""
    concerns: Mapping[Concern, str] = field(default_factory=dict)
    """What is wrong with a run that did not fail, each in words; empty when it counts, or had nothing new."""
    samples: tuple[Problem, ...] = ()
    """A few places of each kind of bad input that was met in this process."""


class _Done(Struct):
    """What a run has committed until now."""

    batches: int = 0
    read: int = 0
    tallies: Counter[Result] = field(default_factory=Counter)
    calls: Counter[Result] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    unattributed: Tally = field(default_factory=Tally)
    prompt_changes: int = 0
    replaced_days: set[date] = field(default_factory=set)
    replaced: Replaced = _NOTHING

    def add(self, batch: Batch, replaced: Replaced | None) -> None:
        self.batches += 1
        self.read += batch.read
        self.tallies.update(batch.tallies)
        self.calls.update(batch.calls or batch.tallies)
        self.unreadable.update(batch.unreadable)
        self.unattributed.add(batch.unattributed)
        self.prompt_changes += len(batch.prompt_changes)
        if replaced is not None:
            self.replaced_days |= batch.replaces
            self.replaced = self.replaced.plus(replaced)


class SourceRunner:
    """One configured source and its history of runs in this process.

    `on_batch` is called with every batch after it was committed; `stopping` is called between batches, and ends
    the run when true.
    """

    def __init__(
        self,
        config: SourceConfig,
        collector: Collector,
        store: Ledger,
        *,
        now: Callable[[], datetime] = utc_now,
        on_batch: Callable[[str, Batch], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._collector, self._store, self._now = collector, store, now
        self._on_batch, self._stopping, self._monotonic = on_batch, stopping, monotonic
        self._lock = Lock()
        self._running = Lock()
        self._failures: Counter[str] = Counter()
        self._said: frozenset[Concern] = frozenset()
        self._said_at: dict[Concern, float] = {}
        self._problems, self._recent = ProblemLog(), Recent()
        self._unattributed = Tally()
        times = store.source_times().get(config.name)
        self._view = SourceView(
            name=config.name,
            type=config.type,
            interval_seconds=config.interval.total_seconds(),
            last_success=times.last_success if times else None,
            newest_record=times.newest_record if times else None,
            records=store.tallies().get(config.name, {}),
            unreadable=store.unreadable().get(config.name, {}),
            restated_inferences=times.restated_inferences if times else 0.0,
            days=self._days(),
        )

    def view(self) -> SourceView:
        """Return the source as it is shown."""
        with self._lock:
            return self._view

    def _days(self) -> DaysKnown | None:
        if not isinstance(self._collector, TellsDays):
            return None
        try:
            return self._collector.days(self._store.source_state(self.config.name).load())
        except CollectorError:
            # The next run says so.
            return None

    def _days_or_same(self) -> DaysKnown | None:
        """A day may be over since the last answer; a store that cannot be read is no other knowledge."""
        try:
            return self._days()
        except StoreError:
            return self.view().days

    def missed(self) -> None:
        """Count a scheduled run that did not start."""
        log.warning("collector_run_missed", source=self.config.name)
        with self._lock:
            self._view = replace(self._view, missed_runs=self._view.missed_runs + 1)

    @property
    def backfills(self) -> bool:
        """Whether the source supports backfills: a range of days, and further files."""
        return isinstance(self._collector, Backfills)

    def run(self, history: BackfillRequest | None = None) -> RunReport:
        """Read what is new, or history that is not counted yet. Never raises; the report says why it failed."""
        with self._running:
            started = time.monotonic()
            done = _Done()
            reason, error, waits = None, None, None
            matched: Matched | None = None
            try:
                self._collect(done, history)
                matched = self._collector.matched() if isinstance(self._collector, Matches) else None
            except SourceWaits as wait:
                waits = str(wait)
            except CollectorError as failure:
                reason, error = failure.reason, str(failure)
            except StoreError as failure:
                reason, error = failure.reason, str(failure)
            except InternalError as failure:
                reason, error = CollectorError.reason, str(failure)
                log.error("collector_contradicts_itself", source=self.config.name, error=error)  # noqa: TRY400 - its text says it all
            except Exception as failure:  # noqa: BLE001 - one broken source must not end the others
                # The text of an unexpected error may quote a record; its type and its place do not.
                reason, error = "error", f"source {self.config.name}: unexpected {type(failure).__name__}"
                log.error(  # noqa: TRY400 - log.exception would write the text
                    "collector_broken",
                    source=self.config.name,
                    error=type(failure).__name__,
                    trace="".join(format_tb(failure.__traceback__)),
                )
            self._log_problems()
            unattributed = done.unattributed.take()
            if done.replaced_days:
                # Days that are answered again would count once more.
                self._unattributed = Tally()
            self._unattributed.add(unattributed)
            report = RunReport(
                source=self.config.name,
                success=error is None,
                seconds=time.monotonic() - started,
                tallies=dict(done.tallies),
                unreadable=dict(done.unreadable),
                read=done.read,
                prompt_changes=done.prompt_changes,
                replaced_days=len(done.replaced_days),
                replaced=done.replaced,
                unattributed=heaviest_of(unattributed),
                reason=reason,
                error=error,
                waits=waits,
                concerns={} if error or waits or history else concerns(done.calls, self.view().records, matched),
                samples=self._problems.samples,
            )
            self._finish(report, matched)
            return report

    def _collect(self, done: _Done, history: BackfillRequest | None) -> None:
        tries, first = 0, 0
        while True:
            before = done.batches
            try:
                self._batches(done, history)
                break
            except StoreConflict:
                tries = tries + 1 if done.batches == before else 1
                now = self._store.source_state(self.config.name).revision
                if tries == 1:
                    first = now
                if tries >= (_TRIES if history is None else _BACKFILL_TRIES):
                    if history is None and now > first:
                        # Others read it all the while: what there was, they counted.
                        log.info("source_left_to_another_agent", source=self.config.name)
                        break
                    raise
                log.warning("source_advanced_by_another_agent", source=self.config.name)
        self._store.mark_success(self.config.name, self._now())

    def _batches(self, done: _Done, history: BackfillRequest | None) -> None:
        state = self._store.source_state(self.config.name)
        revision = state.revision
        if history is not None and isinstance(self._collector, Backfills):
            batches = self._collector.backfill(state, history)
        else:
            batches = self._collector.collect(state)
        try:
            for batch in batches:
                replaced = self._store.apply(self.config.name, revision, batch)
                revision += 1
                done.add(batch, replaced)
                self._committed(batch, replaced)
                self._problems.add(batch)
                self._recent.add(self._now(), batch.calls or batch.tallies)
                if self._on_batch is not None:
                    self._on_batch(self.config.name, batch)
                if self._stopping():
                    break
        finally:
            # Ends the generator where it stands, so that it forgets what was not committed.
            close = getattr(batches, "close", None)
            if close is not None:
                close()

    def _log_problems(self) -> None:
        for said in self._problems.due(self._monotonic()):
            log.warning(
                "bad_input",
                source=self.config.name,
                place=said.problem.place,
                reason=str(said.problem.reason),
                detail=said.problem.detail,
                count=said.count,
            )

    def _committed(self, batch: Batch, replaced: Replaced | None) -> None:
        days = self._days()
        with self._lock:
            records = Counter(self._view.records)
            records.update(batch.tallies)
            unreadable = Counter(self._view.unreadable)
            unreadable.update(batch.unreadable)
            known = [moment for moment in (self._view.newest_record, batch.newest_record) if moment is not None]
            restated = self._view.restated_inferences + (replaced or _NOTHING).taken_back
            self._view = replace(
                self._view,
                records=dict(records),
                unreadable=dict(unreadable),
                newest_record=max(known, default=None),
                restated_inferences=restated,
                days=days,
            )

    def _finish(self, report: RunReport, matched: Matched | None) -> None:
        if not report.success and self._stopping():
            # It was ended on purpose, and the next start goes on where it stood.
            log.info("collector_run_ended", source=report.source, error=report.error)
            return
        days = self._days_or_same()
        if report.waits is not None:
            # Whether its last questions had an answer stays as it is.
            with self._lock:
                self._view = replace(self._view, runs=self._view.runs + 1, waits=report.waits, days=days)
            log.info("collector_waits", source=report.source, waits=report.waits)
            return
        recent = self._recent.tallies(self._now())
        with self._lock:
            if report.reason is not None:
                self._failures[report.reason] += 1
            self._view = replace(
                self._view,
                success=report.success,
                duration_seconds=report.seconds,
                last_success=self._now() if report.success else self._view.last_success,
                runs=self._view.runs + 1,
                failures=dict(self._failures),
                error=report.error,
                waits=None,
                result_files=(
                    self._collector.result_files() if isinstance(self._collector, ReadsResultFiles) else None
                ),
                matches=matched.files if matched else self._view.matches,
                unreadable_share=unreadable_share(recent),
                unattributed=heaviest_of(self._unattributed.all),
                unattributed_share=unattributed_share(recent),
                concerns=concerns(recent, self._view.records, matched, "the last day") if report.success else {},
                samples=report.samples,
                days=days,
            )
        if report.success:
            figures: dict[str, float] = {str(result): number for result, number in report.tallies.items()}
            if report.unreadable:
                figures["unreadable_values"] = sum(report.unreadable.values())
            if report.replaced_days:
                figures |= {"replaced_days": report.replaced_days, **asdict(report.replaced)}
            log.info("collector_run", source=report.source, seconds=round(report.seconds, 3), **figures)
            now = self._monotonic()
            for concern, why in report.concerns.items():
                # Once until it is over, and once an hour: a source runs every minute, and may be idle between.
                said = self._said_at.get(concern)
                if concern not in self._said and (said is None or now - said >= SECONDS):
                    self._said_at[concern] = now
                    log.warning(str(concern), source=report.source, reason=why)
            self._said = frozenset(report.concerns)
        else:
            log.warning("collector_failed", source=report.source, reason=report.reason, error=report.error)
