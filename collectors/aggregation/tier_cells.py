"""Cells of the tiers of service: what they are of, and what of them is told apart when they are taken. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from operator import add

from leverwatch.collectors.aggregation.cells import Group, Key
from leverwatch.collectors.counted_fields import COLUMN_INDEX
from leverwatch.collectors.interface import Operation, TierCount
from leverwatch.collectors.records.service_tiers import Tier, tier_name

Cells = Mapping[Key, list[float]]

_UNCOSTED = tuple(
    (COLUMN_INDEX[name], COLUMN_INDEX[f"costed_{name}"])
    for name in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
)
_WRITES = COLUMN_INDEX["uncosted_write_1h_tokens"]
_UNPRICED, _NO_INPUT, _NO_OUTPUT = map(COLUMN_INDEX.__getitem__, ("unpriced", "uncosted_input", "uncosted_output"))


def sized_group(group: Group, size: int) -> Group:
    """Return the group of the calls of a group with inputs of a size; `group` is that of short ones."""
    system, model, operation, tier = group
    return (system, model, operation, tier_name(Tier(tier), size)) if size else group


def whole_cells(cells: Cells) -> Iterator[tuple[tuple[str, str, Operation, date], list[float]]]:
    """Yield the sums of all tiers, with their system, model, operation and day."""
    if not any(tier for _, _, _, tier, _ in cells):
        for (system, model, operation, _, day), cell in cells.items():
            yield (system, model, operation, day), cell
        return
    found: dict[tuple[str, str, Operation, date], list[float]] = {}
    for (system, model, operation, _, day), cell in cells.items():
        key = (system, model, operation, day)
        before = found.get(key)
        found[key] = cell if before is None else list(map(add, before, cell))
    yield from found.items()


def tier_counts(cells: Cells) -> tuple[TierCount, ...]:
    """Return what generations used that tell no cost and are not of the standard tier."""
    return tuple(
        TierCount(system, model, day, tier, *used)
        for (system, model, operation, tier, day), cell in cells.items()
        if tier and operation is Operation.GENERATION and any(used := _used(cell))
    )


def _used(cell: list[float]) -> tuple[float, ...]:
    entered, cached, written, left = (cell[told] - cell[costed] for told, costed in _UNCOSTED)
    inferences = cell[_UNPRICED] - cell[_NO_INPUT] - cell[_NO_OUTPUT]
    return entered, cached, written, cell[_WRITES], left, inferences
