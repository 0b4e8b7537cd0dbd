"""The economics of a system whose calls are of several service tiers: as its priced tokens have it, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from leverwatch.agent.config.economics import EconomicsConfig, plan_of
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import CostPlans, Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.economics.model import Economics, Missing
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch
from tests.agent.evaluation.test_spend import NOW, Agent
from tests.agent.evaluation.test_tier_spend import batch_of

YESTERDAY = date(2026, 3, 9)
MONTH = 30.4375 / 28
ELM = {"model": "elm", "input": 3, "output": 12, "cached_input": 0.6, "cache_write": 3.75, "cache_write_1h": 6}
BATCH = {"model": "elm", "tier": "batch", "input": 1.5, "output": 6, "cached_input": 0.3}
LONG = {"model": "elm", "above": 200_000, "input": 6, "output": 18, "cached_input": 1.2}
CALL = {"model": "elm", "in": 9_000, "read": 0, "out": 400}
LATER = {**CALL, "tier": "batch"}
EIGHTY_PERCENT = [CALL, LATER, LATER, LATER, LATER]


class Costed(Agent):
    """An agent of whose systems the economics are worked out too."""

    def __init__(self, open_store: Callable[[], Store], file: Path, **terms: Any) -> None:
        super().__init__(open_store, file)
        terms = {"hosting": "dedicated", **terms}
        self.plan = Plan(costs=CostPlans({}, plan_of(EconomicsConfig.model_validate(terms), EconomicsConfig())))

    def feed_days(self, *days: list[dict[str, Any]], source: str = "gateway") -> None:
        """Count the calls of each day of 28, over and over again."""
        counted = [batch_of(*calls) for calls in days]
        batches = [(YESTERDAY - timedelta(days=age), counted[age % len(counted)]) for age in range(28)]
        batch = Batch(
            state={},
            usage=tuple(replace(row, day=day) for day, one in batches for row in one.usage),
            tier_counts=tuple(
                structs.replace(count, day=day) for day, one in batches for count in one.tier_counts
            ),
            days_seen=frozenset(day for day, _ in batches),
        )
        self.store.apply(source, self.store.source_state(source).revision, batch)

    def economics(self, plan: Plan | None = None) -> Economics:
        (view,) = evaluate(self.store, plan or self.plan, NOW, Assessor(CurrentPrices(self._file))).systems
        assert view.assessment is not None
        assert isinstance(view.assessment.economics, Economics)
        return view.assessment.economics


def costed(open_store: Callable[[], Store], folder: Path) -> Costed:
    made = Costed(open_store, folder / "prices.yaml")
    made.prices(ELM, BATCH, LONG)
    return made


@pytest.fixture
def agent(store_file: Path, tmp_path: Path) -> Iterator[Costed]:
    store = Store(f"sqlite:///{store_file}", lambda: NOW)
    yield costed(lambda: store, tmp_path)
    store.close()


TRAFFIC: dict[str, list[list[dict[str, Any]]]] = {
    "all standard": [[CALL] * 5],
    "80 % batch": [EIGHTY_PERCENT],
    "all batch": [[LATER]],
    "batch on some days only": [[CALL] * 3, [LATER] * 9, [CALL, LATER]],
    "long inputs": [[CALL, {**CALL, "in": 230_000, "read": 50_000}]],
    "cached, and written for an hour": [
        [{**CALL, "read": 4_000, "wrote": 3_000, "hour": 2_000}, {**LATER, "read": 1_000}, LATER]
    ],
    "written for an hour by the standard tier alone": [[{**CALL, "wrote": 3_000, "hour": 2_500}]],
    "everything at once": [
        [CALL, {**LATER, "read": 2_500, "wrote": 800, "hour": 800}, {**CALL, "in": 201_000, "wrote": 5_000}],
        [{**LATER, "in": 260_000, "out": 9_000}, {**CALL, "read": 8_000, "out": 1}],
    ],
}  # fmt: skip


@pytest.mark.parametrize("days", TRAFFIC.values(), ids=TRAFFIC.keys())
def test_the_bill_of_the_economics_is_what_the_same_tokens_are_priced_at(
    agent: Costed, days: list[list[dict[str, Any]]]
) -> None:
    agent.feed_days(*days)
    spent = agent.priced("elm")

    assert spent is not None
    assert agent.economics().bill == pytest.approx(spent * MONTH, abs=0.005, rel=0)
    assert agent.economics().bill == pytest.approx(spent * MONTH, rel=1e-9)


def test_the_bill_of_a_system_of_which_80_percent_is_batch_is_that_by_hand(agent: Costed) -> None:
    agent.feed_days(EIGHTY_PERCENT)
    # A day: 9,000 at 3 and 400 at 12, and four times 9,000 at 1.5 and 400 at 6.
    a_day = (9_000 * 3 + 400 * 12 + 4 * (9_000 * 1.5 + 400 * 6)) / 1e6
    assert a_day == pytest.approx(0.0954)

    assert agent.economics().bill == pytest.approx(0.0954 * 30.4375)


def test_a_tier_without_a_price_makes_the_economics_unknown_and_is_named(agent: Costed) -> None:
    agent.feed_days([*EIGHTY_PERCENT, {**CALL, "tier": "priority"}])
    found = agent.economics()

    assert found.bill is None
    (missing,) = found.unknown
    assert missing.code is Missing.PRICE
    assert missing.text == (
        "the price of elm is unknown: prices.yaml has no price of it for the service tier priority, of which 17%"
        " of its tokens are"
    )


def test_a_model_that_no_price_list_has_is_unknown_for_that_reason_alone(agent: Costed) -> None:
    agent.prices({**ELM, "model": "oak"})
    agent.feed_days([LATER])

    (missing,) = agent.economics().unknown
    assert missing.code is Missing.PRICE
    assert "of its tokens" not in missing.text


def test_a_standard_tier_that_no_call_is_of_needs_no_price(agent: Costed) -> None:
    agent.prices(BATCH)
    agent.feed_days([LATER])
    assert agent.economics().bill == pytest.approx((9_000 * 1.5 + 400 * 6) / 1e6 * 30.4375)

    agent.feed_days([CALL])
    (missing,) = agent.economics().unknown
    assert missing.code is Missing.PRICE


def test_tokens_of_a_tier_that_contradict_each_other_make_the_economics_unknown(agent: Costed) -> None:
    agent.feed_days([CALL, CALL, {**LATER, "wrote": 10, "hour": 20}])

    (missing,) = agent.economics().unknown
    assert missing.text.endswith("the tokens of its calls of the service tier batch contradict each other")


def test_calls_that_tell_their_cost_count_as_those_of_the_standard_tier(agent: Costed) -> None:
    agent.feed_days([LATER, {**LATER, "cost": 9.0}])

    a_day = (9_000 * (1.5 + 3) + 400 * (6 + 12)) / 1e6
    assert agent.economics().bill == pytest.approx(a_day * 30.4375)


def test_only_the_tiers_of_sources_that_count_are_looked_at(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    agent = costed(open_store, tmp_path)
    agent.feed_days([CALL])
    agent.feed_days([LATER] * 50, source="second")
    plan = structs.replace(agent.plan, scope=Scope(authoritative=frozenset({"gateway"})))

    assert agent.economics(plan).bill == pytest.approx((9_000 * 3 + 400 * 12) / 1e6 * 30.4375)
