"""What a provider bills, and tokens whose calls it does not tell: both stand beside usage, and are none."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class UncountedTokens(Struct, frozen=True):
    """Tokens that a source tells for a UTC day without the number of calls that used them, which is unknown."""

    system: str
    model: str
    day: date
    tier: str
    """As that of a `TierCount`."""
    input_tokens: float
    """With those that were read from a cache and written to one."""
    cached_input_tokens: float
    cache_write_tokens: float
    write_1h_tokens: float
    output_tokens: float


class BilledAmount(Struct, frozen=True):
    """What a provider bills for one thing on a UTC day."""

    day: date
    project: str
    """The project, workspace or key that it is billed to, as the provider names it; empty: it does not say."""
    item: str
    """What is billed: a model, a kind of token, a tool; empty: it does not say."""
    usd: float
    """In US dollars; negative for a credit."""
