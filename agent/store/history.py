"""Reads past verdicts, newest first, as far as a question needs them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from sqlalchemy import Connection, Date, String, column, func, or_, select, values

from leverwatch.agent.framework.review import PastVerdict
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.stored_verdicts import REVIEWED, Reviewed, loaded

_PAGE = 100


def read_history(connection: Connection, system: str, as_of: date) -> Iterator[PastVerdict]:
    """The last verdict of each day up to `as_of`, newest first; read page by page while it is iterated."""
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
    """The verdict that held on the day on which each system was reviewed.

    It is the last one of that day or of the newest day before; of the oldest day after it when the store does not
    go back so far.
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


def read_differing_since(connection: Connection, systems: Collection[str], as_of: date) -> dict[str, date]:
    """The first day of each system's run of stored mismatches that reaches `as_of` or the newest day before it.

    A system whose newest verdict is no mismatch is left out.
    """
    found: dict[str, date] = {}
    for names in batched(sorted(systems)):
        last = (
            select(func.max(verdicts.c.id).label("id"))
            .where(verdicts.c.system.in_(names), verdicts.c.as_of <= as_of)
            .group_by(verdicts.c.system, verdicts.c.as_of)
            .subquery()
        )
        days = (
            # In JSON no text can hold this mark: its quotes would be escaped.
            select(
                verdicts.c.system, verdicts.c.as_of, verdicts.c.verdict.like('%"mismatch":true%').label("differs")
            )
            .join(last, verdicts.c.id == last.c.id)
            .cte()
        )
        agreed = (
            select(days.c.system, func.max(days.c.as_of).label("day"))
            .where(~days.c.differs)
            .group_by(days.c.system)
            .subquery()
        )
        runs = (
            select(days.c.system, func.min(days.c.as_of))
            .outerjoin(agreed, agreed.c.system == days.c.system)
            .where(or_(agreed.c.day.is_(None), days.c.as_of > agreed.c.day))
            .group_by(days.c.system)
        )
        found.update((system, day) for system, day in connection.execute(runs))
    return found


def _past(stored: Reviewed) -> PastVerdict:
    return PastVerdict(
        as_of=stored.as_of,
        strategy=stored.strategy,
        rule=stored.rule,
        active={evidence.rule: evidence.active for evidence in stored.evidence},
        mismatch=stored.mismatch,
    )
