from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from leverwatch.agent.replay.figures import prompts_by_day, totals_by_day
from leverwatch.agent.snapshot import ModelTotals, PricedUsage
from leverwatch.agent.store.history_reader import PromptLanding, UsageDay
from leverwatch.agent.store.prompt_totals import PromptTotals
from leverwatch.agent.store.views import SystemTotals
from leverwatch.collectors.interface import ChangeKind, Operation

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]


def used(number: int, model: str, operation: Operation = Operation.GENERATION, **counts: float) -> UsageDay:
    return UsageDay(FIRST + timedelta(days=number), operation, ModelTotals(model, **counts))


def test_each_day_holds_everything_up_to_its_end() -> None:
    usage = [
        used(-5, "m", inferences=10, errors=1, cost_usd=0.5),
        used(1, "m", inferences=5, unpriced=5),
        used(1, "n", inferences=2),
        used(9, "m", inferences=1_000),
    ]

    before = ModelTotals("m", inferences=10, errors=1, cost_usd=0.5)
    after = ModelTotals("m", inferences=15, errors=1, cost_usd=0.5, unpriced=5)
    assert list(totals_by_day(usage, DAYS)) == [
        SystemTotals((before,)),
        SystemTotals((after, ModelTotals("n", inferences=2))),
        SystemTotals((after, ModelTotals("n", inferences=2))),
    ]


def test_operations_that_are_no_generations_stand_beside_them() -> None:
    usage = [used(0, "e", Operation.EMBEDDING, inferences=7), used(1, "f", Operation.EMBEDDING, inferences=1)]

    assert [totals.other_operations for totals in totals_by_day(usage, DAYS)] == [
        {Operation.EMBEDDING: 7},
        {Operation.EMBEDDING: 8},
        {Operation.EMBEDDING: 8},
    ]
    assert [totals.models for totals in totals_by_day(usage, DAYS)] == [(), (), ()]


def test_a_landing_in_the_last_second_of_a_day_belongs_to_it() -> None:
    late = datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC)
    landings = [
        PromptLanding(late, ChangeKind.ADDED),
        PromptLanding(late + timedelta(seconds=1), ChangeKind.ADDED),
    ]

    assert list(prompts_by_day(landings, DAYS)) == [
        None,
        PromptTotals({ChangeKind.ADDED: 1}, late),
        PromptTotals({ChangeKind.ADDED: 2}, late + timedelta(seconds=1)),
    ]


def test_what_is_priced_grows_with_the_days_of_its_model() -> None:
    usage = [
        replace(used(-5, "m", inferences=10), priced=PricedUsage(0.5, 10)),
        replace(used(0, "other", inferences=1), priced=PricedUsage(0.25, 1)),
        used(1, "m", inferences=5),
        replace(used(1, "other", inferences=1), priced=PricedUsage(1.0, 1)),
    ]

    assert [totals.priced for totals in totals_by_day(usage, DAYS)] == [
        {"m": PricedUsage(0.5, 10), "other": PricedUsage(0.25, 1)},
        {"m": PricedUsage(0.5, 10), "other": PricedUsage(1.25, 2)},
        {"m": PricedUsage(0.5, 10), "other": PricedUsage(1.25, 2)},
    ]
