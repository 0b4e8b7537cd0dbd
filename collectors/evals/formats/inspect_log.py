"""JSON logs of Inspect (`inspect eval --log-format json`), version 2 of its log format.

Only logs of a run that ended well and was not invalidated count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from collectors.evals.formats.interface import BadInput, Entry, NotFinished, RawResult, decode, digest, moment
from collectors.interface import Result

_VERSION = 2
_SPREADS = frozenset({"stderr", "bootstrap_stderr", "std", "var"})
_MEANS = frozenset({"accuracy", "mean"})
"""The metrics that `stderr` belongs to; it is the standard error of the mean score."""


class _Dataset(msgspec.Struct):
    name: str | None = None
    samples: int | None = None
    sample_ids: list[str | int] | None = None


class _Config(msgspec.Struct):
    epochs: int | None = None


class _Eval(msgspec.Struct):
    task: str
    model: str
    created: Any = None
    task_version: int | str = 0
    dataset: _Dataset = msgspec.field(default_factory=_Dataset)
    config: _Config = msgspec.field(default_factory=_Config)
    metadata: dict[str, Any] | None = None


class _Metric(msgspec.Struct):
    value: float


class _Score(msgspec.Struct):
    name: str
    reducer: str | None = None
    scored_samples: int | None = None
    metrics: dict[str, _Metric] = msgspec.field(default_factory=dict)


class _Results(msgspec.Struct):
    completed_samples: int = 0
    scores: list[_Score] = msgspec.field(default_factory=list)


class _Stats(msgspec.Struct):
    completed_at: Any = None


class _Log(msgspec.Struct):
    version: int
    status: str
    eval: _Eval
    invalidated: bool = False
    results: _Results | None = None
    stats: _Stats | None = None


def parse(data: bytes) -> Iterator[Entry]:
    """Every metric of every scorer, named `scorer/metric`."""
    log = decode(data, _Log)
    if log.version != _VERSION:
        raise BadInput(Result.MISTYPED_FIELD, f"version {log.version} of the log format is not read, only 2 is")
    if log.status != "success" or log.invalidated:
        raise NotFinished
    if log.results is None or not log.results.scores:
        raise BadInput(Result.MISSING_FIELD, "has no scores")
    spec = log.eval
    at = moment((log.stats.completed_at if log.stats else None) or spec.created)
    metadata = spec.metadata or {}
    for score in log.results.scores:
        n = score.scored_samples
        if n is None:
            n = log.results.completed_samples // max(spec.config.epochs or 1, 1)
        error = score.metrics.get("stderr") or score.metrics.get("bootstrap_stderr")
        name = score.name if score.reducer in {None, "mean"} else f"{score.name}/{score.reducer}"
        for metric, measured in score.metrics.items():
            if metric not in _SPREADS:
                yield (
                    None,
                    RawResult(
                        system=_text(metadata.get("system")) or None,
                        # `openai/gpt-4o`: the API first, then the model, which may have slashes of its own.
                        model=spec.model.partition("/")[2] or spec.model,
                        prompt_version=_text(metadata.get("prompt_version")),
                        suite=spec.task,
                        suite_hash=_suite_hash(spec),
                        metric=f"{name}/{metric}",
                        value=measured.value,
                        stderr=error.value if error and metric in _MEANS else None,
                        n=n,
                        at=at,
                    ),
                )


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _suite_hash(spec: _Eval) -> str:
    data = spec.dataset
    samples = sorted(map(str, data.sample_ids)) if data.sample_ids else data.samples
    return digest([spec.task, str(spec.task_version), data.name, samples])
