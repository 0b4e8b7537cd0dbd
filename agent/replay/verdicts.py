"""The verdicts of past days, each with the one of the day before behind it, and where they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.framework.timeline import Timeline, facts_as_of


@dataclass(frozen=True, slots=True)
class Change:
    """A day whose verdict says something else than that of the day before."""

    previous: Verdict | None
    """None: the first verdict of the replay on this system."""
    verdict: Verdict


def days_between(since: date, until: date) -> list[date]:
    """Every day from `since` to `until`, both included."""
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def decide_days(
    timeline: Timeline, settings: Settings, days: Sequence[date], stored: Verdict | None
) -> Iterator[tuple[Facts, Verdict] | None]:
    """For each of the ascending days the facts and the verdict; None while nothing was known of the system.

    What an earlier verdict has a say in (what is held while usage is stale, since when the recommendation stands)
    comes from the replayed verdict of the day before. A stored one may have been decided with other settings or
    before late records came, and mixing both would tell a story that never was. Only the first day, which has no
    replayed day behind it, builds on the `stored` verdict of an earlier day, when there is one.
    """
    previous = stored
    for day in days:
        facts = facts_as_of(timeline, day)
        if facts is None:
            yield None
            continue
        previous = assess(facts, settings, previous)
        yield facts, previous


def changes(verdicts: Iterable[Verdict]) -> Iterator[Change]:
    """The first verdict, and each one whose strategy, status, deciding rule, conflict or hold is another."""
    previous: Verdict | None = None
    for verdict in verdicts:
        if previous is None or _gist(previous) != _gist(verdict):
            yield Change(previous, verdict)
        previous = verdict


def _gist(verdict: Verdict) -> tuple[object, ...]:
    return verdict.strategy, verdict.status, verdict.rule, verdict.conflict, verdict.held
