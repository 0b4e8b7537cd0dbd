"""The audit trail: all verdicts with the facts that they are based on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from leverwatch.agent.errors import StoreUnreadable
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import sources, verdicts
from leverwatch.agent.store.stored_verdicts import FACTS, VERDICT, dumped, loaded

_KEPT_DAYS = 28


def latest_verdicts(
    connection: Connection,
    as_of: date,
    systems: Collection[str] | None = None,
    unreadable: Callable[[str, StoreUnreadable], None] | None = None,
) -> dict[str, Verdict]:
    """Return each system's newest verdict of `as_of` or an earlier day.

    Args:
        systems: only these; None: all.
        unreadable: is told the systems whose verdict cannot be read, and why; None: that is raised.
    """
    found: dict[str, Verdict] = {}
    for chosen in named(verdicts.c.system, systems):
        for system, text in _latest(connection, as_of, chosen):
            try:
                found[system] = loaded(VERDICT, system, text)
            except StoreUnreadable as error:
                if unreadable is None:
                    raise
                unreadable(system, error)
    return found


def _latest(connection: Connection, as_of: date, chosen: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    newest = (
        select(verdicts.c.system, func.max(verdicts.c.as_of).label("as_of"))
        .where(verdicts.c.as_of <= as_of, chosen)
        .group_by(verdicts.c.system)
        .subquery()
    )
    last = (
        select(func.max(verdicts.c.id).label("id"))
        .join(newest, (verdicts.c.system == newest.c.system) & (verdicts.c.as_of == newest.c.as_of))
        .group_by(verdicts.c.system)
        .subquery()
    )
    rows = connection.execute(select(verdicts.c.system, verdicts.c.verdict).join(last, verdicts.c.id == last.c.id))
    return ((row.system, row.verdict) for row in rows)


def write_verdicts(
    connection: Connection,
    decided: Iterable[tuple[Facts, Verdict]],
    previous: Mapping[str, Verdict],
    now: datetime,
) -> None:
    """Add a row for each verdict that differs from the previous one, and confirm the others."""
    new: list[dict[str, Any]] = []
    confirmed: list[str] = []
    as_of: date | None = None
    for facts, verdict in decided:
        as_of = verdict.as_of
        if previous.get(verdict.system) == verdict:
            confirmed.append(verdict.system)
            continue
        new.append(
            {
                "system": verdict.system,
                "as_of": verdict.as_of,
                "evaluated_at": now,
                "confirmed_at": now,
                "strategy": verdict.strategy,
                "status": verdict.status,
                "verdict": dumped(VERDICT, verdict),
                "facts": dumped(FACTS, _shortened(facts)),
            }
        )
    if new:
        connection.execute(insert(verdicts), new)
    for start in range(0, len(confirmed), 500):
        systems = confirmed[start : start + 500]
        last = (
            select(func.max(verdicts.c.id))
            .where(verdicts.c.system.in_(systems), verdicts.c.as_of == as_of)
            .group_by(verdicts.c.system)
        )
        connection.execute(update(verdicts).where(verdicts.c.id.in_(last)).values(confirmed_at=now))


def newest_moment(connection: Connection) -> datetime | None:
    """Return the latest time at which a verdict was written or confirmed, or a source was read; None without
    any."""
    last = select(verdicts.c.confirmed_at).order_by(verdicts.c.id.desc()).limit(1)
    found = [connection.scalar(last), connection.scalar(select(func.max(sources.c.last_success)))]
    return max((moment for moment in found if moment is not None), default=None)


def forget_after(connection: Connection, day: date, moment: datetime) -> int:
    """Delete the verdicts of days after `day`, which were written while the clock was ahead. Returns their
    number."""
    ahead = sources.c.last_success > moment
    connection.execute(update(sources).where(ahead).values(last_success=moment))
    return connection.execute(delete(verdicts).where(verdicts.c.as_of > day)).rowcount


def _shortened(facts: Facts) -> Facts:
    # The band folds over the whole history, which usage_daily keeps; a copy of it a day would not stay small.
    since = facts.as_of - timedelta(days=_KEPT_DAYS)
    daily = {day: count for day, count in facts.usage.daily.items() if day > since}
    incomplete = {day: again for day, again in facts.usage.incomplete.items() if day > since}
    return replace(facts, usage=replace(facts.usage, daily=daily, incomplete=incomplete))
