"""Replays systems one after the other, so that memory holds the days of one system at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import view_of
from leverwatch.agent.framework.model import Verdict
from leverwatch.agent.replay.figures import prompts_by_day, totals_by_day
from leverwatch.agent.replay.spool import OF_A_SYSTEM, OF_ALL, Spool
from leverwatch.agent.replay.verdicts import Change, changes, decide_days
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView
from leverwatch.agent.store.history_reader import HistoryReader


def all_changes(
    past: HistoryReader, plan: Plan, days: Sequence[date], stored: Mapping[str, Verdict], systems: Collection[str]
) -> list[Change]:
    """Return the changes of the verdicts of some systems, sorted by day and system."""
    found: list[Change] = []
    for system in systems:
        decided = decide_days(past.timelines[system], plan.settings, days, stored.get(system))
        found += changes(verdict for _, verdict in filter(None, decided))
    return sorted(found, key=lambda change: (change.verdict.as_of, change.verdict.system))


def fill(
    spool: Spool,
    past: HistoryReader,
    plan: Plan,
    days: Sequence[date],
    stored: Mapping[str, Verdict],
    systems: Collection[str],
) -> None:
    """Write the samples of some systems to the spool, and the samples that belong to no single system.

    The limit of undeclared systems is the one of the present exposition, so that a replayed series goes on in it.
    """
    landings = past.landings(systems)
    for system in systems:
        if plan.scope.systems is not None and system not in plan.scope.systems:
            continue
        totals = totals_by_day(past.usage(system), days)
        prompts = prompts_by_day(landings.get(system, ()), days)
        decided = decide_days(past.timelines[system], plan.settings, days, stored.get(system))
        shown = [
            None if known is None else _snapshot(plan, day, view_of(*known, counted, landed))
            for day, known, counted, landed in zip(days, decided, totals, prompts, strict=True)
        ]
        spool.add(OF_A_SYSTEM, shown)
    late = sorted(past.left_out(plan.scope.systems))
    spool.add(OF_ALL, [_snapshot(plan, day, dropped=bisect_right(late, day)) for day in days])


def _snapshot(plan: Plan, day: date, *views: SystemView, dropped: int = 0) -> SystemsSnapshot:
    evaluated = datetime.combine(day + timedelta(days=1), time(), UTC)
    return SystemsSnapshot(evaluated, plan.settings, views, dropped)
