"""Keeps what is billed in dollars, and says how much is billed in something else. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.interface import Result

USD = "usd"


def in_dollars(
    found: Iterable[tuple[str | None, BilledAmount]],
) -> tuple[list[BilledAmount], list[tuple[str, str]]]:
    """Return the amounts in dollars, and what is to be said of the others, which nobody can add to them.

    Args:
        found: each with the code of its currency; None: it has none, and is in dollars.
    """
    amounts = [((currency or USD).lower(), amount) for currency, amount in found]
    foreign = sum(1 for currency, _ in amounts if currency != USD)
    detail = f"amounts in another currency than dollars: {foreign:,}"
    doubts = [(str(Result.MISTYPED_FIELD), detail)] if foreign else []
    return [amount for currency, amount in amounts if currency == USD], doubts
