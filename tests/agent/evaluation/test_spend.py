"""The cost of tokens whose records tell none: with the prices of their day, and never less than it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.snapshot import PricedUsage
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.examples import examples

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
SHOWN = ("leverwatch_cost_usd_total", "leverwatch_inferences_priced_total", "leverwatch_inferences_unpriced_total")
ROW = UsageRow(
    "bot", "small", Operation.GENERATION, MONDAY, inferences=10, attempts=10, input_tokens=1_000_000,
    output_tokens=100_000, unknown_cached=10, unpriced=10,
)  # fmt: skip
TOLD = replace(
    ROW, inferences=5, attempts=5, cost_usd=0.75, unpriced=0, costed_input_tokens=1_000_000,
    costed_output_tokens=100_000,
)  # fmt: skip
SMALL = {"model": "small", "input": 2, "output": 10}
"""One of the rows costs 3 USD."""


class Agent:
    """A store and a price file, which an agent evaluates and shows; each time as one that was started anew."""

    def __init__(self, open_store: Callable[[], Store], file: Path) -> None:
        self.store, self._file = open_store(), file
        self.prices()

    def prices(self, *entries: dict[str, Any]) -> None:
        self._file.write_text(yaml.safe_dump({"prices": list(entries)}), encoding="utf-8")

    def feed(self, *rows: UsageRow, source: str = "gateway", replaces: frozenset[date] = frozenset()) -> None:
        days = frozenset(row.day for row in rows)
        batch = Batch(state={}, usage=rows, days_seen=days, replaces=replaces)
        self.store.apply(source, self.store.source_state(source).revision, batch)

    def shown(self) -> dict[tuple[str, ...], float]:
        """What is exported: the names without their prefix, the model, and the origin."""
        snapshot = evaluate(self.store, Plan(), NOW, Assessor(CurrentPrices(self._file)))
        return {
            (family.name.removeprefix("leverwatch_").removesuffix("_total"), *labels[1:]): value
            for family in SYSTEMS
            if family.name in SHOWN
            for labels, value in family.samples(snapshot)
        }

    def priced(self, model: str = "small") -> float | None:
        return self.shown().get(("cost_usd", model, "priced"))


@pytest.fixture
def agent(open_store: Callable[[], Store], tmp_path: Path) -> Agent:
    return Agent(open_store, tmp_path / "prices.yaml")


def test_tokens_are_priced_where_no_record_tells_a_cost_and_only_there(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW, TOLD)

    assert agent.shown() == {
        ("cost_usd", "small", "told"): 0.75,
        ("cost_usd", "small", "priced"): 3.0,
        ("inferences_unpriced", "small"): 10,
        ("inferences_priced", "small"): 10,
    }


def test_a_model_without_a_price_has_no_priced_cost_and_its_inferences_are_counted(agent: Agent) -> None:
    agent.prices({**SMALL, "model": "another"})
    agent.feed(ROW)

    assert agent.shown() == {("inferences_unpriced", "small"): 10, ("inferences_priced", "small"): 0}


def test_what_was_used_before_its_price_was_known_is_priced_once_it_is(agent: Agent) -> None:
    agent.feed(ROW)
    assert agent.priced() is None

    agent.prices(SMALL)
    assert agent.priced() == 3.0
    assert agent.priced() == 3.0


def test_each_day_has_the_price_that_held_on_it(agent: Agent) -> None:
    agent.prices(SMALL, {**SMALL, "from": "2026-03-03", "input": 1, "output": 0})
    agent.feed(ROW, replace(ROW, day=TUESDAY))

    assert agent.priced() == 3.0 + 1.0


def test_another_price_is_for_what_comes_after_it(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW)
    assert agent.priced() == 3.0

    agent.prices({**SMALL, "input": 20, "output": 100})
    assert agent.priced() == 3.0
    agent.feed(ROW)
    assert agent.priced() == 33.0

    agent.prices({**SMALL, "input": 0, "output": 1})
    agent.feed(ROW)
    assert agent.priced() == pytest.approx(33.1)

    agent.prices()
    agent.feed(ROW)
    assert agent.priced() == pytest.approx(33.1)


def test_inferences_whose_tokens_are_unknown_are_not_among_the_priced_ones(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(
        replace(
            ROW, inferences=14, unpriced=14, unknown_input=3, unknown_output=4, uncosted_input=3, uncosted_output=1
        )
    )

    shown = agent.shown()
    assert shown["inferences_priced", "small"] == 10
    assert shown["inferences_unpriced", "small"] == 14


def test_a_model_of_which_no_output_is_known_is_not_priced_by_its_input_alone(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(replace(ROW, output_tokens=0, unknown_output=10, uncosted_output=10))

    assert agent.priced() is None


def test_other_operations_are_not_in_the_cost_of_generations(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(replace(ROW, operation=Operation.EMBEDDING))
    assert ("cost_usd", "small", "priced") not in agent.shown()


def test_a_day_that_is_given_again_is_neither_priced_twice_nor_taken_off_the_counter(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW, replaces=frozenset({MONDAY}))
    assert agent.priced() == 3.0
    agent.feed(ROW, replaces=frozenset({MONDAY}))
    assert agent.priced() == 3.0

    agent.feed(replaces=frozenset({MONDAY}))
    assert agent.priced() == 3.0
    agent.feed(ROW, replace(ROW, day=TUESDAY))
    assert agent.priced() == 6.0


def test_a_cost_that_is_told_later_is_told_and_no_longer_priced(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW)
    assert agent.priced() == 3.0
    agent.feed(
        replace(
            ROW, inferences=0, attempts=0, input_tokens=0, output_tokens=0, unknown_cached=0, unpriced=-10,
            cost_usd=2.5, costed_input_tokens=1_000_000, costed_output_tokens=100_000,
        )
    )  # fmt: skip

    # The counter holds what it showed, and the next three dollars are not added to it.
    assert agent.shown()["cost_usd", "small", "told"] == 2.5
    assert agent.priced() == 3.0
    agent.feed(ROW)
    assert agent.priced() == 3.0
    agent.feed(ROW)
    assert agent.priced() == 6.0


def test_the_cost_is_that_of_all_sources_that_count(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW)
    agent.feed(replace(ROW, output_tokens=0), source="another")

    assert agent.priced() == 3.0 + 2.0


def test_a_failure_of_pricing_costs_no_verdict_and_is_said(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    agent.feed(ROW)
    monkeypatch.setattr("leverwatch.agent.evaluation.assessor.price_spend", broken)
    with capture_logs() as logs:
        assert agent.shown()["inferences_unpriced", "small"] == 10
    assert {"event": "spend_not_priced", "error": "RuntimeError", "log_level": "warning"} in logs


def test_the_past_of_a_system_has_what_is_priced_on_each_day(agent: Agent) -> None:
    agent.prices(SMALL)
    agent.feed(ROW, replace(ROW, day=TUESDAY), TOLD, replace(ROW, operation=Operation.EMBEDDING))
    agent.shown()

    with agent.store.past(TUESDAY, Scope(), 10) as past:
        found = [(row.day, row.operation, row.priced) for row in past.usage("bot")]
    assert sorted(found, key=str) == [
        (MONDAY, Operation.EMBEDDING, None),
        (MONDAY, Operation.GENERATION, PricedUsage(3.0, 10)),
        (TUESDAY, Operation.GENERATION, PricedUsage(3.0, 10)),
    ]


NUMBERS = st.integers(0, 5)
ROWS = st.builds(
    lambda model, day, number, entered, cached, written, told: replace(
        ROW, model=model, day=day, inferences=number, attempts=number, unpriced=0 if told else number,
        input_tokens=entered * 1000, cached_input_tokens=min(entered, cached) * 1000, output_tokens=written * 100,
        unknown_cached=0, cost_usd=0.5 if told else 0.0, costed_input_tokens=entered * 1000 if told else 0,
        costed_cached_input_tokens=min(entered, cached) * 1000 if told else 0,
        costed_output_tokens=written * 100 if told else 0,
    ),
    st.sampled_from(["small", "large"]), st.sampled_from([MONDAY, TUESDAY]), st.integers(1, 4), NUMBERS, NUMBERS,
    NUMBERS, st.booleans(),
)  # fmt: skip
PRICES = st.lists(
    st.builds(
        lambda model, since, entered, written: {"model": model, "input": entered, "output": written} | since,
        st.sampled_from(["small", "large", "*"]), st.sampled_from([{}, {"from": "2026-03-03"}]), NUMBERS, NUMBERS,
    ),
    max_size=3, unique_by=lambda entry: (entry["model"], entry.get("from")),
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("feed"), st.lists(ROWS, max_size=3)),
    st.tuples(st.just("replace"), st.lists(ROWS, max_size=3)),
    st.tuples(st.just("prices"), PRICES),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("show"), st.none()),
)


@settings(max_examples=examples(40))
@given(steps=st.lists(STEPS, max_size=12))
def test_no_counter_falls_whatever_comes_in_whatever_order(steps: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:

        def opened() -> Store:
            store = Store(f"sqlite:///{folder}/store.db")
            store.migrate()
            return store

        agent = Agent(opened, Path(folder, "prices.yaml"))
        before: dict[tuple[str, ...], float] = {}
        for step, what in steps:
            if step == "feed":
                agent.feed(*what)
            elif step == "replace":
                agent.feed(*what, source="days", replaces=frozenset({MONDAY, TUESDAY}))
            elif step == "prices":
                agent.prices(*what)
            elif step == "restart":
                agent.store.close()
                agent.store = opened()
            after = agent.shown()
            fell = {name: was for name, was in before.items() if after.get(name, -1) < was}
            # The sum of no calls is 0, and has no series once a first call comes that tells nothing.
            assert {name: was for name, was in fell.items() if was > 0 or name in after} == {}
            before = after
        agent.store.close()


@settings(max_examples=examples(40))
@given(rows=st.lists(ROWS, max_size=8), data=st.data())
def test_with_the_same_prices_the_sum_is_that_of_the_rows_in_any_order_and_number_of_looks(
    rows: list[UsageRow], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:

        def opened() -> Store:
            store = Store(f"sqlite:///{folder}/store.db")
            store.migrate()
            return store

        agent = Agent(opened, Path(folder, "prices.yaml"))
        agent.prices({"model": "small", "input": 2, "cached_input": 1, "output": 10})
        for row in data.draw(st.permutations(rows)):
            agent.feed(row)
            if data.draw(st.booleans()):
                agent.shown()
        untold = [row for row in rows if row.model == "small" and row.unpriced]
        cost = sum(
            (row.input_tokens - row.cached_input_tokens) * 2 + row.cached_input_tokens + row.output_tokens * 10
            for row in untold
        )
        assert agent.priced() == (pytest.approx(cost / 1e6, abs=1e-6) if untold else None)
        agent.store.close()
