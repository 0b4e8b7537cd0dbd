"""Finds records that say of several things how many went well and how many did not. Pure."""

from __future__ import annotations

from itertools import product

from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import stands_for_many
from leverwatch.collectors.sniffing.name_words import word_set, words_of

_GOOD = word_set("ok success successes succeeded successful done processed passed completed answered good valid")
_BAD = word_set("failed failures failure errors error errored bad invalid skipped rejected")
_MOSTLY, _FEWEST = 0.9, 3


def doubt_batches(draft: Draft) -> None:
    """Say that each record may be of as many calls as a number that is the sum of those that went well and of
    those that did not."""
    if stands_for_many(draft):
        return
    counts = {path: it for path, it in draft.columns.of.items() if _counts(draft, it)}
    good = [it for path, it in counts.items() if _GOOD.intersection(words_of(path[-1]))]
    bad = [it for path, it in counts.items() if _BAD.intersection(words_of(path[-1]))]
    for path, whole in counts.items():
        if max(whole.numbers.values(), default=0) <= 1 or len(whole.numbers) < _FEWEST:
            continue
        for one, other in product(good, bad):
            if len({path, one.path, other.path}) == len((path, one, other)) and _are_parts(whole, one, other):
                total = sum(whole.numbers.values())
                parts = f"{draft.spell(one.path)} and {draft.spell(other.path)}"
                draft.doubt(
                    "inferences",
                    f"{parts} are together {draft.spell(path)},"
                    f" which is {total:,.0f} in the sample; each record counts as one call, and were each of these"
                    f" one, there would be {total:,.0f}",
                )
                return


def _counts(draft: Draft, column: Column) -> bool:
    whole = column.is_numeric and all(map(float.is_integer, column.numbers.values()))
    return whole and draft.columns.share(column.path) >= _MOSTLY


def _are_parts(whole: Column, one: Column, other: Column) -> bool:
    same = sum(one.numbers.get(at, 0) + other.numbers.get(at, 0) == number for at, number in whole.numbers.items())
    return same >= _MOSTLY * len(whole.numbers) and any(one.numbers.values())
