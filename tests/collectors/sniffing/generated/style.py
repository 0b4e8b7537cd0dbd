"""A style: how somebody writes their calls down, and the truth about what was written."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from .traffic import Call

Key = tuple[str, str, str]
"""UTC day, model, operation."""
AMOUNTS = ("input", "cached", "output", "cost", "ms")
EVERYTHING = " ".join(AMOUNTS)
Expected = Literal["exact", "doubt", "refused"]


@dataclass
class Cell:
    """What happened on one day with one model."""

    calls: float = 0
    errors: float = 0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0.0))
    unknown: dict[str, float] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0.0))
    """Of how many successful calls the log does not tell it."""


Truth = dict[Key, Cell]


def truth(calls: Iterable[Call], told: str = EVERYTHING) -> Truth:
    """Return the truth about calls of which a log tells only the amounts named in `told`."""
    cells: Truth = defaultdict(Cell)
    for call in calls:
        cell = cells[call.at.date().isoformat(), call.model, call.operation]
        if not call.ok:
            cell.errors += call.times
            continue
        cell.calls += call.times
        for name in AMOUNTS:
            value = getattr(call, name) if name in told.split() else None
            if value is None:
                cell.unknown[name] += call.times
            else:
                cell.sums[name] += value * call.times
    return dict(cells)


@dataclass(frozen=True)
class Style:
    """One way of writing a log."""

    name: str
    file: str
    write: Callable[[Random, int], tuple[str | bytes, Truth]]
    expected: Expected
    """`exact`; `doubt` where no human could tell the truth from the file; `refused` where it is no usage log."""
    about: Mapping[str, str]
    """By what can be wrong: words of the log that a doubt about it would have to name."""
    number: int

    def log(self, number: int | None = None) -> tuple[bytes, Truth]:
        """Return the log of so many calls, which is the same each time, and the truth about it."""
        written, true = self.write(Random(zlib.crc32(self.name.encode())), number or self.number)
        return (written.encode() if isinstance(written, str) else written), true


STYLES: list[Style] = []
Writer = Callable[[Random, int], tuple[str | bytes, Truth]]


def style(
    name: str, file: str, *, expected: Expected = "exact", number: int = 150, **about: str
) -> Callable[[Writer], Writer]:
    """Make a style of a function that writes a log of so many calls."""

    def made(write: Writer) -> Writer:
        STYLES.append(Style(name, file, write, expected, about, number))
        return write

    return made


def lines(records: Iterable[Any], separators: tuple[str, str] = (",", ":")) -> str:
    """Return records as lines of JSON, as most programs write it: without blanks, keys in their order."""
    return "".join(json.dumps(record, ensure_ascii=False, separators=separators) + "\n" for record in records)


def iso(call: Call, timespec: str = "milliseconds") -> str:
    """Return the time of a call as ISO 8601 with `Z`."""
    return call.at.isoformat(timespec=timespec).replace("+00:00", "Z")


def whole_seconds(calls: Iterable[Call]) -> list[Call]:
    """Return the calls with the times that a log without fractions of a second tells."""
    return [replace(call, at=call.at.replace(microsecond=0)) for call in calls]
