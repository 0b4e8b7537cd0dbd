"""A store of very many systems, each with several models, results of evaluations and everything flagged."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import (
    Batch,
    ChangeKind,
    EvalResult,
    ModelShutdown,
    Operation,
    PromptChange,
    UsageRow,
)

MODELS = ("gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "ft:gpt-4o-mini:acme::abc", "text-davinci-003")
_DAYS = 90
_SHARES = (0.3, 0.2, 0.1, 0.35, 0.05)


def fill(store: Store, systems: int, today: date) -> None:
    """Every system with usage, prompt changes and results, in batches of 50 systems."""
    rng = random.Random(7)
    days = frozenset(today - timedelta(days=age) for age in range(_DAYS + 1))
    for revision, start in enumerate(range(0, systems, 50)):
        names = [name(number) for number in range(start, min(start + 50, systems))]
        store.apply(
            "gateway",
            revision,
            Batch(
                state={},
                usage=tuple(row for system in names for row in _usage(system, today, rng)),
                days_seen=days,
                prompt_changes=tuple(change for system in names for change in _changes(system, today)),
                eval_results=tuple(result for system in names for result in _results(system, today, rng)),
            ),
        )
    soon = today + timedelta(days=20)
    store.apply("list", 0, Batch(state={}, model_shutdowns=tuple(ModelShutdown(model, soon) for model in MODELS)))


def configure(folder: Path, systems: int, port: int) -> Path:
    """A configuration that declares every system as what it should not be."""
    declared = {
        "declared_strategy": "prompt_engineering",
        "reviewed": "2024-01-01",
        "locked_in_behavior": ["an exact format"],
        "economics": {"tuned_model": MODELS[3]},
    }
    file = folder / "leverwatch.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "store": {"url": f"sqlite:///{folder / 'store.db'}"},
                "web": {"listen": f"127.0.0.1:{port}"},
                "evaluation": {"interval": "8s"},
                "systems": {name(number): declared for number in range(systems)},
            }
        )
    )
    return file


def name(number: int) -> str:
    """Of a system."""
    return f"a-system-with-a-name-of-some-length-{number:05}"


def _usage(system: str, today: date, rng: random.Random) -> Iterator[UsageRow]:
    level = rng.uniform(5e6, 5e7)
    for age in range(1, _DAYS + 1):
        for model, share in zip(MODELS, _SHARES, strict=True):
            number = round(level * share * (1 + 0.01 * (_DAYS - age)) * rng.uniform(0.9, 1.1))
            yield UsageRow(
                system,
                model,
                Operation.GENERATION,
                today - timedelta(days=age),
                inferences=number,
                errors=number * 0.01,
                attempts=number * 1.02,
                input_tokens=number * (4000.0 + 60 * (_DAYS - age)),
                cached_input_tokens=number * 10.0,
                output_tokens=number * 20.0,
                latency_ms=number * 800.0,
                cost_usd=number * 0.001,
                traced=number,
                traces=number / 9,
                checked=number,
                invalid=number * 0.2,
                finish_known=number,
                truncated=number * 0.1,
                static_known=number,
                static_tokens=number * 3800.0,
            )


def _changes(system: str, today: date) -> Iterator[PromptChange]:
    for week in range(17):
        for day in range(3):
            landed = datetime.combine(today - timedelta(weeks=week, days=day + 1), datetime.min.time(), UTC)
            yield PromptChange(system, f"{week}-{day}", landed, ChangeKind.MODIFIED, 1)


def _results(system: str, today: date, rng: random.Random) -> Iterator[EvalResult]:
    for week in range(12):
        at = datetime.combine(today - timedelta(weeks=week, days=1), datetime.min.time(), UTC)
        for model in MODELS[2:4]:
            for metric in ("accuracy", "format"):
                value = rng.uniform(0.5, 0.9)
                passed = round(value * 200)
                yield EvalResult(system, model, "v1", "golden", "aa", metric, value, None, 200, at, True, passed)
