"""What a provider bills for a day beside what the tokens of the same source cost. Pure."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from leverwatch.agent.framework.humanise import humanise

_NAMED = 3
"""Models that are named; there may be many."""


class BilledDay(Struct, frozen=True):
    """A UTC day that a source knows as a whole, in US dollars."""

    day: date
    billed: float
    priced: float | None
    """What the tokens of the source cost by the prices of that day; None: there are some, and none has a price."""
    unpriced: tuple[str, ...] = ()
    """The models with tokens whose price is unknown."""

    @property
    def difference(self) -> float | None:
        """Return by which share of the bill the price of the tokens differs from it; None: nothing was billed, or
        no price is known."""
        return self.priced / self.billed - 1 if self.billed and self.priced is not None else None

    @property
    def text(self) -> str:
        """Return the comparison as a sentence: `billed $123.40, tokens priced $121.90 (-1.2 %) on 2026-11-20`."""
        share = "" if self.difference is None else f" ({self.difference * 100:+.1f} %)"
        said = f"billed {dollars(self.billed)}, tokens priced {dollars(self.priced)}{share} on {self.day}"
        if not self.unpriced:
            return said
        more = f" and {len(self.unpriced) - _NAMED} more" if len(self.unpriced) > _NAMED else ""
        return f"{said}; without a price: {', '.join(self.unpriced[:_NAMED])}{more}"


class Bill(Struct, frozen=True):
    """What a source tells of money, and of tokens without calls."""

    source: str
    days: tuple[BilledDay, ...]
    """Of the last four weeks, the oldest first."""
    uncounted_day: date | None = None
    """The newest day with tokens whose calls the source does not count; None: there is none."""
    uncounted_tokens: float = 0.0
    """Input and output of that day."""
    note: str = ""
    """What the provider documents of the difference."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what there is to say, as sentences."""
        found = [f"{self.source}: {self.days[-1].text}"] if self.days else []
        if self.uncounted_day is not None:
            tokens = humanise(self.uncounted_tokens)
            found.append(f"{self.source}: {tokens} tokens on {self.uncounted_day}, in an unknown number of calls")
        return tuple(found)


def dollars(usd: float | None) -> str:
    """Return an amount: `$123.40`, `-$2.00`, `$0.0042`; `?` where it is unknown."""
    if usd is None:
        return "?"
    digits = 2 if abs(usd) >= 1 or not usd else 4
    return f"{'-' if usd < 0 else ''}${abs(usd):,.{digits}f}"
