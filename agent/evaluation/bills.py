"""Compares what providers bill with what the tokens that they tell cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from leverwatch.agent.framework.bill import Bill, BilledDay
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.spend import Untold
from leverwatch.agent.prices.worth import Used, Worth, worth
from leverwatch.agent.store.bills import read_billed, read_uncounted, read_used
from leverwatch.agent.store.store import Store
from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.day_states import whole
from leverwatch.collectors.daily.known_days import DAYS, read_known
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Operation

WINDOW_DAYS = 28


def bills(
    store: Store, sources: Mapping[str, str] | Collection[str] | None, as_of: date, book: PriceBook
) -> tuple[Bill, ...]:
    """Return what each source is billed on the days that it knows whole, the newest four weeks of them.

    Args:
        store: what is stored.
        sources: the names of the configured sources, with the note of each where it has one; None: all.
        as_of: the newest day that is looked at.
        book: the prices.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    since = as_of - timedelta(days=WINDOW_DAYS - 1)
    with store.reading() as connection:
        billed, uncounted = read_billed(connection, since, as_of), read_uncounted(connection, since, as_of)
        names = sorted({*billed, *uncounted} if sources is None else {*billed, *uncounted} & {*sources})
        used = {name: list(read_used(connection, name, since, as_of)) for name in names if name in billed}
    notes = sources if isinstance(sources, Mapping) else {}
    found = []
    for name in names:
        days = _compared(store, name, billed.get(name, {}), worth(used.get(name, ()), book))
        newest = max(uncounted.get(name, {}), default=None)
        tokens = 0.0 if newest is None else uncounted[name][newest]
        found.append(Bill(name, days, newest, tokens, notes.get(name, "")))
    return tuple(found)


def _compared(
    store: Store, source: str, billed: Mapping[date, float], priced: Mapping[date, Worth]
) -> tuple[BilledDay, ...]:
    state = store.source_state(source).load().get(DAYS.key)
    try:
        known = None if state is None else read_known(source, state)
    except CollectorError:
        return ()  # the next run says so
    days = [day for day in sorted(billed) if known is not None and whole(day, known)]
    return tuple(_day(day, billed[day], priced.get(day, Worth())) for day in days)


def _day(day: date, usd: float, of_tokens: Worth) -> BilledDay:
    unpriced = tuple(sorted(of_tokens.unpriced))
    return BilledDay(day, usd, None if unpriced and not of_tokens.usd else of_tokens.usd, unpriced)


def bill_of(answer: Answer, day: date, book: PriceBook) -> BilledDay | None:
    """Return what one answer says of the bill of a day beside its tokens; None: nothing of what is billed."""
    amounts = [it.usd for it in answer.billed if it.day == day]
    if not amounts:
        return None
    return _day(day, sum(amounts), worth(_used(answer), book).get(day, Worth()))


def _used(answer: Answer) -> Iterator[Used]:
    tiers: dict[tuple[date, str], list[float]] = {}
    for one in answer.tiers:
        amounts = [
            one.input_tokens, one.cached_input_tokens, one.cache_write_tokens, one.output_tokens,
            one.write_1h_tokens,
        ]  # fmt: skip
        before = tiers.get((one.day, one.model), [0.0] * 5)
        tiers[one.day, one.model] = [a + b for a, b in zip(before, amounts, strict=True)]
        yield Used(one.day, one.model, one.tier, _tokens(amounts))
    sums: dict[tuple[date, str, bool], list[float]] = {}
    for row in answer.usage:
        key = (row.day, row.model, row.operation is Operation.GENERATION)
        amounts = [
            row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens,
            row.uncosted_write_1h_tokens,
        ]  # fmt: skip
        sums[key] = [a + b for a, b in zip(sums.get(key, [0.0] * 5), amounts, strict=True)]
    for (day, model, is_generation), amounts in sums.items():
        taken = tiers.get((day, model), [0.0] * 5) if is_generation else [0.0] * 5
        yield Used(day, model, "", _tokens([max(a - b, 0.0) for a, b in zip(amounts, taken, strict=True)]))
    for it in answer.uncounted:
        amounts = [
            it.input_tokens, it.cached_input_tokens, it.cache_write_tokens, it.output_tokens, it.write_1h_tokens,
        ]  # fmt: skip
        yield Used(it.day, it.model, it.tier, _tokens(amounts))


def _tokens(amounts: list[float]) -> Untold:
    entered, cached, written, left, hour = amounts
    return Untold(entered, cached, written, left, 0.0, hour)
