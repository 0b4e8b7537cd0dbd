"""What a column says about costs: whether it has prices, amounts that tokens make, or words for money. Pure."""

from __future__ import annotations

from collections import defaultdict
from math import log
from statistics import median, pstdev

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.counters import differences
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import LATENCY, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.prices import prices_of
from leverwatch.collectors.sniffing.unnamed_tokens import groups_of

_FEWEST = 4
"""Calls of a model with different tokens, from which on it is no chance that all of them cost the same."""
_CURRENCIES = word_set(
    "usd eur gbp chf jpy cny rmb inr sek nok dkk pln czk huf try brl cad aud nzd sgd hkd mxn krw rub zar ils thb"
    " idr php myr twd vnd uah aed sar"
)
_PRICES = word_set("price prices preis prix precio prezzo rate tarif tarifa")
_CHEAP, _DEAR = 1e-8, 1e-4
"""Dollars for a token of usual models."""
_MILLION = 1e6


def is_price(draft: Draft, path: Path) -> bool:
    """Whether an amount is the same for all calls of a model though their tokens differ, and another one for other
    models, or is called a price; a cost that is rounded may be the same as well."""
    tokens = _tokens(draft)
    groups = groups_of(draft)
    found: dict[Scalar, list[tuple[float, float]]] = defaultdict(list)
    for at, amount in draft.columns.of[path].numbers.items():
        if at in groups and at in tokens and amount > 0:
            found[groups[at]].append((amount, tokens[at]))
    told = [some for some in found.values() if len({number for _, number in some}) >= _FEWEST]
    amounts = [{amount for amount, _ in some} for some in told]
    if not amounts or any(len(some) > 1 for some in amounts):
        return False
    return len(set().union(*amounts)) > 1 or not _PRICES.isdisjoint(words_of(path[-1]))


def made_of_tokens(draft: Draft, cheapest: float, dearest: float) -> Path | None:
    """Return a free path with amounts that tokens make at fixed prices between two bounds; None: there is none."""
    taken, given = draft.column("input_tokens"), draft.column("output_tokens")
    if taken is None or given is None:
        return None
    for path, column in draft.columns.of.items():
        named = words_of(path[-1])
        if not draft.is_free(path) or not column.is_numeric or not LATENCY.isdisjoint(named) or "saved" in named:
            continue
        if all(number.is_integer() for number in column.numbers.values()):
            continue
        prices = prices_of(column.numbers, [taken.counts, given.counts], groups_of(draft))
        if prices and all(cheapest <= each <= dearest for it in prices for each in it.each):
            return path
    return None


def micros(draft: Draft, column: Column) -> bool:
    """Whether amounts are whole numbers that are far too much in dollars, and usual in millionths of them."""
    tokens = _tokens(draft)
    each = [cost / tokens[at] for at, cost in column.numbers.items() if cost > 0 and tokens.get(at, 0) > 0]
    if len(each) < _FEWEST or not all(number.is_integer() for number in column.numbers.values()):
        return False
    return _CHEAP <= median(each) / _MILLION <= _DEAR


def follows_tokens(draft: Draft, column: Column, session: Path | None) -> bool:
    """Whether amounts that only grow are better told by the tokens of each call than their increases are: then
    they are of single calls, which happen to take more and more."""
    told = [str(draft.settings.get(name)) for name in ("input_tokens", "output_tokens")]
    if any("of_session" in it for it in told):
        return False
    tokens = _tokens(draft)
    grown = differences(draft.columns, column, session)
    at = [it for it in grown if tokens.get(it, 0) > 0 and column.numbers.get(it, 0) > 0]
    if len(at) < _FEWEST:
        return False
    if any(grown[it] <= 0 for it in at):
        return True
    own, steps = ([log(numbers[it] / tokens[it]) for it in at] for numbers in (column.numbers, grown))
    return pstdev(own) < pstdev(steps)


def names_currencies(column: Column) -> bool:
    """Whether all values are codes of currencies."""
    return all(isinstance(value, str) and value.strip().lower() in _CURRENCIES for value in column.values)


def _tokens(draft: Draft) -> dict[int, float]:
    """Return the tokens of each record that tells any."""
    found: dict[int, float] = defaultdict(float)
    for name in ("input_tokens", "output_tokens"):
        column = draft.column(name)
        for at, number in ({} if column is None else column.counts).items():
            found[at] += number
    return found
