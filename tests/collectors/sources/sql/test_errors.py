from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    Locked,
    PermissionRefused,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import SqlCollector, Table
from leverwatch.collectors.sources.sql.config import SqlConfig
from tests.collectors.sources.sql.tables import NOW, Database, days, url_of
from tests.e2e.servers import free_port

WEEK = days("2026-03-02", "2026-03-08")
CANARY = "canary-4711"


def failure(database: Database, **settings: Any) -> CollectorError:
    given = {"fields": {"time": "at"}, "time_is": "s", **settings}
    with pytest.raises(CollectorError) as caught:
        database.ask(WEEK, **given)
    assert str(caught.value).startswith("source db: ")
    assert CANARY not in repr((caught.value, caught.value.__cause__))
    return caught.value


@pytest.fixture
def filled(database: Database) -> Database:
    database.write({"at": "int", "model": "text"}, [{"at": 1_772_700_000, "model": CANARY}])
    return database


def test_a_table_that_is_not_there_is_named(filled: Database) -> None:
    error = failure(filled, table="calls_of_yore")

    assert isinstance(error, SchemaDiffers)
    assert "calls_of_yore: there is no such table; check `table`" in str(error)


def test_a_column_that_was_dropped_is_named(filled: Database) -> None:
    error = failure(filled, fields={"time": "at", "input_tokens": "prompt_tokens"})

    assert isinstance(error, SchemaDiffers)
    assert "prompt_tokens: there is no such column; check `fields`" in str(error)


def test_a_statement_that_is_none_is_refused(filled: Database) -> None:
    error = failure(filled, table=None, statement="SELECT at FROM calls WHERE (((")

    assert isinstance(error, SchemaDiffers)
    assert "check `statement`" in str(error)


_SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n {}) SELECT count(*) AS at FROM n"
LONG = {
    "sqlite": _SERIES.format(""),
    "postgresql": "SELECT count(*) AS at FROM generate_series(1, 1000000000)",
    "duckdb": "SELECT count(*) AS at FROM range(1000000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5",
    "mariadb": "SELECT count(*) + sleep(60) AS at FROM calls",
    "clickhouse": "SELECT number AS at FROM system.numbers WHERE number % 7 = 8",
    "chdb": "SELECT number AS at FROM numbers(1000000000000) WHERE sipHash64(number) = 3",
    "spark": "SELECT count(*) AS at FROM range(1000000000) a, range(1000000) b WHERE a.id % 7 = b.id % 5",
}


def test_a_query_that_takes_too_long_is_ended(filled: Database) -> None:
    started = time.monotonic()

    error = failure(filled, table=None, statement=LONG[filled.name], timeout="300ms")

    assert isinstance(error, TimedOut)
    assert "takes longer than `timeout`" in str(error)
    assert time.monotonic() - started < 30


def test_a_running_query_ends_when_the_agent_stops(filled: Database) -> None:
    stop = threading.Event()
    context = CollectorContext(filled.folder, filled.folder, lambda: NOW, {}, stopping=stop.is_set)
    config = filled.config(table=None, statement=LONG[filled.name], fields={"time": "at"}, time_is="s")
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()

    with pytest.raises(SourceUnavailable):
        Table(config, context).ask(WEEK)

    assert time.monotonic() - started < 30


def test_a_file_that_is_not_there_or_is_no_database_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("no database, but quite a long text, long enough for a header of a database file: " * 20)

    missing = failure(Database(f"sqlite:///{tmp_path / 'gone.db'}", tmp_path))
    wrong = failure(Database(f"sqlite:///{other}", tmp_path))

    assert isinstance(missing, Unreachable)
    assert not (tmp_path / "gone.db").exists()
    assert isinstance(wrong, SourceRefused)
    assert "is no SQLite database" in str(wrong)


@contextmanager
def user(database: Database, password: str) -> Iterator[str]:
    """A user of the server who may read nothing; yields the address with the password."""
    name = f"reader_{id(database)}"
    database.run(f"CREATE USER {name} PASSWORD '{password}'")
    try:
        yield url_of(make_url(database.url).set(username=name, password=password))
    finally:
        database.run(f"DROP OWNED BY {name}", f"DROP USER {name}")


@pytest.fixture
def server(postgres: Database) -> Database:
    postgres.write({"at": "int"}, [{"at": 1_772_700_000}])
    return postgres


