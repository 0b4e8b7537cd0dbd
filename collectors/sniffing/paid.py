"""Finds records of which a cost says that something was called, as of services that count no tokens. Pure."""

from __future__ import annotations

from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.counters import counter_of, says_cumulative, session_keys
from leverwatch.collectors.sniffing.field_names import rank

_ALL = 0.95


def paid(columns: Columns) -> set[int]:
    """Return the records with a cost of their own: all records have it in one place, and it is no sum so far."""
    for path, column in columns.of.items():
        if rank("cost_usd", path) is None or says_cumulative(path) or columns.share(path) < _ALL:
            continue
        if column.is_numeric and counter_of(columns, column, session_keys(columns)) is None:
            return {at for at, number in column.numbers.items() if number > 0}
    return set()
