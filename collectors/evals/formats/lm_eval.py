"""Result files of lm-eval, the Language Model Evaluation Harness (`results_<time>.json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from collectors.evals.formats.interface import BadInput, Entry, RawResult, decode, digest, moment
from collectors.interface import Result

_MODEL_ARGUMENT = re.compile(r"(?:^|,)\s*(peft|pretrained|model)=([^,]+)")


class _Samples(msgspec.Struct):
    effective: int
    original: int | None = None


class _Config(msgspec.Struct):
    model_args: Any = None


class _Task(msgspec.Struct):
    dataset_path: str | None = None
    dataset_name: str | None = None
    test_split: str | None = None
    validation_split: str | None = None


class _File(msgspec.Struct):
    results: dict[str, dict[str, Any]]
    date: Any = None
    samples: dict[str, _Samples] = msgspec.field(name="n-samples", default_factory=dict)
    shots: dict[str, Any] = msgspec.field(name="n-shot", default_factory=dict)
    versions: dict[str, Any] = msgspec.field(default_factory=dict)
    configs: dict[str, _Task] = msgspec.field(default_factory=dict)
    config: _Config = msgspec.field(default_factory=_Config)
    groups: dict[str, Any] | None = None
    higher: dict[str, dict[str, bool | None]] = msgspec.field(name="higher_is_better", default_factory=dict)
    task_hashes: dict[str, str] | None = None
    model_name: str | None = None
    system_instruction_sha: str | None = None


def parse(data: bytes) -> Iterator[Entry]:
    """Every metric of every task; the means over groups of tasks are left out, since they repeat them."""
    file = decode(data, _File)
    at, model = moment(file.date), _model(file)
    for task, metrics in file.results.items():
        if task not in file.samples and task in (file.groups or {}):
            continue
        for key, value in metrics.items():
            name, comma, group = key.partition(",")
            if not comma or name.endswith("_stderr") or isinstance(value, str):
                continue
            if task not in file.samples:
                yield None, BadInput(Result.MISSING_FIELD, "n-samples lacks one of the tasks")
                break
            score = _number(value)
            if score is None:
                yield None, BadInput(Result.MISTYPED_FIELD, "one of the values is no number")
                continue
            yield (
                None,
                RawResult(
                    model=model,
                    prompt_version=(file.system_instruction_sha or "")[:16],
                    suite=task,
                    suite_hash=(file.task_hashes or {}).get(task) or _suite_hash(file, task),
                    metric=name if group == "none" else f"{name},{group}",
                    value=score,
                    # "N/A" where the harness cannot tell.
                    stderr=_number(metrics.get(f"{name}_stderr,{group}")),
                    n=file.samples[task].effective,
                    at=at,
                    higher_is_better=file.higher.get(task, {}).get(name),
                ),
            )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _model(file: _File) -> str:
    arguments = file.config.model_args
    if file.model_name:
        return file.model_name
    if isinstance(arguments, dict):
        found = {key: str(value) for key, value in arguments.items() if isinstance(value, str)}
    else:
        found = dict(_MODEL_ARGUMENT.findall(arguments if isinstance(arguments, str) else ""))
    name = found.get("peft") or found.get("pretrained") or found.get("model")
    if not name:
        raise BadInput(Result.MISSING_FIELD, "names no model")
    return name


def _suite_hash(file: _File, task: str) -> str:
    config, samples = file.configs.get(task, _Task()), file.samples[task]
    return digest(
        [
            task,
            str(file.versions.get(task)),
            str(file.shots.get(task)),
            config.dataset_path,
            config.dataset_name,
            config.test_split or config.validation_split,
            samples.original,
            samples.effective,
        ]
    )
