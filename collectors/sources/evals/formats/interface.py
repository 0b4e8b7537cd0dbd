"""What a format gives, and what is common to all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.records.names import MAX_NAME_LENGTH
from leverwatch.collectors.records.timestamps import parse_time

LONGEST = MAX_NAME_LENGTH
"""Characters of a name that the store keeps."""

MOST_CASES = 10**12
"""More test cases than anybody has."""

MOST_RESULTS = 10_000
"""Results of one document that are kept; all others are counted as refused."""

MOST_METRICS = 1_000
"""Different metrics of one file, likewise."""


class NotFinished(Exception):
    """A run that gave no result by design: cancelled, failed, invalidated or still going on."""


@dataclass(frozen=True, slots=True)
class RawResult:
    """One metric as the file has it, checked by nobody yet."""

    model: str
    suite: str
    suite_hash: str
    metric: str
    value: float
    n: int
    at: datetime
    system: str | None = None
    prompt_version: str = ""
    stderr: float | None = None
    passed: int | None = None
    higher_is_better: bool | None = True


Entry = tuple[int | None, RawResult | BadInput]
"""One result with its line, where lines mean something, or what is wrong with it."""

Parser = Callable[[BinaryIO], Iterable[Entry]]
"""Reads one whole file, piece by piece. Raises BadInput for a file that gives nothing, NotFinished for a run
without results. Nothing that it gives may be used before all of it was given without an error."""


def moment(value: object) -> datetime:
    """A time; UTC where it has no zone.

    Raises:
        BadInput: it is none.
    """
    found = parse_time(value, UTC)
    if found is None:
        raise BadInput(Result.BAD_TIME, "the time of the run is missing or cannot be read")
    return found


def digest(value: object) -> str:
    """A short name for a JSON value, the same whatever the order of keys.

    Raises:
        BadInput: it is nested too deeply.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    except RecursionError:
        raise BadInput(Result.INVALID_LINE, "is nested too deeply") from None
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean and its standard error, unknown for a single value. An infinite mean when they are too large."""
    n = len(values)
    try:
        mean = math.fsum(values) / n
        if n < 2:
            return mean, None
        return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    except OverflowError:
        return math.inf, None
