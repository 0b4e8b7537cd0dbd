"""Reads past verdicts, newest first, only as many as are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from sqlalchemy import Connection, Date, String, column, func, select, values

from leverwatch.agent.framework.review import PastVerdict
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.stored_verdicts import REVIEWED, Reviewed, loaded

_PAGE = 100


def read_history(connection: Connection, system: str, as_of: date) -> Iterator[PastVerdict]:
    """Yield the last verdict of each day up to `as_of`, newest first; they are read page by page."""
    before: date | None = None
    while True:
        condition = verdicts.c.as_of <= as_of if before is None else verdicts.c.as_of < before
        rows = connection.execute(
            select(verdicts.c.as_of, verdicts.c.verdict)
            .where(verdicts.c.system == system, condition)
            .order_by(verdicts.c.as_of.desc(), verdicts.c.id.desc())
            .limit(_PAGE)
        ).all()
        for day, text in rows:
            if day != before:
                before = day
                yield _past(loaded(REVIEWED, system, text))
        if len(rows) < _PAGE:
            return


def read_at_review(connection: Connection, reviewed: Mapping[str, date]) -> dict[str, PastVerdict]:
    """Return the verdict that was valid on the day of each system's review.

    It is the last one of that day or of the latest day before it; when there is none, that of the first day after
    it.
    """
    found = {}
    for part in batched(list(reviewed.items())):
        given = values(column("system", String), column("day", Date), name="reviewed").data(list(part)).cte()
        of_system = select(verdicts.c.verdict).where(verdicts.c.system == given.c.system).limit(1)
        newest = of_system.where(verdicts.c.as_of <= given.c.day).order_by(
            verdicts.c.as_of.desc(), verdicts.c.id.desc()
        )
        oldest = of_system.where(verdicts.c.as_of > given.c.day).order_by(verdicts.c.as_of, verdicts.c.id.desc())
        chosen = func.coalesce(newest.scalar_subquery(), oldest.scalar_subquery())
        for system, text in connection.execute(select(given.c.system, chosen)):
            if text is not None:
                found[system] = _past(loaded(REVIEWED, system, text))
    return found


def _past(stored: Reviewed) -> PastVerdict:
    return PastVerdict(
        as_of=stored.as_of,
        strategy=stored.strategy,
        rule=stored.rule,
        active={evidence.rule: evidence.active for evidence in stored.evidence},
        mismatch=stored.mismatch,
        changed_on=stored.changed_on,
        declared_on=stored.declared_on,
    )
