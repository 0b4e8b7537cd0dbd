"""Responses of Ollama, as applications and proxies write them down; the last chunk of a stream is its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.plain import Divided, Plainly

_NO_CALL = frozenset({"load", "unload"})


def _finish(row: list[Any], done: bool | None, reason: str | None) -> Result | None:  # noqa: ARG001 all take a row
    if done is None:
        return Result.MISSING_FIELD
    return None if done and reason not in _NO_CALL else Result.NOT_A_CALL


def _recognise(record: Any) -> int:
    return 85 if isinstance(record, Mapping) and {"model", "created_at", "done"} <= record.keys() else 0


OLLAMA = Declaration(
    name="ollama",
    recognise=_recognise,
    fields={
        "time": "created_at",
        "model": "model",
        "input_tokens": "prompt_eval_count",
        "output_tokens": "eval_count",
        "latency_ms": "total_duration",
        "finish_reason": "done_reason",
    },
    names={"model": "model"},
    extras={"done": ("done", bool | None), "reason": ("done_reason", str | None)},
    convert={"latency_ms": Divided(1e6)},
    finish=_finish,
    plainly=Plainly(),
)
