"""Metric families of counted fields: inferences, tokens, cost and latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter

from leverwatch.agent.exporter.family import Family, Sample
from leverwatch.agent.snapshot import ModelTotals, SystemsSnapshot
from leverwatch.collectors.counted_fields import CountedField, Unit, counted_field

_EVERY_MODEL = "for every system and model with usage"
_WHEN_KNOWN = "unless it is unknown for every inference of the system and model"
_BASE_UNITS = {Unit.MILLISECONDS: 1000}
"""How many of a counted unit are one of the exported unit, where the two differ."""


def total_of(column: str, name: str | None = None, meaning: str | None = None) -> Family[SystemsSnapshot]:
    """Return the counter of a counted field, by system and model, of generations only.

    Its name and help are those of the field unless they are given. If the table counts the inferences whose value
    is unknown, there is no series until a value is known.
    """
    line = counted_field(column)
    value = _value(line)

    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for totals in view.models:
                most = view.highest.get(totals.model)
                shown = (totals,) if most is None else (totals, most)
                known = [number for one in shown if (number := value(one)) is not None]
                if known:
                    yield (view.system, totals.model), max(known)

    return Family(
        name or f"leverwatch_{column}_total",
        "counter",
        f"{meaning or line.meaning} As of the latest evaluation.",
        ("system", "model"),
        _EVERY_MODEL if line.unknown is None else _WHEN_KNOWN,
        samples,
    )


def _value(line: CountedField) -> Callable[[ModelTotals], float | None]:
    total, divisor = attrgetter(line.name), _BASE_UNITS.get(line.unit)
    unknown = None if line.unknown is None else attrgetter(line.unknown)

    def value(totals: ModelTotals) -> float | None:
        number = total(totals)
        known: float | None = number if unknown is None else _known(number, unknown(totals), totals.inferences)
        return known if known is None or divisor is None else known / divisor

    return value


def _known(total: float, unknown: float, inferences: float) -> float | None:
    # Weights of sampled records are fractions, and two orders of adding them differ in the last bits.
    nothing_known = unknown > 0 and unknown >= inferences * (1 - 1e-9)
    # Prometheus reads a counter that falls as a new one, however small the fall: the last bits are left out.
    return None if nothing_known and total == 0 else round(total, 6)


_TOLD = total_of("cost_usd")


def _costs(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    for labels, told in _TOLD.samples(snapshot):
        yield (*labels, "told"), told
    for view in snapshot.systems:
        for model, priced in view.priced.items():
            if priced.inferences > 0:
                yield (view.system, model, "priced"), round(priced.usd, 6)


def _priced_inferences(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    for view in snapshot.systems:
        for totals in view.models:
            priced = view.priced.get(totals.model)
            yield (view.system, totals.model), 0.0 if priced is None else round(priced.inferences, 6)


def _other_operations(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    for view in snapshot.systems:
        for operation, count in view.other_operations.items():
            yield (view.system, operation.value), count


USAGE: tuple[Family[SystemsSnapshot], ...] = (
    # Of all operations, the totals of a model are those of generations.
    total_of(
        "inferences",
        meaning="Successful generation calls served by a model; the unit of every volume rule.",
    ),
    total_of(
        "errors",
        "leverwatch_inference_errors_total",
        "Generation calls that failed or were blocked, and failed attempts of others where records tell them; "
        "never part of inferences.",
    ),
    total_of(
        "attempts",
        "leverwatch_inference_attempts_total",
        "Calls made to a model server for generations, successful or not, retries included.",
    ),
    total_of(
        "cache_hits",
        "leverwatch_gateway_cache_hits_total",
        "Generation calls answered by the response cache of a gateway; no model ran.",
    ),
    total_of("input_tokens"),
    total_of("cached_input_tokens"),
    total_of("output_tokens"),
    total_of("unknown_input", "leverwatch_inferences_unknown_input_tokens_total"),
    total_of("unknown_cached", "leverwatch_inferences_unknown_cached_input_tokens_total"),
    total_of("unknown_output", "leverwatch_inferences_unknown_output_tokens_total"),
    Family(
        "leverwatch_cost_usd_total",
        "counter",
        "Cost in US dollars of generation calls: `told` by their records, errors included, or `priced`, which is "
        "the tokens of other calls at the prices that held on their day. As of the latest evaluation.",
        ("system", "model", "origin"),
        "`told` unless no record of the system and model tells one, `priced` once something is",
        _costs,
    ),
    total_of(
        "unpriced",
        "leverwatch_inferences_unpriced_total",
        "Inferences whose records tell no cost; the cost that is told leaves them out.",
    ),
    Family(
        "leverwatch_inferences_priced_total",
        "counter",
        "Those of them that are in the priced cost: prices are known for their model, and all of their tokens. "
        "As of the latest evaluation.",
        ("system", "model"),
        _EVERY_MODEL,
        _priced_inferences,
    ),
    total_of("latency_ms", "leverwatch_inference_latency_seconds_total"),
    total_of("unknown_latency", "leverwatch_inferences_unknown_latency_total"),
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
"""The counters of all usage, by system and model. Unknown is never zero: it is counted beside the sum."""
