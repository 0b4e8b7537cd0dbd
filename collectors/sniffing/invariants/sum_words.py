"""Leaves out records that a word calls the sum of the others, where their tokens are just that. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import amounts
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_SUMS = word_set(
    "total totals all overall sum aggregate aggregated combined summary grand gesamt summe totale suma"
)
_FEWEST = 2
"""Records with tokens that a sum is made of."""


def left_out_sums(draft: Draft) -> dict[Path, list[Scalar]]:
    """Return the word of records that have all the input and all the output of the others: what a call must not
    say. Nothing where no word is of a sum, or the sums are others."""
    sides = [it for it in (amounts(draft, name) for name in ("input_tokens", "output_tokens")) if any(it.values())]
    if not sides:
        return {}
    for path, column in draft.columns.of.items():
        for value in dict.fromkeys(column.values):
            if not isinstance(value, str) or not words_of(value) or not _SUMS.issuperset(words_of(value)):
                continue
            at = {it for it, other in column.by_record.items() if other == value}
            if all(_are_sums(side, at) for side in sides):
                draft.settled.add(path)
                draft.doubt(
                    "not",
                    f"{len(at)} records whose {draft.spell(path)} is {value} have the tokens of all the others"
                    f" together, and are left out as sums; were they calls, there would be {len(at)} more",
                )
                return {path: [value]}
    return {}


def _are_sums(numbers: Mapping[int, float], at: set[int]) -> bool:
    others = [number for it, number in numbers.items() if it not in at and number > 0]
    return len(others) >= max(_FEWEST, len(at) + 1) and sum(others) == sum(numbers.get(it, 0) for it in at)
