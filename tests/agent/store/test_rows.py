"""A row that cannot be stored costs itself: the others are committed with the checkpoint of the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import event, func, select, text
from structlog.testing import capture_logs

from leverwatch.agent.errors import StoreError
from leverwatch.agent.store.schema import eval_results, model_shutdowns, prompt_changes, usage_daily, usage_totals
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import (
    Batch,
    ChangeKind,
    EvalResult,
    ModelShutdown,
    Operation,
    PromptChange,
    Result,
    UsageRow,
)

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = UsageRow("bot", "m", Operation.GENERATION, DAY, inferences=1)
CHANGE = PromptChange("bot", "c1", NOON, ChangeKind.ADDED, 1)
RESULT = EvalResult("bot", "m", "p", "suite", "hash", "score", 0.5, None, 10, NOON, None)
SHUTDOWN = ModelShutdown("m", DAY)

BAD_TEXTS = ("x" * 201, "x" * 5_000_000, "nul\0", "half \ud800 a pair")
BAD_USAGE: list[dict[str, Any]] = [
    *({"system": text} for text in BAD_TEXTS),
    *({"model": text} for text in BAD_TEXTS),
    *({"inferences": number} for number in (float("nan"), float("inf"), -float("inf"), 1e308)),
    {"cost_usd": float("nan")},
    {"static_tokens": float("inf")},
    {"day": "no day"},
]


def state(store: Store) -> dict[str, bytes]:
    return dict(store.source_state("gateway").load())


def total(store: Store) -> float:
    with store.reading() as connection:
        daily = connection.scalar(select(func.sum(usage_daily.c.inferences)))
        totals = connection.scalar(select(func.sum(usage_totals.c.inferences)))
    assert daily == totals
    return float(daily or 0)


@pytest.mark.parametrize("wrong", BAD_USAGE, ids=lambda wrong: next(iter(wrong)))
def test_a_row_of_usage_that_cannot_be_stored_costs_itself(store: Store, wrong: dict[str, Any]) -> None:
    rows = [replace(GOOD, model=f"m{number}") for number in range(9)]
    rows.insert(4, replace(GOOD, **wrong))
    with capture_logs() as logs:
        store.apply("gateway", 0, Batch(state={"at": b"1"}, usage=tuple(rows), tallies={Result.COUNTED: 10}))

    assert total(store) == 9
    assert state(store) == {"at": b"1"}
    assert store.source_state("gateway").revision == 1
    assert store.refused_rows() == {"gateway": 1}
    assert store.tallies() == {"gateway": {Result.COUNTED: 10}}
    (line,) = logs
    assert line == {
        "event": "store_rows_refused",
        "log_level": "warning",
        "source": "gateway",
        "rows": 1,
        "kind": "usage",
    }


def test_a_batch_of_which_no_row_can_be_stored_still_moves_its_checkpoint(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={"at": b"1"}, usage=(replace(GOOD, system="nul\0"),) * 3))
    assert (total(store), state(store)) == (0, {"at": b"1"})
    assert store.refused_rows() == {"gateway": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        {"system": "x" * 201},
        {"change_id": "nul\0"},
        {"prompts": 2**40},
        {"landed_at": datetime.max.replace(tzinfo=UTC)},
        {"kind": "half \ud800 a pair"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_prompt_change_that_cannot_be_stored_costs_itself(store: Store, wrong: dict[str, Any]) -> None:
    changes = (
        CHANGE,
        structs.replace(CHANGE, change_id="c2", **wrong)
        if "change_id" not in wrong
        else structs.replace(CHANGE, **wrong),
    )
    batch = Batch(state={"at": b"1"}, prompt_changes=changes, replace_prompt_changes=True, usage=(GOOD,))
    store.apply("gateway", 0, batch)
    with store.reading() as connection:
        assert connection.scalars(select(prompt_changes.c.change_id)).all() == ["c1"]
    assert (total(store), state(store), store.refused_rows()) == (1, {"at": b"1"}, {"gateway": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"suite": "x" * 201},
        {"metric": "nul\0"},
        {"value": float("nan")},
        {"stderr": float("inf")},
        {"n": 2**63},
        {"passed": 10**30},
        {"at": datetime(1, 1, 1, tzinfo=UTC)},
        {"model": "half \ud800 a pair"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_result_of_an_evaluation_that_cannot_be_stored_costs_itself(store: Store, wrong: dict[str, Any]) -> None:
    results = (RESULT, structs.replace(RESULT, **{"prompt_version": "q", **wrong}))
    store.apply("gateway", 0, Batch(state={"at": b"1"}, eval_results=results, usage=(GOOD,)))
    with store.reading() as connection:
        assert connection.scalars(select(eval_results.c.suite)).all() == ["suite"]
    assert (total(store), state(store), store.refused_rows()) == (1, {"at": b"1"}, {"gateway": 1})


@pytest.mark.parametrize("model", BAD_TEXTS, ids=("long", "very long", "nul", "surrogate"))
def test_a_model_that_cannot_be_stored_costs_itself(store: Store, model: str) -> None:
    listed = (SHUTDOWN, ModelShutdown(model, DAY), ModelShutdown(model, None))
    store.apply("gateway", 0, Batch(state={"at": b"1"}, model_shutdowns=listed))
    with store.reading() as connection:
        assert connection.scalars(select(model_shutdowns.c.model)).all() == ["m"]
    assert (state(store), store.refused_rows()) == ({"at": b"1"}, {"gateway": 2})


def test_what_only_the_database_refuses_is_narrowed_down_to_its_rows(store: Store, store_url: str) -> None:
    with store.writing() as connection:
        if store_url.startswith("sqlite"):
            connection.execute(
                text(
                    "CREATE TRIGGER picky BEFORE INSERT ON usage_daily WHEN new.inferences = 13"
                    " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
                )
            )
        else:
            connection.execute(text("ALTER TABLE usage_daily ADD CONSTRAINT picky CHECK (inferences <> 13)"))
    rows = [replace(GOOD, model=f"m{number}", inferences=number) for number in range(20)]
    store.apply("gateway", 0, Batch(state={"at": b"1"}, usage=tuple(rows)))
    assert total(store) == sum(range(20)) - 13
    assert (state(store), store.refused_rows()) == ({"at": b"1"}, {"gateway": 1})


def test_a_checkpoint_that_cannot_be_stored_refuses_the_batch(store: Store) -> None:
    with pytest.raises(StoreError):
        store.apply("gateway", 0, Batch(state={"half \ud800 a pair": b"1"}, usage=(GOOD,)))
    assert (total(store), state(store), store.refused_rows()) == (0, {}, {})


def test_an_error_that_is_of_no_row_refuses_the_batch(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("DROP TABLE usage_totals"))
    with pytest.raises(StoreError):
        store.apply("gateway", 0, Batch(state={"at": b"1"}, usage=(GOOD, replace(GOOD, system="nul\0"))))
    assert (state(store), store.refused_rows()) == ({}, {})


def test_a_batch_without_a_fault_takes_no_savepoint(open_store: Callable[[], Store]) -> None:
    store, said = open_store(), []
    event.listen(store._engine, "savepoint", lambda *_: said.append("savepoint"))
    batch = Batch(state={"at": b"1"}, usage=(GOOD,), prompt_changes=(CHANGE,), eval_results=(RESULT,))
    store.apply("gateway", 0, batch)
    assert said == []
    store.apply("gateway", 1, structs.replace(batch, usage=(GOOD, replace(GOOD, model="nul\0"))))
    assert said != []
