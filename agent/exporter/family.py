"""The declaration of a metric family: its name, labels and help, and a function that reads its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, Literal, TypeVar

S = TypeVar("S")

Sample = tuple[tuple[str, ...], float]
"""Label values, in the order of the family's label names, and the value."""


@dataclass(frozen=True, slots=True)
class Family(Generic[S]):
    """One metric family of a snapshot of type `S`."""

    name: str
    type: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]
    emitted: str
    """When a series is exported, in words; shown in `docs/metrics.md`."""
    samples: Callable[[S], Iterable[Sample]]


def kind(name: str) -> Literal["counter", "gauge"]:
    """The type that a metric has by the convention of names: a counter ends in `_total`."""
    return "counter" if name.endswith("_total") else "gauge"


def timestamp(moment: date | datetime) -> float:
    """Return a moment in seconds since the epoch; a day is the midnight UTC at its start."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.timestamp()
