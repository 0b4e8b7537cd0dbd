"""Amounts that are not known exactly, prices of models, and how a tuned model is paid for."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Origin(StrEnum):
    """The origin of a number."""

    MEASURED = "measured"
    CONFIGURED = "configured"
    ASSUMED = "assumed"
    """A default of leverwatch, or a price of the public list, which need not be what this user pays."""


class Amount(Struct, frozen=True, gc=False):
    """A number that is known as a range: `low` <= `likely` <= `high`."""

    low: float
    likely: float
    high: float
    origin: Origin

    @classmethod
    def exactly(cls, value: float, origin: Origin) -> Amount:
        """Make an `Amount` whose low, likely and high values are the same."""
        return cls(value, value, value, origin)


class Price(Struct, frozen=True):
    """What one model costs, in USD per million tokens."""

    model: str
    """The name with which the price was looked up."""
    input: float
    output: float
    cached_input: float | None = None
    """USD per million tokens read from the provider's cache; None: charged as input."""
    cache_write: float | None = None
    """USD per million tokens written to the provider's cache; None: charged as input."""
    training: float | None = None
    """USD per million training tokens."""
    hosting_per_hour: float | None = None
    """USD for one hour of one dedicated instance."""
    origin: Origin = Origin.CONFIGURED
    source: str = ""
    """The file and line, or the package and version, that says so."""
    notes: tuple[str, ...] = ()
    cache_write_1h: float | None = None
    """USD per million tokens that are kept in the cache for an hour; None: charged as other cache writes."""


class Unpriced(Struct, frozen=True):
    """The price of a model is unknown, and why."""

    model: str
    reason: str


class Hosting(StrEnum):
    """How a tuned model would be paid for."""

    PER_TOKEN = "per_token"  # noqa: S105 - no secret
    DEDICATED = "dedicated"
    """Paid by the hour, whether it is used or not."""
