"""Tokens and costs of the inferences of a week, from measured tokens and known prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import NamedTuple

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.framework.economics.doubts import doubts
from leverwatch.agent.framework.economics.model import Missing, Unknown
from leverwatch.agent.framework.economics.traffic import Block, Calls, TrafficMoments

_MILLION = 1e6
_ROUNDING = 1 + 1e-9
_LEAST_KNOWN = 0.5
"""A model's mean tokens are unknown when fewer than this share of its inferences have known tokens."""


class Mix(NamedTuple):
    """Sums over one or more weeks. A sum that depends on an assumed share is split into a fixed part and a part to
    be multiplied by that share."""

    inferences: float
    cost: float
    """USD for tokens today, with one attempt for each inference and an assumed cached share of 0."""
    cost_by_cached_share: float
    """USD to add to `cost` when the assumed cached share is 1."""
    input_tokens: float
    static_tokens: float
    unmeasured_static: float
    """Input tokens of calls whose static part is not known."""
    output_tokens: float


class Measured(NamedTuple):
    """Ratios over all weeks; None when unknown."""

    attempts: float | None
    """Attempts per inference."""
    calls_per_trace: float | None


def measured(total: Calls) -> Measured:
    """Attempts per inference, and calls per trace. Fewer attempts than inferences were not all recorded, and fewer
    calls than traces cannot be: None."""
    return Measured(
        attempts=total.attempts / total.inferences if 0 < total.inferences <= total.attempts else None,
        calls_per_trace=total.traced / total.traces if 0 < total.traces <= total.traced * _ROUNDING else None,
    )


def mix_of_weeks(
    traffic: TrafficMoments, prices: Mapping[str, Price | Unpriced]
) -> tuple[tuple[Mix, ...], tuple[Unknown, ...]]:
    """Return a `Mix` for each week, scaled to seven days, and what is missing for it.

    When anything is missing or contradicts itself, the tuple of weeks is empty.
    """
    overall, models = traffic.by_model(), traffic.models
    lacking = _missing(overall, models, prices)
    if compiled.native is not None and not lacking:
        # The same in every digit; None where sums contradict themselves.
        found = compiled.native.mixes(
            [(block.covered, block.calls) for block in traffic.blocks],
            dict(overall),
            {model: _four(price) for model in models if isinstance(price := prices[model], Price)},
        )
        if found is not None:
            return tuple(map(Mix._make, found)), ()
    doubtful = [Unknown(Missing.DOUBTFUL, text) for text in doubts(traffic)]
    missing = (*doubtful, *lacking)
    if missing:
        return (), missing
    weeks: dict[str, list[Calls]] = {}
    for block in traffic.blocks:
        for calls in block.calls:
            weeks.setdefault(calls.model, []).append(calls)
    known = {
        model: _Model(overall[model], weeks[model], price)
        for model in models
        if isinstance(price := prices[model], Price)
    }
    return tuple(_week(block, known) for block in traffic.blocks), ()


def _missing(
    overall: Mapping[str, Calls], models: Sequence[str], prices: Mapping[str, Price | Unpriced]
) -> list[Unknown]:
    if not models:
        return [Unknown(Missing.TOKENS, "no inference was seen in the last 28 days")]
    found = []
    for model in models:
        calls, price = overall[model], prices.get(model)
        least = (1 - _LEAST_KNOWN) * calls.inferences
        for kind, unknown in (("input", calls.unknown_input), ("output", calls.unknown_output)):
            if unknown > least:
                share = unknown / calls.inferences
                text = f"the {kind} tokens of {share:.0%} of the calls to {model} are unknown"
                found.append(Unknown(Missing.TOKENS, text))
        if not isinstance(price, Price):
            reason = price.reason if price is not None else "no price source was asked"
            found.append(Unknown(Missing.PRICE, f"the price of {model} is unknown: {reason}"))
    return found


def _four(price: Price) -> tuple[float, float, float, float]:
    """USD for a million input, output, cached and written tokens."""
    cached = price.input if price.cached_input is None else price.cached_input
    return price.input, price.output, cached, price.input if price.cache_write is None else price.cache_write


class _Model(NamedTuple):
    whole: Calls
    """The sum of all weeks."""
    weeks: Sequence[Calls]
    price: Price


def _week(block: Block, models: Mapping[str, _Model]) -> Mix:
    mixes = [_of_model(calls, *models[calls.model]) for calls in block.calls if calls.inferences]
    days = 7 / block.covered
    # One after the other: `sum` corrects its rounding in some versions of Python and not in others.
    return Mix(*(reduce(add, column) * days for column in zip(*mixes, strict=True))) if mixes else Mix(*[0.0] * 7)


def _of_model(calls: Calls, whole: Calls, weeks: Sequence[Calls], price: Price) -> Mix:
    number = calls.inferences
    entered = number * _mean(calls, whole, "input_tokens", "unknown_input")
    written = number * _mean(calls, whole, "output_tokens", "unknown_output")
    _, _, cached_price, write_price = _four(price)
    stored = entered * (_share(calls, weeks, _stored) or 0.0)
    cached = by_share = 0.0
    if whole.unknown_cached > (1 - _LEAST_KNOWN) * whole.inferences:
        by_share = (entered - stored) * (cached_price - price.input)
    else:
        cached = entered * (_share(calls, weeks, _cached) or 0.0)
    cost = (entered - cached - stored) * price.input + cached * cached_price + stored * write_price
    static = _share(calls, weeks, _static)
    return Mix(
        inferences=number,
        cost=(cost + written * price.output) / _MILLION,
        cost_by_cached_share=by_share / _MILLION,
        input_tokens=entered,
        static_tokens=0.0 if static is None else entered * static,
        unmeasured_static=entered if static is None else 0.0,
        output_tokens=written,
    )


def _stored(calls: Calls) -> tuple[float, float]:
    return calls.cache_write_tokens, calls.inferences - calls.unknown_input


def _cached(calls: Calls) -> tuple[float, float]:
    return calls.cached_input_tokens, calls.inferences - calls.unknown_cached


def _static(calls: Calls) -> tuple[float, float]:
    return calls.static_tokens, calls.static_known


def _share(calls: Calls, weeks: Sequence[Calls], part: Callable[[Calls], tuple[float, float]]) -> float | None:
    """The share of a week's input tokens that are these, or the mean share of the weeks that tell it; None: none
    does. `part` returns the sum of such tokens, and how many calls tell them."""
    own = _own_share(calls, part)
    if own is not None:
        return own
    told = [(share, week.inferences) for week in weeks if (share := _own_share(week, part)) is not None]
    if not told:
        return None
    return reduce(add, [share * often for share, often in told]) / reduce(add, [often for _, often in told])


def _own_share(calls: Calls, part: Callable[[Calls], tuple[float, float]]) -> float | None:
    tokens, known = part(calls)
    entered = calls.inferences - calls.unknown_input
    if known <= 0 or entered <= 0 or calls.input_tokens <= 0:
        return None
    return tokens / known / (calls.input_tokens / entered)


def _mean(calls: Calls, whole: Calls, tokens: str, unknown: str) -> float:
    """Mean tokens of the week's calls with known tokens, or of those of all weeks when the week has none."""
    source = calls if calls.inferences > getattr(calls, unknown) else whole
    return float(getattr(source, tokens) / (source.inferences - getattr(source, unknown)))
