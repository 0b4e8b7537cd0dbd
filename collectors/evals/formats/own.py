"""leverwatch's own format: one JSON object a line, so that any tool can hand in results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from collectors.evals.formats.interface import MOST_CASES, BadInput, Entry, RawResult, decode, digest, moment

_ROUNDED = 0.0005
"""How far a share may be rounded and still tell the number of passed cases."""


class _Line(msgspec.Struct):
    ts: Any
    model: str
    suite: str
    metric: str
    value: float
    n: int
    system: str | None = None
    prompt_version: str | int = ""
    stderr: float | None = None
    passed: int | None = None
    suite_hash: str | None = None
    higher_is_better: bool = True


def parse(data: bytes) -> Iterator[Entry]:
    """Results line by line; a bad line costs only itself."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                yield number, _result(decode(line, _Line))
            except BadInput as problem:
                yield number, problem


def _result(line: _Line) -> RawResult:
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
        passed=_passed(line),
    )


def _passed(line: _Line) -> int | None:
    if line.passed is not None or line.stderr is not None or not 0 <= line.value <= 1 or line.n > MOST_CASES:
        return line.passed
    cases = round(line.value * line.n)
    return cases if abs(line.value * line.n - cases) <= _ROUNDED * line.n else None
