"""One price for the calls of a model of several service tiers, at which they cost what those of each do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from leverwatch.agent.framework.economics.amounts import Origin, Price, Unpriced
from leverwatch.agent.framework.economics.traffic import Calls
from leverwatch.agent.prices.service import Service
from leverwatch.agent.prices.spend import Untold, parts_of, usd_of
from leverwatch.collectors.records.service_tiers import Tier

_STANDARD = str(Tier.STANDARD)
_LEFT_OVER = 1e-9
"""Of all tokens of a model: what fractions that are added and subtracted leave."""
_SUMMED = Untold.__struct_fields__
Parts = Sequence[float]


def blended_price(
    whole: Calls, tiers: Iterable[tuple[str, Untold]], price_of: Callable[[str], Price | Unpriced]
) -> Price | Unpriced:
    """Return the price in USD per million tokens at which all calls of a model cost what those of each tier do.

    `Unpriced` when a tier in use is: no other price stands in for it. Calls that tell their cost count as those of
    the standard tier, as nobody knows theirs.

    Args:
        whole: all calls to the model.
        tiers: what of them is of another tier than the standard, by its name; several of one tier add up.
        price_of: the price of a tier, given its name.
    """
    if tiers == () and whole.uncosted_write_1h_tokens <= 0:
        return price_of(_STANDARD)
    used = _by_tier(whole, tiers)
    if used.keys() <= {_STANDARD} and whole.uncosted_write_1h_tokens <= 0:
        return price_of(_STANDARD)
    every = sum(map(_size, used.values()))
    weighed: list[tuple[Parts, Price]] = []
    for tier, tokens in used.items():
        price, parts = price_of(tier), parts_of(tokens)
        if isinstance(price, Unpriced):
            # Where not even the standard tier has a price, the tier is not the reason.
            if tier == _STANDARD or isinstance(price_of(_STANDARD), Unpriced):
                return price
            share = _share(_size(tokens), every)
            return Unpriced(price.model, f"{price.reason}, of which {share} of its tokens are")
        if parts is None:
            return Unpriced(
                whole.model, f"the tokens of its calls of {Service.of(tier).words} contradict each other"
            )
        weighed.append((parts, price))
    return _blend(whole.model, weighed)


def _by_tier(whole: Calls, tiers: Iterable[tuple[str, Untold]]) -> Mapping[str, Untold]:
    """Return the tokens of each tier that has any; what is of no tier is of the standard one."""
    left = _of(whole)
    least = _LEFT_OVER * max(_size(left), 1.0)
    found: dict[str, Untold] = {}
    for tier, tokens in tiers:
        found[tier] = _added(found[tier], tokens) if tier in found else tokens
        left = _added(left, tokens, -1.0)
    found[_STANDARD] = Untold(*(0.0 if abs(it) <= least else it for it in msgspec.structs.astuple(left)))
    return {
        tier: tokens for tier, tokens in found.items() if any(abs(number) > least for number in _tokens(tokens))
    }


def _of(whole: Calls) -> Untold:
    return Untold(
        whole.input_tokens,
        whole.cached_input_tokens,
        whole.cache_write_tokens,
        whole.output_tokens,
        whole.inferences,
        whole.uncosted_write_1h_tokens,
    )


def _added(one: Untold, other: Untold, factor: float = 1.0) -> Untold:
    return Untold(*(getattr(one, name) + factor * getattr(other, name) for name in _SUMMED))


def _tokens(tokens: Untold) -> tuple[float, ...]:
    return tokens.input_tokens, tokens.output_tokens


def _size(tokens: Untold) -> float:
    return sum(_tokens(tokens))


def _share(tokens: float, every: float) -> str:
    share = tokens / every if every > 0 else 0.0
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"


def _blend(model: str, weighed: Sequence[tuple[Parts, Price]]) -> Price:
    def mean(*kinds: int) -> float:
        weights = [[parts[kind] for kind in kinds] for parts, _ in weighed]
        if not sum(map(sum, weights)):
            # Of a kind that is not used, but may be assumed: as the input is, of which it would be a part.
            weights = [[sum(parts[:-1]) or parts[-1]] * len(kinds) for parts, _ in weighed]
        total = sum(map(sum, weights))
        usd = (
            sum(weight * usd_of(price)[kind] for kind, weight in zip(kinds, of_tier, strict=True))
            for of_tier, (_, price) in zip(weights, weighed, strict=True)
        )
        return sum(usd) / total

    prices = [price for _, price in weighed]
    assumed = any(price.origin is Origin.ASSUMED for price in prices)
    return Price(
        model,
        input=mean(0),
        cached_input=mean(1),
        cache_write=mean(2, 3),
        output=mean(4),
        origin=Origin.ASSUMED if assumed else Origin.CONFIGURED,
        source=", ".join(dict.fromkeys(price.source for price in prices)),
        notes=tuple(dict.fromkeys(note for price in prices for note in price.notes)),
    )
