"""Puts the doubts about a field map in order: those first that change most of what is counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from leverwatch.collectors.sniffing.zones import NO_ZONE

_ORDER = (
    ("inferences", "only", "not", "operation", "refused"),
    ("status", "errors", "cache_hit", "request_id", "sample_rate"),
    ("time",),
    ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
    ("model",),
    ("cost_usd",),
)
"""Fields by what of a count they change: calls, outcomes, days, tokens, names, money."""
_USUAL = (NO_ZONE, "is taken for US dollars")
"""What most logs leave open."""


def ordered(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the doubts, those about the number of calls first and what most logs leave open last."""
    return tuple(sorted(notes, key=_place))


def _place(note: str) -> tuple[bool, int]:
    name = note.partition(":")[0].split(" ")[0]
    place = next((at for at, names in enumerate(_ORDER) if name in names), len(_ORDER))
    return note.endswith(_USUAL), place
