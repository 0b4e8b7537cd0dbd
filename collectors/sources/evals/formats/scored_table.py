"""Tables of test cases with a column for each score, as ragas and MLflow write them.

Neither says which columns are scores: those are taken whose every value can be one, and that no name says is
something else. Words of success and failure are shares; a value that is missing is a case that ended in error.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.sources.evals.formats.cases import Cases
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_METRICS,
    Entry,
    RawResult,
    digest,
)
from leverwatch.collectors.sources.evals.formats.table import Row, each_row

_INPUTS = frozenset(
    {"user_input", "question", "query", "input", "inputs", "prompt", "q", "request", "user_query"}
) | {
    *("reference", "expected", "expected_output", "expected_response", "ground_truth", "ground_truths", "target"),
    *("targets", "grading_notes", "rubrics", "a"),
}
"""Columns of the test case, in the words of these tools' own documentation."""
_ANSWERS = frozenset({"response", "answer", "output", "outputs", "prediction", "predictions", "actual_output"}) | {
    *("retrieved_contexts", "contexts", "context", "reference_contexts", "retrieved_ids", "log_file", "reason"),
    *("latency", "latency_ms", "duration", "cost", "cost_usd", "input_tokens", "output_tokens", "tokens", "id"),
    *("index", "seed", "trace_id", "experiment_name", "name", "timestamp", "created_at", "system_name"),
}
"""Columns of what the model did."""
_MODEL, _PROMPT, _SYSTEM = ("model", "model_name"), ("prompt_version", "prompt_id"), ("system",)
_WORDS = {"true": 1.0, "pass": 1.0, "passed": 1.0, "yes": 1.0, "correct": 1.0} | {
    "false": 0.0, "fail": 0.0, "failed": 0.0, "no": 0.0, "incorrect": 0.0,
}  # fmt: skip
_NOTHING = frozenset({"", "nan", "none", "null", "<na>"})
_VALUE, _SCORE, _ERROR = "/value", "/score", "/error_message"
_ENDS = (_VALUE, _SCORE)
"""How columns of scores end: of `mlflow.genai.evaluate`, and of `mlflow.evaluate`, which logs them by itself."""
_JUSTIFICATION = "/justification"
_DIRECTIONS: Mapping[str, bool | None] = {
    "toxicity": False, "flesch_kincaid_grade_level": None, "ari_grade_level": None,
}  # fmt: skip
"""Whether more is better, of those metrics of `mlflow.evaluate` of which it is not; None: neither is."""
_RESULT = re.compile(r"MetricResult\(value=(.*?)(?:, reason=.*)?\)", re.DOTALL)
"""What ragas writes of a score with a reason."""
_MOST_SCORES = 4_000_000
_MOST_GROUPS = 1_000


def is_scored(names: Collection[str]) -> bool:
    """Whether a table with these columns may have scores of test cases."""
    words = {name.lower() for name in names}
    if is_of_mlflow(words):
        return True
    return not words.isdisjoint(_ANSWERS & {"response", "answer", "output", "outputs", "prediction"}) or (
        "user_input" in words
    )


def is_of_mlflow(names: Collection[str]) -> bool:
    """Return whether MLflow wrote a table with these columns."""
    return any(name.endswith(_SCORE) for name in names) or (
        "trace_id" in names and any(name.endswith(_VALUE) for name in names)
    )


@dataclass(slots=True)
class _Group:
    """The rows of one model, prompt version and system."""

    cases: list[bytes] = field(default_factory=list)
    scores: dict[str, array[float]] = field(default_factory=dict)
    """The value of each row, by metric; not a number: it is missing."""


class _Columns:
    """Which columns are scores, as far as the rows were read."""

    def __init__(self, first: Row, wanted: Collection[str]) -> None:
        end = next((end for end in _ENDS if any(name.endswith(end) for name in first)), "")
        self._end = end
        self.of_mlflow = bool(end)
        self.wanted = frozenset(wanted)
        told = _expectations(first) if end == _VALUE else frozenset()
        self.inputs = [name for name in first if name.lower() in _INPUTS]
        if not self.inputs:
            others = _ANSWERS | {*_MODEL, *_PROMPT, *_SYSTEM}
            self.inputs = [
                name
                for name, value in first.items()
                if name.lower() not in others and not name.endswith(_JUSTIFICATION) and _score(value) is None
            ]
        self.scores: dict[str, str] = {}
        """The names of metrics, by column."""
        for name in first:
            metric = name.removesuffix(end)
            if self._may_be(name, metric) and metric not in told and len(self.scores) <= MOST_METRICS:
                self.scores[name] = metric[: LONGEST + 1]

    def _may_be(self, name: str, metric: str) -> bool:
        if self.wanted:
            return metric in self.wanted or name in self.wanted
        if self.of_mlflow:
            return name.endswith(self._end)
        return name.lower() not in _INPUTS | _ANSWERS | {*_MODEL, *_PROMPT, *_SYSTEM}

    def fits(self, score: float) -> bool:
        """Whether a number can be a score; without further word only one from 0 to 1 can."""
        return bool(self.wanted) or self.of_mlflow or 0 <= score <= 1