def test_a_user_who_may_not_read_the_table_needs_a_grant(server: Database) -> None:
    with user(server, CANARY) as url:
        refused = failure(Database(url, server.folder))
        server.run(f'GRANT SELECT ON calls TO "{make_url(url).username}"')
        found = Database(url, server.folder).ask(WEEK, fields={"time": "at"}, time_is="s")
        server.run(f'REVOKE SELECT ON calls FROM "{make_url(url).username}"')  # noqa: S608 - a name of the test's own
        revoked = failure(Database(url, server.folder))

    assert isinstance(refused, PermissionRefused)
    assert "calls: the user may not read it; grant SELECT" in str(refused)
    assert len(found.usage) == 1
    assert isinstance(revoked, PermissionRefused)


def test_rows_that_row_level_security_may_hide_are_a_doubt(server: Database) -> None:
    server.run("CREATE TABLE other (at BIGINT)", "ALTER TABLE other ENABLE ROW LEVEL SECURITY")
    statement = {"table": None, "statement": "SELECT at FROM public.Calls"}

    def doubts(url: str, **settings: Any) -> list[str]:
        given = {
            "name": "db",
            "type": "sql",
            "url": url,
            "table": "calls",
            "time_is": "s",
            "system": "bot",
            **settings,
        }
        config = SqlConfig.model_validate({**given, "fields": {"time": "at"}})
        trial = SqlCollector(config, CollectorContext(server.folder, server.folder, lambda: NOW)).trial(NOW.date())
        return [it.partition(", and")[0] for it in trial.doubts]

    with user(server, CANARY) as url:
        server.run(f'GRANT SELECT ON calls, other TO "{make_url(url).username}"')
        before = doubts(url)
        server.run("ALTER TABLE calls ENABLE ROW LEVEL SECURITY")
        hidden = Database(url, server.folder).ask(WEEK, fields={"time": "at"}, time_is="s")
        told = [doubts(url), doubts(url, table="public.calls"), doubts(url, **statement)]
        of_owner = doubts(server.url)
        server.run(f'REVOKE SELECT ON calls, other FROM "{make_url(url).username}"')  # noqa: S608 - as above

    assert before == of_owner == []
    assert hidden.usage == ()
    assert told == [["row-level security is on for public.calls"]] * 3


def test_a_database_that_is_not_there_is_said(server: Database) -> None:
    url = url_of(make_url(server.url).set(database="nowhere"))

    error = failure(Database(url, server.folder))

    assert isinstance(error, SchemaDiffers)
    assert "there is no such database; check `url`" in str(error)


def test_a_user_who_is_not_known_is_refused(server: Database) -> None:
    url = url_of(make_url(server.url).set(username="nobody", password=CANARY))

    error = failure(Database(url, server.folder))

    assert isinstance(error, CredentialsRefused)
    assert "check `url` and `password_file`" in str(error)


def test_a_user_who_may_not_log_in_and_a_server_that_is_full_are_said(server: Database) -> None:
    name = make_url(server.url).database
    with user(server, CANARY) as url:
        server.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        full = failure(Database(url, server.folder))
        server.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
        server.run(f'ALTER ROLE "{make_url(url).username}" NOLOGIN')
        refused = failure(Database(url, server.folder))

    assert type(full) is SourceUnavailable
    assert "the server has no free connection" in str(full)
    assert isinstance(refused, CredentialsRefused)


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_table_that_is_locked_is_no_slow_answer(database: Database) -> None:
    database.write({"at": "int"}, [{"at": 1_772_700_000}])
    lock = "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"
    with database.engine.begin() as other:
        other.exec_driver_sql(lock if database.name == "postgresql" else "LOCK TABLES calls WRITE")
        error = failure(database, timeout="3s")

    assert isinstance(error, Locked)
    assert "it is locked by somebody else" in str(error)


def test_a_column_of_another_type_is_said(server: Database) -> None:
    error = failure(server, time_is="zoned")

    assert isinstance(error, SchemaDiffers)
    assert "of another type" in str(error)


def test_nobody_at_the_address_is_unreachable(tmp_path: Path) -> None:
    url = f"postgresql://reader:{CANARY}@127.0.0.1:{free_port()}/usage"

    error = failure(Database(url, tmp_path))

    assert isinstance(error, Unreachable)
    assert "127.0.0.1" in str(error)
    assert "reader" not in str(error)


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = SqlConfig.model_validate({
        "name": "db", "type": "sql", "url": "postgresql://reader@127.0.0.1/usage", "table": "calls",
        "password_file": "secret", "fields": {"time": "at"}, "system": "bot",
    })  # fmt: skip

    with pytest.raises(SourceRefused, match=r"the token file .*secret cannot be read"):
        Table(config, CollectorContext(tmp_path, tmp_path)).ask(WEEK)
