"""Compares the total of a call with what a field map reads of it. Pure."""

from __future__ import annotations

from itertools import combinations

from leverwatch.collectors.records.tokens import WHOLES
from leverwatch.collectors.sniffing.counters import counter_of, session_keys
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import PARTS, amounts, with_beside
from leverwatch.collectors.sniffing.parts import total_of

_SEVERAL = 1.5
"""So much above or below the sum of all calls, a total is of something else."""


def doubt_totals(draft: Draft) -> None:
    """Say in how many records a total is more or less than input and output, and what would change."""
    column = total_of(draft)
    if column is None or not all(name in draft.paths for name in WHOLES):
        return
    taken, given = amounts(draft, "input_tokens"), amounts(draft, "output_tokens")
    whole = {**with_beside(draft, "input_tokens")}, {**with_beside(draft, "output_tokens")}
    parts = [amounts(draft, part) for part in PARTS if part in draft.paths]
    both = [at for at in column.counts if at in taken and at in given]
    above: dict[int, float] = {}
    below: dict[int, float] = {}
    for at in both:
        total, plain = column.counts[at], taken[at] + given[at]
        some = [part[at] for part in parts if part.get(at)]
        sums = {plain + sum(more) for size in range(len(some) + 1) for more in combinations(some, size)}
        if total in sums or total == whole[0][at] + whole[1][at] or not total:
            continue
        (above if total > max(sums) else below)[at] = total - plain
    agreeing = len(both) - len(above) - len(below)
    spelled = draft.spell(column.path)
    names = f"{draft.spell(draft.paths['input_tokens'][0])} and {draft.spell(draft.paths['output_tokens'][0])}"
    if not above and not below:
        return
    if not agreeing and _is_of_more(
        draft, sum(column.counts[at] for at in both), sum(taken[at] + given[at] for at in both)
    ):
        return
    draft.settled.add(column.path)
    if above:
        now = sum(given.values())
        draft.doubt(
            "output_tokens",
            f"{spelled} is more than {names} together in {len(above)} of {len(both)} records, as where thinking is"
            f" in neither; were the rest output, output_tokens of the sample would be"
            f" {now + sum(above.values()):,.0f} instead of {now:,.0f}",
        )
    if below:
        draft.doubt(
            "input_tokens and output_tokens",
            f"{spelled} is less than {names} together in {len(below)} of {len(both)} records, by"
            f" {-sum(below.values()):,.0f} tokens: one of the three counts something else",
        )


def _is_of_more(draft: Draft, total: float, plain: float) -> bool:
    """Whether a total that never agrees is a sum so far, or of another size, as of a window or a budget."""
    column = total_of(draft)
    keys = session_keys(draft.columns)
    grows = column is not None and counter_of(draft.columns, column, keys) is not None
    return grows or not plain / _SEVERAL**4 < total < plain * _SEVERAL**4
