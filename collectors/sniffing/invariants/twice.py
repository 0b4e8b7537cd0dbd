"""Finds calls that were written twice, by who sent them and by who passed them on. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import (
    amounts,
    has_times_of_day,
    stands_for_many,
    times,
    with_beside,
)

_WITHIN = 2.0
"""Seconds between the records of one call."""
_SMALL = 40
"""Tokens, fewer of which are the same in different calls by chance."""
_CHANCE = 0.1
"""The share of other records with the amounts of another one, from which on equal amounts are nothing special."""
_MOST_NAMES = 3
_STREAM = 3
"""Records that grow one after the other, from which on it is no chance."""
_AMOUNTS = ("input_tokens", "cached_input_tokens", "output_tokens")


def doubt_twice(draft: Draft) -> None:
    """Say how many records have the amounts of another one of the same second, though they differ elsewhere."""
    moments = times(draft)
    if stands_for_many(draft) or not has_times_of_day(moments):
        return
    given = amounts(draft, "output_tokens")
    known = [amounts(draft, name) for name in _AMOUNTS]
    same: dict[tuple[float | None, ...], list[int]] = defaultdict(list)
    for at in moments:
        key = tuple(numbers.get(at) for numbers in known)
        if given.get(at, 0) > 0 and sum(it or 0 for it in key) >= _SMALL:
            same[key].append(at)
    twins: list[tuple[int, int]] = []
    apart = 0
    for found in same.values():
        found.sort(key=lambda at: (moments[at], at))
        for first, second in pairwise(found):
            if (moments[second] - moments[first]).total_seconds() > _WITHIN:
                apart += 1
            elif _may_be_one(draft, first, second):
                twins.append((first, second))
    if not twins or apart > _CHANCE * (len(moments) - 2 * len(twins)):
        return
    if "model" not in (names := _differing(draft, twins)) and "request_id" in draft.paths:
        return  # each has an id of its own: the same question, asked twice at once
    later = [at for _, at in twins]
    whole = with_beside(draft, "input_tokens")
    tokens = sum(numbers.get(at, 0) for numbers in (whole, given) for at in later)
    paths = [draft.spell(draft.paths[name][0]) if name == "model" else name for name in names]
    draft.doubt(
        "inferences",
        f"{len(later)} records have the same amounts as another one within {_WITHIN:.0f} seconds, with another"
        f" {' or '.join(paths[:_MOST_NAMES])}, and count as calls of their own; if these are the same calls"
        f" written twice, there are {len(later)} fewer inferences and {tokens:,.0f} fewer tokens in the sample",
    )


def doubt_growing(draft: Draft) -> None:
    """Say how many records have the input of the one just before and more output, as pieces of a stream have."""
    moments = times(draft)
    if stands_for_many(draft) or "request_id" in draft.paths or not has_times_of_day(moments):
        return
    taken, given = amounts(draft, "input_tokens"), amounts(draft, "output_tokens")
    order = sorted(
        (at for at in moments if taken.get(at, 0) > 0 and at in given), key=lambda at: (moments[at], at)
    )
    longest = run = growing = 0
    for first, second in pairwise(order):
        near = (moments[second] - moments[first]).total_seconds() <= _WITHIN
        is_more = near and taken[second] == taken[first] and given[second] > given[first]
        run = run + 1 if is_more else 0
        growing += is_more
        longest = max(longest, run)
    if longest >= _STREAM and len(set(taken.values())) > 1:
        draft.doubt(
            "inferences",
            f"{growing} records have the input of the one up to {_WITHIN:.0f} seconds before and more output, and"
            f" count as calls of their own; if they are pieces of a stream, there are {growing} fewer",
        )


def _may_be_one(draft: Draft, first: int, second: int) -> bool:
    """Whether two records with the same amounts may be of one call: their models differ, or else nothing that both
    tell but the time and the cost. Two that are the same in everything are counted elsewhere."""
    one, other = draft.columns.records[first], draft.columns.records[second]
    if one == other:
        return False
    models = draft.paths.get("model", ())
    if any(path in one and path in other and one[path] != other[path] for path in models):
        return True
    free = {*draft.paths.get("time", ()), *draft.paths.get("cost_usd", ())}
    return all(one[path] == other[path] for path in one.keys() & other.keys() if path not in free)


def _differing(draft: Draft, twins: list[tuple[int, int]]) -> list[str]:
    """Return what twins differ in, `model` before all other names: what most of them have otherwise first."""
    records, model = draft.columns.records, draft.paths.get("model", ())
    time: tuple[Path, ...] = draft.paths.get("time", ())
    found: Counter[str] = Counter()
    for first, second in twins:
        one, other = records[first], records[second]
        for path in dict.fromkeys((*one, *other)):
            if one.get(path) != other.get(path) and path not in time:
                found["model" if path in model else draft.spell(path)] += 1
    return sorted(found, key=lambda name: (name != "model", -found[name])) or ["time"]
