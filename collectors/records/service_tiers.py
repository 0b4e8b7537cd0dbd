"""The service tier of a call, and how long its input is: what its tokens cost depends on both. Pure.

Price books have a price of their own for calls in a batch, for slower and for faster service, and for calls whose
input is longer than a bound. Only where a record is read is the size of one call known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import inf
from typing import Any

from leverwatch.collectors.records.fields import field_indexes
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.tokens import WHOLES

BOUNDS: tuple[int, ...] = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)
"""The lengths of input, in tokens, beyond which a provider asks another price for some model."""
SHORT = BOUNDS[0]
"""The longest input for which every provider has one price."""
_LONGEST = 64
"""The longest word in characters; a longer text is no name of a tier."""
_BEYOND = ">"


class Tier(StrEnum):
    """A kind of service with prices of its own."""

    STANDARD = ""
    BATCH = "batch"
    FLEX = "flex"
    """Slower, and cheaper."""
    PRIORITY = "priority"
    FAST = "fast"
    RESERVED = "reserved"
    """Capacity that is paid for by the time, whatever is asked of it."""
    OTHER = "other"
    """One of no known name."""


_WORDS = {
    Tier.STANDARD: (
        "", "default", "standard", "standard_only", "auto", "on_demand", "none", "null", "false", "normal",
        "traffic_type_unspecified", "pay_as_you_go",
    ),
    Tier.BATCH: ("batch", "batches", "batch_api"),
    Tier.FLEX: ("flex", "on_demand_flex"),
    Tier.PRIORITY: ("priority", "on_demand_priority"),
    Tier.FAST: ("fast",),
    Tier.RESERVED: ("reserved", "scale", "provisioned", "provisioned_throughput", "dedicated"),
}  # fmt: skip
_TIERS = {word: tier for tier, words in _WORDS.items() for word in words}


def tier_of(value: object) -> Tier:
    """Return the tier that a value of a record names. Who says nothing, or leaves it open, means the standard."""
    return Tier.STANDARD if value is None else _named(str(value)[: _LONGEST + 1])


@recall(1024)
def _named(word: str) -> Tier:
    return _TIERS.get(word.strip().lower().replace("-", "_").replace(" ", "_"), Tier.OTHER)


def size_of(tokens: float | None) -> int:
    """Return how many of the `BOUNDS` an input is beyond; 0 when its tokens are unknown."""
    return 0 if tokens is None else sum(tokens > bound for bound in BOUNDS)


def next_bound(above: int) -> float:
    """Return the length that inputs of a size are at most, given the bound that they are beyond."""
    return next((float(bound) for bound in BOUNDS if bound > above), inf)


def tier_name(tier: Tier, size: int) -> str:
    """Return the name of a tier for inputs of a size: `batch`, `>200000`, `batch>200000`."""
    return f"{tier}{_BEYOND}{BOUNDS[size - 1]}" if size else str(tier)


def parse_tier(name: str) -> tuple[Tier, int]:
    """Return the tier of a name, and the tokens that its inputs are beyond.

    Raises:
        ValueError: the name is none that `tier_name` returns.
    """
    tier, found, beyond = name.partition(_BEYOND)
    if found and (not beyond.isdecimal() or int(beyond) not in BOUNDS):
        raise ValueError("no tier has this name")
    return Tier(tier), int(beyond or 0)


def told_tier(before: str, usage: str) -> str:
    """Return the tier of a call of which a later part tells the usage: that of the usage, where it names one."""
    named, _, long = usage.partition(_BEYOND)
    tier = named or before.partition(_BEYOND)[0]
    return f"{tier}{_BEYOND}{long}" if long else tier


def row_sizes(*, has_extended: bool, settled: bool) -> Callable[[Sequence[Any]], int]:
    """Return the function that returns the size of the input of a row.

    `settled`: the parts of its tokens are inside their wholes, as in `Layout`.
    """
    places = field_indexes(has_extended=has_extended)
    whole = places["input_tokens"]
    parts = () if settled else tuple(places[name] for name in WHOLES["input_tokens"] if name in places)

    def size(row: Sequence[Any]) -> int:
        tokens = row[whole]
        if tokens is None:
            return 0
        inside = sum(row[at] or 0 for at in parts)
        if inside > tokens:
            tokens += inside
        return size_of(tokens) if tokens > SHORT else 0

    return size
