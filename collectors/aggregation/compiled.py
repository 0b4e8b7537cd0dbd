"""Uses the compiled helper if it is built; without it the counts are the same, only slower to compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids, PythonIds
from leverwatch.collectors.aggregation.identity import Identify, identity
from leverwatch.collectors.aggregation.native_columns import table_text
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.aggregation.stored_ids import KeyOf
from leverwatch.collectors.records.decoder import Decoder
from leverwatch.collectors.records.filtered import FilteredLines, FilteredMap
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.delimited import Delimited
from leverwatch.collectors.records.formats.exports import Exported
from leverwatch.collectors.records.formats.interface import Format
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.formats.mapped import MappedCsv, MappedJson
from leverwatch.collectors.records.framing.quoted import QuotedFraming

try:
    from leverwatch.collectors.aggregation import _native
    from leverwatch.collectors.aggregation import native_counter as plain
    from leverwatch.collectors.aggregation import native_tables as tables
except ImportError:  # there was no C compiler when the package was installed
    IS_COMPILED = False
else:
    # A helper that was built from another table would add to other columns.
    IS_COMPILED = getattr(_native, "TABLE", None) == table_text()

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counter import NativeCounter


_PLANNED = (
    JsonLines, FilteredLines, FilteredMap, MappedJson, Decoder, Delimited, MappedCsv, Exported,
)  # fmt: skip
"""The formats that may have a plan for the helper."""


def id_maker(*, compiled: bool) -> Callable[[int], Ids]:
    """Return the constructor of the memory of request ids; its argument is the span in slots."""
    return _native.Ids if compiled else PythonIds


def identifier(*, compiled: bool) -> Identify:
    """Return the function that computes the key of a record."""
    return _native.identity if compiled else identity


def native_counter(
    made: Format,
    rollup: Rollup,
    zone: tzinfo,
    seen: SeenIds | None,
    calls: SeenIds,
    tested: Mapping[str, tuple[ValueTest, ...]],
    open_calls: OpenCalls,
) -> NativeCounter | None:
    """Return a counter of lines that uses the helper; None when the format or its fields are beyond the helper.
    `tested` is as `Template.only_tested`."""
    plan = made.plan() if isinstance(made, _PLANNED) else None
    by_id = seen is not None and seen.key_of is KeyOf.ID
    if plan is None or by_id is not (seen is not None and plan.by_id):
        return None
    try:
        if plan.table is not None:
            return tables.NativeTables(plan, plan.table, rollup.attribute, zone, seen, calls)
        return plain.NativeCounter(
            plan, rollup.attribute, zone, seen, calls, tested, open_calls, rollup.whole_call
        )
    except ValueError:
        return None


def name_finder(*, compiled: bool) -> Callable[[bytes, bytes, bytes], bool] | None:
    """Return the function that says whether a cell of rows may be a text, given what stands around cells; None
    without the helper."""
    return tables.may_name if compiled else None


def help_framing(made: Format, *, compiled: bool) -> None:
    """Let the helper find the rows of a table, where its signs are of one byte."""
    framing = made.framing
    if compiled and isinstance(framing, QuotedFraming) and framing.is_short:
        framing.ends = tables.complete_rows
