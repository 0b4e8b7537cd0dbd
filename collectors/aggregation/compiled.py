"""The compiled helper, where it was built: without it the counts are the same, and slower."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids, PythonIds
from leverwatch.collectors.aggregation.native_columns import table_text
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.records.formats.interface import Format
from leverwatch.collectors.records.formats.jsonl import JsonLines

try:
    from leverwatch.collectors.aggregation import _native
    from leverwatch.collectors.aggregation import native_counter as plain
except ImportError:  # there was no C compiler when the package was installed
    IS_COMPILED = False
else:
    # One that was built of another table would add to other columns.
    IS_COMPILED = getattr(_native, "TABLE", None) == table_text()

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counter import NativeCounter


def id_maker(*, compiled: bool) -> Callable[[int], Ids]:
    """What makes the memory of request ids, for a span of slots."""
    return _native.Ids if compiled else PythonIds


def native_counter(
    made: Format, rollup: Rollup, zone: tzinfo, seen: SeenIds | None, calls: SeenIds
) -> NativeCounter | None:
    """What counts the lines of a format with the helper; None when they need more than it can."""
    if not isinstance(made, JsonLines):
        return None
    try:
        return plain.NativeCounter(made, rollup.attribute, zone, seen, calls)
    except ValueError:
        return None
