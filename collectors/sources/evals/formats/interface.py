"""The types that parsers of eval results return, and functions that they share."""

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
"""The longest name in characters, as the store is bounded."""

MOST_CASES = 10**12
"""The largest number of test cases; a larger one is taken for an error."""

MOST_RESULTS = 10_000
"""The largest number of results of one document; more are counted as refused."""

MOST_METRICS = 1_000
"""The largest number of different metrics in one file; more are counted as refused."""


class NotFinished(Exception):
    """The file has no results: its run was cancelled, failed, was invalidated or is not finished, or it is what a
    tool writes beside the results. The message says which."""


@dataclass(frozen=True, slots=True)
class RawResult:
    """One metric as it is in the file, unchecked."""

    model: str
    suite: str
    suite_hash: str
    metric: str
    value: float
    n: int
    at: datetime | None
    """The time of the run; None: the file does not tell, and its own time is taken."""
    system: str | None = None
    prompt_version: str = ""
    stderr: float | None = None
    passed: int | None = None
    higher_is_better: bool | None = True
    errored: int = 0
    cases: int = 0
    own_folder: str = ""
    """The name of a folder that the tool itself makes for the file, which names no system."""


Entry = tuple[int | None, RawResult | BadInput]
"""A result, or what is wrong with it, and its line number (None in documents)."""

Parser = Callable[[BinaryIO], Iterable[Entry]]
"""Parses one whole file. Raises BadInput for an unusable file, and NotFinished for a run without results, possibly
after it has yielded entries: these must not be used before the parser has ended without an error."""


def moment(value: object) -> datetime:
    """Return the time that a value means; without a time zone it is in UTC.

    Raises:
        BadInput: it is not a time.
    """
    found = parse_time(value, UTC)
    if found is None:
        raise BadInput(Result.BAD_TIME, "the time of the run is missing or cannot be read")
    return found


def digest(value: object) -> str:
    """Return a short digest of a JSON value that does not depend on the order of keys.

    Raises:
        BadInput: it is nested too deeply.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    except RecursionError:
        raise BadInput(Result.INVALID_LINE, "is nested too deeply") from None
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and its standard error (None for a single value); an infinite mean when the sum
    overflows."""
    n = len(values)
    try:
        mean = math.fsum(values) / n
        if n < 2:
            return mean, None
        return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    except OverflowError:
        return math.inf, None
