"""Tells sums of a number of calls and what they cost, beside which there is nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.presummed import names_calls

_DOLLARS = word_set("usd dollar dollars")
_WHERE = ("budget", "limit", "cap", "dailylimit", "budgetusd", "limitusd", "dailybudget", "dailybudgetusd")


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
