"""Says which instrumentations recorded the spans of a log. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from leverwatch.collectors.records.formats.spans import NotSpans, Span, SpanReader
from leverwatch.collectors.records.names import is_usable

_MOST = 10
"""Instrumentations that are named."""


def instrumentations(units: Iterable[bytes]) -> dict[str, int]:
    """Return the number of spans by the name of what recorded them; a name that is not told or unusable is `?`."""
    reader = SpanReader(frozenset())
    found: Counter[str] = Counter()
    for unit in units:
        try:
            spans = reader.read(unit) or []
        except (NotSpans, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        found.update(span.scope if is_usable(span.scope) else "?" for span in spans if isinstance(span, Span))
    return dict(found.most_common(_MOST))


def only_others(found: Mapping[str, int], calls: float) -> str | None:
    """Return a sentence that no span is a call to a model; None when one is, or when there are no spans."""
    if calls or not found:
        return None
    names = ", ".join(found)
    return f"No span is a call to a model: spans of {names}. Instrument the client of the model as well."
