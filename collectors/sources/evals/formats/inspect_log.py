"""JSON logs of Inspect (`inspect eval --log-format json`), version 2 of its log format.

Only logs of a run that ended well and was not invalidated count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any, BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, convert, decode, number
from leverwatch.collectors.records.outline import VALUE, Each, Wanted, outline
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_METRICS,
    Entry,
    NotFinished,
    RawResult,
    digest,
    moment,
)
from leverwatch.collectors.sources.evals.formats.packed import header_of

_ENDS = frozenset({"started", "success", "cancelled", "error"})
_VERSION = 2
_LARGEST_SCORE = 1 << 20
_LARGEST_ID = 4 << 10
_MOST_IDS = 500_000
_LARGEST_IDS = 32 << 20
"""The largest total length of the ids of all samples, in characters."""
_SPREADS = frozenset({"stderr", "bootstrap_stderr", "std", "var"})
_MEANS = frozenset({"accuracy", "mean"})
"""The metrics to which `stderr` applies, as it is the standard error of the mean score."""


class _Dataset(msgspec.Struct):
    name: str | None = None
    samples: int | None = None
    sample_ids: list[Any] | None = None


class _Config(msgspec.Struct):
    epochs: int | None = None
    epochs_reducer: Any = None


class _Eval(msgspec.Struct):
    task: str
    model: str
    created: Any = None
    task_version: int | str = 0
    dataset: _Dataset = msgspec.field(default_factory=_Dataset)
    config: _Config = msgspec.field(default_factory=_Config)
    metadata: dict[str, Any] | None = None


class _Params(msgspec.Struct):
    group_key: Any = None
    """The name of the value of samples by which they are grouped."""
    all: Any = None
    """`groups`: the metric of all is the mean of those of the groups."""
    all_label: Any = "all"


class _Metric(msgspec.Struct):
    value: msgspec.Raw
    name: str = ""
    group: str | None = None
    params: _Params = msgspec.field(default_factory=_Params)


class _Score(msgspec.Struct):
    name: str
    scorer: str | None = None
    reducer: str | None = None
    scored_samples: int | None = None
    metrics: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Scorer:
    """The wanted values of a score."""

    name: str
    scorer: str
    n: int | None
    metrics: dict[str, float | BadInput]
    grouped: frozenset[str]
    """Metrics over groups of samples, or over groups, whose sizes the results do not tell."""
    several: frozenset[str]
    """Metrics that are one of several values of one function: whether more of it is better is not told."""

    @property
    def stderr(self) -> float | BadInput | None:
        """The standard error, from any of its names; None when unknown, `BadInput` when it is not a number."""
        return self.metrics.get("stderr", self.metrics.get("bootstrap_stderr"))


class _Results(msgspec.Struct):
    completed_samples: int = 0
    total_samples: int = 0
    early_stopping: Any = None


class _Stats(msgspec.Struct):
    completed_at: Any = None


class _Log(msgspec.Struct):
    version: int
    status: str
    eval: _Eval
    invalidated: bool = False
    results: _Results | None = None
    stats: _Stats | None = None


class _Samples:
    """Collects the ids of the samples while the file is read."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._size = 0

    def add(self, _: str | int, text: bytes | None) -> None:
        """Add one id, given as JSON text.

        Raises:
            BadInput: it is not an id, or the ids are too long in total.
        """
        if text is None:
            raise BadInput(Result.INVALID_LINE, f"an id of a sample is larger than {_LARGEST_ID >> 10} KiB")
        self.ids.append(str(decode(text, str | int)))  # type: ignore[arg-type]  # a union is a type to msgspec
        self._size += len(text)
        if len(self.ids) > _MOST_IDS or self._size > _LARGEST_IDS:
            raise BadInput(
                Result.INVALID_LINE,
                f"has more than {_MOST_IDS:_} ids of samples, or more than {_LARGEST_IDS >> 20} MiB of them",
            )

    def add_stop(self, index: str | int, text: bytes | None) -> None:
        """Add the id of a sample that was stopped early."""
        self.add(index, None if text is None else bytes(decode(text, _Stop).id))


class _Stop(msgspec.Struct):
    id: msgspec.Raw


class _Scores:
    """Collects the scores while the file is read; an invalid score is reported and left out."""

    def __init__(self) -> None:
        self.found: list[_Scorer | BadInput] = []
        self._metrics = 0

    def add(self, _: str | int, text: bytes | None) -> None:
        """Add one scorer with its metrics, given as JSON text."""
        score = self._read(text)
        self.found.append(score)
        self._metrics += 1 if isinstance(score, BadInput) else len(score.metrics)

    def _read(self, text: bytes | None) -> _Scorer | BadInput:
        if self._metrics > MOST_METRICS:
            return BadInput(Result.INVALID_LINE, f"has more than {MOST_METRICS:_} different metrics")
        if text is None:
            return BadInput(Result.INVALID_LINE, f"one of its scores is larger than {_LARGEST_SCORE >> 20} MiB")
        try:
            return _scorer(decode(text, _Score))
        except BadInput as problem:
            return problem


