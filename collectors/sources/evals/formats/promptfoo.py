"""Result files of promptfoo (`promptfoo eval -o results.json`), versions 2 and 3.

Everything is counted from the rows in `results.results`, which both versions have; `table` of version 2 and the
summaries in `prompts` repeat them. A row that failed with an error is a case that did not pass.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, convert, decode, number
from leverwatch.collectors.records.outline import VALUE, Each, Wanted, outline
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_METRICS,
    MOST_RESULTS,
    Entry,
    RawResult,
    digest,
    mean_and_error,
    moment,
)

_VERSIONS = (2, 3)
_SCRIPTS = ("file:", "http:", "https:", "python:", "exec:", "golang:", "ruby:", "package:")
_OURS = frozenset({"pass_rate", "score"})
_APIS = frozenset({"chat", "completion", "messages", "responses", "realtime", "assistant"})


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


class _Results(msgspec.Struct):
    version: int
    results: list[Any]
    timestamp: Any = None


class _Config(msgspec.Struct):
    description: str | None = None


class _File(msgspec.Struct):
    results: _Results
    config: _Config | None = None


@dataclass(slots=True)
class _Group:
    """Sums over the rows of one model and prompt."""

    rows: int = 0
    passed: int = 0
    cases: set[bytes] = field(default_factory=set)
    """The digests of the test cases."""
    scores: dict[str, array[float]] = field(default_factory=dict)


class _Rows:
    """Adds the rows up while the file is read."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], _Group] = {}
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
        key = _model(row)[: LONGEST + 1], _prompt(row)
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) == _MOST_GROUPS:
                raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_GROUPS:_} models and prompts")
            group = self.groups[key] = _Group()
        group.rows += 1
        group.passed += row.success
        group.cases.add(bytes.fromhex(digest(_case(row))))
        self._score(group, "score", row.score)
        for long, score in (row.named_scores or {}).items():
            name = long[: LONGEST + 1]
            if bytes(score) != b"null" and name not in _OURS and self._is_kept(name):
                self._score(group, name, score)

    def _is_kept(self, name: str) -> bool:
        if name in self.names:
            return True
        if len(self.names) < MOST_METRICS:
            self.names.add(name)
            return True
        if len(self.left) < MOST_RESULTS:
            self.left.add(name)
        return False

    def _score(self, group: _Group, name: str, score: msgspec.Raw) -> None:
        self.kept += 1
        if self.kept > _MOST_SCORES:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_SCORES:_} scores")
        values = group.scores.get(name)
        if values is None:
            self.series += 1
            if self.series > MOST_RESULTS:
                raise BadInput(Result.INVALID_LINE, f"has more than {MOST_RESULTS:_} results")
            values = group.scores[name] = array("d")
        values.append(number(bytes(score)))


@dataclass(frozen=True, slots=True)
class _Measure:
    metric: str
    value: float
    stderr: float | None
    n: int
    passed: int | None = None


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield pass rate, mean score and every named score of each provider and prompt.

    Raises:
        BadInput: the file is not such a result file, of another version, or has no rows.
    """
    rows = _Rows()
    results: Wanted = {"version": VALUE, "timestamp": VALUE, "results": Each(rows.add, _LARGEST_ROW)}
    file = convert(outline(data, {"results": results, "config": {"description": VALUE}}), _File)
    if file.results.version not in _VERSIONS:
        raise BadInput(Result.MISTYPED_FIELD, f"version {file.results.version} is not read, only 2 and 3 are")
    if not rows.rows:
        raise BadInput(Result.MISSING_FIELD, "has no rows in results.results")
    at = moment(file.results.timestamp)
    suite = " ".join(((file.config.description if file.config else None) or "").split())[:LONGEST] or "promptfoo"
    for (model, prompt), group in rows.groups.items():
        cases = digest(sorted(case.hex() for case in group.cases))
        for measure in _measures(group):
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
    for _ in rows.left:
        yield None, BadInput(Result.INVALID_LINE, f"has more than {MOST_METRICS:_} different metrics")


def _measures(group: _Group) -> Iterator[_Measure]:
    yield _Measure("pass_rate", group.passed / group.rows, None, group.rows, group.passed)
    for name, values in group.scores.items():
        mean, stderr = mean_and_error(values)
        yield _Measure(name, mean, stderr, len(values))


def _model(row: _Row) -> str:
    """Return the model of a provider id, `gpt-4o` of `openai:chat:gpt-4o`; ids of scripts and URLs are
    unchanged."""
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
