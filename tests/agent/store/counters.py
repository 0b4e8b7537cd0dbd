"""What the exporter would show of a store: every counter made from stored sums."""

from __future__ import annotations

from datetime import UTC, datetime

from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.store.store import Store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
Series = tuple[str, ...]
_COUNTERS = tuple(family for family in SYSTEMS if family.type == "counter")


def exported(store: Store, plan: Plan | None = None) -> dict[Series, float]:
    """The value of each series, by its family and labels, after an evaluation."""
    snapshot = evaluate(store, plan or Plan(), NOON)
    return {
        (family.name, *labels): float(value) for family in _COUNTERS for labels, value in family.samples(snapshot)
    }


def fallen(before: dict[Series, float], after: dict[Series, float]) -> dict[Series, tuple[float, float | None]]:
    """The series that fell or are gone, with both values."""
    return {
        series: (value, after.get(series))
        for series, value in before.items()
        if series not in after or after[series] < value
    }
