"""The newest eval results of a system, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.interface import EvalResult

MOST = 40
"""How many results of one system are shown at most, the newest."""


def newest_evals(results: Sequence[EvalResult]) -> tuple[EvalResult, ...]:
    """Return the newest result of each model, suite and metric, the newest of all first."""
    found: dict[tuple[str, str, str], EvalResult] = {}
    for result in sorted(results, key=lambda one: (one.at, one.n)):
        found[result.model, result.suite, result.metric] = result
    ranked = sorted(found.items(), key=lambda item: item[0])
    return tuple(result for _, result in sorted(ranked, key=lambda item: item[1].at, reverse=True)[:MOST])
