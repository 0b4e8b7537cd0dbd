from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import select

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Declaration, Facts, PromptFacts, Strategy, UsageFacts
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.store import Store

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def facts(as_of: date = DAY, count: float = 5_000_000) -> Facts:
    daily = {as_of - timedelta(days=age): count for age in range(60)}
    prompts = PromptFacts(True, as_of - timedelta(days=90), frozenset({as_of}))
    return Facts("bot", as_of, UsageFacts(daily, ("gateway",)), prompts, Declaration(Strategy.HYBRID))


def save(store: Store, given: Facts, moment: datetime) -> None:
    previous = store.verdicts(given.as_of)
    store.save_verdicts([(given, assess(given, previous=previous.get("bot")))], previous, moment)


def test_a_verdict_comes_back_as_it_was(store: Store) -> None:
    verdict = assess(facts())
    store.save_verdicts([(facts(), verdict)], {}, NOW)

    assert store.verdicts(DAY) == {"bot": verdict}
    assert store.verdicts(DAY - timedelta(days=1)) == {}


def test_the_same_verdict_again_is_confirmed_and_a_new_one_is_added(store: Store) -> None:
    save(store, facts(), NOW)
    save(store, facts(), NOW + timedelta(minutes=5))
    save(store, facts(count=1_000), NOW + timedelta(minutes=10))
    save(store, facts(DAY + timedelta(days=1)), NOW + timedelta(days=1))

    with store.reading() as connection:
        rows = connection.execute(select(verdicts).order_by(verdicts.c.id)).all()
    assert [(row.as_of, row.strategy, row.confirmed_at - row.evaluated_at) for row in rows] == [
        (DAY, "hybrid", timedelta(minutes=5)),
        (DAY, "prompt_engineering", timedelta(0)),
        (DAY + timedelta(days=1), "hybrid", timedelta(0)),
    ]


def test_the_stored_facts_have_the_window_that_decided(store: Store) -> None:
    save(store, facts(), NOW)

    with store.reading() as connection:
        stored = connection.scalar(select(verdicts.c.facts))
    assert stored is not None
    assert stored.count(":5000000") == 28


def test_the_newest_verdict_of_each_system_wins(store: Store) -> None:
    other = replace(facts(), system="faq")
    save(store, facts(), NOW)
    store.save_verdicts([(other, assess(other))], {}, NOW)
    later = facts(DAY + timedelta(days=2))
    save(store, later, NOW)

    found = store.verdicts(DAY + timedelta(days=5))
    assert (found["bot"].as_of, found["faq"].as_of) == (later.as_of, DAY)
