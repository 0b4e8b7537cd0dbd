"""Metric families of what providers bill, beside what the tokens that they tell cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leverwatch.agent.exporter.family import Family, Sample, timestamp
from leverwatch.agent.exporter.per_system import as_of
from leverwatch.agent.framework.bill import Bill
from leverwatch.agent.snapshot import SystemsSnapshot

_BILLED = "for every source that is told what is billed, once it knows such a day as a whole"


def _family(
    name: str, meaning: str, value: Callable[[Bill], float | None], emitted: str = _BILLED
) -> Family[SystemsSnapshot]:
    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for bill in snapshot.bills:
            number = value(bill)
            if number is not None:
                yield (bill.source,), number

    return Family(name, "gauge", as_of(meaning), ("source",), emitted, samples)


BILLS: tuple[Family[SystemsSnapshot], ...] = (
    _family(
        "leverwatch_source_billed_usd",
        "What the provider bills for the newest day that the source knows as a whole, in US dollars.",
        lambda bill: bill.days[-1].billed if bill.days else None,
    ),
    _family(
        "leverwatch_source_priced_usd",
        "What the tokens that the source tells of that day cost by its prices, in US dollars; models without a"
        " price are left out.",
        lambda bill: bill.days[-1].priced if bill.days else None,
        f"{_BILLED}, unless no model of that day has a price",
    ),
    _family(
        "leverwatch_source_billed_day_timestamp_seconds",
        "Midnight UTC that starts that day.",
        lambda bill: timestamp(bill.days[-1].day) if bill.days else None,
    ),
    _family(
        "leverwatch_source_uncounted_tokens",
        "Tokens of the newest day whose calls the source does not count, so that no system has them.",
        lambda bill: None if bill.uncounted_day is None else bill.uncounted_tokens,
        "for every source that tells tokens without the number of calls",
    ),
)
"""The families of bills."""
