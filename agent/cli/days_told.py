"""What is known of the days of sources that are asked for days, and what comparing sources gave, as lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from leverwatch.agent.cli.output import count, table
from leverwatch.agent.config.load import Loaded
from leverwatch.agent.framework.bill import Bill, BilledDay, dollars
from leverwatch.agent.framework.cross_check import ComparedDay, CrossCheck
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.day_states import DaysKnown, TellsDays, lines
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.registry import source_types

_SHOWN_DAYS = 14


def asked_for_days(loaded: Loaded, system: str, feeding: Collection[str]) -> list[SourceConfig]:
    """Return the sources that are asked for days and feed a system, or are configured to."""
    return [
        source
        for source in loaded.config.sources
        if isinstance(source, DailyConfig) and (source.name in feeding or system in source.declared_systems())
    ]


def stored_days(config: SourceConfig, loaded: Loaded, store: Store) -> DaysKnown | None:
    """Return what is known of the days of a source; None when it is not asked for days.

    Raises:
        CollectorError: what it stored cannot be read.
        StoreError: the database refused or cannot be reached.
    """
    context = CollectorContext(base_dir=loaded.base_dir, cache_dir=loaded.cache_dir)
    source = source_types()[config.type].build(config, context)
    return source.days(store.source_state(config.name).load()) if isinstance(source, TellsDays) else None


def day_lines(config: SourceConfig, loaded: Loaded, store: Store) -> Iterator[str]:
    """Yield what is known of the days of a source, with the evidence; nothing when it is not asked for days.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    try:
        found = stored_days(config, loaded, store)
    except CollectorError as error:
        yield f"unknown: {error}"
        return
    if found is None:
        return
    yield f"history: {found.progress()}"
    yield ", ".join(f"{state} {number}" for state, number in found.counts().items())
    yield from lines(found)
    times = store.source_times().get(config.name)
    if times is not None and times.restated_inferences:
        yield f"taken back when days were given again, since the store exists: {count(times.restated_inferences)}"


def days_json(found: DaysKnown) -> dict[str, Any]:
    """Return what is known of the days of a source as values of JSON."""
    return {
        "history": {"answered": found.answered, "days": found.history, "open_questions": found.open_questions},
        "states": {str(state): number for state, number in found.counts().items()},
        "days": [
            {"first": f"{one.days.first}", "last": f"{one.days.last}", "state": str(one.state), "why": one.why}
            for one in found.told
        ],
    }


def told_days(store: Store, loaded: Loaded, system: str, feeding: Collection[str]) -> list[str]:
    """Return what is known of the days of every source that is asked for days and feeds a system."""
    found: list[str] = []
    for config in asked_for_days(loaded, system, feeding):
        found += ("", f"Days of source {config.name}:")
        found += (f"  {line}" for line in day_lines(config, loaded, store))
    return found


def told_checks(checks: Sequence[CrossCheck]) -> Iterator[str]:
    """Yield what comparing sources gave, each with the newest days that were compared."""
    for check in checks:
        yield from ("", "Cross-check:", f"  {check.text}")
        if check.days:
            rows = [
                (f"{one.day}", *map(count, (one.compared, one.authoritative)), _share(one))
                for one in check.days[-_SHOWN_DAYS:]
            ]
            heads = ("DAY", check.source.upper(), " AND ".join(check.authoritative).upper(), "DIFFERENCE")
            yield from (f"  {line}" for line in table(heads, rows).splitlines())


def told_bills(
    store: Store, loaded: Loaded, bills: Sequence[Bill], system: str, feeding: Collection[str]
) -> Iterator[str]:
    """Yield what is billed of the sources that feed a system, or tell tokens of it without calls, with the newest
    days.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    from leverwatch.agent.store.bills import read_uncounted_systems

    with store.reading() as connection:
        uncounted = read_uncounted_systems(connection)
    notes = {source.name: source.bill_note() for source in loaded.config.sources}
    for bill in bills:
        if bill.source not in feeding and system not in uncounted.get(bill.source, ()):
            continue
        yield from ("", "Bill:", *(f"  {text}" for text in bill.texts))
        if notes.get(bill.source):
            yield f"  {notes[bill.source]}"
        if bill.days:
            newest = bill.days[-_SHOWN_DAYS:]
            rows = [(f"{it.day}", dollars(it.billed), dollars(it.priced), _apart(it)) for it in newest]
            heads = ("DAY", "BILLED", "PRICED", "DIFFERENCE")
            yield from (f"  {line}" for line in table(heads, rows).splitlines())


def _apart(day: BilledDay) -> str:
    return "?" if day.difference is None else f"{day.difference:+.1%}"


def _share(day: ComparedDay) -> str:
    if not day.authoritative:
        return "?" if day.compared else ""
    return f"{day.compared / day.authoritative - 1:+.1%}"
