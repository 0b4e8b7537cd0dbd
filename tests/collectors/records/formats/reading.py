"""Records of a named format, counted."""

from __future__ import annotations

import copy
import json
from typing import Any

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sources.files.logs import config, count, sums


def counted(name: str, *records: Any, system: str = "bot", **settings: Any) -> Counted:
    """Records, or lines of text, one a line."""
    data = "".join((it if isinstance(it, str) else json.dumps(it)) + "\n" for it in records)
    return count(data.encode(), config(format={"type": name, **settings}, system=system))


def totals(name: str, *records: Any, **settings: Any) -> dict[str, float]:
    return sums(counted(name, *records, **settings).usage)


def operations(name: str, *records: Any) -> dict[str, float]:
    """Inferences by operation."""
    found: dict[str, float] = {}
    for row in counted(name, *records).usage:
        found[row.operation.value] = found.get(row.operation.value, 0) + row.inferences
    return found


def only(name: str, *records: Any, **settings: Any) -> Any:
    """The one cell that the records make."""
    (row,) = counted(name, *records, **settings).usage
    return row


def sniffed(*records: Any) -> object:
    data = "".join((it if isinstance(it, str) else json.dumps(it)) + "\n" for it in records)
    found = guess(data.encode(), "plain")
    return None if found is None else found.settings


def changed(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value; keys of the path are separated by blanks."""
    new = copy.deepcopy(record)
    at: Any = new
    *keys, last = path.split()
    for key in keys:
        at = at.setdefault(key, {})
    at[last] = value
    return new


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}
