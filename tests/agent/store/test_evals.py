from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from leverwatch.agent.errors import StoreConflict
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, EvalResult, ModelShutdown, Operation, UsageRow

DAY = date(2026, 3, 1)
RESULT = EvalResult(
    system="bot",
    model="gpt-4o",
    prompt_version="v1",
    suite="answers",
    suite_hash="h",
    metric="accuracy",
    value=0.9,
    stderr=0.02,
    n=200,
    at=datetime(2026, 3, 1, 23, 59, 59, 5, tzinfo=UTC),
    higher_is_better=True,
    passed=180,
)


def test_a_result_comes_back_as_it_was_with_its_source(store: Store) -> None:
    bare = replace(RESULT, metric="tone", stderr=None, passed=None, higher_is_better=None, prompt_version="")
    store.apply("evals", 0, Batch(state={}, eval_results=(RESULT, bare)))

    found = store.eval_results(DAY, DAY)

    assert found == {"bot": (replace(RESULT, source="evals"), replace(bare, source="evals"))}


def test_the_same_result_again_replaces_what_was_measured(store: Store) -> None:
    store.apply("evals", 0, Batch(state={}, eval_results=(RESULT,)))
    store.apply("evals", 1, Batch(state={}, eval_results=(replace(RESULT, value=0.8, n=100, passed=80),)))
    store.apply("other", 0, Batch(state={}, eval_results=(RESULT,)))

    values = [
        (result.source, result.value, result.n, result.passed) for result in store.eval_results(DAY, DAY)["bot"]
    ]
    assert values == [("evals", 0.8, 100, 80), ("other", 0.9, 200, 180)]


def test_results_come_oldest_first_and_only_those_of_the_days_asked_for(store: Store) -> None:
    days = [replace(RESULT, at=RESULT.at + timedelta(days=shift)) for shift in (2, 0, -1, 1)]
    store.apply("evals", 0, Batch(state={}, eval_results=tuple(days)))

    found = store.eval_results(DAY, DAY + timedelta(days=1))["bot"]

    assert [result.at.day for result in found] == [1, 2]


def test_the_longest_names_fit_into_every_database(store: Store) -> None:
    # Different characters, so that no compression makes them short.
    names = ["".join(chr(0x4E00 + 200 * part + index) for index in range(200)) for part in range(6)]
    system, model, version, suite, suite_hash, metric = names
    long = replace(
        RESULT,
        system=system,
        model=model,
        prompt_version=version,
        suite=suite,
        suite_hash=suite_hash,
        metric=metric,
    )
    store.apply("evals", 0, Batch(state={}, eval_results=(long,)))

    assert store.eval_results(DAY, DAY) == {system: (replace(long, source="evals"),)}


def test_results_belong_to_the_transaction_of_their_batch(store: Store) -> None:
    with pytest.raises(StoreConflict):
        store.apply("evals", 4, Batch(state={}, eval_results=(RESULT,)))

    assert store.eval_results(DAY, DAY) == {}


def test_a_model_off_the_list_keeps_its_last_day_and_one_without_a_day_loses_it(store: Store) -> None:
    end = date(2027, 1, 14)
    listed = (ModelShutdown("a", end), ModelShutdown("b", end), ModelShutdown("c", None))
    store.apply("models", 0, Batch(state={}, model_shutdowns=listed))
    assert store.shutdowns() == {"a": end, "b": end}

    later = end + timedelta(days=30)
    store.apply("models", 1, Batch(state={}, model_shutdowns=(ModelShutdown("b", later),)))
    assert store.shutdowns() == {"a": end, "b": later}

    store.apply("models", 2, Batch(state={}, model_shutdowns=(ModelShutdown("b", None),)))
    assert store.shutdowns() == {"a": end}


def test_a_list_of_very_many_models_takes_few_statements(store: Store) -> None:
    end = date(2027, 1, 14)
    names = [f"m{number}" for number in range(5000)]
    dated = tuple(ModelShutdown(name, end) for name in names[:1500])
    store.apply("models", 0, Batch(state={}, model_shutdowns=dated))
    store.apply("other", 0, Batch(state={}, model_shutdowns=(ModelShutdown("m0", end),)))
    statements: list[str] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def _note(*given: Any) -> None:
        statements.append(given[2])

    store.apply("models", 1, Batch(state={}, model_shutdowns=tuple(ModelShutdown(name, None) for name in names)))

    assert sum("DELETE" in statement for statement in statements) == 2
    assert len(statements) < 10
    assert store.shutdowns() == {"m0": end}


def test_of_several_lists_the_earliest_day_counts(store: Store) -> None:
    store.apply("x", 0, Batch(state={}, model_shutdowns=(ModelShutdown("a", date(2027, 2, 1)),)))
    store.apply("y", 0, Batch(state={}, model_shutdowns=(ModelShutdown("a", date(2027, 1, 1)),)))

    assert store.shutdowns() == {"a": date(2027, 1, 1)}


def row(model: str, count: float, day: date = DAY, operation: Operation = Operation.GENERATION) -> UsageRow:
    return UsageRow("bot", model, operation, day, inferences=count)


def test_generations_by_model_and_day_come_from_the_sources_that_count(store: Store) -> None:
    gateway = (
        row("a", 5),
        row("a", 2, DAY + timedelta(days=1)),
        row("b", 3),
        row("e", 9, DAY, Operation.EMBEDDING),
    )
    store.apply("gateway", 0, Batch(state={}, usage=gateway))
    store.apply("app", 0, Batch(state={}, usage=(row("a", 4), row("c", 1))))

    both = store.model_days(DAY, DAY, Scope())
    one = store.model_days(DAY, DAY + timedelta(days=1), Scope(authoritative=frozenset({"gateway"})))

    assert both == {"bot": {"a": {DAY: 9.0}, "b": {DAY: 3.0}, "c": {DAY: 1.0}}}
    assert one == {"bot": {"a": {DAY: 5.0, DAY + timedelta(days=1): 2.0}, "b": {DAY: 3.0}}}


def test_sources_of_results_and_systems_that_only_results_name_are_told(store: Store) -> None:
    lone = replace(RESULT, system="dsek")
    store.apply("evals", 0, Batch(state={}, eval_results=(RESULT, lone)))
    store.apply("other", 0, Batch(state={}, eval_results=(replace(lone, metric="tone"),)))
    assert store.eval_sources() == {"evals", "other"}
    assert store.eval_systems() == {"bot", "dsek"}

    store.apply("gateway", 0, Batch(state={}, usage=(UsageRow("bot", "gpt-4o", Operation.GENERATION, DAY, 1),)))
    assert store.eval_systems() == {"dsek"}
