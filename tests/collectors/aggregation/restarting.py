"""Counts records in batches, with a new process after each that has only what was stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import NOW, config, sums


class Restarting:
    """A source of a format whose process ends after every batch."""

    def __init__(self, format_: str | dict[str, Any], **settings: Any) -> None:
        self._settings = config(**{"format": format_, "system": "bot", **settings})
        self.state: dict[str, bytes] = {}
        self.batches: list[Counted] = []

    def read(self, *records: Mapping[str, Any]) -> Counted:
        """Count records in one batch."""
        made = Ingest(self._settings, lambda: NOW)
        made.load(self.state)
        made.add(Lines(lines(records), "app.jsonl", 1))
        counted = made.drain()
        for key, value in counted.state.items():
            if value is None:
                del self.state[key]
            else:
                self.state[key] = value
        self.batches.append(counted)
        return counted

    def each(self, records: Iterable[Mapping[str, Any]]) -> Restarting:
        """Count every record in a batch of its own."""
        for record in records:
            self.read(record)
        return self

    @property
    def totals(self) -> dict[str, float]:
        """All sums that are not zero."""
        return sums(row for counted in self.batches for row in counted.usage)

    @property
    def cells(self) -> dict[tuple[str, str], dict[str, float]]:
        """The sums of each model and day that are not zero."""
        rows = [row for counted in self.batches for row in counted.usage]
        names = {(row.model, str(row.day)) for row in rows}
        found = {name: sums(row for row in rows if (row.model, str(row.day)) == name) for name in names}
        return {name: counts for name, counts in found.items() if counts}

    @property
    def tallies(self) -> dict[Result, int]:
        """The number of records by result."""
        found: Counter[Result] = Counter()
        for counted in self.batches:
            assert sum(counted.tallies.values()) == counted.read
            found.update(counted.tallies)
        return dict(found)

    @property
    def open_calls(self) -> int:
        """How many calls are stored of which a later record may say more."""
        return sum(key.startswith("open/") for key in self.state)


def lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Records as lines of JSON."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def both(
    format_: str | dict[str, Any], records: Sequence[Mapping[str, Any]], **settings: Any
) -> tuple[Restarting, Restarting]:
    """The same records in one batch, and each in a batch of its own."""
    whole = Restarting(format_, **settings)
    whole.read(*records)
    return whole, Restarting(format_, **settings).each(records)


def some(totals: Mapping[str, float], *names: str) -> tuple[float, ...]:
    """Sums by their names; zero for one that is not there."""
    return tuple(totals.get(name, 0.0) for name in names)
