"""Reads past verdicts, newest first, as far as a question needs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from agent.framework.model import Rule, RuleEvidence, Strategy
from agent.framework.permanence import PastVerdict
from agent.store.schema import verdicts

_PAGE = 100


class _Stored(msgspec.Struct):
    """The part of a stored verdict that reviews look at."""

    as_of: date
    strategy: Strategy | None
    rule: Rule | None
    evidence: tuple[RuleEvidence, ...]
    mismatch: bool | None


_decoder = msgspec.json.Decoder(_Stored)


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
                yield _past(_decoder.decode(text))
        if len(rows) < _PAGE:
            return


def read_at_review(connection: Connection, reviewed: Mapping[str, date]) -> dict[str, PastVerdict]:
    """The verdict that held on the day on which each system was reviewed.

    It is the last one of that day or of the newest day before; of the oldest day after it when the store does not
    go back so far.
    """
    found = {}
    for system, day in reviewed.items():
        of_system = select(verdicts.c.verdict).where(verdicts.c.system == system)
        newest = of_system.where(verdicts.c.as_of <= day).order_by(verdicts.c.as_of.desc(), verdicts.c.id.desc())
        oldest = of_system.where(verdicts.c.as_of > day).order_by(verdicts.c.as_of, verdicts.c.id.desc())
        text = connection.scalar(newest.limit(1)) or connection.scalar(oldest.limit(1))
        if text is not None:
            found[system] = _past(_decoder.decode(text))
    return found


def _past(stored: _Stored) -> PastVerdict:
    return PastVerdict(
        as_of=stored.as_of,
        strategy=stored.strategy,
        rule=stored.rule,
        active={evidence.rule: evidence.active for evidence in stored.evidence},
        mismatch=stored.mismatch,
    )
