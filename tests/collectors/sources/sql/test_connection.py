from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from leverwatch.collectors.daily.errors import TimedOut
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.sources.sql import connection
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.sqlite import Sqlite

ADDRESSES = {
    "postgresql": "postgresql://h/d", "mariadb": "mariadb://h/d", "duckdb": "duckdb:///f", "chdb": "chdb:///f",
    "clickhouse": "clickhouse://h/d",
}  # fmt: skip
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


class Reluctant(Sqlite):
    """Ends a statement at the second attempt, as when a server has no free connection to be told over."""

    tried = 0

    def end(self, driver: Any) -> None:
        self.tried += 1
        if self.tried == 1:
            raise OSError("no connection to cancel over")
        super().end(driver)


def test_a_statement_that_could_not_be_ended_is_ended_at_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", broken.append)
    monkeypatch.setattr(connection, "_AGAIN", 0.05)
    engine = Reluctant()
    monkeypatch.setattr(connection, "engine_of", lambda _: engine)
    (tmp_path / "calls.db").touch()
    config = SqlConfig.model_validate({
        "name": "db", "type": "sql", "url": f"sqlite:///{tmp_path}/calls.db", "table": "calls", "time_is": "s",
        "fields": {"time": "at"}, "system": "bot",
    })  # fmt: skip

    with (
        pytest.raises(TimedOut),
        connection.reading(config, tmp_path, stopping=lambda: True) as opened,
    ):
        opened.execute(sa.text(ENDLESS))

    assert engine.tried == 2
    assert broken == []


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_driver_that_is_not_installed_is_named_with_what_installs_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psycopg", "pymysql", "duckdb_engine", "chdb", "chdb.dbapi", "clickhouse_driver.errors"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "f").mkdir()
    config = SqlConfig.model_validate({
        "name": "db", "type": "sql", "url": ADDRESSES[name], "table": "calls", "fields": {"time": "at"},
        "system": "bot",
    })  # fmt: skip

    with (
        pytest.raises(SourceRefused, match=r"the driver is missing; install leverwatch\["),
        connection.reading(config, tmp_path),
    ):
        pass
