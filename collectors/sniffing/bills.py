"""Tells calls by what they cost, where nothing else says that they are some. Pure.

They are sums of a number of calls, or small amounts of dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.invariants.amounts import latencies
from leverwatch.collectors.sniffing.name_words import LATENCY, word_set, words_of
from leverwatch.collectors.sniffing.presummed import names_calls

_DOLLARS = word_set("usd dollar dollars")
_WHERE = ("budget", "limit", "cap", "dailylimit", "budgetusd", "limitusd", "dailybudget", "dailybudgetusd")
_METERED = word_set(
    "sms mms phone phones segments carrier email emails kwh wh energy power watt watts volt meter gas gwei fee"
    " fees tx txid txhash hash wallet chain symbol ticker pair side qty quantity shares volume price bid ask"
    " trade trades order orders invoice sku product customer bytes gb mb storage bucket egress bandwidth"
    " cpu vcpu gpu instance node pod container ride trip distance km miles click clicks impressions"
    " campaign ad ads bet odds"
)
"""Words for what else costs parts of a cent."""
_SLOW = 1000.0
"""Milliseconds from which on most requests are as slow as an answer of a model."""
_FEWEST, _DEAREST, _USUAL, _MOSTLY = 3, 5.0, 0.25, 0.8


def small_costs(draft: Draft) -> tuple[Path, ...] | None:
    """Return the path of a cost in dollars whose amounts are small, of all kinds and told to parts of a cent,
    as those of tokens are.

    None where another number beside it is no count and no duration, or a name or a word is of something else that
    costs so little, such as messages by telephone or energy.
    """
    paths = draft.paths.get("cost_usd", ())
    if len(paths) != 1 or _DOLLARS.isdisjoint(words_of(paths[0][-1])):
        return None
    column = draft.columns.of[paths[0]]
    amounts = [it for it in column.numbers.values() if it > 0]
    if not amounts and _is_local(draft, len(column.numbers)):
        return paths
    if len(amounts) < _FEWEST or len(amounts) < _MOSTLY * len(draft.columns):
        return None
    fine = sum(not _is_whole(it) for it in amounts)
    if max(amounts) > _DEAREST or median(amounts) > _USUAL or fine < _MOSTLY * len(amounts):
        return None
    if len(set(amounts)) < max(_FEWEST, len(amounts) / 2):
        return None  # a price, and no amount of tokens
    for path, other in draft.columns.of.items():
        if not _METERED.isdisjoint(words_of(path[-1])) or (other.is_numeric and not _may_be_beside(draft, path)):
            return None
        if any(isinstance(it, str) and not _METERED.isdisjoint(words_of(it)) for it in set(other.values)):
            return None
    return paths


def _is_local(draft: Draft, told: int) -> bool:
    """Whether requests that all cost nothing take as long as a model of one's own does, and have nothing else that
    is measured."""
    took = [it for it in latencies(draft).values() if it > 0]
    if told < _MOSTLY * len(draft.columns) or len(took) < _FEWEST or median(took) < _SLOW:
        return False
    return all(
        _METERED.isdisjoint(words_of(path[-1])) and (not it.is_numeric or _may_be_beside(draft, path))
        for path, it in draft.columns.of.items()
    )


def _is_whole(amount: float) -> bool:
    """Whether an amount has no more than tenths of a cent."""
    return abs(amount * 1000 - round(amount * 1000)) < 1e-7


def _may_be_beside(draft: Draft, path: Path) -> bool:
    taken = {it for paths in draft.paths.values() for it in paths}
    words = LATENCY | _DOLLARS
    if path in taken or is_called(_WHERE, path) or not words.isdisjoint(words_of(path[-1])):
        return True
    return all(it.is_integer() for it in draft.columns.of[path].numbers.values())


def said_of_small_costs(path: Path, records: int, spell: Callable[[Path], str]) -> str:
    """Return what is to be asked about records that nothing but small amounts of dollars say are calls."""
    return (
        f"nothing beside {spell(path)}, whose amounts are as small as those of tokens may be, says that these"
        f" are calls of models; {records} records of the sample count as one call each. If they are something"
        " else, there are none"
    )


def bill_of(draft: Draft) -> tuple[Path, ...] | None:
    """Return the paths of a number of calls and of their cost in dollars, where records are nothing but these.

    None where one is missing, or another number stands beside them, as in tables of telephones and websites.
    """
    calls, costs = draft.paths.get("inferences", ()), draft.paths.get("cost_usd", ())
    if (
        len(calls) != 1
        or len(costs) != 1
        or not names_calls(calls[0])
        or _DOLLARS.isdisjoint(words_of(costs[0][-1]))
    ):
        return None
    taken = {path for paths in draft.paths.values() for path in paths}
    others = [path for path, it in draft.columns.of.items() if it.is_numeric and path not in taken]
    return None if any(not is_called(_WHERE, path) for path in others) else (*calls, *costs)


def said_of_bill(paths: Sequence[Path], spell: Callable[[Path], str]) -> str:
    """Return what is to be asked about records that are nothing but a number of calls and a cost."""
    return (
        f"nothing beside {' and '.join(map(spell, paths))} says that these are calls of models; if they are"
        " something else, there are none"
    )
