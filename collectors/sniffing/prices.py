"""Finds the prices at which a cost is made of tokens: amounts that depend on counts by fixed factors. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from leverwatch.collectors.sniffing.numerals import Scalar

_MORE = 4
"""Records beyond the number of unknown prices, from which on it is no chance that all of them fit."""
_MOST = 250
"""Records of one group that are looked at."""
_MOST_GROUPS = 8
_EXACT = 2e-3
"""The share by which a cost may differ from what the prices give."""
_STEPS = 0.76
"""The same in steps of the last digit that costs are written with."""
_FINE = 20
"""So many steps a cost must have, to tell anything."""
_MATTERS = 4
"""How many times what may differ a part must make of a cost, to be a part of it."""
_MOSTLY = 0.8
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class Prices:
    """What one of each of some counts costs, in the money of the cost; less than nothing is a discount."""

    each: tuple[float, ...]
    records: int


def prices_of(
    costs: Mapping[int, float], counts: Sequence[Mapping[int, float]], groups: Mapping[int, Scalar]
) -> list[Prices]:
    """Return the prices by which counts make a cost, of each group that has its own; empty when they do not.

    Args:
        costs: the amounts, by record.
        counts: what they may be made of, by record.
        groups: what has prices of its own, such as the model; records without one are left out.
    """
    rows: dict[Scalar, list[tuple[tuple[float, ...], float]]] = defaultdict(list)
    for at, cost in costs.items():
        if at in groups and cost > 0 and all(at in it for it in counts) and any(it[at] for it in counts):
            rows[groups[at]].append((tuple(it[at] for it in counts), cost))
    step = _step(costs)
    enough = [some[:_MOST] for some in rows.values() if len(some) >= len(counts) + _MORE]
    enough = sorted(enough, key=len, reverse=True)[:_MOST_GROUPS]
    fits = [(len(some), _fit(some, step)) for some in enough]
    good = [fit for _, fit in fits if fit is not None]
    if not good or sum(fit.records for fit in good) < _MOSTLY * sum(number for number, _ in fits):
        return []
    return good


def _step(costs: Mapping[int, float]) -> float:
    """Return the size of the last digit that most costs are written with."""
    digits = max((_digits(cost) for cost in list(costs.values())[:_MOST]), default=0)
    return float(10.0**-digits)


def _digits(number: float) -> int:
    text = f"{number:.15f}".rstrip("0") if number < 1 else repr(number)
    return min(len(text.partition(".")[2]), 12) if "e" not in text else 12


def _fit(rows: Sequence[tuple[tuple[float, ...], float]], step: float) -> Prices | None:
    if median(cost for _, cost in rows) < _FINE * step:
        return None
    each = _solved(rows)
    if each is None:
        return None
    for counts, cost in rows:
        made = sum(price * number for price, number in zip(each, counts, strict=True))
        if abs(made - cost) > max(_EXACT * cost, _STEPS * step):
            return None
    middle = median(cost for _, cost in rows)
    least = _MATTERS * max(_EXACT * middle, _STEPS * step)
    for place, price in enumerate(each):
        if max(abs(price) * counts[place] for counts, _ in rows) < least:
            return None
    return Prices(each, len(rows))


def _solved(rows: Sequence[tuple[tuple[float, ...], float]]) -> tuple[float, ...] | None:
    """Return the least squares solution; None where the counts do not tell the prices apart."""
    size = len(rows[0][0])
    scale = [max(counts[place] for counts, _ in rows) for place in range(size)]
    if not all(scale):
        return None
    scaled = [([number / by for number, by in zip(counts, scale, strict=True)], cost) for counts, cost in rows]
    matrix = [
        [sum(one[a] * one[b] for one, _ in scaled) for b in range(size)] + [sum(one[a] * c for one, c in scaled)]
        for a in range(size)
    ]
    for a in range(size):
        best = max(range(a, size), key=lambda at: abs(matrix[at][a]))
        matrix[a], matrix[best] = matrix[best], matrix[a]
        if abs(matrix[a][a]) < _SMALLEST * len(rows):
            return None
        for b in range(size):
            if b != a:
                by = matrix[b][a] / matrix[a][a]
                matrix[b] = [x - by * y for x, y in zip(matrix[b], matrix[a], strict=True)]
    return tuple(matrix[a][size] / matrix[a][a] / scale[a] for a in range(size))
