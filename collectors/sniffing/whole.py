"""What the count of a whole file says about a field map that was made of a sample. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leverwatch.collectors.interface import MALFORMED, UNKNOWN_MODEL, Operation, Result, UsageRow

_MOST_ROWS = 14


@dataclass(frozen=True, slots=True)
class DayCount:
    """What would be counted of a day and a model; tokens and cost are None where no call tells them."""

    day: str
    model: str
    operation: str
    inferences: float
    errors: float
    input_tokens: float | None
    output_tokens: float | None
    cost_usd: float | None


def by_day(usage: Sequence[UsageRow]) -> list[DayCount]:
    """Return what would be counted, by day, model and operation, in this order."""
    rows: dict[tuple[str, str, str], list[UsageRow]] = defaultdict(list)
    for row in usage:
        rows[row.day.isoformat(), row.model, str(row.operation)].append(row)
    return [_count(key, rows[key]) for key in sorted(rows)]


def _count(key: tuple[str, str, str], rows: Sequence[UsageRow]) -> DayCount:
    inferences = _sum(rows, "inferences")
    known = {
        name: None if _sum(rows, unknown) >= inferences and not _sum(rows, name) else _sum(rows, name)
        for name, unknown in (
            ("input_tokens", "unknown_input"), ("output_tokens", "unknown_output"), ("cost_usd", "unpriced"),
        )
    }  # fmt: skip
    day, model, operation = key
    return DayCount(day, model, operation, inferences, _sum(rows, "errors"), **known)


def _sum(rows: Sequence[UsageRow], column: str) -> float:
    return sum(float(getattr(row, column)) for row in rows)


def shortened(counts: Sequence[DayCount]) -> tuple[list[DayCount], list[DayCount], int]:
    """Return the first and the last of many rows, and how many there are between them."""
    if len(counts) <= _MOST_ROWS:
        return list(counts), [], 0
    half = _MOST_ROWS // 2
    return list(counts[:half]), list(counts[-half:]), len(counts) - 2 * half


def doubts_of_whole(
    tallies: Mapping[Result, int], usage: Sequence[UsageRow], unreadable: Mapping[str, int]
) -> tuple[str, ...]:
    """Return sentences about what a field map made nothing of, over the whole file."""
    total = sum(tallies.values())
    notes = []
    refused = {result: number for result, number in tallies.items() if number and result in MALFORMED}
    if refused:
        reasons = ", ".join(f"{number:,} {result}" for result, number in sorted(refused.items()))
        notes.append(f"refused: {sum(refused.values()):,} of {total:,} records are not counted: {reasons}")
    notes += [
        f"{name}: {number:,} values cannot be read and stay unknown" for name, number in sorted(unreadable.items())
    ]
    calls = [row for row in usage if row.operation is Operation.GENERATION]
    inferences = _sum(calls, "inferences")
    for name, column in (("input_tokens", "unknown_input"), ("output_tokens", "unknown_output")):
        unknown = _sum(calls, column)
        if 0 < unknown < inferences:
            notes.append(f"{name}: unknown for {unknown:,.0f} of {inferences:,.0f} inferences of the whole file")
    nameless = _sum([row for row in usage if row.model == UNKNOWN_MODEL], "inferences")
    if 0 < nameless < _sum(usage, "inferences"):
        notes.append(
            f"model: unknown for {nameless:,.0f} of {_sum(usage, 'inferences'):,.0f} calls of the whole file"
        )
    if tallies.get(Result.DUPLICATE):
        notes.append(
            f"request_id: {tallies[Result.DUPLICATE]:,} records say the same as an earlier one with their id, and"
            " do not count again"
        )
    return tuple(notes)
