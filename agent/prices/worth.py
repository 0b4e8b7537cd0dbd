"""What tokens of a day cost by the prices of that day, whether or not a record told their cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Price
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.spend import Untold, parts_of, usd_of

_MILLION = 1e6


class Used(Struct, frozen=True):
    """What one model and tier used on a day, in tokens."""

    day: date
    model: str
    tier: str
    """As `collectors/records/service_tiers.py` names it."""
    tokens: Untold


class Worth(Struct, frozen=True):
    """What the tokens of a day cost."""

    usd: float = 0.0
    """Of those whose price is known."""
    unpriced: frozenset[str] = frozenset()
    """The models with tokens whose price is unknown."""


def worth(used: Iterable[Used], book: PriceBook) -> Mapping[date, Worth]:
    """Return what tokens cost, by day."""
    found: dict[date, Worth] = {}
    for one in used:
        before = found.setdefault(one.day, Worth())
        if not (one.tokens.input_tokens or one.tokens.output_tokens):
            continue
        price, parts = book.price(one.model, one.day, tier=one.tier), parts_of(one.tokens)
        if not isinstance(price, Price) or parts is None:
            found[one.day] = Worth(before.usd, before.unpriced | {one.model})
            continue
        usd = sum(part * each for part, each in zip(parts, usd_of(price), strict=True)) / _MILLION
        found[one.day] = Worth(before.usd + usd, before.unpriced)
    return found