def parse_packed(data: BinaryIO) -> Iterator[Entry]:
    """Yield the same of a packed log (`.eval`), which is what Inspect writes by default."""
    return parse(header_of(data))


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield every metric of every scorer, named `scorer/metric`.

    Raises:
        BadInput: the file is not such a log, of another version, or has no scores.
        NotFinished: the run did not succeed, or was invalidated.
    """
    samples, stops, scores = _Samples(), _Samples(), _Scores()
    log = convert(outline(data, _wanted(samples, stops, scores)), _Log)
    if log.version != _VERSION:
        raise BadInput(Result.MISTYPED_FIELD, f"version {log.version} of the log format is not read, only 2 is")
    if log.status != "success" or log.invalidated:
        # Any other word is a text of the file.
        ended = log.status if log.status in _ENDS else "something else"
        raise NotFinished("the run was invalidated" if log.invalidated else f"the run ended as {ended}")
    if log.results is None or not scores.found:
        raise BadInput(Result.MISSING_FIELD, "has no scores")
    spec = log.eval
    at = moment((log.stats.completed_at if log.stats else None) or spec.created)
    epochs = max(spec.config.epochs or 1, 1)
    unreduced = epochs if spec.config.epochs_reducer == [] else 1
    suite_hash = _suite_hash(spec, samples.ids, stops.ids)
    missing = max(log.results.total_samples - log.results.completed_samples - len(stops.ids), 0)
    cases = -(-(log.results.total_samples - len(stops.ids)) // epochs)
    names = Counter(score.name for score in scores.found if isinstance(score, _Scorer))
    metadata = spec.metadata or {}
    for score in scores.found:
        if isinstance(score, BadInput):
            yield None, score
            continue
        n = score.n
        if n is None:
            n = log.results.completed_samples // epochs
        else:
            n //= unreduced
        name = score.name if names[score.name] == 1 else f"{score.scorer}/{score.name}"
        for metric, value in score.metrics.items():
            if metric in _SPREADS:
                continue
            stderr = score.stderr if metric in _MEANS and n > 1 else None
            if isinstance(value, BadInput):
                yield None, value
                continue
            if isinstance(stderr, BadInput):
                yield None, stderr
                continue
            if metric in score.grouped:
                # Nobody can mend that, and the metrics of all samples count.
                yield None, BadInput(Result.IGNORED, "does not tell how many samples a group of them has")
                continue
            # Epochs that were not reduced are no cases of their own; taken for independent, they look too certain.
            widened = stderr if stderr is None else stderr * sqrt(unreduced)
            yield (
                None,
                RawResult(
                    system=_text(metadata.get("system")) or None,
                    # `openai/gpt-4o`: the API first, then the model, which may have slashes of its own.
                    model=spec.model.partition("/")[2] or spec.model,
                    prompt_version=_text(metadata.get("prompt_version")),
                    suite=spec.task,
                    suite_hash=suite_hash,
                    metric=f"{name}/{metric}",
                    value=value,
                    stderr=widened,
                    n=n,
                    at=at,
                    higher_is_better=None if metric in score.several else True,
                    errored=-(-missing // epochs),
                    cases=cases,
                ),
            )


def _wanted(samples: _Samples, stops: _Samples, scores: _Scores) -> Wanted:
    dataset: Wanted = {"name": VALUE, "samples": VALUE, "sample_ids": Each(samples.add, _LARGEST_ID)}
    return {
        "version": VALUE,
        "status": VALUE,
        "invalidated": VALUE,
        "eval": {
            "task": VALUE,
            "model": VALUE,
            "created": VALUE,
            "task_version": VALUE,
            "dataset": dataset,
            "config": {"epochs": VALUE, "epochs_reducer": VALUE},
            "metadata": {"system": VALUE, "prompt_version": VALUE},
        },
        "results": {
            "completed_samples": VALUE,
            "total_samples": VALUE,
            "early_stopping": {"early_stops": Each(stops.add_stop, _LARGEST_ID)},
            "scores": Each(scores.add, _LARGEST_SCORE),
        },
        "stats": {"completed_at": VALUE},
    }


def _scorer(score: _Score) -> _Scorer:
    name = score.name if score.reducer in {None, "mean"} else f"{score.name}/{score.reducer}"
    # No longer name is one, and what is kept of thousands should be small.
    metrics = {metric[: LONGEST + 1]: _value(raw) for metric, raw in score.metrics.items()}
    known = {name: _decoded(raw) for name, raw in score.metrics.items()}
    return _Scorer(
        name[: LONGEST + 1],
        (score.scorer or "")[:LONGEST],
        score.scored_samples,
        metrics,
        frozenset(name for name, found in known.items() if found is not None and _is_of_group(name, found)),
        frozenset(name for name, found in known.items() if found is not None and _is_one_of_several(found)),
    )


def _decoded(measured: msgspec.Raw) -> _Metric | None:
    try:
        return decode(bytes(measured), _Metric)
    except BadInput:
        return None


def _is_of_group(name: str, metric: _Metric) -> bool:
    """Whether a metric is over fewer than all samples, or over groups instead of samples."""
    params = metric.params
    if params.group_key is None:
        return False
    return bool(params.all == "groups" or (metric.name or name) != params.all_label)


def _is_one_of_several(metric: _Metric) -> bool:
    return metric.group is not None and metric.params.group_key is None


def _value(measured: msgspec.Raw) -> float | BadInput:
    try:
        return number(bytes(decode(bytes(measured), _Metric).value))
    except BadInput as problem:
        return problem


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _suite_hash(spec: _Eval, ids: list[str], stopped: list[str]) -> str:
    data = spec.dataset
    made: list[object] = [spec.task, str(spec.task_version), data.name, sorted(ids) or data.samples]
    if stopped:
        made.append(sorted(stopped))
    return digest(made)
