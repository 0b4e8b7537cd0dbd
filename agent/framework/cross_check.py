"""Compares two sources that see one system: the one that counts, and one that only compares. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from msgspec import Struct

from leverwatch.agent.framework.humanise import humanise

WINDOW_DAYS = 28
"""How many days back sources are compared."""


class CrossCheckSettings(Struct, frozen=True):
    """When two sources diverge."""

    tolerance_ratio: float = 0.02
    """The share of the larger number by which those of a day may differ."""
    least_inferences: float = 100
    """The days that diverge must differ by so many inferences in sum, so that a small system is no matter of three
    calls."""
    days: int = 2
    """So many days in a row must diverge: rows of the newest one may still arrive."""


class ComparedDay(Struct, frozen=True):
    """A UTC day that both sources know as a whole, and the inferences that each of them counted."""

    day: date
    compared: float
    """By the source that compares."""
    authoritative: float
    """By the sources that count."""

    @property
    def difference(self) -> float:
        """Return by how many inferences they differ."""
        return abs(self.compared - self.authoritative)


class Divergence(Struct, frozen=True):
    """The days up to the newest one on all of which both sources differ."""

    since: date
    """The first of these days."""
    days: int
    """How many of them were compared and had an inference."""
    compared: float
    """The sum over the compared days from then on, by the source that compares."""
    authoritative: float
    """The same, by the sources that count."""

    @property
    def cancels(self) -> bool:
        """Return whether the days differ to both sides, so that the sums are nearly the same."""
        return humanise(self.compared) == humanise(self.authoritative)


class CrossCheck(Struct, frozen=True):
    """What a source that compares says of one system."""

    source: str
    """The source that compares, and adds nothing to the count."""
    authoritative: tuple[str, ...]
    """The sources that count."""
    days: tuple[ComparedDay, ...]
    """The comparable days of the last four weeks, oldest first; empty: none is known to both as a whole."""
    divergence: Divergence | None = None
    """None: the newest days agree, or differ by too little."""

    @property
    def text(self) -> str:
        """Return in words what came out: `gateway says 1.02M, database says 974K since Tuesday, 2026-11-24`."""
        against = " and ".join(self.authoritative)
        found = self.divergence
        if found is not None:
            both = f"{self.source} says {humanise(found.compared)}, {against} says {humanise(found.authoritative)}"
            since = f"{both} since {found.since:%A, %Y-%m-%d}"
            return f"{since}, more on some days and less on others" if found.cancels else since
        if not self.days:
            return f"{self.source} is not compared with {against}: both know no day of the last four weeks whole"
        last = self.days[-1]
        on = f"on {last.day}, the newest day that both know whole"
        one, other = humanise(last.compared), humanise(last.authoritative)
        if one == other:
            return f"{self.source} agrees with {against} {on}"
        return f"{self.source} says {one}, {against} says {other} {on}; `cross_checks` allows that"


def cross_check(
    source: str,
    authoritative: Collection[str],
    counts: tuple[Mapping[date, float], Mapping[date, float]],
    whole: Collection[date],
    settings: CrossCheckSettings,
) -> CrossCheck:
    """Return what comparing two sources gives.

    Args:
        source: the one that compares.
        authoritative: those that count.
        counts: the inferences by day, of the one that compares and of those that count; a day without is zero.
        whole: the days that both know as a whole; no other day is looked at.
        settings: when they diverge.
    """
    by, against = counts
    days = tuple(ComparedDay(day, by.get(day, 0.0), against.get(day, 0.0)) for day in sorted(whole))
    return CrossCheck(source, tuple(sorted(authoritative)), days, _divergence(days, settings))


def diverges(day: ComparedDay, settings: CrossCheckSettings) -> bool:
    """Return whether the numbers of a day differ by more than the tolerance."""
    return day.difference > settings.tolerance_ratio * max(day.compared, day.authoritative)


def _divergence(days: tuple[ComparedDay, ...], settings: CrossCheckSettings) -> Divergence | None:
    run: list[ComparedDay] = []
    for day in reversed(days):
        if not max(day.compared, day.authoritative):
            # An idle day, such as a Sunday, says nothing of either.
            continue
        if not diverges(day, settings):
            break
        run.append(day)
    if len(run) < settings.days or sum(day.difference for day in run) < settings.least_inferences:
        return None
    return Divergence(
        since=run[-1].day,
        days=len(run),
        compared=sum(day.compared for day in run),
        authoritative=sum(day.authoritative for day in run),
    )
