"""Result files of promptfoo (`promptfoo eval -o results.json`), versions 2 and 3.

Everything is counted from the rows in `results.results`, which both versions have; `table` of version 2 and the
summaries in `prompts` repeat them. A row that failed with an error is a case that did not pass; several rows of
one case (`--repeat`, two labels of one provider) are one case with the mean of their scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, convert, decode, number
from leverwatch.collectors.records.outline import VALUE, Each, outline
from leverwatch.collectors.sources.evals.formats.cases import PASS_RATE, Cases
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_METRICS,
    MOST_RESULTS,
    Entry,
    NotFinished,
    RawResult,
    digest,
    moment,
)

_VERSIONS = (2, 3)
_SCRIPTS = ("file:", "http:", "https:", "python:", "exec:", "golang:", "ruby:", "package:")
_OURS = frozenset({PASS_RATE, "score"})
_APIS = frozenset({"chat", "completion", "completions", "messages", "responses", "realtime", "assistant"}) | {
    *("converse", "embedding", "embeddings", "image", "live", "agents", "text", "text-generation"),
    *("text-classification", "feature-extraction", "sentence-similarity"),
}
_CONTAINERS = frozenset({"openai", "anthropic", "llama", "huggingface", "jumpstart", "custom"})
"""What an endpoint of SageMaker may run; its name follows."""
_ERROR = 2
"""The `failureReason` of a case that ended with an error."""
_NEVER_RAN = "Evaluation exceeded max duration"


_LARGEST_ROW = 16 << 20
_MOST_ROWS = 500_000
_MOST_GROUPS = 1_000
_MOST_SCORES = 4_000_000
_LARGEST_CASE = 32 << 20
"""The largest size in bytes of a test case that is decoded, to compute a digest that ignores the order of keys."""
_BYTES_OF_VALUE = 64
_NOTHING = msgspec.Raw()


class _Provider(msgspec.Struct):
    id: str = ""


class _Case(msgspec.Struct):
    description: msgspec.Raw = _NOTHING
    vars: msgspec.Raw = _NOTHING
    checks: msgspec.Raw = msgspec.field(name="assert", default=_NOTHING)


class _Row(msgspec.Struct):
    provider: _Provider | str
    success: bool
    score: msgspec.Raw
    prompt_id: str | None = msgspec.field(name="promptId", default=None)
    prompt_index: int | None = msgspec.field(name="promptIdx", default=None)
    named_scores: dict[str, msgspec.Raw] | None = msgspec.field(name="namedScores", default=None)
    test_case: _Case | None = msgspec.field(name="testCase", default=None)
    vars: msgspec.Raw = _NOTHING
    failure_reason: Any = msgspec.field(name="failureReason", default=None)
    error: Any = None

    @property
    def never_ran(self) -> bool:
        """Whether the run ended before the case."""
        return isinstance(self.error, str) and self.error.startswith(_NEVER_RAN)


class _Stats(msgspec.Struct):
    successes: int | None = None
    failures: int | None = None
    errors: int | None = None


class _Results(msgspec.Struct):
    version: int
    results: list[Any]
    timestamp: Any = None
    stats: _Stats | None = None


class _Config(msgspec.Struct):
    description: str | None = None


class _File(msgspec.Struct):
    results: _Results
    config: _Config | None = None


class Rows:
    """Adds the rows up while the file is read."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], Cases] = {}
        self.rows = self.kept = self.series = 0
        self.names: set[str] = set()
        self.left: set[str] = set()
        """Names of scores that were left out because of the limit."""

    def add(self, _: str | int, text: bytes | None) -> None:
        """Add one row, given as JSON text.

        Raises:
            BadInput: it is invalid or too large. Without it, the shares of the whole file would be wrong.
        """
        self.rows += 1
        if text is None:
            raise BadInput(Result.INVALID_LINE, f"one of its rows is larger than {_LARGEST_ROW >> 20} MiB")
        if self.rows > _MOST_ROWS:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_ROWS:_} rows")
        row = decode(text, _Row)
        # No longer name is one, and what is kept of thousands should be small.
        key = _provider(row)[: LONGEST + 1], _prompt(row)
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) == _MOST_GROUPS:
                raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_GROUPS:_} models and prompts")
            group = self.groups[key] = Cases()
        errored = row.failure_reason == _ERROR
        if errored and row.never_ran:
            return
        case = group.case(bytes.fromhex(digest(_case(row))), errored=errored)
        self._score(group, PASS_RATE, case, b"1" if row.success else b"0")
        self._score(group, "score", case, row.score)
        for long, score in (row.named_scores or {}).items():
            name = long[: LONGEST + 1]
            if bytes(score) != b"null" and name not in _OURS and self._is_kept(name):
                self._score(group, name, case, score)

    def _is_kept(self, name: str) -> bool:
        if name in self.names:
            return True
        if len(self.names) < MOST_METRICS:
            self.names.add(name)
            return True
        if len(self.left) < MOST_RESULTS:
            self.left.add(name)
        return False

    def _score(self, group: Cases, name: str, case: int, score: msgspec.Raw | bytes) -> None:
        self.kept += name != PASS_RATE
        if self.kept > _MOST_SCORES:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_SCORES:_} scores")
        if name != PASS_RATE and name not in group.scores:
            self.series += 1
            if self.series > MOST_RESULTS:
                raise BadInput(Result.INVALID_LINE, f"has more than {MOST_RESULTS:_} results")
        group.score(name, case, number(bytes(score)))


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield pass rate, mean score and every named score of each provider and prompt.

    Raises:
        BadInput: the file is not such a result file, of another version, or has no rows.
    """
    rows = Rows()
    results: dict[str, Any] = {"version": VALUE, "timestamp": VALUE, "results": Each(rows.add, _LARGEST_ROW)}
    results |= {"stats": {"successes": VALUE, "failures": VALUE, "errors": VALUE}}
    file = convert(outline(data, {"results": results, "config": {"description": VALUE}}), _File)
    if file.results.version not in _VERSIONS:
        raise BadInput(Result.MISTYPED_FIELD, f"version {file.results.version} is not read, only 2 and 3 are")
    if not rows.rows:
        raise BadInput(Result.MISSING_FIELD, "has no rows in results.results")
    stats = file.results.stats or _Stats()
    if None not in (counts := (stats.successes, stats.failures, stats.errors)):
        counted = sum(count or 0 for count in counts)
        if counted != rows.rows:
            raise NotFinished(f"its stats count {counted} rows and it has {rows.rows}: the run was given up")
    at = moment(file.results.timestamp)
    suite = " ".join(((file.config.description if file.config else None) or "").split())[:LONGEST]
    yield from results_of(rows, suite, at)


def parse_lines(data: BinaryIO) -> Iterator[Entry]:
    """Yield the same of the rows alone, one a line, as `-o results.jsonl` writes them; they tell no time.

    Raises:
        BadInput: a line is no such row.
    """
    rows = Rows()
    for index, line in enumerate(iter(partial(data.readline, _LARGEST_ROW), b"")):
        if line.strip():
            rows.add(index, line if line.endswith(b"\n") or len(line) < _LARGEST_ROW else None)
    yield from results_of(rows, "", None)


def results_of(rows: Rows, suite: str, at: datetime | None) -> Iterator[Entry]:
    """Yield the results of all rows.

    Raises:
        NotFinished: no case was run.
    """
    if not any(group.known for group in rows.groups.values()):
        raise NotFinished("none of its cases was run")
    short = Counter(_model(name) for name in {name for name, _ in rows.groups})
    for (provider, prompt), group in rows.groups.items():
        cases = digest(sorted(case.hex() for case in group.known))
        model = _model(provider)
        for measure in group.measures(PASS_RATE):
            yield (
                None,
                RawResult(
                    # Two providers that serve a model of one name are two models, unless they are mapped to one.
                    model=model if short[model] == 1 else provider,
                    prompt_version=prompt,
                    suite=suite or "promptfoo",
                    suite_hash=cases,
                    metric=measure.metric,
                    value=measure.value,
                    stderr=measure.stderr,
                    n=measure.n,
                    passed=measure.passed,
                    at=at,
                    errored=len(group.failed),
                    cases=len(group.known),
                ),
            )
    for _ in rows.left:
        yield None, BadInput(Result.INVALID_LINE, f"has more than {MOST_METRICS:_} different metrics")


def _model(name: str) -> str:
    """Return the model of a provider id, `gpt-4o` of `openai:chat:gpt-4o`; ids of scripts and URLs are
    unchanged."""
    provider, _, bare = name.partition(":")
    if not bare or name.startswith(_SCRIPTS):
        return name
    api, _, model = bare.partition(":")
    return model if model and (api in _APIS or (provider == "sagemaker" and api in _CONTAINERS)) else bare


def _provider(row: _Row) -> str:
    return row.provider if isinstance(row.provider, str) else row.provider.id


def _prompt(row: _Row) -> str:
    # A label is the text of the prompt unless somebody gave it another one, so ids alone name a prompt.
    if row.prompt_id:
        return row.prompt_id[:16]
    return "" if row.prompt_index is None else f"prompt-{row.prompt_index}"


def _case(row: _Row) -> list[Any]:
    case = row.test_case or _Case()
    return [_canonical(case.description), _canonical(case.vars or row.vars), _canonical(case.checks)]


def _canonical(raw: msgspec.Raw) -> Any:
    """Decode a value so that its digest does not depend on the order of keys; return a very large one as text."""
    text = bytes(raw)
    if not text:
        return None
    if len(text) + _BYTES_OF_VALUE * sum(map(text.count, (b",", b"[", b"{"))) > _LARGEST_CASE:
        return blake2b(text, digest_size=12).hexdigest()
    return decode(text, Any)
