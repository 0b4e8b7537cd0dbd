"""Finds numbers that are running totals of several runs side by side, which nothing names. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from statistics import median

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import amounts, stands_for_many, times

_FEWEST, _MOST = 10, 400
_SHUFFLES = 200
_GROWS = 0.8
"""The share of the numbers that must be more than the one before in their run."""
_SEVERAL, _MANIFOLD, _SHARE = 2, 3, 0.2


def doubt_running(draft: Draft) -> None:
    """Say that numbers grow as running totals of several runs do, though no field tells the runs apart.

    Output does not grow from call to call, and a cost only with the tokens; the input does, in any conversation.
    """
    if stands_for_many(draft):
        return
    given, taken, cost = (amounts(draft, name) for name in ("output_tokens", "input_tokens", "cost_usd"))
    moments = times(draft)
    order = sorted(moments, key=lambda at: (moments[at], at))
    if runs := _runs([given[at] for at in order if at in given]):
        names = [name for name, it in (("output_tokens", given), ("input_tokens", taken)) if it]
        _say(draft, names, runs, sum(given.values()))
    elif runs := _runs([cost[at] for at in order if at in cost]):
        tokens = [given.get(at, 0) + taken.get(at, 0) for at in order if at in cost]
        if not (_runs(tokens) or _runs([taken.get(at, 0) for at in order if at in cost])):
            _say(draft, ["cost_usd"], runs, sum(cost.values()))


def _say(draft: Draft, names: Sequence[str], runs: int, total: float) -> None:
    spelled = " and ".join(draft.spell(draft.paths[name][0]) for name in names)
    draft.doubt(
        " and ".join(names),
        f"the numbers of {spelled} grow from record to record as running totals of {runs} runs do, side by side or"
        f" one after the other, and no field tells them apart; read as those of single calls they add up to"
        f" {total:,.6g} in the sample, which would then be too much",
    )


def _runs(numbers: Sequence[float]) -> int:
    """Return into how few series without a fall numbers can be parted, where chance never makes so few of them;
    0 where it does, or where there is one alone."""
    chosen = [number for number in numbers if number > 0][:_MOST]
    if len(chosen) < _FEWEST or len(set(chosen)) < _FEWEST:
        return 0
    series = _series(chosen)
    # One that only grows is a counter, or a sorted table.
    if len(series) < _SEVERAL or len(series) > len(chosen) / 4 or not _grow(series):
        return 0
    shuffled, random = list(chosen), Random(0)  # noqa: S311 - the same answer for the same log
    for _ in range(_SHUFFLES):
        random.shuffle(shuffled)
        if len(_series(shuffled)) <= len(series):
            return 0
    return len(series)


def _grow(series: Sequence[Sequence[float]]) -> bool:
    """Whether nearly all numbers are more than the one before in their series, by steps as of single calls."""
    steps = [after - before for numbers in series for before, after in pairwise(numbers)]
    if sum(step > 0 for step in steps) < _GROWS * len(steps):
        return False
    every = [number for numbers in series for number in numbers]
    longest, middle = max(map(len, series)), median(every)
    if max(every) < _MANIFOLD * min(every):
        return False
    # Of a sum of so many calls, the part of one is not much less than its share.
    return median(steps) >= _SHARE * middle / longest


def _series(numbers: Sequence[float]) -> list[list[float]]:
    """Return the fewest series without a fall: each number goes to the one that ends nearest below it."""
    series: list[list[float]] = []
    lasts: list[float] = []
    for number in numbers:
        at = bisect_right(lasts, number)
        if at:
            lasts[at - 1] = number
            series[at - 1].append(number)
        else:
            lasts.insert(0, number)
            series.insert(0, [number])
    return series
