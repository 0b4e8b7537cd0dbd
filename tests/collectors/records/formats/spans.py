"""Invented spans of instrumentations, as the file exporter of the Collector writes them, and what counts them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result, UsageRow
from tests.collectors.sources.files.logs import config

START = 1773129600_000_000_000
"""2026-03-10 08:00 UTC, in nanoseconds."""
MS = 1_000_000
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LIBRARY, FRAMEWORK, SDK = "probe.openai", "probe.framework", "vendor.sdk"

Scoped = tuple[str, dict[str, Any]]
"""The name of an instrumentation and one of its spans."""


def _value(it: Any) -> dict[str, Any]:
    if isinstance(it, bool):
        return {"boolValue": it}
    if isinstance(it, int):
        return {"intValue": str(it)}
    return {"doubleValue": it} if isinstance(it, float) else {"stringValue": it}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(it)} for key, it in values.items() if it is not None]


def span(
    scope: str,
    name: str,
    parent: str = "",
    at: float = 0,
    ms: float = 100,
    trace: str = "t1",
    *,
    failed: bool = False,
    **told: Any,
) -> Scoped:
    """A span `at` so many milliseconds after the start; two underscores in a name stand for a dot."""
    first = START + int(at * MS)
    return scope, {
        "traceId": trace, "spanId": name, "parentSpanId": parent, "name": "canary",
        "startTimeUnixNano": str(first), "endTimeUnixNano": str(first + int(ms * MS)),
        "attributes": attributes({key.replace("__", "."): it for key, it in told.items()}),
        "status": {"code": 2} if failed else {},
    }  # fmt: skip


def call(scope: str, name: str, taken: int | None = None, output: int | None = None, **more: Any) -> Scoped:
    """A span of a chat as the conventions have it."""
    said: dict[str, Any] = {
        "gen_ai__operation__name": "chat", "gen_ai__request__model": "m-1", "gen_ai__usage__input_tokens": taken,
        "gen_ai__usage__output_tokens": output,
    }  # fmt: skip
    return span(scope, name, **{**said, **more})


def document(*spans: Scoped, **resource: str) -> bytes:
    """One batch, as a line."""
    names = {"service.name": "bot"} | {key.replace("__", "."): it for key, it in resource.items()}
    scopes = [{"scope": {"name": scope} if scope else {}, "spans": [it]} for scope, it in spans]
    group = {"resource": {"attributes": attributes(names)}, "scopeSpans": scopes}
    return json.dumps({"resourceSpans": [group]}).encode() + b"\n"


class Source:
    """A source of traces that keeps its state as the store would."""

    def __init__(self, **changes: Any) -> None:
        self._config = config(**{"format": "otlp", "system": "bot", **changes})
        self._state: dict[str, bytes] = {}
        self.usage: list[UsageRow] = []
        self.tallies: dict[Result, int] = {}
        self.ingest = self._start()

    def _start(self) -> Ingest:
        made = Ingest(self._config, lambda: NOW)
        made.load(self._state)
        return made

    def read(self, data: bytes, path: str = "a.json") -> None:
        """A chunk of a file."""
        self.ingest.add(Lines(data, path, 1))

    def commit(self) -> None:
        """The end of a batch."""
        counted = self.ingest.drain()
        assert sum(counted.tallies.values()) == counted.read
        self.usage += counted.usage
        for result, number in counted.tallies.items():
            self.tallies[result] = self.tallies.get(result, 0) + number
        for key, value in counted.state.items():
            if value is None:
                self._state.pop(key, None)
            else:
                self._state[key] = value

    def restart(self) -> None:
        self.commit()
        self.ingest = self._start()

    @property
    def stored(self) -> dict[str, bytes]:
        return self._state


def totals(usage: Iterable[UsageRow]) -> dict[tuple[str, str, str], float]:
    """Every count that is not zero, by model, operation and name.

    A trace of several models counts where it was first seen, so that traces are added up over all of them.
    """
    found: dict[tuple[str, str, str], float] = {}
    for row in usage:
        for name in COLUMNS:
            key = ("", "", name) if name == "traces" else (row.model, row.operation.value, name)
            found[key] = found.get(key, 0) + getattr(row, name)
    return {key: round(value, 6) for key, value in found.items() if abs(value) > 1e-6}


def counts(*documents: bytes, **changes: Any) -> dict[str, float]:
    """What one batch of documents counts, without what is zero and what tells how much is unknown."""
    source = Source(**changes)
    source.read(b"".join(documents))
    source.commit()
    return by_name(source.usage)


def by_name(usage: Sequence[UsageRow]) -> dict[str, float]:
    """The counts of usage; those of other operations than generations begin with the name of their operation."""
    short = {
        "inferences": "calls", "errors": "errors", "input_tokens": "in", "output_tokens": "out",
        "cost_usd": "cost", "cached_input_tokens": "cached", "cache_write_tokens": "written",
    }  # fmt: skip
    found: dict[str, float] = {}
    for (_, operation, name), value in totals(usage).items():
        if name in short:
            key = short[name] if operation == "generation" else f"{operation} {short[name]}"
            found[key] = found.get(key, 0) + value
    return found
