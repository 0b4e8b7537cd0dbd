"""Opens a database to read it: a session in UTC that can write nothing, and ends at a limit of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from leverwatch.collectors.bearer import read_token
from leverwatch.collectors.errors import CollectorError, SourceRefused
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.interface import Engine, Looking
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.errors import of_a_driver, translated

_TICK = 0.1
_AGAIN = 1.0
"""Seconds until a statement that could not be ended is to be ended again."""
_FILES = ("sqlite", "duckdb", "chdb")


def shown_address(url: URL) -> str:
    """Return an address for messages: without the user, the password and the query, any of which may be secret."""
    if url.get_backend_name() in _FILES:
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
    kind = engine_of(config.address.get_backend_name())
    limit = config.timeout.total_seconds()
    engine, ended = _opened(config, kind, base_dir, place, limit), threading.Event()
    failures = kind.failures if isinstance(kind, Looking) else ()
    try:
        with engine.connect() as connection:
            kind.prepare(connection, limit)
            with _limited(kind, connection, limit, stopping, ended):
                yield connection
    except CollectorError:
        raise
    except Exception as error:
        known = isinstance(error, (SQLAlchemyError, *failures)) or of_a_driver(error)
        if not (known or ended.is_set()):
            raise
        # Without a cause: its text may have values of rows, or the password.
        raise translated(place, kind, error, ended=ended.is_set()) from None
    finally:
        engine.dispose()


def _opened(config: SqlConfig, kind: Engine, base_dir: Path, place: str, seconds: float) -> sa.Engine:
    url = config.address
    if config.password_file is not None:
        url = url.set(password=read_token(place, None, base_dir / config.password_file))
    try:
        opening = kind.opening(url, base_dir, seconds)
        return sa.create_engine(opening.url, poolclass=NullPool, connect_args=dict(opening.arguments))
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SourceRefused(f"{place}: the driver is missing; install leverwatch[{kind.extra}]") from error


@contextmanager
def _limited(
    kind: Engine, connection: Connection, seconds: float, stopping: Callable[[], bool], ended: threading.Event
) -> Iterator[None]:
    """End the running statement at the limit, or when the agent stops, whether or not the server would."""
    driver: Any = connection.connection.dbapi_connection
    done = threading.Event()

    def watch() -> None:
        deadline = time.monotonic() + seconds + _TICK
        while not done.wait(_TICK):
            if stopping() or time.monotonic() > deadline:
                ended.set()
                try:
                    kind.end(driver)
                except Exception:  # noqa: BLE001 - any driver's; the connection may be lost, or the server too busy
                    # It is tried until the statement ends: nothing else ends one that the server goes on with.
                    done.wait(_AGAIN)
                else:
                    return

    watcher = threading.Thread(target=watch, name="sql-limit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
