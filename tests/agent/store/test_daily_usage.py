from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.daily_usage import DailyUsage, PromptSums
from leverwatch.agent.framework.model import Declaration, Facts, Strategy, UsageFacts
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow

DAY = date(2026, 3, 9)
NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
SUMS = tuple(name for name in DailyUsage._fields if name not in {"day", "model"})


def row(age: int = 0, *, system: str = "bot", model: str = "m", **counts: Any) -> UsageRow:
    return UsageRow(system, model, Operation.GENERATION, DAY - timedelta(days=age), **counts)


def test_every_sum_comes_back_under_its_own_name(store: Store) -> None:
    given: dict[str, Any] = {name: float(number) for number, name in enumerate(SUMS, start=1)}
    store.apply("gateway", 0, Batch(state={}, usage=(row(**given),)))

    assert store.daily_usage(DAY, DAY, Scope()) == {"bot": [DailyUsage(DAY, "m", **given)]}
    assert set(SUMS) <= {field.name for field in fields(UsageRow)}


def test_only_generations_of_the_days_asked_for_are_read(store: Store) -> None:
    embedding = UsageRow("bot", "e", Operation.EMBEDDING, DAY, inferences=9)
    rows = (row(0, inferences=1), row(3, inferences=2), row(4, inferences=4), embedding)
    store.apply("gateway", 0, Batch(state={}, usage=rows))

    found = store.daily_usage(DAY - timedelta(days=3), DAY - timedelta(days=1), Scope())

    assert [(moments.day, moments.inferences) for moments in found["bot"]] == [(DAY - timedelta(days=3), 2)]


def test_a_source_that_does_not_count_adds_nothing(store: Store) -> None:
    for source, count in (("gateway", 5), ("bill", 7)):
        store.apply(source, 0, Batch(state={}, usage=(row(inferences=count, input_tokens=10 * count),)))
    scope = Scope(authoritative=frozenset({"bill"}))

    both = store.daily_usage(DAY, DAY, Scope())["bot"]
    assert sorted(moments.inferences for moments in both) == [5, 7]
    assert [moments.inferences for moments in store.daily_usage(DAY, DAY, scope)["bot"]] == [7]
    assert store.prompt_sums(DAY, DAY, Scope())["bot"] == PromptSums(12, 120, 0, 0, 0)
    assert store.prompt_sums(DAY, DAY, scope)["bot"] == PromptSums(7, 70, 0, 0, 0)


def test_the_sums_of_a_prompt_span_days_and_models(store: Store) -> None:
    counts: dict[str, Any] = {
        "inferences": 2.0,
        "input_tokens": 30.0,
        "unknown_input": 1.0,
        "static_tokens": 8.0,
        "static_known": 1.0,
    }
    rows = (row(1, **counts), row(2, model="n", **counts), row(3, **counts))
    store.apply("gateway", 0, Batch(state={}, usage=rows))

    found = store.prompt_sums(DAY - timedelta(days=2), DAY, Scope())

    assert found == {"bot": PromptSums(4, 60, 2, 16, 2)}


def test_models_are_named_by_system_and_their_days_can_be_read_for_some_systems(store: Store) -> None:
    rows = (row(model="a", inferences=1), row(model="b", inferences=2), row(system="faq", model="a", inferences=3))
    store.apply("gateway", 0, Batch(state={}, usage=rows))

    assert store.model_names() == {"bot": {"a", "b"}, "faq": {"a"}}
    assert store.model_days(date.min, DAY, Scope(), ["faq"]) == {"faq": {"a": {DAY: 3.0}}}
    assert store.model_days(date.min, DAY, Scope(), []) == {}


def mismatch(store: Store, system: str, days: dict[int, Strategy]) -> None:
    """A stored verdict for each day of so many days ago, whose recommendation is prompt engineering."""
    for age, declared in days.items():
        as_of = DAY - timedelta(days=age)
        daily = {as_of - timedelta(days=back): 10.0 for back in range(40)}
        facts = Facts(system, as_of, UsageFacts(daily, ("gateway",)), declaration=Declaration(declared))
        store.save_verdicts([(facts, assess(facts))], {}, NOW)


AGREES, DIFFERS = Strategy.PROMPT_ENGINEERING, Strategy.FINE_TUNING


def test_many_systems_are_asked_for_in_several_statements(store: Store) -> None:
    names = [f"s{number:04}" for number in range(1_100)]
    mismatch(store, "s0000", {1: DIFFERS})
    mismatch(store, "s1099", {1: DIFFERS})
    wanted = dict.fromkeys(names, DAY)

    assert set(store.at_review(wanted)) == {"s0000", "s1099"}
    assert store.model_days(date.min, DAY, Scope(), names) == {}
