"""Small invented result files of every format, and a bench that runs the collector as the runner does."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import Batch, CollectorContext, EvalResult, Problem, Result, SourceState
from leverwatch.collectors.sources.evals.collector import EvalsCollector
from leverwatch.collectors.sources.evals.config import EvalsConfig

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
CANARY = "the secret recipe of grandmother's soup"


def own(**changes: Any) -> dict[str, Any]:
    line = {
        "ts": "2026-10-01T08:00:00Z",
        "system": "bot",
        "model": "gpt-4o-mini",
        "prompt_version": "v7",
        "suite": "answers",
        "metric": "accuracy",
        "value": 0.9,
        "n": 200,
    }
    return {key: value for key, value in (line | changes).items() if value is not ...}


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def promptfoo_row(
    success: bool, score: float, *, case: str = "a", provider: str = "openai:chat:gpt-4o-mini"
) -> dict[str, Any]:
    return {
        "provider": {"id": provider, "label": ""},
        "promptId": "0123456789abcdef0123",
        "promptIdx": 0,
        "prompt": {"raw": CANARY, "label": CANARY},
        "testCase": {"vars": {"question": CANARY + case}, "assert": [{"type": "equals", "value": CANARY}]},
        "vars": {"question": CANARY + case},
        "response": {"output": CANARY},
        "success": success,
        "score": score,
        "namedScores": {"tone": score / 2},
        "failureReason": 0,
        "latencyMs": 12,
    }


def promptfoo(rows: list[dict[str, Any]], version: int = 3, **changes: Any) -> dict[str, Any]:
    results = {"version": version, "timestamp": "2026-10-01T08:00:00.000Z", "results": rows, "stats": {}}
    extra: dict[str, Any] = {"prompts": []} if version == 3 else {"table": {"head": {"prompts": []}, "body": []}}
    return {"evalId": "e1", "config": {"description": "support  bot"}, "results": results | extra | changes}


def inspect_log(**changes: Any) -> dict[str, Any]:
    log = {
        "version": 2,
        "status": "success",
        "eval": {
            "task": "answers",
            "task_version": 1,
            "created": "2026-10-01T07:00:00+00:00",
            "model": "openai/gpt-4o-mini",
            "dataset": {"name": "answers", "samples": 3, "sample_ids": ["b", "a", "c"]},
            "config": {"epochs": 2},
            "metadata": {"system": "bot", "prompt_version": "v7"},
        },
        "results": {
            "total_samples": 6,
            "completed_samples": 6,
            "scores": [
                {
                    "name": "includes",
                    "scorer": "includes",
                    "metrics": {
                        "accuracy": {"name": "accuracy", "value": 0.5},
                        "f1": {"name": "f1", "value": 0.4},
                        "stderr": {"name": "stderr", "value": 0.25},
                    },
                }
            ],
        },
        "stats": {"started_at": "2026-10-01T07:00:00+00:00", "completed_at": "2026-10-01T08:00:00+00:00"},
        "samples": [{"id": "a", "input": CANARY, "output": {"completion": CANARY}}],
    }
    return log | changes


def lm_eval(**changes: Any) -> dict[str, Any]:
    file = {
        "results": {
            "answers": {
                "alias": "answers",
                "acc,none": 0.75,
                "acc_stderr,none": 0.02,
                "exact_match,strict-match": 0.5,
                "exact_match_stderr,strict-match": "N/A",
            },
            "all": {"alias": "all", "acc,none": 0.75, "acc_stderr,none": 0.02},
        },
        "groups": {"all": {"acc,none": 0.75}},
        "configs": {"answers": {"task": "answers", "dataset_path": "org/answers", "doc_to_text": CANARY}},
        "versions": {"answers": 1.0},
        "n-shot": {"answers": 5},
        "n-samples": {"answers": {"original": 500, "effective": 400}},
        "higher_is_better": {"answers": {"acc": True, "exact_match": True}},
        "config": {"model": "hf", "model_args": "pretrained=org/base,peft=org/bot-lora,dtype=bfloat16"},
        "date": 1790841600.5,
        "task_hashes": {},
    }
    return file | changes


class Bench:
    """A folder of result files, a store of results, and a collector between them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.now = NOW
        self.settings: dict[str, Any] = {"path": "*", "system": "bot"} | settings
        self.state: dict[str, bytes] = {}
        self.revision = 0
        self.results: list[EvalResult] = []
        self.tallies: Counter[Result] = Counter()
        self.problems: list[Problem] = []
        self.restart()

    def restart(self, **settings: Any) -> None:
        self.settings |= settings
        self.restart_with(lambda: False)

    def restart_with(self, stopping: Callable[[], bool]) -> None:
        config = EvalsConfig.model_validate({"name": "evals", "type": "evals"} | self.settings)
        context = CollectorContext(self.folder, self.folder / "cache", lambda: self.now, stopping=stopping)
        self.collector = EvalsCollector(config, context)

    def write(self, name: str, content: bytes | dict[str, Any], *, age: timedelta = timedelta(hours=1)) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return self.touch(path, age)

    def touch(self, path: Path, age: timedelta = timedelta(hours=1)) -> Path:
        moment = (self.now - age).timestamp()
        os.utime(path, (moment, moment))
        return path

    def collect(self) -> list[EvalResult]:
        """The results of one run."""
        found: list[EvalResult] = []
        state = dict(self.state)
        for batch in self.collector.collect(SourceState(self.revision, lambda: state)):
            self._apply(batch)
            found += batch.eval_results
            self.results += batch.eval_results
        return found

    def _apply(self, batch: Batch) -> None:
        self.revision += 1
        self.state |= {key: value for key, value in batch.state.items() if value is not None}
        self.tallies.update(batch.tallies)
        self.problems += batch.problems
