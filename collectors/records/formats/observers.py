"""Which spans tell of one call that two instrumentations observed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from leverwatch.collectors.records.formats.dialects import Told
from leverwatch.collectors.records.formats.spans import Scalar, Span


class Call(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A span that is a call to a model."""

    span: Span
    operation: str
    told: Mapping[str, Told]
    tokens: tuple[int | None, ...]
    """Numbers of tokens, in the order of `TOKENS`."""
    response: Scalar


def repeated_among(calls: Sequence[Call], spans: Sequence[Span]) -> set[Span]:
    """Return calls that two instrumentations recorded: a nested call with the same response or tokens as its
    parent."""
    if len(calls) < 2:
        return set()
    around = {(span.trace_id, span.span_id): span.parent_id for span in spans}
    found = {(call.span.trace_id, call.span.span_id): call for call in calls}
    return {call.span for call in calls if _is_repeated(call, around, found)}


def _is_repeated(
    call: Call,
    around: Mapping[tuple[str | None, str | None], str | None],
    found: Mapping[tuple[str | None, str | None], Call],
) -> bool:
    trace, parent = call.span.trace_id, call.span.parent_id
    nearest = True
    seen = {call.span.span_id}
    while parent is not None and parent not in seen:
        seen.add(parent)
        outer = found.get((trace, parent))
        if outer is not None:
            if call.response is not None and outer.response == call.response:
                return True
            taken, output = call.tokens[0], call.tokens[3]
            equal = (
                taken is not None and output is not None and (taken, output) == (outer.tokens[0], outer.tokens[3])
            )
            if nearest and equal:
                return True
            nearest = False
        parent = around.get((trace, parent))
    return False
