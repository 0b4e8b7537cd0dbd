"""chDB, by chdb-sqlalchemy: ClickHouse within the process, over its own folders, and over files that it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.clickhouse import ClickHouse, UnsafeProfile, restrict
from leverwatch.collectors.sources.sql.engines.interface import Meaning, Opening

_MEMORY = (None, "", ":memory:")
_OTHER_FOLDER = re.compile("already initialized with path")
_USED = re.compile("Cannot lock file|another (server|process)")


class Chdb(ClickHouse):
    """As for `Engine` and `Looking`."""

    extra = "chdb"

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        self.failures = (RuntimeError, UnsafeProfile)
        name = ":memory:" if url.database in _MEMORY else str(base_dir / str(url.database))
        self._path = name
        return Opening(url.set(database=name))

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`."""
        connection.exec_driver_sql(f"SET log_comment = '{self._query}'")
        restrict(connection, seconds)

    def end(self, driver: Any) -> None:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        from chdb.dbapi import connect

        other: Any = connect(path=self._path)  # type: ignore[no-untyped-call]
        try:
            other.cursor().execute(f"KILL QUERY WHERE Settings['log_comment'] = '{self._query}' ASYNC")
        finally:
            other.close()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        text = str(error)
        if _OTHER_FOLDER.search(text):
            return Meaning(SourceUnavailable, "chDB has another folder open in this process; it is tried again")
        if _USED.search(text):
            return said.LOCKED
        return super().meaning(error)
