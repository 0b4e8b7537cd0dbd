"""Rows of spans that are calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from leverwatch.collectors.records.formats.dialects import PARAMETERS, Told, parameter, value_of
from leverwatch.collectors.records.formats.interface import MAX_COUNT, MIN_RATE, Row
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.span_numbers import Mistyped, TokensOfSpan
from leverwatch.collectors.records.formats.spans import Scalar
from leverwatch.collectors.records.timestamps import elapsed_ms

_NANOSECONDS = 10**17
"""An epoch below is not in nanoseconds, as some clocks give others."""
_THRESHOLD = re.compile(r"(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:;|,|$)")


def row_of(
    start: str | float | None,
    end: str | float | None,
    trace_id: str | None,
    span_id: str | None,
    operation: str,
    failed: bool,
    tokens: TokensOfSpan,
    model: Scalar,
    response: Scalar,
    cost: float | None,
    hit: bool,
    rate: float | None,
    template: Sequence[Scalar],
    schema: Scalar,
    finish: Scalar,
    tier: Scalar,
) -> Row:
    """Return the row of a call. `hit`: a cache answered it."""
    taken, cached, written, output, reasoning = tokens
    return (
        start,
        None if model is None else str(model),
        # A response id is that of all answers from a cache too; a span is delivered again with its own id.
        f"{trace_id}:{span_id}" if trace_id and span_id else response,
        operation,
        "error" if failed else None,
        taken,
        cached,
        output,
        # Producers write 0 for what they have no price for.
        cost or (0.0 if hit else None),
        _latency(start, end),
        trace_id,
        None,
        rate,
        hit or None,
        None,
        None if tier is None else _word(tier),
        None,
        *template,
        None,
        written,
        reasoning,
        None,
        schema,
        None if finish is None else _word(finish),
        None,
    )


def _latency(start: str | float | None, end: str | float | None) -> float | None:
    if isinstance(start, int) and isinstance(end, int) and start >= _NANOSECONDS:
        # A number that no clock shows is refused as a time, and must not fail here as too large for a float.
        elapsed = end - start
        return elapsed / 1e6 if 0 <= elapsed <= MAX_COUNT else None
    return elapsed_ms(start, end)


def sample_rate(state: str) -> float | None:
    """Return the sample rate of OpenTelemetry's consistent sampling, from the threshold in the trace state.

    Raises:
        Mistyped: it is too small.
    """
    match = _THRESHOLD.search(state) if state else None
    if match is None:
        return None
    rate = 1 - int(match[1].ljust(14, "0"), 16) / 16**14
    if rate < MIN_RATE:
        raise Mistyped("traceState: expected a share of traces from 1e-6 to 1")
    return rate


def schema_mode(told: Mapping[str, Told], attributes: Mapping[str, Scalar]) -> Scalar:
    """Return the form of the answer that the request asked for; None when it is not told."""
    mode = value_of(told, "schema")
    if mode is None and PARAMETERS in attributes:
        return parameter(attributes, "response_format", "type")
    return mode


def _word(value: Scalar) -> str | None:
    """Return why the model stopped; some producers write the list of reasons as JSON in a text."""
    if not isinstance(value, str):
        return None
    first = peek(value.encode(errors="replace"), 0) if value.startswith("[") else value
    return first if isinstance(first, str) else None
