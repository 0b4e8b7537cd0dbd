"""Prices the tokens in the store whose records tell no cost: each day with the prices that hold on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from leverwatch.agent.framework.economics.amounts import Price
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.spend import PricedDay, price_day
from leverwatch.agent.store.priced import ChangedDay, changed_days, write_priced
from leverwatch.agent.store.store import Store


def price_spend(
    store: Store, systems: Collection[str] | None, book: PriceBook, days: Collection[date] | None = None
) -> int:
    """Price what came since the last time, in one transaction, and return on how many days something changed.

    Whatever was priced keeps its price, also when the prices change: counters of money go on from where they were.
    `systems`: only these; None: all. `days`: only these few, as nothing else was written since the last time, at
    the same prices; None: all.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    with store.reading() as connection:
        if not any(_is_new(changed, book) for changed in changed_days(connection, systems, days)):
            return 0
    with store.deciding() as connection:
        # Read again: another process may have priced them since.
        found = [(changed, _now(changed, book)) for changed in changed_days(connection, systems, days)]
        new = [(changed, now) for changed, now in found if now != changed.before]
        if new:
            write_priced(connection, new)
    return len(new)


def _is_new(changed: ChangedDay, book: PriceBook) -> bool:
    return _now(changed, book) != changed.before


def _now(changed: ChangedDay, book: PriceBook) -> PricedDay | None:
    found = book.price(changed.key[2], changed.day, tier=changed.tier)
    return price_day(changed.untold, found if isinstance(found, Price) else None, changed.before)
