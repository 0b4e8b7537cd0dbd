"""Histories: what is written when, and what happens to files and processes meanwhile, all from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.oracle.calls import BEGIN, calls
from tests.oracle.producers.interface import Producer, Record, Style, Unit
from tests.oracle.producers.registry import PRODUCERS
from tests.oracle.steps import (
    Archive,
    Backfill,
    Backup,
    Collect,
    CopyTruncate,
    Crash,
    Pack,
    Rename,
    Restart,
    Step,
    Write,
)

_FILES = ("app.log", "more.log", "third.log")
_Delivery = tuple[float, str, tuple[Record, ...]]
"""A place in the order, a file, and records that stay together."""


@dataclass(frozen=True)
class History:
    """What happens, and whose logs they are."""

    name: str
    seed: int
    producer: Producer
    layout: str
    glob: str
    sees_first: bool
    """Whether the collector sees each log before it is rotated away; else its glob matches rotated ones too."""
    counts_results: bool
    """Whether a call has the result `counted` once."""
    steps: tuple[Step, ...]

    def but(self, steps: tuple[Step, ...]) -> History:
        """The same with other steps."""
        return replace(self, steps=steps)

    @property
    def records(self) -> int:
        """How many records are written."""
        return sum(len(line) for step in self.steps if isinstance(step, Write) for line in step.lines)


def history(name: str, seed: int, most: int = 40) -> History:
    """The history of a producer and a seed."""
    chance = random.Random(f"{name} {seed}")
    producer = PRODUCERS[name](chance)
    style = producer.style
    layout = chance.choice(style.layouts)
    units = producer.units(calls(chance, chance.randint(1, most), style.traffic))
    deliveries = _deliver(chance, style, units)
    days = style.days and layout in ("lines", "csv") and chance.random() < 0.2
    sees_first = days or chance.random() < 0.5
    happens = (
        _documents(chance, deliveries, layout)
        if layout in _DOCUMENTS
        else _logs(chance, style, deliveries, layout)
    )
    steps = list(happens)
    if days:
        steps = list(_archived(chance, steps))
    glob = "*.log" if sees_first else "*.log*"
    return History(name, seed, producer, layout, glob, sees_first, style.counts_results, tuple(steps))


_DOCUMENTS = ("array", "pretty", "page", "values")


def _deliver(chance: random.Random, style: Style, units: list[Unit]) -> list[_Delivery]:
    """When and where records are written, some of them again."""
    files = _FILES[: chance.randint(1, style.files)]
    found: list[_Delivery] = []
    place = 0.0
    for unit in units:
        groups = [unit.records] if unit.together else [(record,) for record in unit.records]
        for group in groups:
            place += 1
            found.append((place + chance.random() * style.shuffle, chance.choice(files), group))
        while unit.again and chance.random() < 0.15:
            later = chance.choice((1, 1, 10, 10_000)) * chance.random()
            found.append((place + style.shuffle + later, chance.choice(files), chance.choice(groups)))
    return sorted(found, key=lambda one: one[0])


def _lines(chance: random.Random, style: Style, records: tuple[Record, ...]) -> Iterator[tuple[Record, ...]]:
    while records:
        number = chance.randint(1, style.pack)
        yield records[:number]
        records = records[number:]


def _logs(chance: random.Random, style: Style, deliveries: list[_Delivery], layout: str) -> Iterator[Step]:
    """Logs that grow and are rotated, and a collector that runs, restarts and dies."""
    while deliveries:
        number = chance.choice((1, 3, 12))
        now, deliveries = deliveries[:number], deliveries[number:]
        for file in dict.fromkeys(file for _, file, _ in now):
            records = tuple(record for _, other, group in now if other == file for record in group)
            yield Write(
                file,
                tuple(_lines(chance, style, records)),
                cut=chance.random() if chance.random() < 0.2 else None,
                waits=chance.choice((0.0, 0.0, 600.0)) if style.waits else 0.0,
                turn=chance.random() if style.turns and chance.random() < 0.2 else None,
                ended=chance.random() < 0.9,
                layout=layout,
            )
        yield from _meanwhile(chance)


def _meanwhile(chance: random.Random) -> Iterator[Step]:
    for _ in range(chance.choice((0, 1, 1, 2))):
        file = chance.choice(_FILES)
        yield chance.choice(
            (
                Collect(),
                Collect(),
                Collect(slowly=True),
                Restart(),
                Crash(chance.randint(1, 3), committed=chance.random() < 0.5),
                Rename(file),
                CopyTruncate(file),
                Pack(file, chance.choice(("gz", "zst", "bz2", "xz"))),
            )
        )


def _documents(chance: random.Random, deliveries: list[_Delivery], layout: str) -> Iterator[Step]:
    """Documents that are written anew with each record that is added."""
    while deliveries:
        number = chance.choice((1, 2, 7))
        now, deliveries = deliveries[:number], deliveries[number:]
        for file in dict.fromkeys(file for _, file, _ in now):
            lines = tuple((record,) for _, other, group in now if other == file for record in group)
            shuffled = chance.randrange(1000) if chance.random() < 0.2 else None
            yield Write(file, lines, layout=layout, shuffled=shuffled)
        yield chance.choice(
            (
                Collect(),
                Collect(slowly=True),
                Restart(),
                Crash(1, committed=chance.random() < 0.5),
                Backup(chance.choice(_FILES)),
            )
        )


def _archived(chance: random.Random, steps: list[Step]) -> Iterator[Step]:
    """The same, but some of the files are moved away unread, and are filled in by days."""
    first = datetime.fromtimestamp(BEGIN / 1000, UTC).date()
    for step in steps:
        if isinstance(step, Write):
            yield replace(step, cut=None)
            if chance.random() < 0.3:
                yield Archive(step.file)
        elif isinstance(step, Restart):
            yield step
        elif chance.random() < 0.5:
            since = first + timedelta(days=chance.randint(-1, 3))
            crash = Crash(1, committed=chance.random() < 0.5) if chance.random() < 0.3 else None
            yield Backfill(since, since + timedelta(days=chance.randint(0, 2)), crash)
        elif isinstance(step, Collect | Crash):
            yield step
