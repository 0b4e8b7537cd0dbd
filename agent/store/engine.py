"""Opens the database: SQLite in WAL mode with real transactions, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from agent.config.store_url import show_store_url, without_secrets
from agent.errors import StoreError, StoreRefusal
from agent.store.values import UnstorableValue, is_of_a_value

WRITES = "leverwatch_writes"
"""Execution option of a connection that is going to write."""
_MOST_VALUES = 500
"""In one statement; databases limit its parameters."""

T = TypeVar("T")


def batched(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in parts that fit into one statement."""
    return (values[start : start + _MOST_VALUES] for start in range(0, len(values), _MOST_VALUES))


def open_engine(url: str | URL) -> Engine:
    """Open `url` without touching the database yet.

    Raises:
        StoreError: the URL names no supported database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("store.url: not a database URL") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            return create_engine(parsed, pool_pre_ping=True)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError(
                "store.url: the PostgreSQL driver is missing; install leverwatch[postgres]"
            ) from error
    raise StoreError(f"store.url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling starts no transaction for reads and commits behind one's back;
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html tells how to take it over.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        # With WAL, NORMAL can lose the last transactions on power loss but never part of one: a batch and its
        # position are lost together, and the batch is read again.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot be upgraded once another writer got in between.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn database errors into `StoreError`, with the database named and every secret hidden."""
    try:
        yield
    except (OverflowError, UnicodeError, UnstorableValue) as error:
        raise StoreRefusal(f"{show_store_url(url)}: cannot hold a value ({type(error).__name__})") from error
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = without_secrets(cause[0], url) if cause else type(error).__name__
        kind = StoreRefusal if is_of_a_value(error) else StoreError
        raise kind(f"{show_store_url(url)}: {reason}") from error
