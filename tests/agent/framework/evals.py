"""Builders of eval results and model counts; every date is relative to the day of `facts`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from leverwatch.collectors.interface import EvalResult
from tests.agent.framework.facts import AS_OF, ago

BASE, TUNED = "gpt-4o-mini", "ft:gpt-4o-mini:org::v1"


def result(age: int, passed: int | None = 150, n: int = 200, model: str = BASE, **changes: Any) -> EvalResult:
    """A result of so many days ago; a share of passed cases unless `passed` is None."""
    given: dict[str, Any] = {
        "system": "support-bot",
        "model": model,
        "prompt_version": "v1",
        "suite": "answers",
        "suite_hash": "h1",
        "metric": "accuracy",
        "value": 0.5 if passed is None else passed / n,
        "stderr": None,
        "n": n,
        "at": datetime.combine(ago(age), time(12), UTC),
        "higher_is_better": True,
        "passed": passed,
    }
    return EvalResult(**(given | changes))


def counts(count: float, first: int, last: int = 0) -> dict[date, float]:
    """The same count a day, from `first` to `last` days ago."""
    return {AS_OF - timedelta(days=age): count for age in range(last, first + 1)}
