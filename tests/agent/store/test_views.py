from __future__ import annotations

from datetime import UTC, date, datetime

from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, UsageRow

DAY = date(2026, 3, 1)


def usage(model: str, inferences: float, operation: Operation = Operation.GENERATION) -> UsageRow:
    return UsageRow("bot", model, operation, DAY, inferences=inferences, input_tokens=inferences * 2)


def test_totals_are_by_model_with_other_operations_apart(store: Store) -> None:
    store.apply("a", 0, Batch(state={}, usage=(usage("x", 1), usage("y", 2), usage("e", 4, Operation.EMBEDDING))))
    store.apply("b", 0, Batch(state={}, usage=(usage("x", 8),)))

    totals = store.totals(Scope(), 20)["bot"]
    assert {total.model: (total.inferences, total.input_tokens) for total in totals.models} == {
        "x": (9, 18),
        "y": (2, 4),
    }
    assert totals.other_operations == {Operation.EMBEDDING: 4}


def test_models_beyond_the_cap_are_one_and_none_is_lost(store: Store) -> None:
    store.apply("a", 0, Batch(state={}, usage=tuple(usage(f"m{number}", 1) for number in range(5))))

    models = store.totals(Scope(), 2)["bot"].models
    assert [(total.model, total.inferences) for total in models] == [("m0", 1), ("m1", 1), ("other", 3)]


def test_totals_of_an_authoritative_source_stand_alone(store: Store) -> None:
    store.apply("a", 0, Batch(state={}, usage=(usage("x", 1),)))
    store.apply("b", 0, Batch(state={}, usage=(usage("x", 8),)))

    (total,) = store.totals(Scope(authoritative=frozenset({"b"})), 20)["bot"].models
    assert total.inferences == 8


def test_prompt_totals_count_landings_by_kind(store: Store) -> None:
    changes = tuple(
        PromptChange("bot", str(hour), datetime(2026, 3, 1, hour, tzinfo=UTC), kind, 1)
        for hour, kind in enumerate([ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.MODIFIED])
    )
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))

    totals = store.prompt_totals()["bot"]
    assert totals.by_kind == {ChangeKind.ADDED: 1, ChangeKind.MODIFIED: 2}
    assert totals.last == datetime(2026, 3, 1, 2, tzinfo=UTC)


def test_times_of_a_source_survive_and_a_source_may_succeed_before_its_first_batch(store: Store) -> None:
    first, second = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)
    store.mark_success("a", first)
    store.apply("a", 0, Batch(state={}, newest_record=first))
    store.mark_success("a", second)

    times = store.source_times()["a"]
    assert (times.last_success, times.newest_record) == (second, first)
