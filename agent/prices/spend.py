"""What the tokens of a day cost whose records tell no cost. Pure."""

from __future__ import annotations

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Price

_MILLION = 1e6
_NOTHING = 1e-9
"""Of the tokens of a day: less is what is left over when fractions are subtracted."""


class Untold(Struct, frozen=True):
    """The generations of a model and a tier on a day whose records tell no cost."""

    input_tokens: float
    """With those that were read from a cache and written to one."""
    cached_input_tokens: float
    cache_write_tokens: float
    output_tokens: float
    inferences: float
    """Without those whose input or output tokens are unknown: no price tells what these cost."""
    write_1h_tokens: float = 0.0
    """Those of the tokens that were written to a cache that are kept for an hour."""


class PricedDay(Struct, frozen=True):
    """What of a day is priced, and what it costs in USD."""

    tokens: Untold
    usd: float


def price_day(untold: Untold, price: Price | None, before: PricedDay | None) -> PricedDay | None:
    """Return what is priced of a day now; None when nothing is.

    What came since `before` is priced with the present price, and what was priced stays as it was, also when no
    price is known any more. Where less of some tokens is left, because a record was corrected or tells its cost
    now, the whole day is priced anew.

    Args:
        untold: the whole day as it is now.
        price: the price on that day; None when it is unknown.
        before: what was priced of it earlier.
    """
    if untold.inferences <= 0:
        return None
    now = parts_of(untold)
    if price is None or now is None:
        return before
    old = None if before is None else parts_of(before.tokens)
    if before is None or old is None or any(new < was for new, was in zip(now, old, strict=True)):
        return PricedDay(untold, _cost(now, price))
    more = tuple(new - was for new, was in zip(now, old, strict=True))
    return PricedDay(untold, before.usd + _cost(more, price))


def parts_of(tokens: Untold) -> tuple[float, ...] | None:
    """Return the tokens by what is charged for them, in the order of `usd_of`; None when they contradict each
    other."""
    cached, written = tokens.cached_input_tokens, tokens.cache_write_tokens
    hour = tokens.write_1h_tokens
    parts = (tokens.input_tokens - cached - written, cached, written - hour, hour, tokens.output_tokens)
    least = -_NOTHING * max(tokens.input_tokens, tokens.output_tokens, 1.0)
    # More from a cache than there was at all: what was charged is not known, and no zero is put in its place.
    return None if min(parts) < least else tuple(max(part, 0.0) for part in parts)


def usd_of(price: Price) -> tuple[float, ...]:
    """Return what a million tokens of each part cost in USD: input, read from a cache, written to one, written to
    one for an hour, output."""
    written = price.input if price.cache_write is None else price.cache_write
    return (
        price.input,
        price.input if price.cached_input is None else price.cached_input,
        written,
        written if price.cache_write_1h is None else price.cache_write_1h,
        price.output,
    )


def _cost(parts: tuple[float, ...], price: Price) -> float:
    return sum(part * usd for part, usd in zip(parts, usd_of(price), strict=True)) / _MILLION
