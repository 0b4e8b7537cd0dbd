"""Tells whether a source was written since it was last read, and which of its days, as far as that is known."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import Connection, select

from leverwatch.agent.store.schema import sources
from leverwatch.agent.store.written_days import Written, WrittenDays


class SourceStamp(Struct, frozen=True):
    """What tells one state of a source from another."""

    generation: int
    """How often the file of the store was replaced by another one."""
    life: int
    """As `WrittenDays.life` says it."""
    revision: int
    newest_record: datetime | None
    restated: float


Stamps = Mapping[str, SourceStamp]
"""By source."""


def read_stamps(connection: Connection, written: WrittenDays, generation: int) -> Stamps:
    """Return the state of each source. To be read before anything else: what is written while that is read is then
    taken as written afterwards."""
    lives = written.lives()
    columns = (sources.c.source, sources.c.revision, sources.c.newest_record, sources.c.restated_inferences)
    return {
        row.source: SourceStamp(
            generation, lives.get(row.source, -1), row.revision, row.newest_record, row.restated_inferences
        )
        for row in connection.execute(select(*columns))
    }


def written_between(
    then: SourceStamp | None, now: SourceStamp, source: str, written: WrittenDays
) -> Written | None:
    """Return what was written between two states of a source; None: not known, so that it may be anything."""
    if then is None or then.generation != now.generation:
        return None
    if now.revision == then.revision and (now.newest_record, now.restated) != (then.newest_record, then.restated):
        return None
    return written.between(source, then.life, then.revision, now.revision)


def days_between(then: Stamps, now: Stamps, written: WrittenDays) -> Set[date] | None:
    """Return the days of which usage was written between two states of all sources.

    None: not known, or something else than usage was written.
    """
    if then.keys() != now.keys():
        return None
    days: set[date] = set()
    for source, stamp in now.items():
        found = written_between(then[source], stamp, source, written)
        if found is None or found.more:
            return None
        days |= found.days
    return days
