"""The sentences on days without records: which were taken as zero, which were bounded, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from leverwatch.agent.framework.coverage import PATTERN_WEEKS, WINDOW_DAYS
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import UsageFacts, VolumeState

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHOWN = 3
"""So many stretches of days are named, the newest ones; the others are counted."""


def idle(volume: VolumeState) -> str:
    """Which days of the window count as zero, and why; there must be some."""
    days = volume.idle_days
    weekdays = [_WEEKDAYS[number] for number in sorted({day.weekday() for day in days})]
    number = "1 day without records counts" if len(days) == 1 else f"{len(days)} days without records count"
    return (
        f"{number} as zero ({', '.join(weekdays)}): such weekdays had no call {PATTERN_WEEKS} weeks in a row "
        "or longer while the others had"
    )


def bounded(volume: VolumeState, usage: UsageFacts, marks: Sequence[float]) -> str:
    """Which days of the window are only known within bounds, what the bounds are, and whether that matters."""
    low, high = (humanise(value or 0.0, marks) for value in (volume.monthly_low, volume.monthly_high))
    matters = f"the {volume.band} band either way" if volume.certain else "which could settle another band"
    return (
        f"{volume.covered_days} of {WINDOW_DAYS} days are covered; {'; '.join(_why(volume, usage))}: bounded by "
        f"what was seen and the largest day of their kind, {low} to {high} a month, {matters}"
    )


def _why(volume: VolumeState, usage: UsageFacts) -> Iterator[str]:
    first = min(usage.daily)
    kinds = (
        ("came before the first record", [day for day in volume.bounded_days if day < first]),
        ("had no records", [day for day in volume.bounded_days if day >= first and day not in usage.daily]),
        ("had no records of one of the sources", [day for day in volume.bounded_days if day in usage.daily]),
    )
    return (f"{stretches(days)} {text}" for text, days in kinds if days)


def stretches(days: Collection[date]) -> str:
    """Name ascending days in words, those in a row as one stretch: "2026-09-02, 2026-09-07 to 2026-09-11"."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1][1] = day
        else:
            runs.append([day, day])
    shown = [str(one) if one == other else f"{one} to {other}" for one, other in runs[-_SHOWN:]]
    hidden = sum((other - one).days + 1 for one, other in runs[:-_SHOWN])
    return ", ".join([f"{hidden} earlier day{'' if hidden == 1 else 's'}"] * bool(hidden) + shown)
