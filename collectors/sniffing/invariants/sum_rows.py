"""Finds records that are sums of the records beside them, which no word and no id tells. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import amounts

_FEWEST = 2
"""Records with tokens that a sum is made of."""
_MOST_SHARE = 0.5


def doubt_sum_rows(draft: Draft) -> None:
    """Say which records have the input and the output of those before them, or behind them, taken together."""
    taken, given = amounts(draft, "input_tokens"), amounts(draft, "output_tokens")
    order = [at for at in range(len(draft.columns)) if taken.get(at, 0) > 0 and given.get(at, 0) > 0]
    pairs = [(taken[at], given[at]) for at in order]
    after = sums_of_earlier(pairs)
    before = {len(pairs) - 1 - at: number for at, number in sums_of_earlier(pairs[::-1]).items()}
    found = max((after, before), key=len)
    if not found or len(found) > _MOST_SHARE * len(order):
        return
    tokens = sum(sum(pairs[at]) for at in found)
    where = "before" if found is after else "behind"
    draft.doubt(
        "inferences",
        f"{len(found)} records have just the input and the output of the {max(found.values())} or fewer records"
        f" {where} them together, and count as calls; if they are sums, there are {len(found)} fewer inferences"
        f" and {tokens:,.0f} fewer tokens in the sample",
    )


def sums_of_earlier(pairs: Sequence[tuple[float, float]]) -> dict[int, int]:
    """Return the places of pairs that are the sum of those just before them, with how many these are."""
    found: dict[int, int] = {}
    total = (0.0, 0.0)
    # Sums up to each place: a pair is a sum where the difference of two of them is the pair.
    places = {total: 0}
    for at, pair in enumerate(pairs):
        start = places.get((total[0] - pair[0], total[1] - pair[1]))
        if start is not None and at - start >= _FEWEST:
            found[at] = at - start
        total = (total[0] + pair[0], total[1] + pair[1])
        places[total] = at + 1
    return found
