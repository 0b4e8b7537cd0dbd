"""How a family with series for every system is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from leverwatch.agent.exporter.family import Family, Sample, kind, timestamp
from leverwatch.agent.framework.model import Settings
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView

DAY = 86_400
"""Seconds."""
EVALUATED = "after a first evaluation"
EVERY_SYSTEM = "for every system"

Number = float | None


def per_system(
    name: str, meaning: str, value: Callable[[SystemView], Number], emitted: str = EVERY_SYSTEM
) -> Family[SystemsSnapshot]:
    """One series a system; None is unknown, and has none."""

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
    """One series a system and value of another label."""

    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for key, number in values(view):
                yield (view.system, key), number

    return Family(name, kind(name), as_of(meaning), ("system", label), emitted, samples)


def setting(name: str, meaning: str, value: Callable[[Settings], float]) -> Family[SystemsSnapshot]:
    """One series for a setting of the framework."""
    return Family(name, "gauge", meaning, (), EVALUATED, lambda snapshot: [((), value(snapshot.settings))])


def as_of(meaning: str) -> str:
    """The meaning with the note that belongs to every series of a system."""
    return f"{meaning} As of the latest evaluation."


def time(moment: date | datetime | None) -> Number:
    """A moment in seconds since the epoch."""
    return None if moment is None else timestamp(moment)


def flag(value: bool | None) -> Number:
    """1 or 0; None is unknown."""
    return None if value is None else float(value)


def one_of(options: Iterable[str], present: str | None) -> Iterable[tuple[str, float]]:
    """A state set: 1 for the present option, 0 for the others; all 0 for None."""
    return [(str(option), float(option == present)) for option in options]
