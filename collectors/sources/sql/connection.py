"""Opens a database to read it: a session in UTC that can write nothing, and ends at a limit of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from leverwatch.collectors.bearer import read_token
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.errors import translated

_CONNECT_SECONDS = 10
_TICK = 0.1
_POSTGRES = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Parameters of libpq; those in the URL take precedence."""


def shown_address(url: URL) -> str:
    """Return an address for messages: without the user, the password and the query, any of which may be secret."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


@contextmanager
def reading(
    config: SqlConfig, base_dir: Path, stopping: Callable[[], bool] = lambda: False
) -> Iterator[Connection]:
    """Yield a connection in a transaction that can only read.

    A statement that takes longer than `timeout`, or is running when `stopping` returns true, is ended.

    Raises:
        CollectorError: whatever the database says, in the vocabulary of `collectors/daily/errors.py`.
    """
    place = f"source {config.name}: {shown_address(config.address)}"
    engine = _engine(config, base_dir, place)
    try:
        with engine.connect() as connection:
            limit = config.timeout.total_seconds()
            _prepare(connection, limit)
            with _ended(connection, limit, stopping):
                yield connection
    except SQLAlchemyError as error:
        # Without a cause: its text may have values of rows, or the password.
        raise translated(place, error) from None
    finally:
        engine.dispose()


def _engine(config: SqlConfig, base_dir: Path, place: str) -> Engine:
    url = config.address
    if config.password_file is not None:
        url = url.set(password=read_token(place, None, base_dir / config.password_file))
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        path = base_dir / (url.database or "")
        url = url.set(database=f"file:{_escaped(path)}", query={"mode": "ro", "uri": "true"})
        arguments = {"timeout": config.timeout.total_seconds(), "check_same_thread": False}
    elif url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        arguments = {name: value for name, value in _POSTGRES.items() if name not in url.query}
    try:
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SourceRefused(f"{place}: the driver is missing; install leverwatch[postgres]") from error


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _prepare(connection: Connection, seconds: float) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = 1")
        return
    # In the transaction, as a pooler in front of the server shares sessions and refuses start-up options.
    connection.exec_driver_sql("SET TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
    connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")


@contextmanager
def _ended(connection: Connection, seconds: float, stopping: Callable[[], bool]) -> Iterator[None]:
    """End the running statement at the limit, or when the agent stops, whether or not the server would."""
    driver: Any = connection.connection.dbapi_connection
    end = getattr(driver, "interrupt", None) or driver.cancel_safe
    done = threading.Event()

    def watch() -> None:
        deadline = time.monotonic() + seconds + _TICK
        while not done.wait(_TICK):
            if stopping() or time.monotonic() > deadline:
                end()
                return

    watcher = threading.Thread(target=watch, name="sql-limit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
