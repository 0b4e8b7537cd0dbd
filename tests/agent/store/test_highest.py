"""What is taken back lowers no exported counter, and every other figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from sqlalchemy import func, select

from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.schema import usage_highest
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.agent.store.counters import exported, fallen

DAY = date(2026, 3, 1)
ROW = UsageRow(
    "bot", "m", Operation.GENERATION, DAY, inferences=10, errors=2, attempts=15, input_tokens=700, cost_usd=0.5
)
OTHER = replace(ROW, operation=Operation.EMBEDDING)


TAKEN = ("inferences", "errors", "attempts", "input_tokens", "cost_usd")


def less(row: UsageRow) -> UsageRow:
    return UsageRow(row.system, row.model, row.operation, row.day, **{name: -getattr(row, name) for name in TAKEN})


def test_no_counter_falls_when_something_is_taken_back_and_it_holds_until_it_is_overtaken(
    open_store: Callable[[], Store],
) -> None:
    store = open_store()
    store.apply("gateway", 0, Batch(state={}, usage=(ROW, OTHER)))
    first = exported(store)
    assert first["leverwatch_inferences_total", "bot", "m"] == 10

    store.apply("gateway", 1, Batch(state={}, usage=(less(ROW), less(OTHER))))
    assert fallen(first, exported(store)) == {}
    # What is held is held by an agent that starts now, too.
    assert exported(open_store()) == first

    store.apply("gateway", 2, Batch(state={}, usage=(replace(ROW, inferences=7), replace(OTHER, inferences=7))))
    assert exported(store)["leverwatch_inferences_total", "bot", "m"] == 10
    store.apply("gateway", 3, Batch(state={}, usage=(replace(ROW, inferences=4), replace(OTHER, inferences=5))))
    assert exported(store)["leverwatch_inferences_total", "bot", "m"] == 11
    assert exported(store)["leverwatch_other_operations_total", "bot", "embedding"] == 12


def test_what_is_counted_again_in_the_same_batch_is_no_fall(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
    store.apply("gateway", 1, Batch(state={}, usage=(less(ROW), ROW)))

    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(usage_highest)) == 0


def test_what_a_batch_with_a_broken_row_takes_back_lowers_no_counter(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
    broken = replace(ROW, system="x" * 300)
    # In parts: what was added first must not be remembered as if it had ever stood there.
    store.apply("gateway", 1, Batch(state={}, usage=(replace(ROW, inferences=5), less(ROW), broken)))

    assert exported(store)["leverwatch_inferences_total", "bot", "m"] == 10


def test_models_and_systems_without_a_name_of_their_own_are_held_too(store: Store) -> None:
    store.limits = NameLimits(systems=1, models=1)
    rows = [replace(ROW, system=system, model=model) for system in ("bot", "beyond") for model in ("m", "n")]
    store.apply("gateway", 0, Batch(state={}, usage=tuple(rows)))
    first = exported(store)
    assert first["leverwatch_overflow_inferences_total",] == 20
    assert first["leverwatch_inferences_total", "bot", "other"] == 10

    store.apply("gateway", 1, Batch(state={}, usage=tuple(map(less, rows))))

    assert fallen(first, exported(store)) == {}


def test_each_source_of_a_system_is_held_by_itself(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
    store.apply("gateway", 1, Batch(state={}, usage=(less(ROW),)))
    store.apply("bills", 0, Batch(state={}, usage=(ROW,)))

    assert exported(store)["leverwatch_inferences_total", "bot", "m"] == 20


def test_a_cost_that_becomes_known_is_shown_and_one_that_becomes_unknown_is_held(store: Store) -> None:
    calls = UsageRow("bot", "m", Operation.GENERATION, DAY, inferences=10, unpriced=10)
    priced = replace(calls, inferences=0, cost_usd=4, unpriced=-10)
    store.apply("gateway", 0, Batch(state={}, usage=(calls,)))
    assert ("leverwatch_cost_usd_total", "bot", "m") not in exported(store)

    store.apply("gateway", 1, Batch(state={}, usage=(priced,)))
    assert exported(store)["leverwatch_cost_usd_total", "bot", "m", "told"] == 4
    assert exported(store)["leverwatch_inferences_unpriced_total", "bot", "m"] == 10

    store.apply("gateway", 2, Batch(state={}, usage=(replace(priced, cost_usd=-4, unpriced=10),)))
    assert exported(store)["leverwatch_cost_usd_total", "bot", "m", "told"] == 4
