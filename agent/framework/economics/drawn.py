"""What each strategy costs in each of the random draws: the innermost loop of the economics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil, inf
from operator import mul
from typing import NamedTuple

from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.breakeven import always_from
from leverwatch.agent.framework.economics.draws import draws, order, weeks_drawn
from leverwatch.agent.framework.economics.mix import Mix
from leverwatch.agent.framework.economics.scenario import (
    UPKEEP_INPUTS,
    Each,
    Shares,
    Terms,
    Upkeep,
    each_of,
    line_of,
    token_costs,
    upkeep,
)
from leverwatch.agent.framework.economics.traffic import WEEKS

_EVERY = 4
"""The break-even volume is computed for every fourth draw only, as it costs more time than the costs."""
_NOTHING = (0.0, 0.0, 0.0)
_ABSENT = Amount.exactly(0.0, Origin.ASSUMED)


class Drawn(NamedTuple):
    """One value for each draw; USD a month, and inferences a month."""

    prompting: list[float]
    hybrid: list[float]
    tuning: list[float]
    volumes: list[float]
    crossings: list[float | None]
    """The volume from which fine-tuning stays cheaper, for every fourth draw with traffic."""


def costs_drawn(
    seed: str, columns: Sequence[Sequence[float]], volume: float, inputs: Mapping[str, Amount], terms: Terms
) -> Drawn:
    """Return the monthly cost of each strategy in each draw.

    Args:
        seed: chooses the pairing of the draws of weeks with those of the inputs.
        columns: the weeks, each field of `Mix` as one sequence.
        volume: inferences a month.
        inputs: the inputs by name.
        terms: what is the same in all draws.
    """
    known: dict[tuple[int, ...], tuple[float, Each | None]] = {}
    scale = volume / sum(columns[0])
    drawn = weeks_drawn(len(columns[0]))
    shares = _shares(tuple(inputs.get(name, _ABSENT) for name in Shares._fields))
    kept = _upkeeps(tuple(inputs[name] for name in UPKEEP_INPUTS))
    parts = draws("hybrid_tuned_share", inputs["hybrid_tuned_share"])
    dedicated, simple = terms.dedicated, terms.dedicated and not terms.own
    found = Drawn([], [], [], [], [])
    prompting, hybrid, tuning, volumes = (column.append for column in found[:4])
    for index, (at, share, keep, part) in enumerate(zip(order(seed), shares, kept, parts, strict=True)):
        often = drawn[at]
        mean = known.get(often)
        if mean is None:
            mean = known[often] = _mean(columns, often, scale, terms)
        volume, each = mean
        prompts, operations, training, instance, served, least = keep
        fixed = operations + training
        # Only weeks without traffic cost no tokens.
        if each is None:
            prompted, tuned, tokens = _NOTHING
        elif simple:
            # `token_costs` in its place: a call of it is a third of what a draw costs.
            prompted, by_cached_share, entered, static, unmeasured, written = each
            cached_share, static_share, kept_share, output_ratio, _, _ = share
            entered -= (static + unmeasured * static_share) * (1 - kept_share)
            tokens = entered + written * output_ratio
            prompted += by_cached_share * cached_share
            tuned = 0.0
        else:
            prompted, tuned, tokens = token_costs(each, share, terms)
        before = volume * prompted
        if dedicated:
            unit = served / tokens if tokens > 0 else inf
            instances, of_hybrid = ceil(volume / unit), ceil(part * volume / unit)
            after = fixed + instance * (instances if instances > least else least)  # noqa: FURB136 - `max` is slow
            mixed = fixed + instance * (of_hybrid if of_hybrid > least else least)  # noqa: FURB136
        else:
            billed = volume * tuned
            after = billed + fixed
            mixed = part * billed + fixed
        volumes(volume)
        prompting(before + prompts)
        tuning(after)
        hybrid((1 - part) * before + prompts + mixed)
        if index % _EVERY == 0 and each is not None:
            found.crossings.append(always_from(line_of((prompted, tuned, tokens), keep, terms)))
    return found


def together(columns: Sequence[Sequence[float]], often: Sequence[int]) -> Mix:
    """Return the sum of weeks, each as often as `often` says."""
    if len(often) == WEEKS:
        # Nearly always, and in a third of the time.
        first, second, third, fourth = often
        return Mix._make([a * first + b * second + c * third + d * fourth for a, b, c, d in columns])
    return Mix._make([sum(map(mul, column, often)) for column in columns])


def _mean(
    columns: Sequence[Sequence[float]], often: Sequence[int], scale: float, terms: Terms
) -> tuple[float, Each | None]:
    mix = together(columns, often)
    # A draw has as many weeks as there are, so that its sum stands for the volume.
    return mix.inferences * scale, each_of(mix, terms) if mix.inferences > 0 else None


@lru_cache(maxsize=512)
def _upkeeps(amounts: tuple[Amount, ...]) -> tuple[Upkeep, ...]:
    """The costs that do not depend on traffic, for each draw; cached, as most systems have the same inputs."""
    columns = [draws(name, amount) for name, amount in zip(UPKEEP_INPUTS, amounts, strict=True)]
    return tuple(upkeep(*row) for row in zip(*columns, strict=True))


@lru_cache(maxsize=512)
def _shares(amounts: tuple[Amount, ...]) -> tuple[Shares, ...]:
    columns = [draws(name, amount) for name, amount in zip(Shares._fields, amounts, strict=True)]
    return tuple(map(Shares._make, zip(*columns, strict=True)))
