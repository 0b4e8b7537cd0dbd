"""Result files of lm-eval, the Language Model Evaluation Harness (`results_<time>.json`)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, convert, decode, number
from leverwatch.collectors.records.outline import VALUE, Each, Mark, Value, Wanted, outline
from leverwatch.collectors.sources.evals.formats.interface import (
    LONGEST,
    MOST_RESULTS,
    Entry,
    RawResult,
    digest,
    moment,
)

_LARGEST = 1 << 20
_LONGEST = 1_000
T = TypeVar("T")
Text = TypeVar("Text", str, bytes)
_MADE_UP = re.compile(r"[a-zA-Z0-9]{8}")
_NOT_SCORED = frozenset({"bypass"})
"""The metric that `--predict_only` puts in the place of every other one."""
_MODEL_ARGUMENT = re.compile(r"(?:^|,)\s*(peft|pretrained|model)=([^,]+)")


class _Samples(msgspec.Struct):
    effective: int
    original: int | None = None


class _Config(msgspec.Struct):
    model: str | None = None
    model_args: Any = None


class _Task(msgspec.Struct):
    dataset_path: str | None = None
    dataset_name: str | None = None
    test_split: str | None = None
    validation_split: str | None = None
    dataset_kwargs: msgspec.Raw = msgspec.Raw()


class _Top(msgspec.Struct):
    results: dict[str, Any]
    date: Any = None
    config: _Config = msgspec.field(default_factory=_Config)
    model_name: str | None = None
    model_name_sanitized: Any = None
    system_instruction_sha: str | None = None


class _Table(dict[str, T]):
    """Collects a mapping with task names as keys while the file is read; entries beyond the limit are counted."""

    def __init__(self, read: Callable[[bytes], T]) -> None:
        super().__init__()
        self._read = read

    def add(self, task: str | int, text: bytes | None) -> None:
        """Add the value of a task, given as JSON text.

        Raises:
            BadInput: it is too large, or of another type.
        """
        if text is None:
            raise BadInput(Result.INVALID_LINE, f"what it says of a task is larger than {_LARGEST >> 20} MiB")
        if len(self) >= MOST_RESULTS:
            raise BadInput(Result.INVALID_LINE, f"has more than {MOST_RESULTS:_} tasks")
        self[str(task)] = self._read(text)


class _File:
    """The contents of a file, with its tables of tasks."""

    def __init__(self) -> None:
        self.metrics: _Table[dict[str, float | str | None]] = _Table(self._metrics)
        self.samples = _Table(lambda text: decode(text, _Samples))
        self.shots = _Table(_short)
        self.versions = _Table(_short)
        self.configs = _Table(_task)
        self.groups = _Table(lambda _: None)
        self.higher = _Table(self._direction)
        self.task_hashes = _Table(lambda text: _bounded(decode(text, str)))
        self.left = 0
        """How many values of metrics were left out because of the limit."""
        self._kept = self._directions = 0

    def read(self, data: BinaryIO) -> _Top:
        """Read the tables of a file, and return its other wanted values."""
        tables: dict[str, _Table[Any]] = {
            "results": self.metrics,
            "n-samples": self.samples,
            "n-shot": self.shots,
            "versions": self.versions,
            "configs": self.configs,
            "groups": self.groups,
            "higher_is_better": self.higher,
            "task_hashes": self.task_hashes,
        }
        wanted: dict[str, Value | Each | Mark | Wanted] = {
            "date": VALUE,
            "config": {"model": VALUE, "model_args": VALUE},
            "model_name": VALUE,
            "model_name_sanitized": VALUE,
            "predict_only": VALUE,
            "system_instruction_sha": VALUE,
        }
        wanted |= {name: Each(table.add, _LARGEST) for name, table in tables.items()}
        return convert(outline(data, wanted), _Top)

    def _metrics(self, text: bytes) -> dict[str, float | str | None]:
        found: dict[str, float | str | None] = {}
        for key, raw in decode(text, dict[str, msgspec.Raw]).items():
            if self._kept == 2 * MOST_RESULTS:
                self.left += 1
                continue
            self._kept += 1
            # No longer name is a metric, and none of the other values is one.
            found[key[: LONGEST + 1]] = _value(bytes(raw))
        return found

    def _direction(self, text: bytes) -> dict[str, bool | None]:
        found = decode(text, dict[str, bool | None])
        self._directions += len(found)
        if self._directions > 4 * MOST_RESULTS:
            raise BadInput(Result.INVALID_LINE, f"has more than {4 * MOST_RESULTS:_} metrics in higher_is_better")
        return {key[: LONGEST + 1]: higher for key, higher in found.items()}


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield every metric of every task, without the means over groups of tasks, which repeat them."""
    file = _File()
    top = file.read(data)
    at, model = moment(top.date), _model(top)
    for task, metrics in file.metrics.items():
        if task not in file.samples and task in file.groups:
            continue
        for key, value in metrics.items():
            name, comma, group = key.partition(",")
            if not comma or name.endswith("_stderr") or isinstance(value, str):
                continue
            if task not in file.samples:
                yield None, BadInput(Result.MISSING_FIELD, "n-samples lacks one of the tasks")
                break
            if value is None:
                yield None, BadInput(Result.MISTYPED_FIELD, "one of the values is no number")
                continue
            if name in _NOT_SCORED:
                continue
            error = metrics.get(f"{name}_stderr,{group}")
            yield (
                None,
                RawResult(
                    model=model,
                    prompt_version=(top.system_instruction_sha or "")[:16],
                    suite=task,
                    suite_hash=_suite_hash(file, task),
                    metric=name if group == "none" else f"{name},{group}",
                    value=value,
                    # "N/A" where the harness cannot tell.
                    stderr=error if isinstance(error, float) else None,
                    n=file.samples[task].effective,
                    at=at,
                    higher_is_better=file.higher.get(task, {}).get(name),
                    own_folder=str(top.model_name_sanitized or ""),
                ),
            )
    for _ in range(file.left):
        yield None, BadInput(Result.INVALID_LINE, f"has more than {2 * MOST_RESULTS:_} values")


def _short(text: bytes) -> str:
    return str(decode(_bounded(text), Any))


def _value(text: bytes) -> float | str | None:
    """Return a number; an empty text for a text such as "N/A"; None for anything else."""
    if text[:1] == b'"':
        return ""
    found = number(text)
    return None if math.isnan(found) else found


def _task(text: bytes) -> _Task:
    task = decode(text, _Task)
    for name in ("dataset_path", "dataset_name", "test_split", "validation_split"):
        _bounded(getattr(task, name) or "")
    return task


def _bounded(text: Text) -> Text:
    if len(text) > _LONGEST:
        raise BadInput(Result.INVALID_LINE, f"what it says of a task is longer than {_LONGEST:_} characters")
    return text


def _model(file: _Top) -> str:
    arguments = file.config.model_args
    # Where none was named, the harness makes up 8 characters, others in each run.
    if file.model_name and (arguments or not _MADE_UP.fullmatch(file.model_name)):
        return file.model_name
    if not arguments and file.config.model:
        return file.config.model
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
    arguments: object = decode(bytes(config.dataset_kwargs) or b"null", Any)
    made = digest(
        [
            task,
            str(file.versions.get(task)),
            str(file.shots.get(task)),
            config.dataset_path,
            config.dataset_name,
            config.test_split or config.validation_split,
            samples.original,
            samples.effective,
            # Left out where there are none, so that what older versions stored is still the same suite.
            *([digest(arguments)] if arguments is not None else []),
        ]
    )
    cases = file.task_hashes.get(task)
    return f"{made}~{digest([task, cases])}" if cases else made
