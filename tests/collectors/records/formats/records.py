"""Counts invented records of a named format, and shows what became of them in few words."""

from __future__ import annotations

import json
from typing import Any

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.interface import Operation
from tests.collectors.sources.files.logs import config, count, sums

NOW = 1773129600
"""2026-03-10 08:00 UTC."""


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read(format_: Any, *records: Any, system: str = "bot", **changes: Any) -> Counted:
    counted = count(lines(*records), config(format=format_, system=system, **changes))
    assert "canary" not in repr(counted)
    return counted


def totals(counted: Counted, *names: str) -> dict[str, float]:
    """The named counts that are not zero; all of them without names."""
    found = sums(counted.usage)
    return {name: found[name] for name in (names or found) if found.get(name)}


def operations(counted: Counted) -> dict[Operation, float]:
    return {row.operation: row.inferences for row in counted.usage if row.inferences}
