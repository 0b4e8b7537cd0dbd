"""What a producer of logs is: it writes calls as its format does, and says what each record tells."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

from tests.oracle.calls import Call, Traffic
from tests.oracle.counter import Telling


@dataclass(frozen=True)
class Record:
    """One record and what it tells; `value` is an object of JSON, or a line as text."""

    value: Any
    told: Telling


@dataclass(frozen=True)
class Unit:
    """Records that belong together."""

    records: tuple[Record, ...]
    together: bool = False
    """Whether nothing may stand between them, nor they in several files."""
    again: bool = True
    """Whether the documentation says what happens when they are delivered again."""


@dataclass(frozen=True)
class Style:
    """How the logs of a producer may be handled."""

    traffic: Traffic = field(default_factory=Traffic)
    files: int = 3
    """How many files are written at the same time, at most."""
    shuffle: int = 0
    """How many records another one may overtake."""
    layouts: tuple[str, ...] = ("lines",)
    """`lines` grow; `array` and `page` are documents that are written anew; `csv` has a header."""
    counts_results: bool = True
    """Whether a call has the result `counted` once."""
    waits: bool = True
    """Whether a log may be quiet for long in the middle of a line, or of records that belong together."""
    turns: bool = False
    """Whether a log may be rotated between records that belong together."""
    pack: int = 1
    """How many records a line may have."""
    days: bool = True
    """Whether a backfill may ask for some days only."""


class Producer(Protocol):
    """Writes calls as one format does. A new one is made for each history."""

    def __init__(self, chance: random.Random) -> None: ...

    @property
    def style(self) -> Style:
        """How its logs may be handled."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the source says of the format and the system."""
        ...

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """The records of the calls, and some that are of no call."""
        ...

    def line(self, records: Sequence[Record]) -> bytes:
        """Some records as one line, without its end."""
        ...


def compact(value: Any) -> bytes:
    """One value as JSON."""
    return value.encode() if isinstance(value, str) else json.dumps(value, separators=(",", ":")).encode()


def no_call(value: Any, result: str) -> Unit:
    """A record of no call, with the result that it must have."""
    return Unit((Record(value, Telling(None, result)),), again=False)


def iso(at: int, chance: random.Random | None = None) -> str:
    """A time in ISO 8601, in some zone."""
    moment = datetime.fromtimestamp(at // 1000, UTC) + timedelta(milliseconds=at % 1000)
    spelling = 0 if chance is None else chance.randrange(4)
    if spelling == 1:
        moment = moment.astimezone(timezone(timedelta(hours=chance.choice((-7, 2)) if chance else 0)))
        return moment.isoformat(timespec="milliseconds")
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return {0: f"{text}Z", 2: f"{text}000+00:00", 3: f"{text.replace('T', ' ')}"}[spelling]


def without(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what is None."""
    return {key: one for key, one in value.items() if one is not None}


def distinct(calls: Sequence[Call]) -> list[Call]:
    """The calls without those that say the same as an earlier one with their id: they would be redeliveries."""
    seen: set[tuple[Any, ...]] = set()
    found = []
    for call in calls:
        if call.has_id and call.said() in seen:
            continue
        seen.add(call.said())
        found.append(call)
    return found
