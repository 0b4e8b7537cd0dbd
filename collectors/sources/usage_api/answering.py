"""Makes the answer for some days of the pages that an API gave. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from math import inf, isfinite

from msgspec import Struct

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.daily.uncounted import OTHER, TOKENS, uncounted, without_system
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.usage_api.interface import MODEL, Page, Usage

FIELDS = (
    "inferences", "model", "operation", "status", "tier", "input_tokens", "cached_input_tokens",
    "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "latency_ms",
    "errors", "cache_hit",
)  # fmt: skip
_AMOUNTS = (*TOKENS, "inferences", "errors", "cost_usd")
MOST_KEPT = 1000
"""Lines of a bill, or of tokens without calls, that are kept of a day; the smallest ones beyond are one line."""
_LONGEST = 200

SystemOf = Callable[[tuple[object, ...]], str | None]


class Reply(Struct, frozen=True):
    """All pages of the answer to one question."""

    what: str
    pages: Sequence[Page]
    counts: bool
    """Whether it is about usage, and not about what is billed."""


def answer_of(
    replies: Sequence[Reply],
    days: Days,
    words: Sequence[str],
    system_of: SystemOf,
    place: str,
    *,
    counts_calls: bool = True,
) -> Answer:
    """Return what the answers of an API say of some days.

    Args:
        replies: all of them.
        days: what was asked for. Rows of other days are left out, and said.
        words: what the names of systems are made of.
        system_of: returns the system of the values of these words; None: they name none.
        place: the source, for messages.
        counts_calls: whether the API tells the number of calls; a day on which it does not is partial.

    Raises:
        ValueError: a number of calls or an amount is none. The message has no value.
    """
    pages = [page for reply in replies for page in reply.pages]
    if not all(isfinite(one.usd) for page in pages for one in page.billed):
        raise ValueError("the answer is not as documented: an amount is no number")
    told_usage = [one for page in pages for one in page.usage]
    if not all(0 <= (one.values.get("inferences") or 0) < inf for one in told_usage):
        raise ValueError("the answer is not as documented: a number of calls is negative or none")
    without = [one.values for one in told_usage if one.values.get("inferences") is None]
    if not all(0 <= (values.get(name) or 0) < inf for values in without for name in TOKENS):
        raise ValueError("the answer is not as documented: a number of tokens is negative or none")
    elsewhere = sum(1 for one in told_usage if one.day not in days)
    usage = [one for one in told_usage if one.day in days and any(map(one.values.get, _AMOUNTS))]
    once = {one.id: one for one in usage if one.id is not None}
    usage = [*(one for one in usage if one.id is None), *once.values()]
    counted = [one for one in usage if one.values.get("inferences") is not None]
    sums = added_up((_group(one, words) for one in counted), FIELDS, system_of)
    without_calls = (_group(one, words) for one in usage if "inferences" not in one.values)
    beside, unattributed = uncounted(without_calls, system_of, MOST_KEPT)
    tallies = sums.tallies + Counter({Result.UNATTRIBUTED: unattributed.total(), Result.COUNTED: len(beside)})
    problems = [*sums.problems, *(doubt for page in pages for doubt in page.doubts)]
    if unattributed:
        problems.append((str(Result.UNATTRIBUTED), without_system(unattributed)))
    told = [_told(reply, days) for reply in replies if reply.counts]
    filled = frozenset(one.day for one in usage)
    untold = frozenset(day for day in days if not all(day in one for one in told))
    partial = frozenset(day for page in pages for day in page.partial if day in days)
    if elsewhere:
        # What ignores the days that are asked for says nothing of those of which it has no row.
        untold |= frozenset(days) - filled
        detail = f"{elsewhere:,} rows are of other days than were asked for, and are left out"
        problems.append((str(Result.OUT_OF_RANGE), detail))
    lacking = (
        frozenset(one.day for one in usage if "inferences" not in one.values) if counts_calls else frozenset()
    )
    if lacking:
        partial |= lacking
        detail = f"requests are not told on {len(lacking)} days: the number of calls is unknown"
        problems.append((str(Result.MISSING_FIELD), detail))
    return Answer(
        usage=sums.usage,
        filled=filled,
        tallies={result: number for result, number in tallies.items() if number},
        calls=sums.calls,
        unattributed=sums.unattributed,
        tiers=sums.tiers,
        partial=partial | (untold & filled),
        untold=untold - filled,
        problems=tuple((place, *it) for it in problems),
        billed=kept_amounts(one for page in pages for one in page.billed if one.day in days),
        uncounted=tuple(beside),
    )


def _told(reply: Reply, days: Days) -> frozenset[date]:
    """Return the days that an answer speaks of."""
    found: set[date] = set()
    for page in reply.pages:
        found.update(days if page.told is None else page.told)
    return frozenset(found)


def _group(one: Usage, words: Sequence[str]) -> Group:
    names = {MODEL: one.values.get("model"), **one.names}
    return Group(one.day, one.values, tuple(names.get(word) for word in words), one.size)


def kept_amounts(billed: Iterable[BilledAmount]) -> tuple[BilledAmount, ...]:
    """Return amounts of one day, project and item as one, and the smallest beyond a number as one of the day."""
    sums: dict[tuple[date, str, str], float] = defaultdict(float)
    for one in billed:
        sums[one.day, one.project[:_LONGEST], one.item[:_LONGEST]] += one.usd
    kept: dict[tuple[date, str, str], float] = defaultdict(float)
    seen: Counter[date] = Counter()
    for key, usd in sorted(sums.items(), key=lambda it: (-abs(it[1]), it[0])):
        seen[key[0]] += 1
        kept[key if seen[key[0]] <= MOST_KEPT else (key[0], OTHER, OTHER)] += usd
    return tuple(BilledAmount(*key, usd) for key, usd in sorted(kept.items()))
