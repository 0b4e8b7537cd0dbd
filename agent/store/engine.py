"""Opens the database: SQLite in WAL mode with real transactions, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from msgspec import Struct, field
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from leverwatch.agent.config.store_url import show_store_url, sqlite_file, without_secrets
from leverwatch.agent.errors import StoreError, StoreRefusal
from leverwatch.agent.store.migrate import head_revision
from leverwatch.agent.store.sqlite import SqliteFile, is_busy, prepare
from leverwatch.agent.store.values import UnstorableValue, is_of_a_value

WRITES = "leverwatch_writes"
"""Execution option of a connection that will write."""
_BUSY_SECONDS = 10.0
"""Seconds that a transaction waits for one of another process on SQLite."""
_POOL_SECONDS = 15.0
"""Seconds that a thread waits for one of the connections of its own process."""
_MOST_VALUES = 500
"""The largest number of values in one statement; databases limit its parameters."""

T = TypeVar("T")


def batched(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Return the values in consecutive parts, each small enough for one statement."""
    return (values[start : start + _MOST_VALUES] for start in range(0, len(values), _MOST_VALUES))


class Database(Struct, frozen=True):
    """An opened database."""

    engine: Engine
    file: SqliteFile | None = None
    """The SQLite file; None for another database."""
    stopping: Event = field(default_factory=Event)
    """Set when no further statement may run."""

    def interrupt(self) -> None:
        """Cancel the running statements, and allow no new ones."""
        self.stopping.set()
        if self.file is not None:
            self.file.interrupt()

    def check(self) -> str | None:
        """Return why the database must not be used, in words; None when no reason is known."""
        return None if self.file is None else self.file.check()

    def lost(self) -> None:
        """Close all connections; the next one checks which file is there."""
        if self.file is not None:
            self.file.lost()
        self.engine.dispose()


def open_engine(url: str | URL) -> Engine:
    """Open a database and return only its engine."""
    return open_database(url).engine


def open_database(url: str | URL, *, read_only: bool = False, hasty: bool = False) -> Database:
    """Open a database without connecting to it yet. `hasty`: PostgreSQL is waited for some seconds alone, over one
    connection, which other work cannot keep busy.

    Raises:
        StoreError: the URL names no supported database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("store.url: not a database URL") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, read_only=read_only)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, hasty=hasty)
    raise StoreError(f"store.url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")


def _postgres(url: URL, *, hasty: bool) -> Database:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    pool = {"pool_size": 1, "max_overflow": 0} if hasty else {}
    try:
        engine = create_engine(url, pool_pre_ping=True, pool_timeout=_POOL_SECONDS, **pool)
        from leverwatch.agent.store import postgres  # the driver is an optional dependency
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError("store.url: the PostgreSQL driver is missing; install leverwatch[postgres]") from error
    database = Database(engine)
    connecting, bounded = postgres.CONNECTING, postgres.connection_class(database.stopping)
    if hasty:
        connecting = {**connecting, "connect_timeout": postgres.HASTY_SECONDS}
        bounded = postgres.connection_class(database.stopping, postgres.HASTY_SECONDS + 2)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: Any, parameters: dict[str, Any]) -> Any:
        _refuse_when(database.stopping)
        return bounded.connect(*arguments, **{**connecting, **parameters})

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql(postgres.HASTY if hasty else postgres.WRITING if writes else postgres.READING)

    return database


def _sqlite(url: URL, *, read_only: bool) -> Database:
    path = sqlite_file(url, Path())
    if path is None:
        # SQLite's own notation for names, which says more than where a file is: nothing can be compared.
        engine = create_engine(url, connect_args={"check_same_thread": False}, pool_timeout=_POOL_SECONDS)
        event.listen(engine, "connect", lambda connection, _record: prepare(connection))
        database = Database(engine)
    else:
        file = SqliteFile(path, head_revision, read_only=read_only)
        engine = create_engine(url, creator=file.connect, pool_timeout=_POOL_SECONDS)
        event.listen(engine, "close", lambda connection, _record: file.closed(connection))
        database = Database(engine, file)

        @event.listens_for(engine, "checkin")
        def _returned(connection: Any, record: Any) -> None:
            if file.is_stale(connection):
                record.invalidate()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot be upgraded once another writer got in between.
        writes = connection.get_execution_options().get(WRITES)
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            _refuse_when(database.stopping)
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
            except OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
            else:
                return

    return database


def _refuse_when(stopping: Event) -> None:
    if stopping.is_set():
        raise StoreError("store: not used any more, as the agent stops")


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Translate database errors to `StoreError`; the message names the database, and all secrets are hidden."""
    try:
        yield
    except (OverflowError, UnicodeError, UnstorableValue) as error:
        raise StoreRefusal(f"{show_store_url(url)}: cannot hold a value ({type(error).__name__})") from error
    except sqlite3.Error as error:
        raise StoreError(f"{show_store_url(url)}: {error}") from error
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = without_secrets(cause[0], url) if cause else type(error).__name__
        kind = StoreRefusal if is_of_a_value(error) else StoreError
        raise kind(f"{show_store_url(url)}: {reason}") from error
