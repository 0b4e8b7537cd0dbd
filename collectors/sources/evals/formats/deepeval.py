"""Test runs of deepeval (`DEEPEVAL_RESULTS_FOLDER`, or `.deepeval/.latest_test_run.json`).

Each metric of a test case passed, failed or raised; what raised is a case that did not pass. It tells no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, convert, decode
from leverwatch.collectors.records.outline import VALUE, Each, Wanted, outline
from leverwatch.collectors.sources.evals.formats.cases import PASS_RATE, Cases
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_METRICS,
    Entry,
    NotFinished,
    RawResult,
    digest,
)

_LARGEST_CASE = 16 << 20
_MOST_CASES = 500_000
_MOST_SCORES = 4_000_000
_LONGEST_VERSION = 40
"""A longer prompt among the hyperparameters is its text."""


class _Metric(msgspec.Struct):
    name: str
    success: bool | None = None
    error: Any = None


class _Case(msgspec.Struct):
    success: bool | None = None
    input: msgspec.Raw = msgspec.Raw()
    expected: msgspec.Raw = msgspec.field(name="expectedOutput", default=msgspec.Raw())
    scenario: msgspec.Raw = msgspec.Raw()
    turns: msgspec.Raw = msgspec.Raw()
    outcome: msgspec.Raw = msgspec.field(name="expectedOutcome", default=msgspec.Raw())
    metrics: list[_Metric] | None = msgspec.field(name="metricsData", default=None)


class _Run(msgspec.Struct):
    hyperparameters: dict[str, Any] | None = None


class _File(msgspec.Struct):
    run: _Run | None = msgspec.field(name="testRunData", default=None)
    hyperparameters: dict[str, Any] | None = None


class _Cases:
    """Adds the test cases up while the file is read."""

    def __init__(self) -> None:
        self.metrics: dict[str, Cases] = {}
        self.failed: dict[str, int] = {}
        self.all: set[bytes] = set()
        self.left: set[str] = set()
        """Names of metrics that were left out because of the limit."""
        self._count = self._scores = 0

    def add(self, _: str | int, text: bytes | None) -> None:
        """Add one test case, given as JSON text.

        Raises:
            BadInput: it is invalid or too large.
        """
        self._count += 1
        if text is None or self._count > _MOST_CASES:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_CASES:_} test cases, or too large a one")
        case = decode(text, _Case)
        said = [case.input, case.expected, case.scenario, case.outcome]
        # A conversation without a scenario is known by its turns.
        told = said if any(map(bytes, said)) else [case.turns]
        key = bytes.fromhex(digest([bytes(part).decode("utf-8", "replace") for part in told]))
        self.all.add(key)
        self._add(PASS_RATE, key, success=bool(case.success), errored=False)
        for metric in case.metrics or ():
            name = metric.name[: LONGEST + 1]
            if name not in self.metrics and len(self.metrics) > MOST_METRICS:
                self.left.add(name)
            elif name != PASS_RATE:
                self._add(name, key, success=bool(metric.success), errored=metric.error is not None)

    def _add(self, name: str, key: bytes, *, success: bool, errored: bool) -> None:
        self._scores += 1
        if self._scores > _MOST_SCORES:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_SCORES:_} scores")
        cases = self.metrics.setdefault(name, Cases())
        cases.score(name, cases.case(key, errored=errored), float(success and not errored))


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield the share of passed cases of every metric, and of all of them together as `pass_rate`.

    Raises:
        BadInput: the file is no such test run.
        NotFinished: it has no test cases.
    """
    found = _Cases()
    each = Each(found.add, _LARGEST_CASE)
    run: Wanted = {"testCases": each, "conversationalTestCases": each, "hyperparameters": VALUE}
    file = convert(outline(data, {**run, "testRunData": run}), _File)
    if not found.all:
        raise NotFinished("it has no test cases")
    told = file.hyperparameters or (file.run.hyperparameters if file.run else None) or {}
    names = [name for name in found.metrics if name != PASS_RATE]
    for name, cases in found.metrics.items():
        if name == PASS_RATE and len(names) == 1:
            continue  # it would repeat the only metric
        suite = digest(sorted(case.hex() for case in cases.known))
        for measure in cases.measures(name):
            yield (
                None,
                RawResult(
                    model=_text(told.get("model")), suite="deepeval", suite_hash=suite, metric=measure.metric,
                    value=measure.value, n=measure.n, at=None, prompt_version=_version(told),
                    stderr=measure.stderr, passed=measure.passed, errored=len(cases.failed),
                    cases=len(cases.known),
                ),
            )  # fmt: skip
    for _ in found.left:
        yield None, BadInput(Result.INVALID_LINE, f"has more than {MOST_METRICS:_} different metrics")


def _text(value: object) -> str:
    return value[: LONGEST + 1] if isinstance(value, str) else ""


def _version(told: dict[str, Any]) -> str:
    for key in ("prompt_version", "prompt version", "prompt", "prompt_template", "prompt template"):
        value = told.get(key)
        if value in (None, ""):
            continue
        text = value if isinstance(value, str | int) and not isinstance(value, bool) else None
        if text is None or len(str(text)) > _LONGEST_VERSION or any(letter.isspace() for letter in str(text)):
            return digest(value)[:16]  # the text of a prompt is not kept
        return str(text)
    return ""
