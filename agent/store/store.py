"""All access to the database, as methods that take and return plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import URL, Connection, insert, inspect, select, type_coerce, update
from sqlalchemy.types import NullType

from leverwatch.agent.config.store_url import show_store_url
from leverwatch.agent.errors import StoreConflict, StoreError, StoreRefusal, StoreUnreadable
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.framework.timeline import Timeline
from leverwatch.agent.log import get_logger
from leverwatch.agent.store.batches import write_batch
from leverwatch.agent.store.counted_days import CountedDays
from leverwatch.agent.store.engine import WRITES, open_database, translated
from leverwatch.agent.store.facts import read_facts, read_timelines
from leverwatch.agent.store.lease import Fence, require_lease
from leverwatch.agent.store.migrate import is_newest, migrate
from leverwatch.agent.store.names import Admission, FoldWarning, KnownNames, NameLimits
from leverwatch.agent.store.reads import Reads
from leverwatch.agent.store.replaced import Cell, Replaced, read_inferences
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import source_state, sources
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.source_stamps import Stamps, days_between, read_stamps
from leverwatch.agent.store.sqlite import check_damage, is_lost, is_unwritable
from leverwatch.agent.store.verdicts import forget_after, latest_verdicts, newest_moment, write_verdicts
from leverwatch.agent.store.written_days import Written, WrittenDays
from leverwatch.collectors.interface import Batch, SourceState, utc_now
from leverwatch.collectors.stored_state import place_of

# What only assessments, pages and replays read is imported where it is read: `collect` and `evaluate` do not.
if TYPE_CHECKING:
    from leverwatch.agent.store.history_reader import HistoryReader
    from leverwatch.agent.store.prompt_totals import PromptTotals

log = get_logger(__name__)

_EVERYTHING = Scope()
_AT_ONCE = 1_000
"""How many rows of state are fetched at a time."""
_REVISIONS = 2**40
"""More revisions than any source has. The bits above say how often the file was replaced, so that a collector
that remembers the state of one file never takes the same revision of another file for it."""


def _outward(revision: int, generation: int) -> int:
    return revision + generation * _REVISIONS


class SourceTimes(Struct, frozen=True):
    """What is known of a source over restarts."""

    last_success: datetime | None
    newest_record: datetime | None
    restated_inferences: float = 0.0
    """Inferences that the source took back when it replaced whole days, since the store exists."""


class Store(Reads):
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
        """How many names the store may have; a reload can change it."""
        self._known = KnownNames()
        self._counting = Lock()
        self._refused: Counter[str] = Counter()
        self._folds = FoldWarning()
        self._written = WrittenDays()
        self.fence: Fence | None = None
        """What evaluations are conditional on; None: this agent is alone, as it is with SQLite."""

    def migrate(self) -> None:
        """Bring the database to the schema of this version; safe to call at every start."""
        with self._watched(), translated(self._url):
            migrate(self._database.engine)

    def verify(self) -> None:
        """Check the consistency of a database file; of a large one only as much as a few seconds allow.

        Raises:
            StoreError: the file is damaged, or has another version and cannot be migrated.
        """
        file = self._database.file
        if file is None or not file.exists():
            return
        with self._watched(), self.reading() as connection:
            driver = connection.connection.driver_connection
            check_damage(driver, file.path)  # type: ignore[arg-type]  # a connection of sqlite3
            if self._read_only and not is_newest(connection):
                raise StoreError(
                    f"{file.path}: it may only be read, and its schema is of another version of leverwatch;"
                    " one that may write to it migrates an older one"
                )

    def require_newest(self) -> None:
        """Check the schema without changing anything.

        Raises:
            StoreError: the database has that of another version.
        """
        with translated(self._url), self.reading() as connection:
            if not is_newest(connection):
                raise StoreError(
                    "its schema is of another version of leverwatch, and nothing may be changed now;"
                    " `leverwatch collect`, or a start of the agent, migrates an older one"
                )

    def is_new(self) -> bool:
        """Return whether nothing was ever written to the database; creates nothing."""
        file = self._database.file
        if file is not None and not file.exists():
            return True
        with translated(self._url):
            return not inspect(self._database.engine).has_table(sources.name)

    def close(self) -> None:
        """Close all connections."""
        self._database.engine.dispose()

    def interrupt(self) -> None:
        """Cancel all running statements and allow no new ones, when the agent stops and has waited long enough.

        A transaction that is cut off is rolled back. Threads inside a method get a `StoreError` within a second or
        two. Callable from any thread.
        """
        self._database.interrupt()

    def trouble(self) -> str | None:
        """Return why what is written may be lost, in words; None while the database can be trusted."""
        return self._database.check() or self._trouble

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A context manager of a read-only transaction, which sees one state of the database throughout."""
        with (
            self._watched(),
            translated(self._url),
            self._database.engine.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A context manager of a transaction that writes: committed at the end of the block, rolled back when
        it raises."""
        with (
            self._watched(),
            translated(self._url),
            self._database.engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection
        self._set_trouble(None)

    @contextmanager
    def deciding(self) -> Iterator[Connection]:
        """A context manager of a transaction that writes what an evaluation found, as `writing`.

        Raises:
            StoreFenced: another agent took over the evaluation; nothing was written.
        """
        with self.writing() as connection:
            yield connection
            # At the end: nobody can take the lease from here to the commit, and renewing it waits no longer.
            if self.fence is not None:
                require_lease(connection, self.fence)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """A context manager that notices when the database file was replaced or damaged, and closes all
        connections."""
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
        """Return the durable state of a source; revision 0 and an empty state for a new one."""
        with self.reading() as connection:
            generation = self._generation_now()
            revision = connection.scalar(select(sources.c.revision).where(sources.c.source == source))
        return SourceState(_outward(revision or 0, generation), lambda: self._load_state(source))

    def _generation_now(self) -> int:
        """How often the file of the store was replaced by another one. A change clears the known names."""
        generation = 0 if self._database.file is None else self._database.file.generation
        if generation != self._generation:
            self._known.forget()
            self._generation = generation
        return generation

    def _load_state(self, source: str) -> Mapping[str, bytes]:
        with self.reading() as connection:
            # As the database has it: SQLite keeps what somebody else wrote as a text a text.
            versioned = type_coerce(source_state.c.versioned, NullType())
            found = select(source_state.c.key, versioned).where(source_state.c.source == source)
            state: dict[str, Any] = {}
            for rows in connection.execute(found).partitions(_AT_ONCE):
                state.update((key, value) for key, value in rows)
        odd = next((key for key, value in state.items() if not isinstance(value, bytes)), None)
        if odd is not None:
            raise StoreError(f"{place_of(source, odd)}: its value is not bytes; restore the store from a backup")
        return state

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
        self._written.note(source, revision, Written.of(batch))
        admission.confirm()
        writer.report()
        with self._counting:
            self._refused[source] += writer.refused.total()
        if admission.folded_systems or admission.folded_models:
            self._folds.say(source, admission)
        return replaced

    def inferences(self, source: str, days: frozenset[date]) -> Mapping[Cell, float]:
        """Return the inferences of a source on some UTC days, by system, model and day."""
        with self.reading() as connection:
            return read_inferences(connection, source, days)

    def refused_rows(self) -> Mapping[str, int]:
        """Return the number of rows that could not be stored, by source, since the store was opened."""
        with self._counting:
            return dict(self._refused)

    def mark_success(self, source: str, moment: datetime) -> None:
        """Store when a source was last read without an error."""
        with self.writing() as connection:
            known = update(sources).where(sources.c.source == source).values(last_success=moment)
            if connection.execute(known).rowcount == 0:
                connection.execute(insert(sources).values(source=source, revision=0, last_success=moment))

    def source_times(self) -> Mapping[str, SourceTimes]:
        """Return when each source was last read, and the time of its newest record."""
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
        """Return the input of the framework for every system, as of the end of a UTC day."""
        with self.reading() as connection:
            return read_facts(connection, as_of, scope)

    def timelines(self, as_of: date, scope: Scope, counted: CountedDays | None = None) -> dict[str, Timeline]:
        """Return the same facts as timelines, from which those of earlier days can be taken.

        `counted`: what was read of the counts the last time; only what was written since is read again.
        """
        with self.reading() as connection:
            if counted is None:
                return read_timelines(connection, as_of, scope)
            counts = counted.read(connection, as_of, scope.systems, self._written, self._generation_now())
            return read_timelines(connection, as_of, scope, counts)

    def stamps(self) -> Stamps:
        """Return the state of each source, which tells the next one from it."""
        with self.reading() as connection:
            return read_stamps(connection, self._written, self._generation_now())

    def days_between(self, then: Stamps, now: Stamps) -> Set[date] | None:
        """Return the days of which usage was written between two states; None: not known, or more was written."""
        return days_between(then, now, self._written)

    @contextmanager
    def past(self, until: date, scope: Scope, models_per_system: int) -> Iterator[HistoryReader]:
        """A context manager of a reader for all days up to `until`, in one state of the database."""
        from leverwatch.agent.store.history_reader import HistoryReader

        with self.reading() as connection:
            yield HistoryReader(connection, until, scope, models_per_system)

    def verdicts(
        self,
        as_of: date,
        systems: Collection[str] | None = None,
        unreadable: Callable[[str, StoreUnreadable], None] | None = None,
    ) -> dict[str, Verdict]:
        """Return each system's newest stored verdict of that day or an earlier one.

        Args:
            systems: only these; None: all.
            unreadable: is told the systems whose verdict cannot be read, and why; None: that is raised.
        """
        with self.reading() as connection:
            return latest_verdicts(connection, as_of, systems, unreadable)

    def save_verdicts(
        self, decided: Sequence[tuple[Facts, Verdict]], previous: Mapping[str, Verdict], now: datetime
    ) -> None:
        """Add the verdicts that differ from the previous ones to the audit trail, and confirm the others."""
        with self.deciding() as connection:
            write_verdicts(connection, decided, previous, now)

    def held_prompt_totals(self, scope: Scope, as_of: date) -> dict[str, PromptTotals]:
        """Return all prompt changes ever seen, by system, after storing their numbers: so the counter that is
        exported of them never falls."""
        from leverwatch.agent.store.prompt_totals import higher_than_stored, hold, read_prompt_totals

        with self.reading() as connection:
            totals = read_prompt_totals(connection, scope, as_of)
            higher = higher_than_stored(connection, totals)
        if higher:
            with self.deciding() as connection:
                hold(connection, higher)
        return totals

    def newest_moment(self) -> datetime | None:
        """Return the latest time at which a verdict was written or a source was read; None for a new store."""
        with self.reading() as connection:
            return newest_moment(connection)

    def forget_after(self, day: date, moment: datetime) -> int:
        """Delete the verdicts of days after `day`, which were written while the clock was ahead. Returns their
        number."""
        with self.deciding() as connection:
            return forget_after(connection, day, moment)
