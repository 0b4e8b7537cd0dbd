"""The SQLite file of a store: opened with real transactions, and checked to be still the same file."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from leverwatch.agent.errors import StoreError
from leverwatch.agent.log import get_logger

log = get_logger(__name__)

Identity = tuple[int, int]
"""Device and inode."""

_WAL, _SHM = "-wal", "-shm"
_CHECK_SECONDS = 10.0
"""Seconds after which a damage check of a large file ends."""
_STEPS = 100_000
"""Steps of SQLite's virtual machine between two checks of the time."""
_BUSY_SECONDS = 1.0
"""Seconds that SQLite itself waits for a lock; `leverwatch.agent.store.engine` repeats that until its own
deadline."""
_LOST = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_PRIMARY = 0xFF


class SqliteFile:
    """One SQLite database; its path must keep the file that was opened.

    A process with a deleted or replaced file open would go on writing to a file that nobody can read. So device
    and inode are compared before each transaction; when they differ, `lost` is called, and the next connection
    uses the file that is there only if it is sound. No file is created once one was opened.
    """

    def __init__(self, path: Path, schema: Callable[[], str | None], *, read_only: bool = False) -> None:
        self.path, self._schema, self._read_only = path, schema, read_only
        self.generation = 0
        """How often the open file was replaced by another one."""
        self._lock = Lock()
        self._opened: Identity | None = None
        self._present: dict[str, Identity] = {}
        self._connections: set[sqlite3.Connection] = set()
        self._stale: set[sqlite3.Connection] = set()

    def connect(self) -> sqlite3.Connection:
        """Return a new connection to the same file.

        Raises:
            StoreError: the file is gone, or replaced by one that is not sound.
        """
        with self._lock:
            if self._stale:
                # Two connections of one process with different files beside the database would damage it.
                raise StoreError(f"{self.path}: transactions with the file that was lost have not ended yet")
            connection = sqlite3.connect(self._uri(), uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
            self._connections.add(connection)
            try:
                self._prepare(connection)
            except BaseException:
                self._connections.discard(connection)
                connection.close()
                raise
            return connection

    def _uri(self) -> str:
        if self._read_only:
            beside = any(_identity(self._beside(end)) for end in (_WAL, _SHM))
            # Where nothing may be created beside the file, SQLite reads it only when told that nobody writes it.
            frozen = not beside and not os.access(self.path.parent, os.W_OK)
            return self._as_uri("ro", "&immutable=1" if frozen else "")
        if self._opened is None:
            return self._as_uri("rwc")
        if _identity(self.path) is None:
            raise StoreError(f"{self.path}: {_GONE}")
        return self._as_uri("rw")

    def _as_uri(self, mode: str, more: str = "") -> str:
        return f"file:{quote(str(self.path))}?mode={mode}{more}"

    def _beside(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        prepare(connection, read_only=self._read_only)
        if self._read_only:
            return
        # The log appears with the first look into the database.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        found = {end: identity for end in ("", _WAL, _SHM) if (identity := _identity(self._beside(end)))}
        if not self._present:
            self._take(connection, found[""])
            self._present = found
        elif (reason := self._changed()) is not None:
            raise StoreError(f"{self.path}: {reason}")
        else:
            self._present = {**found, **self._present}

    def _take(self, connection: sqlite3.Connection, found: Identity) -> None:
        """Use another file, after the first one was lost."""
        if self._opened is not None:
            check_damage(connection, self.path)
            if found != self._opened:
                if read_schema(connection) != self._schema():
                    raise StoreError(f"{self.path}: the file in its place is no store of this version")
                self.generation += 1
                log.warning("store_file_replaced", file=str(self.path))
        self._opened = found

    def exists(self) -> bool:
        """Return whether there is a file, as far as this process can see."""
        return _identity(self.path) is not None

    def check(self) -> str | None:
        """Return why the file must not be used, in words; None while it is the one that was opened."""
        return self._changed()

    def _changed(self) -> str | None:
        for end, opened in self._present.items():
            now = _identity(self._beside(end))
            if now != opened:
                what = {_WAL: "its write-ahead log", _SHM: "the index of its write-ahead log"}.get(end)
                if what is not None:
                    return f"{what} was deleted or replaced while it was open"
                return _GONE if now is None else "another file was put in its place while it was open"
        writable = self._read_only or self._opened is None or os.access(self.path, os.W_OK)
        return None if writable else _GONE if _identity(self.path) is None else "it is read-only"

    def lost(self) -> None:
        """Forget the file: the next connection checks which file is there, and whether it is sound."""
        with self._lock:
            self._present = {}
            self._stale |= self._connections
            self._connections = set()

    def is_stale(self, connection: sqlite3.Connection) -> bool:
        """Return whether a connection is to a file that was lost."""
        return connection in self._stale

    def closed(self, connection: sqlite3.Connection) -> None:
        """Note that a connection was closed."""
        with self._lock:
            self._connections.discard(connection)
            self._stale.discard(connection)
            if not self._connections:
                # SQLite itself removes what lies beside the file with the last connection to it.
                self._present = {end: identity for end, identity in self._present.items() if not end}

    def interrupt(self) -> None:
        """Cancel all running statements."""
        for connection in [*self._connections, *self._stale]:
            with suppress(sqlite3.ProgrammingError):  # closed meanwhile
                connection.interrupt()


_GONE = "the file was deleted while it was open"


def prepare(connection: sqlite3.Connection, *, read_only: bool = False) -> None:
    """Configure a new connection."""
    # The driver's own transaction handling starts no transaction for reads and commits behind one's back;
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html tells how to take it over.
    connection.isolation_level = None
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        # With WAL, NORMAL can lose the last transactions on power loss but never part of one: a batch and its
        # position are lost together, and the batch is read again.
        connection.execute("PRAGMA synchronous=NORMAL")


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def check_damage(
    connection: sqlite3.Connection, path: Path, seconds: float = _CHECK_SECONDS, steps: int = _STEPS
) -> None:
    """Check the consistency of the database, as far as the time allows.

    Raises:
        StoreError: it is damaged.
    """
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, steps)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_INTERRUPT:
            raise
        log.info("store_check_cut_short", file=str(path), seconds=seconds)
        return
    finally:
        connection.set_progress_handler(None, 0)
    if found != "ok":
        raise StoreError(f"{path}: the database is damaged; put a backup in its place")


def read_schema(connection: sqlite3.Connection) -> str | None:
    """Return the newest migration of the database; None when it is no store."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return None if row is None else str(row[0])


def is_lost(error: BaseException | None) -> bool:
    """Return whether an error means that the file can no longer be trusted."""
    return _code(error) in _LOST


def is_busy(error: BaseException) -> bool:
    """Return whether an error means that another process is writing."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_unwritable(error: BaseException | None) -> bool:
    """Return whether an error means that the file is read-only."""
    return _code(error) == sqlite3.SQLITE_READONLY


def _code(error: BaseException | None) -> int | None:
    original = getattr(error, "orig", error)
    code = getattr(original, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def may_only_be_read(path: Path) -> bool:
    """Return whether this process can read the file, but write neither to it nor to its folder."""
    return _identity(path) is not None and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
