"""Result files of promptfoo (`promptfoo eval -o results.json`), versions 2 and 3.

Everything is counted from the rows in `results.results`, which both versions have; `table` of version 2 and the
summaries in `prompts` repeat them. A row that failed with an error is a case that did not pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from collectors.evals.formats.interface import (
    LONGEST,
    BadInput,
    Entry,
    RawResult,
    decode,
    digest,
    mean_and_error,
    moment,
)
from collectors.interface import Result

_VERSIONS = (2, 3)
_SCRIPTS = ("file:", "http:", "https:", "python:", "exec:", "golang:", "ruby:", "package:")
_OURS = frozenset({"pass_rate", "score"})
_APIS = frozenset({"chat", "completion", "messages", "responses", "realtime", "assistant"})


class _Provider(msgspec.Struct):
    id: str = ""


class _Row(msgspec.Struct):
    provider: _Provider | str
    success: bool
    score: float
    prompt_id: str | None = msgspec.field(name="promptId", default=None)
    prompt_index: int | None = msgspec.field(name="promptIdx", default=None)
    named_scores: dict[str, float | None] | None = msgspec.field(name="namedScores", default=None)
    test_case: dict[str, Any] | None = msgspec.field(name="testCase", default=None)
    vars: Any = None


class _Results(msgspec.Struct):
    version: int
    results: list[_Row]
    timestamp: Any = None


@dataclass(frozen=True, slots=True)
class _Measure:
    metric: str
    value: float
    stderr: float | None
    n: int
    passed: int | None = None


class _Config(msgspec.Struct):
    description: str | None = None


class _File(msgspec.Struct):
    results: _Results
    config: _Config | None = None


def parse(data: bytes) -> Iterator[Entry]:
    """Pass rate, mean score and every named score of each provider and prompt."""
    file = decode(data, _File)
    if file.results.version not in _VERSIONS:
        raise BadInput(Result.MISTYPED_FIELD, f"version {file.results.version} is not read, only 2 and 3 are")
    if not file.results.results:
        raise BadInput(Result.MISSING_FIELD, "has no rows in results.results")
    at = moment(file.results.timestamp)
    suite = " ".join(((file.config.description if file.config else None) or "").split())[:LONGEST] or "promptfoo"
    groups: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in file.results.results:
        groups[_model(row), _prompt(row)].append(row)
    for (model, prompt), rows in groups.items():
        cases = digest(sorted({digest(_case(row)) for row in rows}))
        for measure in _measures(rows):
            yield (
                None,
                RawResult(
                    model=model,
                    prompt_version=prompt,
                    suite=suite,
                    suite_hash=cases,
                    metric=measure.metric,
                    value=measure.value,
                    stderr=measure.stderr,
                    n=measure.n,
                    passed=measure.passed,
                    at=at,
                ),
            )


def _measures(rows: list[_Row]) -> Iterator[_Measure]:
    passed = sum(row.success for row in rows)
    yield _Measure("pass_rate", passed / len(rows), None, len(rows), passed)
    scores: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        scores["score"].append(row.score)
        for name, score in (row.named_scores or {}).items():
            if score is not None and name not in _OURS:
                scores[name].append(score)
    for name, values in scores.items():
        mean, stderr = mean_and_error(values)
        yield _Measure(name, mean, stderr, len(values))


def _model(row: _Row) -> str:
    """The model of a provider id: `gpt-4o` of `openai:chat:gpt-4o`; ids of scripts and URLs stay whole."""
    name = row.provider if isinstance(row.provider, str) else row.provider.id
    bare = name.partition(":")[2]
    if not bare or name.startswith(_SCRIPTS):
        return name
    api, _, model = bare.partition(":")
    return model if model and api in _APIS else bare


def _prompt(row: _Row) -> str:
    # A label is the text of the prompt unless somebody gave it another one, so ids alone name a prompt.
    if row.prompt_id:
        return row.prompt_id[:16]
    return "" if row.prompt_index is None else f"prompt-{row.prompt_index}"


def _case(row: _Row) -> list[Any]:
    case = row.test_case or {}
    return [case.get("description"), case.get("vars", row.vars), case.get("assert")]
