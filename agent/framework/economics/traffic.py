"""A system's measured traffic in the four weeks that the economics use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from operator import add
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

WEEKS = 4
_DAYS = 7
_DAY = timedelta(days=1)


class Calls(NamedTuple):
    """Sums over the successful calls to one model. An unknown value adds 1 to `unknown_*`, and nothing else."""

    model: str
    inferences: float = 0.0
    attempts: float = 0.0
    input_tokens: float = 0.0
    """Input tokens, including those read from and written to a cache."""
    cached_input_tokens: float = 0.0
    cache_write_tokens: float = 0.0
    output_tokens: float = 0.0
    unknown_input: float = 0.0
    unknown_cached: float = 0.0
    unknown_output: float = 0.0
    static_tokens: float = 0.0
    """Input tokens that are the same in every call, over the `static_known` calls."""
    static_known: float = 0.0
    traced: float = 0.0
    """Calls with a trace id."""
    traces: float = 0.0
    uncosted_write_1h_tokens: float = 0.0
    """Of the tokens written to a cache by calls that tell no cost: those that are kept for an hour."""

    def plus(self, other: Calls) -> Calls:
        """Return the sum of both, with this one's model name."""
        return Calls._make((self.model, *map(add, self[1:], other[1:])))


class DayCalls(NamedTuple):
    """The calls to one model on one UTC day."""

    day: date
    calls: Calls


class Block(Struct, frozen=True):
    """Sums over seven consecutive days, of which `covered` are known."""

    covered: int
    calls: tuple[Calls, ...]
    """Sums for each model, sorted by name."""


class TrafficMoments(Struct, frozen=True):
    """Up to four weekly blocks, oldest first. Weeks without a covered day are left out."""

    blocks: tuple[Block, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that served at least one inference, sorted."""
        used = {calls.model for block in self.blocks for calls in block.calls if calls.inferences > 0}
        return tuple(sorted(used))

    def by_model(self) -> Mapping[str, Calls]:
        """Return the sum of the calls to each model over all weeks, by name of the model."""
        return _by_model(self)

    def total(self) -> Calls:
        """The sum over all weeks and models."""
        totals = _by_model(self)
        if len(totals) == 1:
            return Calls._make(("", *next(iter(totals.values()))[1:]))
        total = Calls("")
        for block in self.blocks:
            for calls in block.calls:
                total = total.plus(calls)
        return total


@lru_cache(maxsize=4)
def _by_model(traffic: TrafficMoments) -> Mapping[str, Calls]:
    # Several parts of an assessment ask for it, one after the other.
    totals: dict[str, Calls] = {}
    for block in traffic.blocks:
        for calls in block.calls:
            model = calls.model
            totals[model] = totals[model].plus(calls) if model in totals else calls
    return MappingProxyType(totals)


def window(newest: date, covered: Collection[date]) -> frozenset[date]:
    """Return the covered days of the four weeks that end at `newest`."""
    first = newest - timedelta(days=WEEKS * _DAYS - 1)
    return frozenset(day for day in covered if first <= day <= newest)


def traffic_moments(rows: Iterable[DayCalls], covered: Collection[date], newest: date) -> TrafficMoments:
    """Return the four 7-day blocks that end at `newest`, without those of which no day is covered.

    Blocks are weeks because days of a week differ and depend on each other; resampling draws whole blocks.

    Args:
        rows: calls by day and model, in any order; several of one day and model add up.
        covered: days on which the traffic is known; a covered day without rows is a true zero.
        newest: the newest covered day.
    """
    week_of = weeks_of(covered, newest)
    sums: list[dict[str, Calls]] = [{} for _ in range(WEEKS)]
    for day, calls in rows:
        if day in week_of:
            week = sums[week_of[day]]
            known = week.get(calls.model)
            week[calls.model] = calls if known is None else known.plus(calls)
    return blocks(week_of, sums)


def weeks_of(covered: Collection[date], newest: date) -> dict[date, int]:
    """Return the week of each covered day of the four weeks that end at `newest`, from 0 on."""
    return {day: week for day, week in _weeks_before(newest) if day in covered}


@lru_cache(maxsize=64)
def _weeks_before(newest: date) -> tuple[tuple[date, int], ...]:
    """The 28 days that end at a day, newest first, each with its week."""
    return tuple((newest - _DAY * age, WEEKS - 1 - age // _DAYS) for age in range(WEEKS * _DAYS))


def blocks(week_of: Mapping[date, int], sums: Sequence[Mapping[str, Calls]]) -> TrafficMoments:
    """Return the blocks of weeks with these sums by model; weeks without a day are left out."""
    days = [0] * WEEKS
    for index in week_of.values():
        days[index] += 1
    return TrafficMoments(
        tuple(
            Block(covered_days, tuple(week[name] for name in sorted(week)))
            for covered_days, week in zip(days, sums, strict=True)
            if covered_days
        )
    )
