"""Reads the history of systems for a replay: what is decided on, and the figures beside it, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct
from sqlalchemy import Connection, func, select

from leverwatch.agent.framework.model import PromptOrigin
from leverwatch.agent.framework.timeline import Timeline
from leverwatch.agent.snapshot import ModelTotals, PricedUsage
from leverwatch.agent.store.facts import origin_of, read_timelines
from leverwatch.agent.store.names import OTHER_MODELS, OVERFLOW_SYSTEM
from leverwatch.agent.store.priced import read_priced_days
from leverwatch.agent.store.schema import COUNTS, EMPTIED, prompt_changes, usage_daily, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.views import SystemTotals, read_totals
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import ChangeKind, Operation

_GENERATION = Operation.GENERATION.value


class UsageDay(Struct, frozen=True):
    """The usage of one model by a system on one day."""

    day: date
    operation: Operation
    counts: ModelTotals
    """The sums of the day; the model is `other` beyond the cap, as in today's totals."""
    priced: PricedUsage | None = None
    """What is priced of the calls whose records tell no cost; None: nothing."""


class PromptLanding(Struct, frozen=True):
    """One landing that touched the prompts of a system, or a day on which traffic shows a change."""

    at: datetime
    kind: ChangeKind


class HistoryReader:
    """Reads the stored history up to the end of one day. Usable only while its transaction lasts."""

    def __init__(self, connection: Connection, until: date, scope: Scope, models_per_system: int) -> None:
        self._connection, self._until = connection, until
        self.timelines: Mapping[str, Timeline] = read_timelines(connection, until, scope)
        """The timeline of each system, by name."""
        self.totals: Mapping[str, SystemTotals] = read_totals(connection, scope, models_per_system)
        """Totals over all days, by system."""

    def left_out(self, shown: Collection[str] | None) -> Sequence[date]:
        """Return the first day of each system that is not in `shown` (None: all are shown)."""
        if shown is None:
            return []
        first: dict[str, date] = {}
        table, changes = usage_totals.c, prompt_changes.c
        for query in (
            select(table.system, func.min(table.first_day))
            .where(table.first_day < EMPTIED)
            .group_by(table.system),
            select(changes.system, func.min(changes.landed_at)).group_by(changes.system),
        ):
            for system, moment in self._connection.execute(query):
                day = moment.date() if isinstance(moment, datetime) else moment
                first[system] = min(day, first.get(system, day))
        return [day for system, day in first.items() if system not in shown and system != OVERFLOW_SYSTEM]

    def usage(self, system: str) -> Sequence[UsageDay]:
        """Return the usage of a system by its counting sources, oldest day first."""
        sources = self.timelines[system].facts.usage.sources
        totals = self.totals.get(system, SystemTotals())
        shown = {one.model for one in totals.models}
        rows = self._connection.execute(
            select(usage_daily)
            .where(
                usage_daily.c.source.in_(sources),
                usage_daily.c.system == system,
                usage_daily.c.day <= self._until,
            )
            .order_by(usage_daily.c.day)
        )
        priced = read_priced_days(self._connection, system)
        return [
            UsageDay(
                row.day,
                word(Operation, row.operation),
                ModelTotals(
                    row.model if row.model in shown else OTHER_MODELS,
                    **{column: getattr(row, column) for column in COUNTS},
                ),
                priced.get((row.source, row.model, row.day)) if row.operation == _GENERATION else None,
            )
            for row in rows
        ]

    def landings(self, systems: Collection[str]) -> Mapping[str, Sequence[PromptLanding]]:
        """Return the prompt landings of these systems, oldest first; where traffic tells of changes, those."""
        end = datetime.combine(self._until + timedelta(days=1), time(), UTC)
        found: dict[str, list[PromptLanding]] = defaultdict(list)
        table = prompt_changes.c
        for system, landed_at, kind, change_id in self._connection.execute(
            select(table.system, table.landed_at, table.kind, table.change_id)
            .where(table.landed_at < end)
            .order_by(table.landed_at)
        ):
            timeline = self.timelines.get(system) if system in systems else None
            landed = timeline.landed if timeline is not None else None
            if landed is not None and origin_of(change_id) is landed.origin:
                found[system].append(PromptLanding(landed_at, word(ChangeKind, kind)))
        for system in systems:
            timeline = self.timelines.get(system)
            if timeline is not None and timeline.facts.prompts.origin is PromptOrigin.TRAFFIC:
                found[system] = [
                    PromptLanding(datetime.combine(day, time(), UTC), kind)
                    for day, kind in sorted(timeline.seen.changes.items())
                ]
        return found
