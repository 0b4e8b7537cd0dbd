"""Metric families of what was counted: inferences, tokens, cost and latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leverwatch.agent.exporter.family import Family, Sample
from leverwatch.agent.snapshot import ModelTotals, SystemsSnapshot

_EVERY_MODEL = "for every system and model with usage"
_WHEN_KNOWN = "unless it is unknown for every inference of the system and model"


def _per_model(
    name: str, meaning: str, value: Callable[[ModelTotals], float | None], emitted: str = _EVERY_MODEL
) -> Family[SystemsSnapshot]:
    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for totals in view.models:
                most = view.highest.get(totals.model)
                shown = (totals,) if most is None else (totals, most)
                known = [number for one in shown if (number := value(one)) is not None]
                if known:
                    yield (view.system, totals.model), max(known)

    help_text = f"{meaning} As of the latest evaluation."
    return Family(name, "counter", help_text, ("system", "model"), emitted, samples)


def _known(total: float, unknown: float, inferences: float) -> float | None:
    # Weights of sampled records are fractions, and two orders of adding them differ in the last bits.
    nothing_known = unknown > 0 and unknown >= inferences * (1 - 1e-9)
    # Prometheus reads a counter that falls as a new one, however small the fall: the last bits are left out.
    return None if nothing_known and total == 0 else round(total, 6)


def _latency(totals: ModelTotals) -> float | None:
    known = _known(totals.latency_ms, totals.unknown_latency, totals.inferences)
    return None if known is None else known / 1000


def _other_operations(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    for view in snapshot.systems:
        for operation, count in view.other_operations.items():
            yield (view.system, operation.value), count


USAGE: tuple[Family[SystemsSnapshot], ...] = (
    _per_model(
        "leverwatch_inferences_total",
        "Successful generation calls served by a model; the unit of every volume rule.",
        lambda totals: totals.inferences,
    ),
    _per_model(
        "leverwatch_inference_errors_total",
        "Generation calls that failed or were blocked; never part of inferences.",
        lambda totals: totals.errors,
    ),
    _per_model(
        "leverwatch_inference_attempts_total",
        "Calls made to a model server for generations, successful or not, retries included.",
        lambda totals: totals.attempts,
    ),
    _per_model(
        "leverwatch_gateway_cache_hits_total",
        "Generation calls answered by the response cache of a gateway; no model ran.",
        lambda totals: totals.cache_hits,
    ),
    _per_model(
        "leverwatch_input_tokens_total",
        "Input tokens of inferences whose input is known, cached tokens included.",
        lambda totals: _known(totals.input_tokens, totals.unknown_input, totals.inferences),
        _WHEN_KNOWN,
    ),
    _per_model(
        "leverwatch_cached_input_tokens_total",
        "Input tokens that a provider's prompt cache served, of inferences for which that is known.",
        lambda totals: _known(totals.cached_input_tokens, totals.unknown_cached, totals.inferences),
        _WHEN_KNOWN,
    ),
    _per_model(
        "leverwatch_output_tokens_total",
        "Output tokens of inferences whose output is known.",
        lambda totals: _known(totals.output_tokens, totals.unknown_output, totals.inferences),
        _WHEN_KNOWN,
    ),
    _per_model(
        "leverwatch_inferences_unknown_input_tokens_total",
        "Inferences whose input tokens are unknown; the token sum leaves them out.",
        lambda totals: totals.unknown_input,
    ),
    _per_model(
        "leverwatch_inferences_unknown_cached_input_tokens_total",
        "Inferences whose cached input tokens are unknown; the token sum leaves them out.",
        lambda totals: totals.unknown_cached,
    ),
    _per_model(
        "leverwatch_inferences_unknown_output_tokens_total",
        "Inferences whose output tokens are unknown; the token sum leaves them out.",
        lambda totals: totals.unknown_output,
    ),
    _per_model(
        "leverwatch_cost_usd_total",
        "Cost in US dollars of the generation calls whose cost is known, errors included.",
        lambda totals: _known(totals.cost_usd, totals.unpriced, totals.inferences),
        _WHEN_KNOWN,
    ),
    _per_model(
        "leverwatch_inferences_unpriced_total",
        "Inferences whose cost is unknown; the cost sum leaves them out.",
        lambda totals: totals.unpriced,
    ),
    _per_model(
        "leverwatch_inference_latency_seconds_total",
        "Sum of the latencies of inferences whose latency is known.",
        _latency,
        _WHEN_KNOWN,
    ),
    _per_model(
        "leverwatch_inferences_unknown_latency_total",
        "Inferences whose latency is unknown; the latency sum leaves them out.",
        lambda totals: totals.unknown_latency,
    ),
    Family(
        "leverwatch_other_operations_total",
        "counter",
        "Successful calls that are no generations, such as embeddings; never part of inferences."
        " As of the latest evaluation.",
        ("system", "operation"),
        "for every system and operation with usage",
        _other_operations,
    ),
)
"""Everything ever counted, by system and model. Unknown is never zero: it stands beside the sum."""
