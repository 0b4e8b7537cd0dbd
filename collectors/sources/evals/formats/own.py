"""leverwatch's own format: one JSON object a line, for tools of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.sources.evals.formats.interface import MOST_CASES, Entry, RawResult, digest, moment

_ROUNDED = 0.0005
"""The largest rounding error of a share from which the number of passed cases is computed."""


class _Line(msgspec.Struct):
    ts: Any
    model: str
    suite: str
    metric: str
    value: float | None
    """The value of the metric; None: not a number."""
    n: int
    system: str | None = None
    prompt_version: str | int = ""
    stderr: float | None = None
    passed: int | None = None
    suite_hash: str | None = None
    higher_is_better: bool = True


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield the results line by line; for an invalid line, what is wrong with it."""
    for number, line in enumerate(data, 1):
        found = parse_line(line)
        if found is not None:
            yield number, found


def parse_line(line: bytes) -> RawResult | BadInput | None:
    """Return the result of one line, or what is wrong with it; None for a blank line."""
    if not line.strip():
        return None
    try:
        return _result(decode(line, _Line))
    except BadInput as problem:
        return problem


def _result(line: _Line) -> RawResult:
    if line.value is None:
        raise BadInput(Result.MISTYPED_FIELD, "value must be a finite number")
    return RawResult(
        system=line.system,
        model=line.model,
        prompt_version=str(line.prompt_version),
        suite=line.suite,
        # Whoever writes no hash promises that a suite of that name always has the same cases.
        suite_hash=line.suite_hash or digest(line.suite),
        metric=line.metric,
        value=line.value,
        stderr=line.stderr,
        n=line.n,
        at=moment(line.ts),
        higher_is_better=line.higher_is_better,
        passed=_passed(line, line.value),
    )


def _passed(line: _Line, value: float) -> int | None:
    if line.passed is not None or line.stderr is not None:
        return line.passed
    if not (0 <= value <= 1 and 1 <= line.n <= MOST_CASES):
        return None
    cases = round(value * line.n)
    return cases if abs(value * line.n - cases) <= _ROUNDED * line.n else None
