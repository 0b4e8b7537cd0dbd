"""Finds the total among several costs of a call, and the amounts that no cost includes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import isclose

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import COST, word_set, words_of

_FEES = word_set("fee fees surcharge surcharges markup tax taxes vat tip commission gebuhr gebuhren frais fixed")
_NO_AMOUNT = word_set("per rate percent pct ratio limit budget remaining saved savings max min avg average mean")
_GAINS = word_set("profit margin revenue earnings earned gain gewinn marge ganancia benefice guadagno")
"""What is earned with a call, beside what it costs."""
_SOLD = word_set("charge charged billed invoice invoiced sale sold retail customer revenue umsatz verkauf")
"""Words for what somebody else pays for a call, where another amount is what it costs."""
_UNBILLED = word_set("equivalent equiv esdegeri esdeger aquivalent hypothetical would notional virtual imputed")
"""Words for what calls would have cost, had they been paid for one by one."""
_MOSTLY = 0.9
_MOST = 6
"""Columns of which combinations are tried."""
_CLOSE = 1e-6


def total_first(draft: Draft, named: Sequence[Path]) -> list[Path]:
    """Return costs with the one first that others sum up to, and without these, which are settled."""
    named = sorted(named, key=lambda path: not _SOLD.isdisjoint(words_of(path[-1])))
    amounts = [path for path in draft.columns.of if _is_amount(draft, path)][:_MOST]
    for total in named:
        if total not in amounts:
            continue
        parts = _parts_of(draft, total, [it for it in amounts if it != total])
        own = [path for path in named if path in parts]
        if own and any(not _GAINS.isdisjoint(words_of(path[-1])) for path in parts):
            draft.settled.update({total, *parts}.difference(own))
            draft.prove("cost_usd", f"{draft.spell(total)} is what is earned with a call, and not what it costs")
            return [path for path in named if path != total]
        if parts:
            draft.settled.update(parts)
            draft.prove("cost_usd", f"{draft.spell(total)} is the sum of {' and '.join(map(draft.spell, parts))}")
            return [total, *(it for it in named if it != total and it not in parts)]
    return [*named]


def doubt_fees(draft: Draft) -> None:
    """Say which amounts may have to be added to the cost that is taken, and that it may never have been billed."""
    cost = draft.first("cost_usd")
    if cost is None:
        return
    if any(not _UNBILLED.isdisjoint(words_of(key)) for key in cost):
        draft.doubt(
            "cost_usd",
            f"{draft.spell(cost)} is by its name what the calls would have cost elsewhere; if nothing was billed,"
            " leave it out",
        )
    for path in draft.columns.of:
        words = frozenset(words_of(path[-1]))
        is_free = path not in draft.settled and path not in draft.paths["cost_usd"]
        if not is_free or not words & _FEES or not _is_amount(draft, path):
            continue
        total = sum(draft.columns.of[path].numbers.values())
        if total:
            draft.doubt(
                "cost_usd",
                f"{draft.spell(path)} is not in it as far as the numbers tell; were it a part of what a call"
                f" costs, the sample would cost {total:,.6g} more",
            )


def _is_amount(draft: Draft, path: Path) -> bool:
    words = frozenset(words_of(path[-1]))
    column = draft.columns.of[path]
    return (
        bool(words & (COST | _FEES))
        and not words & _NO_AMOUNT
        and draft.is_free(path)
        and column.is_numeric
        and all(number >= 0 for number in column.numbers.values())
    )


def _parts_of(draft: Draft, total: Path, others: Sequence[Path]) -> tuple[Path, ...]:
    """Return the columns whose sum another one is, where more than one of them adds to it; none where none are."""
    of = draft.columns.of
    sums = of[total].numbers
    for number in range(2, len(others) + 1):
        for parts in combinations(others, number):
            told = [at for at in sums if any(at in of[path].numbers for path in parts)]
            each = [[of[path].numbers.get(at, 0.0) for path in parts] for at in told]
            same = sum(isclose(sum(it), sums[at], rel_tol=_CLOSE, abs_tol=1e-9)
                       for at, it in zip(told, each, strict=True))  # fmt: skip
            adds = all(any(it) for it in zip(*each, strict=True)) if each else False
            if adds and len(told) >= _MOSTLY * len(sums) and same >= _MOSTLY * len(told):
                return parts
    return ()
