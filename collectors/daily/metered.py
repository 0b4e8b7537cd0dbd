"""Makes answers of what a cloud has added up already: calls, failed calls, and sums over some of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from math import isfinite

from msgspec import Struct, field

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.interface import Result

AMOUNTS = (
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
    "latency_ms",
)  # fmt: skip
_FIELDS = ("model", "status", "inferences", *AMOUNTS)
_FAILED = "error"


class Sum(Struct, frozen=True):
    """A sum over calls."""

    amount: float
    calls: float | None = None
    """Over how many calls that is, as far as it is told; None: over all of them."""


class Metered(Struct, frozen=True):
    """What a cloud says of the calls of one day that have the same names."""

    day: date
    model: str | None
    calls: float
    """Successful ones."""
    failed: float = 0.0
    sums: Mapping[str, Sum] = field(default_factory=dict)
    """By the `AMOUNTS` that are known. What is not here is unknown, and no zero."""
    template: tuple[object, ...] = ()
    """What the template of the system needs."""


def answer_of(
    found: Iterable[Metered],
    system_of: Callable[[tuple[object, ...]], str | None],
    place: str,
    problems: Iterable[tuple[str, str, str]] = (),
) -> Answer:
    """Return what the counts of some days mean.

    Args:
        found: the counts, each call in one of them.
        system_of: returns the system of the values of the template; None: they name none.
        place: the source, for messages.
        problems: what could not be read, with its place, reason and detail.
    """
    found = list(found)
    sound = [each for each in found if _is_count(each.calls) and _is_count(each.failed)]
    some = [each for each in sound if each.calls or each.failed]
    sums = added_up((group for each in some for group in groups(each)), _FIELDS, system_of)
    told = [*problems, *((place, *it) for it in sums.problems)]
    without = [each for each in sound if not each.calls and any(it.amount > 0 for it in each.sums.values())]
    alone = frozenset(each.day for each in without) - {each.day for each in some}
    if days := sorted({each.day for each in without}):
        which = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
        told.append(
            (place, str(Result.MISSING_FIELD), f"inferences: {which} has tokens without a successful call")
        )
    unsound = frozenset(each.day for each in found if not (_is_count(each.calls) and _is_count(each.failed)))
    if unsound:
        detail = f"inferences: {len(unsound)} days have a number of calls that is negative or none"
        told.append((place, str(Result.MISTYPED_FIELD), detail))
    return Answer(
        usage=sums.usage,
        filled=frozenset(each.day for each in some) | unsound | alone,
        # A day that has tokens and nothing else had calls, however many.
        partial=unsound | alone,
        tallies=sums.tallies,
        calls=sums.calls,
        unattributed=sums.unattributed,
        tiers=sums.tiers,
        problems=tuple(told),
    )


def groups(found: Metered) -> Iterator[Group]:
    """Yield the calls in groups of which the same is known: a sum may be over fewer calls than there are."""
    known = {
        name: min(found.calls if it.calls is None else it.calls, found.calls)
        for name, it in found.sums.items()
        if _is_count(it.amount) and (it.calls is None or _is_count(it.calls))
    }
    names = {} if found.model is None else {"model": found.model}
    below = 0.0
    for edge in sorted({*known.values(), found.calls} - {0.0}):
        # All sums are in the first group, which has all of them; the calls of the others are known to be in there.
        told = {name: 0.0 if below else found.sums[name].amount for name, calls in known.items() if calls >= edge}
        yield Group(found.day, {**names, "inferences": edge - below, **told}, found.template)
        below = edge
    if found.failed:
        yield Group(found.day, {**names, "status": _FAILED, "inferences": found.failed}, found.template)


def with_parts(sums: Mapping[str, Sum], parts: Iterable[str]) -> dict[str, Sum]:
    """Return sums whose input holds the parts that the cloud counts beside it; an unknown input stays unknown."""
    whole = sums.get("input_tokens")
    if whole is None:
        return dict(sums)
    beside = sum(sums[name].amount for name in parts if name in sums)
    return {**sums, "input_tokens": Sum(whole.amount + beside, whole.calls)}


def averaged(amount: float, samples: float, calls: float) -> Sum | None:
    """Return the sum of an amount over successful calls, when failed ones may have samples of it as well: of at
    most as many calls as succeeded, each with the average; None when there are none.

    Args:
        amount: the sum over all samples.
        samples: how many there are, one for each call.
        calls: how many calls succeeded.
    """
    if samples <= 0 or calls <= 0:
        return None
    known = min(samples, calls)
    return Sum(amount / samples * known, known)


def _is_count(number: float) -> bool:
    return isfinite(number) and number >= 0
