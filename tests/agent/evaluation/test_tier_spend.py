"""The cost of calls of a service tier, of long inputs and of what is cached for an hour, to the cent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, TierCount, UsageRow
from tests.agent.evaluation.test_spend import MONDAY, ROW, SMALL, TUESDAY, Agent
from tests.collectors.sources.files.logs import config, count

FIELDS = {
    "time": "at", "model": "model", "request_id": "id", "input_tokens": "in", "cached_input_tokens": "read",
    "cache_write_tokens": "wrote", "cache_write_1h_tokens": "hour", "output_tokens": "out", "tier": "tier",
    "cost_usd": "cost",
}  # fmt: skip
BOOK = (
    {"model": "pine", "input": 2, "output": 10, "cached_input": 0.5, "cache_write": 2.5, "cache_write_1h": 4},
    {"model": "pine", "tier": "batch", "input": 1, "output": 5},
    {"model": "pine", "above": 200_000, "input": 4, "output": 15},
)


def batch_of(*records: dict[str, Any], **format_: Any) -> Batch:
    """What the records of a log are counted as, with the state that a log of its own has."""
    base = {"at": "2026-03-02T08:00:00Z", "model": "pine"}
    lines = b"".join(json.dumps({**base, "id": f"c{at}", **it}).encode() + b"\n" for at, it in enumerate(records))
    counted = count(lines, config(format={"type": "jsonl", "fields": FIELDS, **format_}, system="bot"))
    return Batch(state={}, usage=counted.usage, tier_counts=counted.tiers, days_seen=counted.days_seen)


@pytest.fixture
def agent(open_store: Callable[[], Store], tmp_path: Path) -> Agent:
    made = Agent(open_store, tmp_path / "prices.yaml")
    made.prices(*BOOK)
    return made


def apply(agent: Agent, batch: Batch, source: str = "gateway") -> None:
    agent.store.apply(source, agent.store.source_state(source).revision, batch)


def of_day(tier: str, row: UsageRow, factor: float = 1.0) -> TierCount:
    """All of a row as what a tier has of it, or a multiple of that."""
    numbers = (row.input_tokens, 0.0, 0.0, 0.0, row.output_tokens, row.inferences)
    return TierCount(row.system, row.model, row.day, tier, *(factor * it for it in numbers))


COSTS: dict[str, tuple[dict[str, Any], float | None]] = {
    "pine standard: 0.1 at 2 and 0.001 at 10": ({"in": 100_000, "out": 1_000}, 0.21),
    "pine named standard": ({"in": 100_000, "out": 1_000, "tier": "default"}, 0.21),
    "pine batch: 0.1 at 1 and 0.001 at 5": ({"in": 100_000, "out": 1_000, "tier": "batch"}, 0.105),
    "pine at the bound: 0.2 at 2": ({"in": 200_000, "out": 0}, 0.40),
    "pine beyond it: 0.3 at 4 and 0.002 at 15": ({"in": 300_000, "out": 2_000}, 1.23),
    "pine batch, whose price has no bound": ({"in": 300_000, "out": 2_000, "tier": "batch"}, 0.31),
    "pine 2,000 at 2, 8,000 at 0.5, 4,000 at 2.5, 6,000 at 4, 500 at 10": (
        {"in": 20_000, "read": 8_000, "wrote": 10_000, "hour": 6_000, "out": 500},
        0.047,
    ),
    "pine of a tier that is not in the book": ({"in": 100_000, "out": 1_000, "tier": "priority"}, None),
    "pine paid by the time": ({"in": 100_000, "out": 1_000, "tier": "scale"}, None),
    "pine of a tier of no known name": ({"in": 100_000, "out": 1_000, "tier": "lunar"}, None),
    "pine told": ({"in": 100_000, "out": 1_000, "tier": "batch", "cost": 9.0}, None),
    "pine with more for an hour than in all": ({"in": 1_000, "wrote": 10, "hour": 20, "out": 1}, None),
}
"""By the model: a call, and what it costs by hand."""


def test_a_call_costs_what_the_book_has_for_its_tier_and_its_length(agent: Agent) -> None:
    agent.prices(*({**entry, "model": "pine*"} for entry in BOOK))
    apply(agent, batch_of(*({"model": model, **record} for model, (record, _) in COSTS.items())))

    priced = {key[1]: usd for key, usd in agent.shown().items() if key[0] == "cost_usd" and key[2] == "priced"}
    assert priced == {model: pytest.approx(usd, abs=1e-9) for model, (_, usd) in COSTS.items() if usd is not None}


def test_a_day_of_all_tiers_costs_what_its_calls_cost_and_counts_them_once(agent: Agent) -> None:
    records: list[dict[str, Any]] = [
        {"in": 100_000, "out": 1_000}, {"in": 100_000, "out": 1_000, "tier": "Batch"},
        {"in": 300_000, "out": 2_000}, {"in": 200_000, "out": 0}, {"in": 100_000, "out": 1_000, "tier": "flex"},
        {"in": 20_000, "read": 8_000, "wrote": 10_000, "hour": 6_000, "out": 500},
    ]  # fmt: skip
    first, *others = records
    apply(agent, batch_of(first))
    assert agent.priced("pine") == pytest.approx(0.21)
    apply(agent, batch_of(*others))

    shown = agent.shown()
    assert shown["cost_usd", "pine", "priced"] == pytest.approx(0.21 + 0.105 + 1.23 + 0.40 + 0.047, abs=1e-9)
    assert (shown["inferences_priced", "pine"], shown["inferences_unpriced", "pine"]) == (5, 6)
    assert agent.shown() == shown


def test_a_tier_that_is_not_in_the_book_is_priced_once_it_is(agent: Agent) -> None:
    apply(agent, batch_of({"in": 100_000, "out": 1_000, "tier": "flex"}, {"in": 100_000, "out": 1_000}))
    assert agent.priced("pine") == pytest.approx(0.21)

    agent.prices(*BOOK, {"model": "pine", "tier": "flex", "input": 0.5, "output": 2})
    assert agent.priced("pine") == pytest.approx(0.21 + 0.052)


def test_a_later_version_of_a_call_that_tells_its_tier_costs_what_the_tier_does(agent: Agent) -> None:
    told = {"in": 100_000, "out": 1_000, "id": "same"}
    apply(agent, batch_of(told, {**told, "tier": "batch"}, repeats="versions"))

    assert agent.priced("pine") == pytest.approx(0.105)
    assert agent.shown()["inferences_priced", "pine"] == 1


def test_a_day_that_is_replaced_has_the_tiers_that_it_has_now(agent: Agent) -> None:
    agent.prices(SMALL, {**SMALL, "tier": "batch", "input": 1, "output": 5})
    state = agent.store.source_state("gateway")
    rows, days = (ROW, replace(ROW, day=TUESDAY)), frozenset({MONDAY, TUESDAY})
    counts = tuple(of_day("batch", row) for row in rows)
    agent.store.apply("gateway", state.revision, Batch({}, rows, tier_counts=counts, replaces=days))
    assert agent.priced() == pytest.approx(1.5 + 1.5)

    agent.feed(ROW, replaces=frozenset({MONDAY}))
    with agent.store.reading() as connection:
        tiers = connection.exec_driver_sql("SELECT day, tier FROM tier_days").all()
    assert [(str(day), tier) for day, tier in tiers] == [("2026-03-03", "batch")]
    # What counters showed never falls; what is left costs 3 and 1.5.
    assert agent.priced() == pytest.approx(4.5)


def test_what_is_taken_back_of_a_tier_is_no_longer_of_it(agent: Agent) -> None:
    agent.prices(SMALL, {**SMALL, "tier": "batch", "input": 1, "output": 5})
    apply(agent, Batch({}, (ROW,), tier_counts=(of_day("batch", ROW),)))
    apply(agent, Batch({}, (), tier_counts=(of_day("batch", ROW, -1.0),)))

    assert agent.priced() == 3.0
    assert agent.shown()["inferences_priced", "small"] == 10


def test_tiers_of_a_model_beyond_the_limit_are_stored_under_the_name_of_all_others(agent: Agent) -> None:
    agent.store.limits = NameLimits(models=1)
    pine = {"in": 100_000, "out": 1_000}
    apply(agent, batch_of(pine, {**pine, "model": "rare", "tier": "batch"}))

    with agent.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT model, tier, inferences FROM tier_days ORDER BY model").all()
    assert [tuple(row) for row in found] == [("other", "batch>32000", 1.0), ("pine", ">32000", 1.0)]
    assert agent.priced("pine") == pytest.approx(0.21)