def parser(tool: str, wanted: Collection[str]) -> Any:
    """Return the parser of tables of a tool; `wanted` are the columns that are scores, none: they are found."""

    def parse(data: BinaryIO) -> Iterator[Entry]:
        return _parse(data, tool, wanted)

    return parse


def _parse(data: BinaryIO, tool: str, wanted: Collection[str]) -> Iterator[Entry]:
    """Yield every score of each model and prompt.

    Raises:
        BadInput: it is no table, or has no scores.
    """
    read = _Table(wanted)
    each_row(data, read.add)
    known = read.sound()
    if not known:
        raise BadInput(Result.MISSING_FIELD, "has no column of scores; name them by `metrics` of the source")
    for (model, prompt, system), group in read.groups.items():
        suite = digest(sorted({case.hex() for case in group.cases}))
        for column, metric in known.items():
            yield from _result(tool, group, column, metric, suite, model, prompt, system)


class _Table:
    """Adds the rows up while the file is read."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.groups: dict[tuple[str, str, str], _Group] = {}
        self._wanted = wanted
        self._columns: _Columns | None = None
        self._kept = 0

    def add(self, row: Row) -> None:
        """Add one row.

        Raises:
            BadInput: there are too many, or a score that was asked for is none.
        """
        if self._columns is None:
            self._columns = _Columns(row, self._wanted)
        key = (_first(row, _MODEL), _first(row, _PROMPT), _first(row, _SYSTEM))
        if key not in self.groups and len(self.groups) == _MOST_GROUPS:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_GROUPS:_} models and prompts")
        self._kept += _add(self.groups.setdefault(key, _Group()), self._columns, row)
        if self._kept > _MOST_SCORES:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_SCORES:_} scores")

    def sound(self) -> dict[str, str]:
        """Return the metrics of the columns of which any row has a value, by column."""
        found = {} if self._columns is None else self._columns.scores
        return {name: metric for name, metric in found.items() if self._has(name)}

    def _has(self, name: str) -> bool:
        return any(not isnan(value) for group in self.groups.values() for value in group.scores.get(name, ()))


def _add(group: _Group, columns: _Columns, row: Row) -> int:
    at = len(group.cases)
    told = [str(row.get(name)) for name in columns.inputs] or [str(at)]
    group.cases.append(bytes.fromhex(digest(told)))
    for name in [*columns.scores]:
        value = row.get(name)
        score = _score(value)
        if score is None and _is_nothing(value):
            score = float("nan")
        if score is None or (not isnan(score) and not columns.fits(score)):
            if columns.wanted:
                raise BadInput(Result.MISTYPED_FIELD, "one of the scores is no number")
            del columns.scores[name]
            continue
        series = group.scores.get(name)
        if series is None:
            series = group.scores[name] = array("d", [float("nan")] * at)
        series.append(score)
    return len(columns.scores)


def _result(
    tool: str, group: _Group, column: str, metric: str, suite: str, model: str, prompt: str, system: str
) -> Iterator[Entry]:
    cases = Cases()
    missing: set[int] = set()
    for case, score in zip(group.cases, group.scores[column], strict=True):
        number = cases.case(case)
        if not isnan(score):
            cases.score(metric, number, score)
        else:
            missing.add(number)
    for measure in cases.measures(metric):
        yield (
            None,
            RawResult(
                model=model, suite=tool, suite_hash=suite, metric=measure.metric, value=measure.value,
                n=measure.n, at=None, system=system or None, prompt_version=prompt, stderr=measure.stderr,
                passed=measure.passed, errored=len(missing), cases=len(cases.known),
                higher_is_better=_is_better(column),
            ),
        )  # fmt: skip


def _is_better(column: str) -> bool | None:
    """Whether more of a score is better; None when that is unknown."""
    return _DIRECTIONS.get(column.partition("/")[0], True) if column.endswith(_SCORE) else True


def _score(value: Any) -> float | None:
    """Return a value as a score; None when it is none."""
    if isinstance(value, bool | int | float):
        return float(value)
    if not isinstance(value, str):
        return _score(value.get("value")) if isinstance(value, dict) and "value" in value else None
    found = _RESULT.fullmatch(value.strip())
    text = (found.group(1) if found else value).strip().strip("'\"").lower()
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOTHING:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _first(row: Row, names: tuple[str, ...]) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and not _is_nothing(value):
            return str(value)[: LONGEST + 1]
    return ""


def _expectations(row: Row) -> frozenset[str]:
    """The names of what a case was expected to give, which MLflow has in the same columns as its scores."""
    told = row.get("assessments")
    if not isinstance(told, list):
        try:
            trace = json.loads(row.get("trace") or "null")
        except (TypeError, ValueError, RecursionError):
            trace = None
        info = trace.get("info") if isinstance(trace, dict) else None
        told = info.get("assessments") if isinstance(info, dict) else None
    entries = told if isinstance(told, list) else []
    return frozenset(
        str(one.get("assessment_name")) for one in entries if isinstance(one, dict) and "expectation" in one
    )
