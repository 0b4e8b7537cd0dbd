"""An agent leads while it holds the lease of the store, and stops before another one can take it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from leverwatch.agent.scheduling.leadership import LEASE_SECONDS, MARGIN_SECONDS, RENEWAL, Leadership
from leverwatch.agent.snapshot import Leader
from leverwatch.agent.store import postgres
from leverwatch.agent.store.lease import Leases
from leverwatch.agent.store.store import Store
from tests.agent.store.blackhole import Proxy
from tests.e2e.databases import database_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def database(postgres_url: str, migrated_database: str) -> Iterator[URL]:
    with database_of(postgres_url, migrated_database) as url:
        yield url


@pytest.fixture
def proxy(database: URL) -> Iterator[Proxy]:
    proxy = Proxy(str(Path(str(database.query["host"])) / f".s.PGSQL.{database.port or 5432}"))
    yield proxy
    proxy.close()


class Agent:
    """An agent's leadership, with a monotonic clock that is set."""

    def __init__(self, name: str, url: URL) -> None:
        self.seconds = 100.0
        self.leadership = Leadership(Leases(url), name, lambda: NOW, lambda: self.seconds)
        self.ask = self.leadership.ask

    def leads(self) -> bool:
        return self.leadership.fence() is not None


@pytest.fixture
def one(database: URL, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """The one that the network can cut off."""
    monkeypatch.setattr(postgres, "HASTY_SECONDS", 1)
    agent = Agent("one", database.set(host="127.0.0.1", port=proxy.port, query={}))
    yield agent
    agent.leadership.close()


@pytest.fixture
def two(database: URL) -> Iterator[Agent]:
    agent = Agent("two", database)
    yield agent
    agent.leadership.close()


def expire(database: URL) -> None:
    store = Store(database)
    with store.writing() as connection:
        connection.execute(text("UPDATE leases SET expires_at = expires_at - interval '1 hour'"))
    store.close()


def test_a_killed_leader_is_replaced_within_a_minute() -> None:
    assert LEASE_SECONDS + RENEWAL.total_seconds() < 60
    # Twice in a row it may fail to renew the lease.
    assert 2 * RENEWAL.total_seconds() < LEASE_SECONDS - MARGIN_SECONDS


def test_an_agent_on_a_store_of_its_own_holds_no_lease() -> None:
    alone = Leadership(None, "one")
    assert (alone.shared, alone.ask(), alone.fence(), alone.view()) == (False, False, None, None)
    alone.resign()
    alone.close()


def test_the_first_one_that_asks_leads_and_another_one_follows(one: Agent, two: Agent) -> None:
    assert one.ask(), "there is something to decide"
    assert two.ask(), "there may be something to show"
    assert [one.leadership.view(), two.leadership.view()] == [
        Leader("one", 1, leads=True, seen=NOW),
        Leader("one", 1, leads=False, seen=NOW),
    ]
    assert [one.ask(), two.ask()] == [False, False], "nothing changed"
    fence = one.leadership.fence()
    assert fence is not None
    one.leadership.evaluated(fence, NOW)
    assert [one.ask(), two.ask(), two.ask()] == [False, True, False]
    assert two.leadership.evaluated_at == NOW


def test_a_leader_that_is_cut_off_stops_before_its_lease_can_be_taken(
    one: Agent, two: Agent, proxy: Proxy, database: URL
) -> None:
    one.ask()
    proxy.swallow()
    one.seconds += RENEWAL.total_seconds()
    assert not one.ask()
    assert one.leads(), "its lease is still good"
    one.seconds = 100 + LEASE_SECONDS - MARGIN_SECONDS - 0.1
    two.ask()
    assert (one.leads(), two.leads()) == (True, False)
    one.seconds = 100 + LEASE_SECONDS - MARGIN_SECONDS
    assert not one.leads()
    view = one.leadership.view()
    assert view is not None
    assert not view.leads

    expire(database)
    assert two.ask()
    assert two.leads()
    proxy.forward()
    assert one.ask(), "another one leads now"
    assert not one.leads()
    assert one.leadership.view() == Leader("two", 2, leads=False, seen=NOW)


def test_who_was_cut_off_leads_on_in_the_same_term_when_nobody_took_over(one: Agent) -> None:
    one.ask()
    one.seconds += 3600
    assert not one.leads()
    assert one.ask()
    assert one.leadership.view() == Leader("one", 1, leads=True, seen=NOW)


def test_who_resigns_is_replaced_at_once(one: Agent, two: Agent) -> None:
    one.ask()
    one.leadership.resign()
    assert not one.leads()
    assert two.ask()
    assert two.leadership.view() == Leader("two", 2, leads=True, seen=NOW)
    one.leadership.resign()
    assert one.ask()
    assert two.leads()
