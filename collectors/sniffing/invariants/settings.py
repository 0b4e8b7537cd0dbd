"""Finds tokens that are a setting of the calls, and no count. Pure."""

from __future__ import annotations

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import amounts

_FEWEST, _LEAST, _ROUND = 8, 100, 50


def doubt_settings(draft: Draft) -> None:
    """Say that the output is the same round number in all calls, as the most that was asked for is."""
    given = [number for number in amounts(draft, "output_tokens").values() if number > 0]
    if len(given) < _FEWEST or len(set(given)) > 1:
        return
    number = int(given[0])
    if number >= _LEAST and (number % _ROUND == 0 or number & (number - 1) == 0):
        draft.doubt(
            "output_tokens",
            f"{draft.spell(draft.paths['output_tokens'][0])} is {number:,} in all {len(given)} records that have"
            " some, as a limit or an estimate is, and no count",
        )
