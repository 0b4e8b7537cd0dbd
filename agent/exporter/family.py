"""What declares one metric family: a row of data with a function that reads a snapshot."""

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
    """When there is a series, in words; the documentation repeats it."""
    samples: Callable[[S], Iterable[Sample]]


def kind(name: str) -> Literal["counter", "gauge"]:
    """The type of a metric: by convention its name tells."""
    return "counter" if name.endswith("_total") else "gauge"


def timestamp(moment: date | datetime) -> float:
    """Seconds since the epoch; of a day, those of the midnight UTC that starts it."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.timestamp()
