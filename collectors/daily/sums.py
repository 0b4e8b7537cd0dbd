"""Makes usage rows of sums: what a source added up by day, by the names of calls, and by what is known of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from leverwatch.collectors.aggregation.cells import CellRef, Key
from leverwatch.collectors.aggregation.cells import Group as Named
from leverwatch.collectors.aggregation.counting_rule import compile_row_rule
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.aggregation.tier_cells import sized_group, tier_counts, whole_cells
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result, TierCount, UsageRow
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.systems import NoSystem
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.unattributed import Tally

AMOUNTS = (
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "static_input_tokens", "latency_ms", "cost_usd", "attempts", "errors",
)  # fmt: skip
"""Fields of a group that are sums over its calls."""
_SUMS = ("inferences", *AMOUNTS)
_LARGEST = 1e24
"""No sum of numbers that single calls may have, each up to 2^53, is as large."""
_MOST_NAMES = 20_000
"""Names of groups that are remembered: they come again on each day."""
Attributed = tuple[Named, CallStatus, int, int, int] | Refusal


class Group(Struct, frozen=True):
    """Calls of one day that have the same names, and of which the same is known."""

    day: date
    values: Mapping[str, Any]
    """By field of a record: the common name, or the sum over the calls; without fields that are unknown. The
    number of calls is `inferences`."""
    template: tuple[object, ...] = ()
    """What the template of the system needs."""
    size: int = 0
    """How many of the `BOUNDS` the input of each call is beyond."""


class Sums(Struct):
    """What groups add up to."""

    usage: tuple[UsageRow, ...]
    tiers: tuple[TierCount, ...]
    tallies: Counter[Result]
    calls: Counter[Result]
    """The calls of the groups, by result."""
    problems: tuple[tuple[str, str], ...]
    """Reason and detail of groups that are refused, each once, with the number of calls."""
    unattributed: dict[str, int]
    """As in `Batch`."""


def added_up(
    groups: Iterable[Group], fields: tuple[str, ...], system_of: Callable[[tuple[object, ...]], str | None]
) -> Sums:
    """Return what groups add up to, by the same rules as single records.

    Args:
        groups: the groups.
        fields: the fields that groups may have a value for, `inferences` among them.
        system_of: returns the system of the values of the template; None: they name none.
    """
    naming = Rollup(system_of, UTC, _never, timedelta(0), None, SeenIds(3600.0), has_extended=True)
    attribute = _remembering(naming.attribute)
    count = compile_row_rule(Layout({name: (at,) for at, name in enumerate(fields)}, settled=True))
    cells: dict[Key, list[float]] = {}
    tallies: Counter[Result] = Counter()
    calls: Counter[Result] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    unattributed = Tally()
    unsound = 0
    checked = [at for at, name in enumerate(fields) if name in _SUMS]
    for group in groups:
        get = group.values.get
        values = [get(name) for name in fields]
        # What is no number is not within any bounds.
        sound = all((value := values[at]) is None or 0 <= value <= _LARGEST for at in checked)
        model = get("model")
        if not sound or not (model is None or isinstance(model, str)):
            group, unknown = _sound(group)
            if "inferences" in unknown:
                tallies[Result.MISTYPED_FIELD] += 1
                unsound += 1
                continue
            get = group.values.get
            values, model = [get(name) for name in fields], get("model")
            for name in unknown:
                what = "no text" if name == "model" else "negative or no number"
                refused[str(Result.MISTYPED_FIELD), f"{name}: {what}, and so unknown"] += get("inferences", 1)
        found = attribute(model, get("operation"), get("status"), get("cache_hit"), get("tier"), group.template)
        if len(found) == 2:
            number = round(get("inferences", 1))
            tallies[found[0]] += 1
            calls[found[0]] += number
            refused[str(found[0]), str(found[1])] += get("inferences", 1)
            if isinstance(found[1], NoSystem):
                unattributed.add({found[1].values: number})
            continue
        named, outcome, seed, id_seed, trace_seed = found
        key = (*sized_group(named, group.size), group.day)
        cell = cells.get(key)
        if cell is None:
            cells[key] = cell = [0.0] * len(COLUMNS)
        place = CellRef(cell, key, outcome, seed, id_seed, trace_seed)
        count(values, place, outcome, 0, 1.0, _no_trace)
        tallies[Result.COUNTED] += 1
        calls[Result.COUNTED] += round(get("inferences", 1))
    usage = tuple(UsageRow(*key, *cell) for key, cell in whole_cells(cells) if any(cell))
    problems = tuple(
        (reason, f"{detail}: {number:,.0f} call{'' if number == 1 else 's'}")
        for (reason, detail), number in refused.items()
    )
    if unsound:
        problems += ((str(Result.MISTYPED_FIELD), f"inferences: {unsound:,} sums are no number of calls"),)
    return Sums(usage, tier_counts(cells), tallies, calls, problems, unattributed.take())


def _remembering(attribute: Callable[..., Attributed]) -> Callable[..., Attributed]:
    """Return a function of the names of a group and its template that asks for the same ones once."""
    remembered: dict[tuple[object, ...], Attributed] = {}

    def found(*names: Any) -> Attributed:
        # 1, 1.0 and True are equal as keys and differ as text.
        key = (*names, *map(type, names), *map(type, names[-1]))
        try:
            known = remembered.get(key)
        except TypeError:  # a value that is no key, such as a list
            return attribute(*names)
        if known is None:
            if len(remembered) >= _MOST_NAMES:
                remembered.clear()
            remembered[key] = known = attribute(*names)
        return known

    return found


def _sound(group: Group) -> tuple[Group, list[str]]:
    """Return a group without the values that are no sums or no names, which are unknown, and their names."""
    values = group.values
    # What is no number is not within any bounds.
    unknown = [name for name in _SUMS if (value := values.get(name)) is not None and not 0 <= value <= _LARGEST]
    if (model := values.get("model")) is not None and not isinstance(model, str):
        unknown.append("model")
    if not unknown:
        return group, unknown
    left = {name: value for name, value in values.items() if name not in unknown}
    return Group(group.day, left, group.template, group.size), unknown


def _never() -> datetime:
    return datetime.max.replace(tzinfo=UTC)


def _no_trace(_place: CellRef, _trace: object, _minute: int) -> bool:
    return False
