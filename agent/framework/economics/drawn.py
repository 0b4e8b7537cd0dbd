"""What each strategy costs in each of the random draws: the innermost loop of the economics."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil, inf
from operator import lt, mul, sub
from typing import NamedTuple

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.breakeven import always_from
from leverwatch.agent.framework.economics.draws import DRAWS, draws, order, steps, weeks_drawn
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
from leverwatch.agent.framework.model import Strategy

_EVERY = 4
"""The break-even volume is computed for every fourth draw only, as it costs more time than the costs."""
_NOTHING = (0.0, 0.0, 0.0)
_TENTH = DRAWS // 10
_ABSENT = Amount.exactly(0.0, Origin.ASSUMED)


class Saved(NamedTuple):
    """What one strategy saves against another over the draws, in USD a month."""

    low: float
    """The 10% quantile."""
    high: float
    """The 90% quantile."""
    probability: float
    """The share of the draws in which it saves anything."""


class Compared(NamedTuple):
    """Two strategies that are compared."""

    before: Strategy
    after: Strategy
    hair: float
    """A difference, in USD a month, up to which nothing is saved."""


class Sums(NamedTuple):
    """What the draws say."""

    hybrid_cheaper: float
    """The share of the draws in which a hybrid costs less than prompt engineering."""
    tuning_cheaper: float
    volumes: tuple[float, float]
    """The 10% and the 90% quantile of the inferences a month."""
    crossings: tuple[float | None, float | None, float | None]
    """The 10%, 50% and 90% quantile of the volume from which fine-tuning stays cheaper; None: no such volume."""
    saved: Saved | None
    """None: nothing is compared."""


def sums_drawn(
    seed: str,
    columns: Sequence[Sequence[float]],
    volume: float,
    inputs: Mapping[str, Amount],
    terms: Terms,
    compared: Compared | None = None,
) -> Sums:
    """Return what `costs_drawn` comes to, in every digit: by the compiled helper where there is one."""
    if compiled.native is not None and len(columns[0]) == WEEKS:
        found = _by_helper(seed, columns, volume, inputs, terms, compared)
        if found is not None:
            return found
    return summed(costs_drawn(seed, columns, volume, inputs, terms), compared)


def summed(drawn: Drawn, compared: Compared | None) -> Sums:
    """Return what the costs of all draws come to."""
    costs = dict(zip(Strategy, (drawn.prompting, drawn.hybrid, drawn.tuning), strict=True))
    cheaper = [
        sum(map(lt, costs[one], drawn.prompting)) / DRAWS for one in (Strategy.HYBRID, Strategy.FINE_TUNING)
    ]
    volumes = sorted(drawn.volumes)
    saved = None
    if compared is not None:
        savings = sorted(map(sub, costs[compared.before], costs[compared.after]))
        share = sum(amount > compared.hair for amount in savings) / DRAWS
        saved = Saved(savings[_TENTH], savings[-1 - _TENTH], share)
    hybrid, tuning = cheaper
    return Sums(hybrid, tuning, (volumes[_TENTH], volumes[-1 - _TENTH]), _quantiles(drawn.crossings), saved)


def _quantiles(crossings: list[float | None]) -> tuple[float | None, float | None, float | None]:
    """The 10%, 50% and 90% quantile of break-even volumes; draws without one count as infinite, which is None."""
    if not crossings:
        return None, None, None
    ranked = sorted(crossings, key=lambda volume: inf if volume is None else volume)
    return ranked[len(ranked) // 10], ranked[len(ranked) // 2], ranked[-1 - len(ranked) // 10]


def _by_helper(
    seed: str,
    columns: Sequence[Sequence[float]],
    volume: float,
    inputs: Mapping[str, Amount],
    terms: Terms,
    compared: Compared | None,
) -> Sums | None:
    before, after, hair = compared or _ITSELF
    found = compiled.native.drawn(  # type: ignore[union-attr]  # the caller has looked
        columns,
        *steps(seed),
        volume / sum(columns[0]),
        terms.packed,
        tuple([_packed(name, inputs.get(name, _ABSENT)) for name in _DRAWN]),
        _PLACES[before],
        _PLACES[after],
        hair,
    )
    if found is None:
        return None
    hybrid, tuning, least, most, low, median, high, *saved = found
    return Sums(hybrid, tuning, (least, most), (low, median, high), Saved(*saved) if compared else None)


_DRAWN = (*Shares._fields, *UPKEEP_INPUTS, "hybrid_tuned_share")
_PLACES = {strategy: place for place, strategy in enumerate(Strategy)}
_ITSELF = Compared(Strategy.PROMPT_ENGINEERING, Strategy.PROMPT_ENGINEERING, 0.0)


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


def _packed(name: str, amount: Amount) -> float | array[float]:
    """The draws of an input as the helper takes them: a number that is the same in all of them is given once."""
    return _drawn_once(name, amount) if amount.low < amount.high else amount.likely


@lru_cache(maxsize=1024)
def _drawn_once(name: str, amount: Amount) -> array[float]:
    return array("d", draws(name, amount))
