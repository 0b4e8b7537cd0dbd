"""Turns raw results into results: assigns system and model, and checks every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePath

from leverwatch.collectors.interface import EvalResult, Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.evals.formats.interface import LONGEST, MOST_CASES, RawResult

_AHEAD = timedelta(minutes=10)
"""The tolerated drift of clocks: a result may lie so far in the future."""
_LARGEST_VALUE = 1e100
"""The largest value; the square of a larger one might be infinite."""


class Attribution:
    """The settings by which results are assigned to systems and models."""

    def __init__(self, config: EvalsConfig) -> None:
        self._template, self._model = parse_template(config.system), parse_template(config.model)
        self._models: Mapping[str, str] = config.models

    def result(self, raw: RawResult, path: str, now: datetime, written: datetime) -> EvalResult:
        """Return a raw result as a result with its system and model.

        Raises:
            BadInput: it names no system, or a number, time or name is out of bounds.
        """
        at = raw.at or written
        file = PurePath(path)
        folder = file.parent.parent if raw.own_folder and file.parent.name == raw.own_folder else file.parent
        known: dict[str, object] = {
            "system": raw.system,
            "suite": raw.suite,
            "model": raw.model or None,
            "prompt_version": raw.prompt_version,
            "folder": folder.name,
            "file": file.stem,
        }
        system = self._template.fill(tuple(known[name] for name in self._template.paths))
        if self._template.constant is not None:
            system = self._template.constant
        if system is None:
            raise BadInput(Result.UNATTRIBUTED, "names no system; set `system` of the source")
        model = self._model.fill(tuple(known[name] for name in self._model.paths))
        if not raw.model and model is None:
            raise BadInput(Result.MISSING_FIELD, "names no model; set `model` of the source")
        raw = replace(raw, model=raw.model if self._model.paths == ("model",) and raw.model else model or "")
        _check(raw, at, now)
        return EvalResult(
            system=system,
            model=self._models.get(raw.model, raw.model),
            prompt_version=raw.prompt_version,
            suite=raw.suite,
            suite_hash=raw.suite_hash,
            metric=raw.metric,
            value=raw.value,
            stderr=raw.stderr,
            n=raw.n,
            at=at,
            higher_is_better=raw.higher_is_better,
            passed=raw.passed,
            errored=raw.errored,
            cases=raw.cases,
        )


def _check(raw: RawResult, at: datetime, now: datetime) -> None:
    for name in ("model", "suite", "suite_hash", "metric", "prompt_version"):
        text = getattr(raw, name)
        if text == "" and name == "prompt_version":
            continue
        if not is_usable(text):
            raise BadInput(
                Result.MISTYPED_FIELD, f"{name} must be 1 to {LONGEST} printable characters, not all of them blank"
            )
    if not abs(raw.value) <= _LARGEST_VALUE:
        raise BadInput(Result.MISTYPED_FIELD, f"value must be a finite number, not beyond {_LARGEST_VALUE:g}")
    if not 1 <= raw.n <= MOST_CASES:
        raise BadInput(Result.MISTYPED_FIELD, f"n must be from 1 to {MOST_CASES:_}")
    if raw.stderr is not None and not 0 <= raw.stderr <= _LARGEST_VALUE:
        raise BadInput(Result.MISTYPED_FIELD, "stderr must be a finite number, not below 0")
    if raw.passed is not None and not 0 <= raw.passed <= raw.n:
        raise BadInput(Result.MISTYPED_FIELD, "passed must be from 0 to n")
    if at > now + _AHEAD:
        raise BadInput(Result.FUTURE, "the time of the run is in the future")
