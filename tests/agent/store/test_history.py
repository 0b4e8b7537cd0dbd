from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

from agent.framework.assess import assess
from agent.framework.model import Declaration, Facts, Rule, Strategy, UsageFacts
from agent.framework.permanence import PastVerdict
from agent.store.store import Store

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def facts(as_of: date, count: float) -> Facts:
    daily = {as_of - timedelta(days=age): count for age in range(40)}
    return Facts("bot", as_of, UsageFacts(daily, ("gateway",)), declaration=Declaration(Strategy.HYBRID))


def save(store: Store, days: int, count: float = 1_000) -> None:
    store.save_verdicts(
        [(given, assess(given)) for given in (facts(DAY + timedelta(days=day), count) for day in range(days))],
        {},
        NOW,
    )


def test_each_day_has_its_last_verdict_newest_first(store: Store) -> None:
    save(store, 3)
    save(store, 2, 5_000_000)

    with store.history("bot", DAY + timedelta(days=1)) as history:
        found = list(history)

    assert [past.as_of for past in found] == [DAY + timedelta(days=1), DAY]
    assert found[0] == PastVerdict.of(assess(facts(DAY + timedelta(days=1), 5_000_000)))
    assert (found[0].strategy, found[0].mismatch, found[0].active[Rule.VOLUME_MID]) == (
        Strategy.HYBRID,
        False,
        True,
    )


def test_a_long_history_is_read_page_by_page_without_losing_a_day(store: Store) -> None:
    save(store, 130)
    save(store, 130, 5_000_000)

    with store.history("bot", DAY + timedelta(days=400)) as history:
        found = list(history)
    assert [past.as_of for past in found] == [DAY + timedelta(days=day) for day in range(129, -1, -1)]
    assert {past.strategy for past in found} == {Strategy.HYBRID}

    with store.history("bot", DAY + timedelta(days=400)) as history:
        assert len(list(islice(history, 2))) == 2
    with store.history("faq", DAY) as history:
        assert list(history) == []
