"""Reads what generations of each service tier used, whose records tell no cost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, select

from leverwatch.agent.prices.spend import Untold
from leverwatch.agent.store.daily_usage import counting
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import USED, tier_days
from leverwatch.agent.store.scope import Scope


class TierUse(Struct, frozen=True):
    """What the calls of a tier to a model used on a UTC day that tell no cost."""

    day: date
    model: str
    tier: str
    """The service tier and the length of the inputs, never the standard one."""
    tokens: Untold


def read_tier_uses(connection: Connection, since: date, as_of: date, scope: Scope) -> dict[str, list[TierUse]]:
    """Return what calls of other tiers than the standard used from `since` to `as_of`, by system; one for each
    source that counts."""
    table = tier_days.c
    columns = (table[name] for name in ("system", "source", "day", "model", "tier", *USED))
    query = select(*columns).where(table.day >= since, table.day <= as_of)
    rows = [
        row for chosen in named(table.system, scope.systems) for row in connection.execute(query.where(chosen))
    ]
    # Most stores have none, and need no second look.
    counted = counting(connection, scope) if rows else {}
    found: dict[str, list[TierUse]] = defaultdict(list)
    for system, source, day, model, tier, *used in rows:
        if source in counted.get(system, ()):
            found[system].append(TierUse(day, model, tier, Untold(**dict(zip(USED, used, strict=True)))))
    return dict(found)
