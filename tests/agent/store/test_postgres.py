"""A PostgreSQL that does not answer holds no thread longer than a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from leverwatch.agent.errors import StoreError
from leverwatch.agent.store import postgres
from leverwatch.agent.store.migrate import _LOCK
from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.agent.store.blackhole import Proxy
from tests.e2e.databases import database_of
from tests.e2e.servers import wait_until

DAY = date(2026, 3, 1)


@pytest.fixture
def database(postgres_url: str) -> Iterator[URL]:
    with database_of(postgres_url) as url:
        yield url


@pytest.fixture
def proxy(database: URL) -> Iterator[Proxy]:
    folder = database.query.get("host")
    port = database.port or 5432
    proxy = Proxy(str(Path(str(folder)) / f".s.PGSQL.{port}") if folder else (str(database.host), port))
    yield proxy
    proxy.close()


@pytest.fixture
def store(database: URL, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(postgres, "ANSWER_SECONDS", 1.0)
    monkeypatch.setitem(postgres.CONNECTING, "connect_timeout", 2)
    store = Store(database.set(host="127.0.0.1", port=proxy.port, query={}))
    store.migrate()
    yield store
    proxy.forward()
    store.close()


def apply(store: Store, revision: int) -> None:
    row = UsageRow("bot", "m", Operation.GENERATION, DAY, 1)
    store.apply("gateway", revision, Batch(state={"at": str(revision).encode()}, usage=(row,)))


def total(store: Store) -> float:
    with store.reading() as connection:
        return float(connection.scalar(select(func.sum(usage_daily.c.inferences))) or 0)


def ended_in(seconds: float, work: Callable[[], object]) -> BaseException | None:
    """The error that ended some work, which must not take longer."""
    found: list[BaseException] = []

    def target() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is handed on
            found.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive()
    return found[0] if found else None


def test_a_server_that_swallows_everything_holds_no_transaction(store: Store, proxy: Proxy) -> None:
    def read() -> None:
        with store.reading() as connection:
            connection.execute(select(usage_daily)).all()
            proxy.swallow()
            connection.execute(select(usage_daily)).all()

    apply(store, 0)
    error = ended_in(30, read)
    assert isinstance(error, StoreError)
    assert "no answer for 1 s" in str(error)


def test_what_was_given_up_is_whole_or_not_there(store: Store, proxy: Proxy) -> None:
    apply(store, 0)
    proxy.swallow()
    error = ended_in(60, lambda: apply(store, 1))
    assert isinstance(error, StoreError)
    proxy.forward()
    deadline = time.monotonic() + 60
    while True:
        revision = store.source_state("gateway").revision
        try:
            apply(store, revision)
            break
        except StoreError:
            assert time.monotonic() < deadline
    assert total(store) == revision + 1 == store.source_state("gateway").revision
    assert store.source_state("gateway").load() == {"at": str(revision).encode()}


def test_a_server_that_accepts_and_says_nothing_holds_no_connection(store: Store, proxy: Proxy) -> None:
    store.close()
    proxy.swallow()
    assert isinstance(ended_in(60, lambda: total(store)), StoreError)


def test_an_interrupt_ends_what_waits_and_lets_nothing_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep() -> None:
        with store.reading() as connection:
            for one in (connection.connection.driver_connection,):
                monkeypatch.setattr(one, "answer_seconds", 60)
            connection.exec_driver_sql("SELECT pg_sleep(50)")

    threading.Timer(1, store.interrupt).start()
    error = ended_in(30, sleep)
    assert "the agent stops" in str(error)
    error = ended_in(30, lambda: apply(store, 0))
    assert isinstance(error, StoreError)
    assert "the agent stops" in str(error)
    assert store.trouble() is None


def test_the_server_itself_bounds_statements_and_locks_of_each_transaction(store: Store) -> None:
    with store.reading() as connection:
        found = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
        options = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert found == ["1min", "20s", "5min"]
    assert options["tcp_user_timeout"] == "30000"
    assert options["keepalives_idle"] == "30"


def test_an_agent_that_is_cut_off_while_it_writes_holds_its_locks_for_a_minute_alone(store: Store) -> None:
    with store.writing() as connection:
        found = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert found == "1min"


def test_what_reads_sees_one_state_whatever_another_agent_writes(store: Store) -> None:
    apply(store, 0)
    with store.reading() as connection:
        number = select(func.sum(usage_daily.c.inferences))
        before = connection.scalar(number)
        apply(store, 1)
        assert connection.scalar(number) == before == 1
    assert total(store) == 2


def test_what_the_url_says_of_a_connection_stands(database: URL) -> None:
    store = Store(database.update_query_dict({"connect_timeout": "7", "keepalives_idle": "99"}))
    with store.reading() as connection:
        options = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert (options["connect_timeout"], options["keepalives_idle"]) == ("7", "99")
    store.close()


def test_a_migration_waits_for_that_of_another_agent(database: URL) -> None:
    store = Store(database)
    with psycopg.connect(database.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        migrating = threading.Thread(target=store.migrate, daemon=True)
        migrating.start()
        wait_until(lambda: is_waiting(other), 30, "the migration waits")
        migrating.join(1)
        assert migrating.is_alive()
        other.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
        migrating.join(60)
    assert not migrating.is_alive()
    apply(store, 0)
    assert total(store) == 1
    store.close()


def is_waiting(connection: psycopg.Connection[tuple[int]]) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    (number,) = connection.execute(query).fetchone() or (0,)
    return number > 0


def test_many_agents_that_start_at_once_migrate_once(database: URL) -> None:
    stores = [Store(database) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(store.migrate) for store in stores]:
            done.result(120)
    apply(stores[0], 0)
    assert [total(store) for store in stores] == [1] * 6
    for store in stores:
        store.close()
