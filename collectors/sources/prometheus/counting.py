"""Makes groups of calls of what counters grew by: what labels name, and what belongs together. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from leverwatch.collectors.daily.sums import Group
from leverwatch.collectors.sources.prometheus.config import Counter
from leverwatch.collectors.sources.prometheus.growth import Span, writer_of
from leverwatch.collectors.sources.prometheus.presets import Preset
from leverwatch.collectors.sources.prometheus.queries import place_of
from leverwatch.collectors.sources.prometheus.totals import Grown, Labels, chosen, of_replicas

AMOUNTS = {
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cached_input_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
    "latency_seconds": "latency_ms",
    "cost_usd": "cost_usd",
}
"""Fields of a group by what a counter counts."""
_OF_JOBS = frozenset({"job", "service", "endpoint", "container", "prometheus"})
"""Labels by which two jobs that scrape one address may differ."""
FIELDS = ("model", "operation", "status", "inferences", *AMOUNTS.values())


class Names(Struct, frozen=True):
    """The names of calls."""

    template: tuple[str | None, ...]
    model: str | None
    operation: str | None
    has_failed: bool = False


class Naming:
    """Reads names from the labels of a series."""

    def __init__(self, preset: Preset, paths: Sequence[str]) -> None:
        self._preset, self._paths = preset, paths
        self._operations = [(re.compile(pattern), word) for pattern, word in preset.operations.items()]
        self._failed = [(label, re.compile(pattern)) for label, pattern in preset.failed.items()]

    def __call__(self, labels: Labels) -> Names:
        """Return the names that labels tell."""
        known = {name: value for name, value in labels if value not in self._preset.unknown}
        model = next((known[label] for label in self._preset.model if known.get(label)), None)
        failed = any(label in known and pattern.fullmatch(known[label]) for label, pattern in self._failed)
        return Names(tuple(known.get(path) for path in self._paths), model, self._operation(known), failed)

    def _operation(self, known: Mapping[str, str]) -> str | None:
        label = self._preset.operation
        word = known.get(label) if label is not None else ""
        if word is None:
            return None
        found = next((operation for pattern, operation in self._operations if pattern.fullmatch(word)), None)
        return found or word or None


def amounts_of(
    span: Span,
    counters: Sequence[Counter],
    naming: Callable[[Labels], Names],
    reduced: Callable[[Labels], Labels],
    beside: Callable[[str, tuple[str, ...]], bool],
) -> dict[str, dict[Names, float]]:
    """Return how much was counted in a span, by what it is and by the names of calls.

    `reduced` takes labels of replicas away; `beside` says whether a name of a counter lay beside an earlier one,
    written by the same process.
    """
    replicas: dict[tuple[str, Labels], list[Grown]] = defaultdict(list)
    for (part, labels), grown in span.grown.items():
        replicas[part, reduced(labels)].append(grown)
    by_name: dict[tuple[int, tuple[str, ...]], dict[int, dict[Names, float]]] = defaultdict(dict)
    together: dict[tuple[int, tuple[str, ...]], set[int]] = defaultdict(set)
    for (part, labels), several in replicas.items():
        at, choice = place_of(part)
        target = writer_of(labels)
        amounts = by_name[at, target].setdefault(choice, defaultdict(float))
        amounts[naming(labels)] += of_replicas(several)
        if choice and beside(part, target):
            together[at, target].add(choice)
    found: dict[str, dict[Names, float]] = defaultdict(lambda: defaultdict(float))
    for (at, target), grown_by in by_name.items():
        for names, amount in chosen(grown_by, together[at, target]).items():
            found[counters[at].role][names] += amount * counters[at].scale
    return found


def groups(day: date, found: Mapping[str, Mapping[Names, float]], preset: Preset) -> Iterator[Group]:
    """Yield the calls of a day by their names, successful and failed ones apart."""
    calls = found.get("inferences", {})
    by_key: dict[tuple[Any, ...], dict[str, float]] = defaultdict(dict)
    operations: dict[tuple[Any, ...], set[str | None]] = defaultdict(set)
    for names in calls:
        operations[names.template, names.model].add(names.operation)

    def add(names: Names, what: str, amount: float) -> None:
        operation = names.operation
        known = operations[names.template, names.model]
        if operation is None and len(known) == 1:
            (operation,) = known
        values = by_key[names.template, names.model, operation]
        values[what] = values.get(what, 0.0) + amount

    for names, amount in calls.items():
        add(names, "failed" if names.has_failed else "inferences", amount)
    for names, amount in found.get("errors", {}).items():
        add(names, "failed", amount)
        if preset.errors_inside:
            add(names, "inferences", -amount)
    for role, field in AMOUNTS.items():
        for names, amount in found.get(role, {}).items():
            add(names, field, amount * 1000.0 if role == "latency_seconds" else amount)
    for (template, model, operation), values in by_key.items():
        named = {name: it for name, it in (("model", model), ("operation", operation)) if it is not None}
        failed = max(_whole(values.pop("failed", 0.0)), 0.0)
        served = max(_whole(values.pop("inferences", 0.0)), 0.0)
        if preset.cached_beside and "input_tokens" in values:
            values["input_tokens"] += values.get("cached_input_tokens", 0.0)
        if "input_tokens" in values and "cached_input_tokens" in values:
            values["cached_input_tokens"] = min(values["cached_input_tokens"], values["input_tokens"])
        yield Group(day, {**named, **values, "inferences": served}, template)
        if failed:
            yield Group(day, {**named, "status": "error", "inferences": failed}, template)


def without_calls(found: Mapping[str, Mapping[Names, float]]) -> int:
    """Return of how many names of systems there are tokens, and no counter of calls at all: not even of none."""
    counted = {names.template for role in ("inferences", "errors") for names in found.get(role, {})}
    told = {
        names.template
        for role in ("input_tokens", "output_tokens")
        for names, amount in found.get(role, {}).items()
        if amount > 0
    }
    return len(told - counted)


def twice(span: Span) -> int:
    """Return how many series seem to be scraped twice: by two jobs from one address, with the same total."""
    seen: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, float]]] = defaultdict(list)
    for (part, labels), grown in span.grown.items():
        known = dict(labels)
        if known.get("instance") and grown.after > 0:
            rest = tuple(it for it in labels if it[0] not in _OF_JOBS)
            seen[part, rest].append((known.get("job", ""), grown.after))
    return sum(
        1
        for several in seen.values()
        for at, (job, total) in enumerate(several)
        if any(job != other and abs(total - as_much) <= 0.01 * total for other, as_much in several[:at])
    )


def _whole(number: float) -> float:
    return float(round(number))


def fractions(found: Mapping[str, Mapping[Names, float]]) -> Iterable[str]:
    """Return which counters of calls grew by no whole number."""
    return [
        role
        for role in ("inferences", "errors")
        if any(abs(it - round(it)) > 1e-6 * max(abs(it), 1.0) for it in found.get(role, {}).values())
    ]
