"""The number of names in the store is bounded, and no inference is lost by it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, event, func, select, update
from structlog.testing import capture_logs

from leverwatch.agent.errors import StoreConflict, StoreError
from leverwatch.agent.store.names import OTHER_MODELS, OVERFLOW_SYSTEM, NameLimits
from leverwatch.agent.store.schema import (
    eval_results,
    prompt_changes,
    sources,
    stored_systems,
    usage_daily,
    usage_totals,
)
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import (
    Batch,
    ChangeKind,
    EvalResult,
    ModelShutdown,
    Operation,
    PromptChange,
    UsageRow,
)

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(system: str, model: str = "m", inferences: float = 1, **counts: float) -> UsageRow:
    return UsageRow(system, model, Operation.GENERATION, DAY, inferences, **counts)


def apply(store: Store, revision: int, *rows: UsageRow, source: str = "gateway") -> None:
    store.apply(source, revision, Batch(state={}, usage=rows))


def stored(store: Store) -> dict[tuple[str, str], float]:
    """Inferences by system and model."""
    found: dict[tuple[str, str], float] = {}
    for table in (usage_daily, usage_totals):
        with store.reading() as connection:
            query = select(table.c.system, table.c.model, func.sum(table.c.inferences))
            rows = connection.execute(query.group_by(table.c.system, table.c.model)).all()
        sums = {(system, model): number for system, model, number in rows}
        assert not found or found == sums
        found = sums
    return found


def test_systems_beyond_the_limit_are_stored_under_one_name(store: Store) -> None:
    store.limits = NameLimits(systems=2)
    with capture_logs() as logs:
        apply(store, 0, row("a"), row("b"), row("c"), row("d", inferences=5))
        apply(store, 1, row("a"), row("c"), row("e"))
    assert stored(store) == {("a", "m"): 2, ("b", "m"): 1, (OVERFLOW_SYSTEM, "m"): 8}
    # Once an hour is enough, however many batches there are.
    assert [line["event"] for line in logs] == ["names_folded"]
    assert (logs[0]["systems"], logs[0]["models"]) == (2, 0)


def test_a_declared_system_always_has_its_own_name(store: Store) -> None:
    store.limits = NameLimits(frozenset({"mine"}), systems=1)
    apply(store, 0, row("a"), row("b"), row("mine"))
    assert stored(store) == {("a", "m"): 1, (OVERFLOW_SYSTEM, "m"): 1, ("mine", "m"): 1}


def test_declared_systems_take_no_room_from_the_others(store: Store) -> None:
    store.limits = NameLimits(frozenset({"mine", "ours"}), systems=1)
    apply(store, 0, row("mine"), row("ours"), row("a"), row("b"))
    assert stored(store)[("a", "m")] == 1


def test_models_beyond_the_limit_of_a_system_are_one(store: Store) -> None:
    store.limits = NameLimits(models=2)
    apply(store, 0, *(row("a", f"m{number}") for number in range(5)), row("b", "m4"))
    apply(store, 1, row("a", "m1"), row("a", "m4"))
    assert stored(store) == {("a", "m0"): 1, ("a", "m1"): 2, ("a", OTHER_MODELS): 4, ("b", "m4"): 1}


def test_the_models_of_all_systems_beyond_the_limit_are_bounded_together(store: Store) -> None:
    store.limits = NameLimits(systems=0, models=2)
    apply(store, 0, *(row(f"s{number}", f"m{number}") for number in range(50)))
    assert stored(store) == {
        (OVERFLOW_SYSTEM, "m0"): 1,
        (OVERFLOW_SYSTEM, "m1"): 1,
        (OVERFLOW_SYSTEM, OTHER_MODELS): 48,
    }


def test_what_corrects_a_call_lands_where_its_first_part_landed(store: Store) -> None:
    store.limits = NameLimits(systems=1)
    apply(store, 0, row("a"), row("late", unknown_output=1))
    correction = row("late", inferences=0, unknown_output=-1, output_tokens=50)
    # Neither a higher limit nor a declaration may send the rest of a call elsewhere.
    store.limits = NameLimits(systems=10)
    apply(store, 1, correction)
    store.limits = NameLimits(frozenset({"late"}), systems=10)
    apply(store, 2, row("late", inferences=-1))
    apply(store, 3, row("late", inferences=7))
    apply(store, 4, row("late", inferences=-2))
    assert stored(store) == {("a", "m"): 1, (OVERFLOW_SYSTEM, "m"): 0, ("late", "m"): 5}


def test_a_correction_of_a_day_before_a_system_had_its_name_lands_with_the_others(store: Store) -> None:
    store.limits = NameLimits(systems=0, models=1)
    apply(store, 0, row("first"), row("late", "n", inferences=9))
    store.limits = NameLimits(frozenset({"late"}), systems=0)
    tomorrow = UsageRow("late", "n", Operation.GENERATION, date(2026, 3, 2), 4)
    apply(store, 1, tomorrow)
    apply(store, 2, row("late", "n", inferences=-3))
    assert stored(store) == {(OVERFLOW_SYSTEM, "m"): 1, (OVERFLOW_SYSTEM, OTHER_MODELS): 6, ("late", "n"): 4}


def test_a_correction_of_a_model_beyond_the_limit_lands_with_the_others(store: Store) -> None:
    store.limits = NameLimits(models=1)
    apply(store, 0, row("a", "m"), row("a", "n", inferences=3))
    store.limits = NameLimits(models=5)
    apply(store, 1, row("a", "n", inferences=-1))
    assert stored(store) == {("a", "m"): 1, ("a", OTHER_MODELS): 2}


def test_a_hair_below_zero_keeps_no_system_out_while_there_is_room(store: Store) -> None:
    apply(store, 0, row("a", cost_usd=-1e-17), row("b", inferences=2, latency_ms=-3))
    assert stored(store) == {("a", "m"): 1, ("b", "m"): 2}


def test_names_are_known_again_after_a_restart(open_store: Callable[[], Store]) -> None:
    first = open_store()
    first.limits = NameLimits(systems=2, models=1)
    apply(first, 0, row("a"), row("b"), row("c"))
    second = open_store()
    second.limits = NameLimits(systems=1, models=1)
    apply(second, 1, row("a"), row("b"), row("b", "n"), row("c"), row("d"))
    assert stored(second) == {
        ("a", "m"): 2,
        ("b", "m"): 2,
        ("b", OTHER_MODELS): 1,
        (OVERFLOW_SYSTEM, "m"): 3,
    }


def test_two_agents_do_not_admit_more_than_one_would(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    ready = threading.Barrier(2)

    def work(number: int) -> None:
        store = stores[number]
        store.limits = NameLimits(systems=30, models=3)
        ready.wait()
        for revision in range(20):
            rows = [row(f"s{number}-{revision}-{index}", f"m{number}{index}") for index in range(5)]
            apply(store, revision, *rows, row("both", f"m{number}-{revision}"), source=f"source{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = stored(stores[0])
    assert sum(found.values()) == 240
    assert len({system for system, _ in found} - {OVERFLOW_SYSTEM}) == 30
    assert len([model for system, model in found if system == "both"]) == 4


def test_a_batch_that_is_refused_admits_nothing(store: Store) -> None:
    store.limits = NameLimits(systems=1)
    with pytest.raises(StoreError):
        store.apply("gateway", 0, Batch(state={"half \ud800 a pair": b"1"}, usage=(row("a"),)))
    apply(store, 0, row("b"))
    assert stored(store) == {("b", "m"): 1}


def test_a_known_name_costs_no_query_of_its_own(store: Store) -> None:
    apply(store, 0, row("a"))
    before = store._known.pairs.copy()
    assert before == {("a", "m")}
    with store.writing() as connection:
        connection.execute(stored_systems.delete())
    apply(store, 1, row("a"))
    with store.reading() as connection:
        assert connection.execute(select(stored_systems)).all() == []


def test_changes_and_results_of_systems_beyond_the_limit_are_left_out_and_counted(store: Store) -> None:
    store.limits = NameLimits(systems=1)
    changes = tuple(PromptChange(name, name, NOON, ChangeKind.ADDED, 1) for name in ("a", "b"))
    results = tuple(
        EvalResult(name, "m", "", "suite", "", "score", 0.5, None, 1, NOON, None) for name in ("a", "b", "c")
    )
    store.apply("git", 0, Batch(state={}, prompt_changes=changes, eval_results=results))
    with store.reading() as connection:
        assert connection.scalars(select(prompt_changes.c.system)).all() == ["a"]
        assert connection.scalars(select(eval_results.c.system)).all() == ["a"]
    assert store.refused_rows() == {"git": 3}


def test_a_list_of_very_many_models_is_bounded(store: Store) -> None:
    first = tuple(ModelShutdown(f"m{number}", DAY) for number in range(9_999))
    store.apply("list", 0, Batch(state={}, model_shutdowns=first))
    more = tuple(ModelShutdown(f"n{number}", DAY) for number in range(3))
    gone = tuple(ModelShutdown(f"m{number}", None) for number in range(1))
    store.apply("list", 1, Batch(state={}, model_shutdowns=(*more, *gone, *first[1:])))
    known = store.shutdowns()
    assert len(known) == 10_000
    assert "m0" not in known
    assert {"n0", "n1", "m9998"} < known.keys()
    assert store.refused_rows() == {"list": 1}


def test_a_list_of_very_many_undated_models_asks_for_none_of_them(store: Store) -> None:
    said = []
    event.listen(store._engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    listed = tuple(ModelShutdown(f"m{number}", None) for number in range(50_000))
    store.apply("list", 0, Batch(state={}, model_shutdowns=listed))
    assert len(said) < 20


def test_a_database_that_was_restored_gets_the_names_that_it_does_not_have(store: Store) -> None:
    apply(store, 0, row("a"))
    apply(store, 1, row("b"))
    with store.writing() as connection:  # as a restored copy from before the second batch has it
        connection.execute(delete(usage_daily).where(usage_daily.c.system == "b"))
        connection.execute(delete(usage_totals).where(usage_totals.c.system == "b"))
        connection.execute(delete(stored_systems).where(stored_systems.c.system == "b"))
        connection.execute(update(sources).values(revision=1))

    with pytest.raises(StoreConflict):
        apply(store, 2, row("b"))
    apply(store, 1, row("b"))

    assert list(store.names()) == ["a", "b"]
    assert stored(store) == {("a", "m"): 1, ("b", "m"): 1}
