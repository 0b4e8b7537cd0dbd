"""The verdicts of past days, each decided with that of the day before as the previous one, and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.holding import verdict_on
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.framework.timeline import Timeline, facts_as_of


@dataclass(frozen=True, slots=True)
class Change:
    """A day whose verdict differs from that of the day before."""

    previous: Verdict | None
    """None: the first verdict of the replay on this system."""
    verdict: Verdict


def days_between(since: date, until: date) -> list[date]:
    """Every day from `since` to `until`, both included."""
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def decide_days(
    timeline: Timeline, settings: Settings, days: Sequence[date], stored: Verdict | None
) -> Iterator[tuple[Facts, Verdict] | None]:
    """Yield facts and verdict for each of the ascending `days`; None while nothing was known of the system.

    The previous verdict of a day, which decides what is held while usage is stale, is the replayed one of the day
    before. Stored verdicts are not used for that, as they may come from other settings or from before late records
    were read; only the first day builds on `stored`, a verdict of an earlier day, where the facts do not tell what
    it holds.
    """
    previous: Verdict | None = None
    for day in days:
        facts = facts_as_of(timeline, day)
        if facts is None:
            yield None
            continue
        if previous is None:
            previous = verdict_on(timeline, facts, settings, stored)
            if stored is not None and stored.declared is not previous.declared:
                # What is declared today counts as declared on every day of a replay.
                previous = replace(previous, declared_on=None)
        else:
            previous = assess(facts, settings, previous)
        yield facts, previous


def changes(verdicts: Iterable[Verdict]) -> Iterator[Change]:
    """Yield the first verdict, and each with another strategy, status, rule, conflict, hold or settled frequency
    than the one before."""
    previous: Verdict | None = None
    for verdict in verdicts:
        if previous is None or _gist(previous) != _gist(verdict):
            yield Change(previous, verdict)
        previous = verdict


def _gist(verdict: Verdict) -> tuple[object, ...]:
    frequent = verdict.frequency.frequent
    return verdict.strategy, verdict.status, verdict.rule, verdict.conflict, verdict.held, frequent
