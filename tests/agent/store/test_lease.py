"""Of several agents on one PostgreSQL one alone holds the lease, and writes of an earlier holder are refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import URL

from leverwatch.agent.errors import StoreFenced
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.store.lease import Fence, Lease, Leases, require_lease
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.e2e.databases import database_of
from tests.e2e.servers import wait_until

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def url(postgres_url: str, migrated_database: str) -> Iterator[URL]:
    with database_of(postgres_url, migrated_database) as found:
        yield found


@pytest.fixture
def leases(url: URL) -> Iterator[Leases]:
    asking = Leases(url)
    yield asking
    asking.close()


@pytest.fixture
def store(url: URL) -> Iterator[Store]:
    opened = Store(url, lambda: NOW)
    yield opened
    opened.close()


def expire(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE leases SET expires_at = expires_at - interval '1 hour'"))


def held(holder: str, term: int, evaluated_at: datetime | None = None) -> Lease:
    return Lease(Fence(holder, term), f"{holder}:9847", evaluated_at)


def ask(leases: Leases, holder: str) -> Lease:
    return leases.ask(holder, f"{holder}:9847", 30)


def test_of_many_agents_that_ask_at_once_one_gets_it(url: URL) -> None:
    asking = [Leases(url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda each: ask(each[1], f"a{each[0]}"), enumerate(asking)))
    assert set(found) == {held(found[0].fence.holder, 1)}
    for each in asking:
        each.close()


def test_it_is_renewed_in_its_term_and_goes_to_another_agent_in_the_next_one(leases: Leases, store: Store) -> None:
    assert [ask(leases, name) for name in ("a", "a", "b")] == [held("a", 1)] * 3
    expire(store)
    assert ask(leases, "a") == held("a", 1), "nobody took it"
    expire(store)
    assert [ask(leases, name) for name in ("b", "a")] == [held("b", 2)] * 2
    expire(store)
    assert ask(leases, "a") == held("a", 3)


def test_who_gives_it_up_leaves_it_to_the_next_one_that_asks(leases: Leases) -> None:
    ask(leases, "a")
    leases.release(Fence("a", 1))
    assert ask(leases, "b") == held("b", 2)
    leases.release(Fence("a", 1))
    assert ask(leases, "a") == held("b", 2), "what an earlier holder gives up is not its own"


def test_the_others_see_as_of_when_the_holder_decided(leases: Leases, store: Store) -> None:
    ask(leases, "a")
    leases.evaluated(Fence("a", 1), NOW)
    assert ask(leases, "b") == held("a", 1, NOW)
    expire(store)
    assert ask(leases, "b") == held("b", 2, NOW)
    with pytest.raises(StoreFenced):
        leases.evaluated(Fence("a", 1), NOW)


def test_an_evaluation_of_an_earlier_term_writes_nothing(leases: Leases, store: Store) -> None:
    def written() -> int:
        with store.reading() as connection:
            return connection.scalar(select(func.count()).select_from(verdicts)) or 0

    row = UsageRow("bot", "m", Operation.GENERATION, date(2026, 3, 9), 1_000)
    store.apply("gateway", 0, Batch(state={}, usage=(row,), days_seen=frozenset({row.day})))
    store.fence = ask(leases, "a").fence
    expire(store)
    ask(leases, "b")
    with pytest.raises(StoreFenced, match="another agent evaluates now"):
        evaluate(store, Plan(), NOW)
    assert written() == 0
    assert store.trouble() is None

    store.fence = Fence("b", 2)
    evaluate(store, Plan(), NOW)
    assert written() == 1


def test_nobody_takes_it_between_the_check_and_the_commit(leases: Leases, store: Store) -> None:
    fence = ask(leases, "a").fence
    expire(store)
    taken: list[Lease] = []
    with store.writing() as connection:
        require_lease(connection, fence)
        other = threading.Thread(target=lambda: taken.append(ask(leases, "b")), daemon=True)
        other.start()
        with store.reading() as looking:
            waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            wait_until(lambda: bool(looking.scalar(waits)), 30, "the other one waits")
        assert not taken
    other.join(30)
    assert taken == [held("b", 2)]


def test_who_stops_between_the_check_and_the_commit_keeps_others_from_it_for_some_seconds_alone(
    leases: Leases, store: Store
) -> None:
    fence = ask(leases, "a").fence
    with store.writing() as connection:
        require_lease(connection, fence)
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "5s"


def test_a_clock_of_the_server_that_is_set_back_makes_no_lease_longer(leases: Leases, store: Store) -> None:
    ask(leases, "a")
    with store.writing() as connection:
        connection.execute(text("UPDATE leases SET expires_at = expires_at + interval '1 hour'"))
    assert ask(leases, "b") == held("a", 1), "who holds it may not know yet"
    with store.reading() as connection:
        left = connection.scalar(text("SELECT expires_at - (clock_timestamp() AT TIME ZONE 'UTC') FROM leases"))
    assert left <= timedelta(seconds=30)
