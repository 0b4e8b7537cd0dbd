"""Adds up tokens of calls whose number no source tells: neither zero calls nor one. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from leverwatch.collectors.billed import UncountedTokens
from leverwatch.collectors.daily.sums import Group
from leverwatch.collectors.interface import UNKNOWN_MODEL
from leverwatch.collectors.records.service_tiers import tier_name, tier_of

TOKENS = (
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip
"""The fields of a group that are read, in the order of `UncountedTokens`."""
OTHER = "other"
_LONGEST = 200
_NAMED = 5
"""Models that are named in a message."""


def uncounted(
    groups: Iterable[Group], system_of: Callable[[tuple[object, ...]], str | None], most: int
) -> tuple[list[UncountedTokens], Counter[str]]:
    """Return the tokens of calls whose number is unknown, and of how many groups that name no system, by model.

    Args:
        groups: the tokens; a number of calls in them is not looked at.
        system_of: returns the system of the values of the template; None: they name none.
        most: how many sums are kept of a day; the smallest ones beyond are one.
    """
    sums: dict[tuple[date, str, str, str], list[float]] = defaultdict(lambda: [0.0] * len(TOKENS))
    unattributed: Counter[str] = Counter()
    for one in groups:
        system = system_of(one.template)
        if system is None:
            unattributed[_model(one)] += 1
            continue
        tier = tier_name(tier_of(one.values.get("tier")), one.size)
        cell = sums[one.day, system, _model(one), tier]
        for at, name in enumerate(TOKENS):
            cell[at] += one.values.get(name) or 0
    kept: dict[tuple[date, str, str, str], list[float]] = {}
    seen: Counter[date] = Counter()
    for key, cell in sorted(sums.items(), key=lambda it: (-sum(it[1]), it[0])):
        seen[key[0]] += 1
        place = key if seen[key[0]] <= most else (key[0], OTHER, OTHER, key[3])
        kept[place] = [a + b for a, b in zip(kept.get(place, [0.0] * len(TOKENS)), cell, strict=True)]
    found = [UncountedTokens(system, model, day, tier, *cell) for (day, system, model, tier), cell in kept.items()]
    return found, unattributed


def without_system(models: Counter[str]) -> str:
    """Return in words that sums of tokens name no system, by the models that they are of."""
    named = ", ".join(name for name, _ in models.most_common(_NAMED))
    more = f" and {len(models) - _NAMED:,} more" if len(models) > _NAMED else ""
    return (
        f"the system has no name for {models.total():,} sums of tokens, whose calls are unknown, of {named}{more}"
    )


def _model(group: Group) -> str:
    return str(group.values.get("model") or UNKNOWN_MODEL)[:_LONGEST]
