"""Finds calls of a size or a speed that no model has: sums of several calls, or answers of a cache. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import (
    are_days,
    latencies,
    stands_for_many,
    with_beside,
)
from leverwatch.collectors.sniffing.name_words import SESSION, words_of

READS, WRITES = 2_200_000, 400_000
"""Tokens that no model reads, and that none writes, in one call."""
_FASTEST = 20_000
"""Tokens a second that no model writes."""
_LONG_MS = 120_000
_SOME, _FEWEST = 50, 3


def doubt_sizes(draft: Draft) -> None:
    """Say which records are too large for one call, last too long for one, or answer too fast."""
    if stands_for_many(draft):
        return
    taken, given = with_beside(draft, "input_tokens"), with_beside(draft, "output_tokens")
    large = _too_large(taken, given)
    if large:
        most = max(taken.get(at, 0) + given.get(at, 0) for at in large)
        draft.doubt(
            "inferences",
            f"{len(large)} records have more tokens than a model takes in one call, up to {most:,.0f}: each is a"
            f" sum of several calls{_of_session(draft)}, or its tokens are running totals; it counts as one call,"
            " and how many there were is not told",
        )
    elif len(draft.columns) < _FEWEST and are_days(draft):
        draft.doubt(
            "inferences",
            "the time is a day alone, as of sums; no field says of how many calls, and each record counts as one",
        )
    else:
        _doubt_sessions(draft, taken, given)
    _doubt_speeds(draft, given)


def has_sums(draft: Draft) -> bool:
    """Whether a record has more tokens than one call takes."""
    return bool(_too_large(with_beside(draft, "input_tokens"), with_beside(draft, "output_tokens")))


def _too_large(taken: Mapping[int, float], given: Mapping[int, float]) -> list[int]:
    return [at for at in {*taken, *given} if taken.get(at, 0) > READS or given.get(at, 0) > WRITES]


def _of_session(draft: Draft) -> str:
    time = draft.paths.get("time", ())
    found = [path for path in draft.columns.of if SESSION.intersection(words_of(path[-1])) and path not in time]
    names = [draft.spell(path) for path in found]
    return f", as of a session or run ({names[0]})" if names else ""


def _doubt_sessions(draft: Draft, taken: Mapping[int, float], given: Mapping[int, float]) -> None:
    """Say that each record may be a session: each names one of its own, and most last minutes."""
    lasting = latencies(draft)
    if not lasting or median(lasting.values()) < _LONG_MS:
        return
    own = [
        path
        for path, column in draft.columns.of.items()
        if SESSION.intersection(words_of(path[-1]))
        and isinstance(column.values[0], str)
        and len(set(column.values)) == len(draft.columns)
    ]
    if own and (taken or given):
        draft.doubt(
            "inferences",
            f"each record has a {draft.spell(own[0])} of its own and most last"
            f" {median(lasting.values()) / 60_000:,.0f} minutes or more, as sessions of several calls do; each"
            " counts as one call",
        )


def _doubt_speeds(draft: Draft, given: Mapping[int, float]) -> None:
    """Say which answers came faster than a model writes."""
    lasting = latencies(draft)
    some = {at: number for at, number in given.items() if number >= _SOME and at in lasting}
    speeds = {at: 1000 * number / lasting[at] for at, number in some.items() if lasting[at] > 0}
    none = [at for at in some if lasting[at] == 0]
    fast = [at for at, speed in speeds.items() if speed > _FASTEST]
    if not fast and not none:
        return
    if len(fast) + len(none) > 0.5 * (len(speeds) + len(none)):
        if len(fast) >= _FEWEST:
            draft.doubt(
                "latency", f"{len(fast)} of {len(speeds)} records would have answered at more than {_FASTEST:,}"
                           " tokens a second: it is in another unit, or not that of the whole call",
            )  # fmt: skip
        return
    number = len(fast) + len(none)
    draft.doubt(
        "inferences",
        f"{number} records answered faster than any model writes, and count as calls; if a cache or a mock"
        f" answered, there are {number} fewer",
    )
