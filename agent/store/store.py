"""The one door to the database: every use of it, as methods that take and give plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, select

from agent.store.batches import write_batch
from agent.store.engine import WRITES, open_engine, translated
from agent.store.migrate import migrate
from agent.store.schema import record_tallies, source_state, sources
from collectors.interface import Batch, Result, SourceState, utc_now


class Store:
    """A migrated database. Safe to use from several threads.

    Raises (all methods):
        StoreError: the database refused or cannot be reached.
    """

    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = open_engine(url)
        self._now = now

    def migrate(self) -> None:
        """Bring the database to the schema of this version; safe to call at every start."""
        with translated(self._engine.url):
            migrate(self._engine)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the database throughout."""
        with translated(self._engine.url), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; committed when the block ends, rolled back when it raises."""
        with (
            translated(self._engine.url),
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def source_state(self, source: str) -> SourceState:
        """The durable state of a source; revision 0 and nothing for a new one."""
        with self.reading() as connection:
            revision = connection.scalar(select(sources.c.revision).where(sources.c.source == source))
        return SourceState(revision or 0, lambda: self._load_state(source))

    def _load_state(self, source: str) -> Mapping[str, bytes]:
        with self.reading() as connection:
            rows = connection.execute(
                select(source_state.c.key, source_state.c.value).where(source_state.c.source == source)
            )
            return {row.key: bytes(row.value) for row in rows}

    def apply(self, source: str, revision: int, batch: Batch) -> None:
        """Write a batch and its state in one transaction, as revision `revision + 1`.

        Raises:
            StoreConflict: another agent advanced the source; nothing was written.
        """
        with self.writing() as connection:
            write_batch(connection, source, revision, batch, self._now())

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Records by source and result, since the store exists."""
        found: dict[str, dict[Result, int]] = {}
        with self.reading() as connection:
            for row in connection.execute(select(record_tallies)):
                found.setdefault(row.source, {})[Result(row.result)] = row.records
        return found
