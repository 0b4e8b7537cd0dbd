from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Declaration, Facts, Rule, Strategy, UsageFacts
from leverwatch.agent.framework.review import PastVerdict
from leverwatch.agent.store.store import Store

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


def test_the_verdict_of_a_review_is_the_one_that_held_then_or_the_first_one_after(store: Store) -> None:
    save(store, 1)
    later = facts(DAY + timedelta(days=10), 5_000_000)
    store.save_verdicts([(later, assess(later))], {}, NOW)

    def day_of(reviewed: date) -> date:
        return store.at_review({"bot": reviewed, "faq": reviewed})["bot"].as_of

    assert day_of(DAY - timedelta(days=50)) == DAY
    assert day_of(DAY) == DAY
    assert day_of(DAY + timedelta(days=9)) == DAY
    assert day_of(DAY + timedelta(days=10)) == DAY + timedelta(days=10)
    assert day_of(DAY + timedelta(days=90)) == DAY + timedelta(days=10)
    assert "faq" not in store.at_review({"faq": DAY})


def test_the_last_verdict_of_the_day_of_the_review_counts(store: Store) -> None:
    save(store, 1)
    save(store, 1, 5_000_000)

    for reviewed in (DAY - timedelta(days=1), DAY):
        assert store.at_review({"bot": reviewed})["bot"].strategy is Strategy.HYBRID
