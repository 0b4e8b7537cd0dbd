"""The one door to the database: every use of it, as methods that take and give plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, insert, inspect, select, update

from leverwatch.agent.config.store_url import show_store_url
from leverwatch.agent.errors import StoreConflict, StoreError, StoreRefusal
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.log import get_logger
from leverwatch.agent.store.batches import write_batch
from leverwatch.agent.store.engine import WRITES, open_database, translated
from leverwatch.agent.store.facts import Scope, read_facts
from leverwatch.agent.store.migrate import head_revision, migrate
from leverwatch.agent.store.names import Admission, FoldWarning, KnownNames, NameLimits, read_names, read_overflow
from leverwatch.agent.store.replaced import Cell, Replaced, read_inferences
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import record_tallies, source_state, sources
from leverwatch.agent.store.sqlite import check_damage, is_lost, is_unwritable, read_schema
from leverwatch.agent.store.verdicts import forget_after, latest_verdicts, newest_moment, write_verdicts
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import Batch, EvalResult, Result, SourceState, utc_now

# What only assessments, pages and replays read is imported where it is read: `collect` and `evaluate` do not.
if TYPE_CHECKING:
    from leverwatch.agent.framework.daily_usage import DailyUsage, PromptSums
    from leverwatch.agent.framework.review import PastVerdict
    from leverwatch.agent.store.history_reader import HistoryReader
    from leverwatch.agent.store.views import PromptTotals, SystemTotals

log = get_logger(__name__)

_EVERYTHING = Scope()
_REVISIONS = 2**40
"""More than any source has. Above it stands which file a revision is of, so that a collector that remembers the
state of one file never takes the same revision of another for it."""


def _outward(revision: int, generation: int) -> int:
    return revision + generation * _REVISIONS


@dataclass(frozen=True, slots=True)
class SourceTimes:
    """What is known of a source across restarts."""

    last_success: datetime | None
    newest_record: datetime | None
    restated_inferences: float = 0.0
    """What it took back when it replaced whole days, since the store exists."""


class Store:
    """A migrated database. Safe to use from several threads.

    Raises (all methods):
        StoreError: the database refused or cannot be reached.
    """

    def __init__(
        self,
        url: str | URL,
        now: Callable[[], datetime] = utc_now,
        limits: NameLimits | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        self._database = open_database(url, read_only=read_only)
        self._engine = self._database.engine
        self._url = self._engine.url
        self._read_only = read_only
        self._trouble: str | None = None
        self._generation = 0
        self._now = now
        self.limits = limits or NameLimits()
        """How many names it holds; a reload may set others."""
        self._known = KnownNames()
        self._counting = Lock()
        self._refused: Counter[str] = Counter()
        self._folds = FoldWarning()

    def migrate(self) -> None:
        """Bring the database to the schema of this version; safe to call at every start."""
        with self._watched(), translated(self._url):
            migrate(self._database.engine)

    def verify(self) -> None:
        """Compare a database file with itself; a large one only as far as a few seconds go.

        Raises:
            StoreError: it is damaged, or of another version where nothing can be migrated.
        """
        file = self._database.file
        if file is None or not file.exists():
            return
        with self._watched(), self.reading() as connection:
            driver = connection.connection.driver_connection
            check_damage(driver, file.path)  # type: ignore[arg-type]  # a connection of sqlite3
            if self._read_only and read_schema(driver) != head_revision():  # type: ignore[arg-type]
                raise StoreError(f"{file.path}: it may only be read, and is no store of this version")

    def is_new(self) -> bool:
        """Whether nothing was ever written to the database; creates nothing."""
        file = self._database.file
        if file is not None and not file.exists():
            return True
        with translated(self._url):
            return not inspect(self._database.engine).has_table(sources.name)

    def close(self) -> None:
        """Give back every connection."""
        self._database.engine.dispose()

    def interrupt(self) -> None:
        """End every statement that runs, and let none start any more: the agent stops, and has waited long enough.

        A transaction that is cut off is rolled back. Threads inside a method get a `StoreError` within a second or
        two. Callable from any thread.
        """
        self._database.interrupt()

    def trouble(self) -> str | None:
        """Why what is written may not be kept, in words; None while the database can be trusted."""
        return self._database.check() or self._trouble

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the database throughout."""
        with (
            self._watched(),
            translated(self._url),
            self._database.engine.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; committed when the block ends, rolled back when it raises."""
        with (
            self._watched(),
            translated(self._url),
            self._database.engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection
        self._set_trouble(None)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Notice that the database is not what it was, and let go of it."""
        reason = self._database.check()
        if reason is not None:
            self._set_trouble(reason)
            self._database.lost()
            raise StoreError(f"{show_store_url(self._url)}: {reason}")
        try:
            yield
        except StoreError as error:
            cause = error.__cause__
            # Without a cause it is the file itself that was refused.
            refused = cause is None and type(error) is StoreError and not self._database.stopping.is_set()
            if is_lost(cause) or is_unwritable(cause) or refused:
                self._set_trouble(str(error))
            if is_lost(cause):
                self._database.lost()
            raise

    def _set_trouble(self, reason: str | None) -> None:
        with self._counting:
            before, self._trouble = self._trouble, reason
        if reason is not None and before is None:
            log.error("store_not_trusted", reason=reason)
        elif before is not None and reason is None:
            log.info("store_trusted_again")

    def source_state(self, source: str) -> SourceState:
        """The durable state of a source; revision 0 and nothing for a new one."""
        with self.reading() as connection:
            generation = self._generation_now()
            revision = connection.scalar(select(sources.c.revision).where(sources.c.source == source))
        return SourceState(_outward(revision or 0, generation), lambda: self._load_state(source))

    def _generation_now(self) -> int:
        """Which file it is, counted from the first one; another one may know fewer names."""
        generation = 0 if self._database.file is None else self._database.file.generation
        if generation != self._generation:
            self._known.forget()
            self._generation = generation
        return generation

    def _load_state(self, source: str) -> Mapping[str, bytes]:
        with self.reading() as connection:
            rows = connection.execute(
                select(source_state.c.key, source_state.c.versioned).where(source_state.c.source == source)
            )
            return {row.key: bytes(row.versioned) for row in rows}

    def apply(self, source: str, revision: int, batch: Batch) -> Replaced | None:
        """Write a batch and its state in one transaction, as revision `revision + 1`.

        A row that cannot be stored is left out, counted by `refused_rows`, and costs no other row. Returns what
        changed on the days that the batch replaces; None when it replaces none.

        Raises:
            InternalError: the batch contradicts itself; nothing was written.
            StoreConflict: another agent advanced the source; nothing was written.
        """
        try:
            try:
                return self._apply(source, revision, batch, narrowing=False)
            except StoreRefusal:
                return self._apply(source, revision, batch, narrowing=True)
        except StoreConflict:
            # Another agent, or a database that was restored: it may hold fewer names than before.
            self._known.forget()
            raise

    def _apply(self, source: str, revision: int, batch: Batch, *, narrowing: bool) -> Replaced | None:
        now = self._now()
        with self.writing() as connection:
            generation = self._generation_now()
            if revision // _REVISIONS != generation:
                raise StoreConflict(f"source {source}: another database took the place of the one it was at")
            revision %= _REVISIONS
            admission = Admission(connection, self.limits, self._known, now)
            writer = RowWriter(connection, source, narrowing=narrowing)
            replaced = write_batch(connection, source, revision, batch, now, admission, writer)
        admission.confirm()
        writer.report()
        with self._counting:
            self._refused[source] += writer.refused.total()
        if admission.folded_systems or admission.folded_models:
            self._folds.say(source, admission)
        return replaced

    def inferences(self, source: str, days: frozenset[date]) -> Mapping[Cell, float]:
        """Inferences of a source on some UTC days, by system, model and day."""
        with self.reading() as connection:
            return read_inferences(connection, source, days)

    def refused_rows(self) -> Mapping[str, int]:
        """Rows that were left out because they could not be stored, by source, since the store was opened."""
        with self._counting:
            return dict(self._refused)

    def mark_success(self, source: str, moment: datetime) -> None:
        """Remember when a source was last read without an error."""
        with self.writing() as connection:
            known = update(sources).where(sources.c.source == source).values(last_success=moment)
            if connection.execute(known).rowcount == 0:
                connection.execute(insert(sources).values(source=source, revision=0, last_success=moment))

    def source_times(self) -> Mapping[str, SourceTimes]:
        """When each source was last read, and its newest record."""
        with self.reading() as connection:
            rows = connection.execute(
                select(
                    sources.c.source,
                    sources.c.last_success,
                    sources.c.newest_record,
                    sources.c.restated_inferences,
                )
            ).all()
        return {source: SourceTimes(*known) for source, *known in rows}

    def facts(self, as_of: date, scope: Scope) -> dict[str, Facts]:
        """What the framework decides on, for every system, as of the end of a UTC day."""
        with self.reading() as connection:
            return read_facts(connection, as_of, scope)

    @contextmanager
    def past(self, until: date, scope: Scope, models_per_system: int) -> Iterator[HistoryReader]:
        """Everything it takes to decide the days up to `until` again, from one state of the database."""
        from leverwatch.agent.store.history_reader import HistoryReader

        with self.reading() as connection:
            yield HistoryReader(connection, until, scope, models_per_system)

    def names(self) -> Sequence[str]:
        """The systems that there is something to decide on, in order of first appearance."""
        with self.reading() as connection:
            return read_names(connection)

    def overflow(self) -> float:
        """Inferences of all systems that have no name of their own in the store."""
        with self.reading() as connection:
            return read_overflow(connection)

    def verdicts(self, as_of: date, systems: Collection[str] | None = None) -> dict[str, Verdict]:
        """Each system's newest stored verdict on that day or an earlier one; with `systems`, only of these."""
        with self.reading() as connection:
            return latest_verdicts(connection, as_of, systems)

    def save_verdicts(
        self, decided: Sequence[tuple[Facts, Verdict]], previous: Mapping[str, Verdict], now: datetime
    ) -> None:
        """Add the verdicts that differ from the previous ones to the audit trail, and confirm the others."""
        with self.writing() as connection:
            write_verdicts(connection, decided, previous, now)

    def newest_moment(self) -> datetime | None:
        """The newest time at which anything was done; None for a new store."""
        with self.reading() as connection:
            return newest_moment(connection)

    def forget_after(self, day: date, moment: datetime) -> int:
        """Remove the verdicts of days after `day`, which a clock that was ahead wrote; gives their number."""
        with self.writing() as connection:
            return forget_after(connection, day, moment)

    def totals(self, scope: Scope, models_per_system: int) -> dict[str, SystemTotals]:
        """Everything ever counted, by system."""
        from leverwatch.agent.store.views import read_totals

        with self.reading() as connection:
            return read_totals(connection, scope, models_per_system)

    def prompt_totals(self, scope: Scope = _EVERYTHING) -> dict[str, PromptTotals]:
        """Every prompt landing ever seen, by system."""
        from leverwatch.agent.store.views import read_prompt_totals

        with self.reading() as connection:
            return read_prompt_totals(connection, scope)

    def eval_results(
        self, since: date, as_of: date, scope: Scope = _EVERYTHING
    ) -> Mapping[str, tuple[EvalResult, ...]]:
        """Results of evaluations dated from `since` to the end of `as_of`, by system, oldest first."""
        from leverwatch.agent.store.evals import read_eval_results

        with self.reading() as connection:
            return read_eval_results(connection, since, as_of, scope)

    def model_days(
        self, since: date, as_of: date, scope: Scope, systems: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Mapping[date, float]]]:
        """Inferences by system, model and UTC day; with `systems`, only of these."""
        from leverwatch.agent.store.evals import read_model_days

        with self.reading() as connection:
            return read_model_days(connection, since, as_of, scope, systems)

    def model_names(self, scope: Scope = _EVERYTHING) -> Mapping[str, frozenset[str]]:
        """Every model that ever served a generation, by system."""
        from leverwatch.agent.store.daily_usage import read_model_names

        with self.reading() as connection:
            return read_model_names(connection, scope)

    def daily_usage(self, since: date, as_of: date, scope: Scope) -> Mapping[str, Sequence[DailyUsage]]:
        """Sums over each UTC day and model, by system."""
        from leverwatch.agent.store.daily_usage import read_daily_usage

        with self.reading() as connection:
            return read_daily_usage(connection, since, as_of, scope)

    def prompt_sums(self, since: date, until: date, scope: Scope) -> Mapping[str, PromptSums]:
        """What the length of a prompt is read from, by system, over the days from `since` to `until`."""
        from leverwatch.agent.store.daily_usage import read_prompt_sums

        with self.reading() as connection:
            return read_prompt_sums(connection, since, until, scope)

    def shutdowns(self) -> Mapping[str, date]:
        """The day on which each model ends, as far as a provider's list says."""
        from leverwatch.agent.store.evals import read_shutdowns

        with self.reading() as connection:
            return read_shutdowns(connection)

    def at_review(self, reviewed: Mapping[str, date]) -> Mapping[str, PastVerdict]:
        """The verdict that held on the day of each system's review, or the first one after it."""
        from leverwatch.agent.store.history import read_at_review

        with self.reading() as connection:
            return read_at_review(connection, reviewed)

    def differing_since(self, systems: Collection[str], as_of: date) -> Mapping[str, date]:
        """The first day of each system's present run of stored mismatches; without the systems that have none."""
        from leverwatch.agent.store.history import read_differing_since

        with self.reading() as connection:
            return read_differing_since(connection, systems, as_of)

    @contextmanager
    def history(self, system: str, as_of: date) -> Iterator[Iterator[PastVerdict]]:
        """The verdicts of a system, one a day, newest first; only as many are read as are taken."""
        from leverwatch.agent.store.history import read_history

        with self.reading() as connection:
            yield read_history(connection, system, as_of)

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Records by source and result, since the store exists."""
        found: dict[str, dict[Result, int]] = {}
        with self.reading() as connection:
            for row in connection.execute(select(record_tallies)):
                found.setdefault(row.source, {})[word(Result, row.result)] = row.records
        return found
