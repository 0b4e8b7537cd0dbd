"""Finds what an answer tells twice: buckets in a page, and sums on two pages. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.usage_api.interface import Page, Usage

T = TypeVar("T")


def distinct(found: Sequence[T]) -> list[T]:
    """Return the buckets of a page without those that are equal to an earlier one of it, in their order."""
    kept: list[T] = []
    for one in found:
        if one not in kept:
            kept.append(one)
    return kept


def without_repeats(pages: Iterable[Page]) -> list[Page]:
    """Return the pages of an answer without sums that stand on an earlier page of it too, and say how many.

    A provider tells each group of a day once, so that the same group with the same numbers on another page is a
    page that shifted while it was read. Groups that are the same on one page are left as they are: something that
    nobody asked for may tell them apart. Single calls have an id instead.
    """
    before: set[Hashable] = set()
    kept = []
    for page in pages:
        usage = [one for one in page.usage if one.id is not None or _of(one) not in before]
        billed = [one for one in page.billed if _bill(one) not in before]
        again = len(page.usage) - len(usage) + len(page.billed) - len(billed)
        before.update(_of(one) for one in page.usage if one.id is None)
        before.update(map(_bill, page.billed))
        if again:
            doubt = (str(Result.DUPLICATE), f"sums that stand on two pages, and count once: {again:,}")
            page = msgspec.structs.replace(page, usage=usage, billed=billed, doubts=(*page.doubts, doubt))
        kept.append(page)
    return kept


def _of(one: Usage) -> Hashable:
    values, names = sorted(one.values.items()), sorted(one.names.items())
    return ("usage", one.day, one.size, repr(values), repr(names))


def _bill(one: BilledAmount) -> Hashable:
    return ("billed", one.day, one.project, one.item, one.usd)
