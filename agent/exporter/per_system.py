"""Functions that declare families with series for every system."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from leverwatch.agent.exporter.family import Family, Sample, kind, timestamp
from leverwatch.agent.framework.model import Settings
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView

DAY = 86_400
"""A day in seconds."""
EVALUATED = "after a first evaluation"
EVERY_SYSTEM = "for every system"

Number = float | None


def per_system(
    name: str, meaning: str, value: Callable[[SystemView], Number], emitted: str = EVERY_SYSTEM
) -> Family[SystemsSnapshot]:
    """Declare a family with one series for each system. Where `value` returns None, there is no series."""

    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            number = value(view)
            if number is not None:
                yield (view.system,), number

    return Family(name, "gauge", as_of(meaning), ("system",), emitted, samples)


def per_system_and(
    label: str,
    name: str,
    meaning: str,
    values: Callable[[SystemView], Iterable[tuple[str, float]]],
    emitted: str = EVERY_SYSTEM,
) -> Family[SystemsSnapshot]:
    """Declare a family with a series for each system and each value of one more label."""

    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for key, number in values(view):
                yield (view.system, key), number

    return Family(name, kind(name), as_of(meaning), ("system", label), emitted, samples)


def setting(name: str, meaning: str, value: Callable[[Settings], float]) -> Family[SystemsSnapshot]:
    """Declare a family with one series that shows a setting of the framework."""
    return Family(name, "gauge", meaning, (), EVALUATED, lambda snapshot: [((), value(snapshot.settings))])


def as_of(meaning: str) -> str:
    """Append the note "As of the latest evaluation." to the help of a family."""
    return f"{meaning} As of the latest evaluation."


def time(moment: date | datetime | None) -> Number:
    """Return a moment or day in seconds since the epoch; None stays None."""
    return None if moment is None else timestamp(moment)


def flag(value: bool | None) -> Number:
    """Return 1 for true and 0 for false; None (unknown) stays None."""
    return None if value is None else float(value)


def one_of(options: Iterable[str], present: str | None) -> Iterable[tuple[str, float]]:
    """Return a state set: each option with 1 if it is the present one, else 0; all are 0 for None."""
    return [(str(option), float(option == present)) for option in options]
