"""Tells by the cost whether a part of the tokens stands in its whole or beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.tokens import Stands
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.prices import prices_of
from leverwatch.collectors.sniffing.unnamed_tokens import costs_of, groups_of

_PARTS = ("cached_input_tokens", "cache_write_tokens")
_WRITTEN_BESIDE = 0.75
"""The share of the price of the input from which on what is written to a cache has a price of its own; inside the
input it costs only the surcharge."""


def stands_by_price(draft: Draft, part: str) -> tuple[Stands, str] | None:
    """Return where a part stands, by a cost that all parts make at fixed prices; None where no cost tells.

    A part inside the input has its price already, and what is read from a cache is cheaper: its own price is then
    less than nothing.
    """
    if part not in _PARTS:
        return None
    names = ["input_tokens", part, *(it for it in _PARTS if it != part and it in draft.paths), "output_tokens"]
    if any(name not in draft.paths for name in names):
        return None
    whole = draft.counts("input_tokens")
    counts = [_filled(draft.counts(name), whole) if name in _PARTS else draft.counts(name) for name in names]
    taken = {path for paths in draft.paths.values() for path in paths}
    for cost in costs_of(draft, taken):
        for some, of in ((counts, names), ([counts[0], counts[1], counts[-1]], [names[0], part, names[-1]])):
            found = [it.each for it in prices_of(draft.columns.of[cost].numbers, some, groups_of(draft))]
            if not found or any(it[0] <= 0 or it[-1] <= 0 for it in found):
                continue
            least = 0.0 if part == of[1] == _PARTS[0] else _WRITTEN_BESIDE
            beside = {it[1] > least * it[0] for it in found}
            if len(beside) == 1:
                stands = Stands.BESIDE if beside.pop() else Stands.INSIDE
                return stands, f"as {draft.spell(cost)} is made of them at fixed prices by which they do"
    return None


def _filled(counts: Mapping[int, float], whole: Mapping[int, float]) -> dict[int, float]:
    """What is not told of a call that tells its input is nothing."""
    return {at: counts.get(at, 0.0) for at in whole}
