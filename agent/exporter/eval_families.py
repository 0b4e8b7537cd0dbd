"""Metric families of the newest eval results of each system, of whatever model, judged or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leverwatch.agent.exporter.family import Family, Sample, timestamp
from leverwatch.agent.exporter.per_system import as_of
from leverwatch.agent.framework.newest_evals import MOST
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.collectors.interface import EvalResult

_EMITTED = f"for the newest result of each model, suite and metric, the {MOST} newest of a system"


def _newest(name: str, meaning: str, value: Callable[[EvalResult], float]) -> Family[SystemsSnapshot]:
    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for one in view.assessment.evaluations if view.assessment else ():
                yield (view.system, one.model, one.suite, one.metric), value(one)

    labels = ("system", "model", "suite", "metric")
    return Family(name, "gauge", as_of(meaning), labels, _EMITTED, samples)


EVALS: tuple[Family[SystemsSnapshot], ...] = (
    _newest(
        "leverwatch_eval_result_score",
        "The value of the newest eval result, in the unit of its metric; a share is between 0 and 1.",
        lambda one: one.value,
    ),
    _newest(
        "leverwatch_eval_result_cases",
        "Test cases that the score of the newest eval result is computed from.",
        lambda one: one.n,
    ),
    _newest(
        "leverwatch_eval_result_timestamp_seconds",
        "Time of the run of the newest eval result.",
        lambda one: timestamp(one.at),
    ),
)
"""The families of eval results, as they were read."""
