"""leverwatch's own format: one JSON object a line, so that any tool can hand in results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.sources.evals.formats.interface import MOST_CASES, Entry, RawResult, digest, moment

_ROUNDED = 0.0005
"""How far a share may be rounded and still tell the number of passed cases."""


class _Line(msgspec.Struct):
    ts: Any
    model: str
    suite: str
    metric: str
    value: float | None
    """None: not a number."""
    n: int
    system: str | None = None
    prompt_version: str | int = ""
    stderr: float | None = None
    passed: int | None = None
    suite_hash: str | None = None
    higher_is_better: bool = True


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Results line by line; a bad line costs only itself."""
    for number, line in enumerate(data, 1):
        found = parse_line(line)
        if found is not None:
            yield number, found


def parse_line(line: bytes) -> RawResult | BadInput | None:
    """The result of one line; None for a blank one."""
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
