"""The totals that are exported beside a verdict, as of the end of each past day. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime

from leverwatch.agent.snapshot import ModelTotals, PricedUsage
from leverwatch.agent.store.history_reader import PromptLanding, UsageDay
from leverwatch.agent.store.prompt_totals import PromptTotals
from leverwatch.agent.store.schema import COUNTS
from leverwatch.agent.store.views import SystemTotals
from leverwatch.collectors.interface import ChangeKind, Operation


def totals_by_day(usage: Sequence[UsageDay], days: Iterable[date]) -> Iterator[SystemTotals]:
    """Yield, for each of the ascending `days`, the totals up to the end of it. `usage` must be oldest first."""
    models: dict[str, dict[str, float]] = {}
    others: dict[Operation, float] = {}
    priced: dict[str, PricedUsage] = {}
    position = 0
    for day in days:
        while position < len(usage) and usage[position].day <= day:
            _add(usage[position], models, others)
            more, model = usage[position].priced, usage[position].counts.model
            if more is not None:
                priced[model] = priced.get(model, PricedUsage()).plus(more)
            position += 1
        yield SystemTotals(
            models=tuple(ModelTotals(name, **sums) for name, sums in models.items()),
            priced=dict(priced),
            other_operations=dict(others),
        )


def _add(row: UsageDay, models: dict[str, dict[str, float]], others: dict[Operation, float]) -> None:
    if row.operation is not Operation.GENERATION:
        others[row.operation] = others.get(row.operation, 0.0) + row.counts.inferences
        return
    sums = models.setdefault(row.counts.model, dict.fromkeys(COUNTS, 0.0))
    for column, value in asdict(row.counts).items():
        if column != "model":
            sums[column] += value


def prompts_by_day(landings: Sequence[PromptLanding], days: Iterable[date]) -> Iterator[PromptTotals | None]:
    """Yield, for each of the ascending `days`, the landings up to the end of it; None before the first landing.

    `landings` must be oldest first.
    """
    kinds: Counter[ChangeKind] = Counter()
    last: datetime | None = None
    position = 0
    for day in days:
        while position < len(landings) and landings[position].at.date() <= day:
            kinds[landings[position].kind] += 1
            if landings[position].kind is not ChangeKind.FIRST_SEEN:
                last = landings[position].at
            position += 1
        yield PromptTotals(dict(kinds), last) if kinds else None
