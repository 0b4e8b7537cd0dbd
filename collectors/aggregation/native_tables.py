"""Counts the rows of tables with the compiled helper, as `native_counter.py` has it for JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.native_counter import NativeCounter
from leverwatch.collectors.aggregation.native_places import Attribute
from leverwatch.collectors.aggregation.native_scanned import Scanned
from leverwatch.collectors.aggregation.native_scans import ROLES
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.formats.plain import AsTable, Plan

_MANY, _RARELY = 32, 16
"""From so many runs of rows that are not plain on, when they are more than one in so many rows, the helper does
not pay off."""
complete_rows = _native.complete_rows
may_name = _native.may_name


class NativeTables(NativeCounter):
    """Adds up the rows of tables of one source; `table` says how these are written.

    Raises:
        ValueError: as `NativeCounter`.
    """

    is_table = True

    def __init__(
        self,
        plan: Plan,
        table: AsTable,
        attribute: Attribute,
        zone: tzinfo,
        seen: SeenIds | None,
        calls: SeenIds,
    ) -> None:
        super().__init__(plan, attribute, zone, seen, calls)
        self._table = table
        self._needs = tuple(ROLES.index(name) for name in table.needs)
        self._below: tuple[bytes | None, int, tuple[tuple[int, bytes], ...]] | None = None
        """The last header, and what the rows below it have."""

    def takes(self, data: bytes | bytearray | memoryview, others_count: bool) -> bool:
        """As for lines; while rows are compared with those of an earlier version, Python reads them."""
        return data[-1:] == b"\n" and not others_count and not self.pauses()

    def gives_up(self, runs: int, records: int) -> bool:
        """Few rows at a time take Python many times as long as all of them at once."""
        few = runs >= _MANY and runs * _RARELY > records
        if few:
            self.pause()
        return few

    def scan(self, data: bytes | bytearray | memoryview, header: bytes | None = None) -> Scanned | None:
        """Find the values in whole rows. Returns None where a header is among them, or Python has to read them for
        another reason."""
        found = self.begun(data, header)
        if found is None or len(found.data) == len(data):
            return found
        self.give(found.scan)
        return None

    def begun(self, data: bytes | bytearray | memoryview, header: bytes | None) -> Scanned | None:
        """As `scan`, of the whole rows that data begins with. The last one may go on behind it."""
        table = self._table
        if any(may_name(data, name, table.edges) for name in table.names) and table.repeats(bytes(data), header):
            return None
        scan = self.taken()
        scan.set_columns(table.delimiter, table.quote, table.digits, self._needs, *self._columns(header))
        number = scan.read(data)
        if number <= 0:
            self.give(scan)
            return None
        size, newlines = scan.extent()
        return Scanned(data[:size], scan, number, is_table=True, newlines=newlines, header=header)

    def parsed(self, unit: bytes, found: Scanned) -> Parsed:
        """Read one row."""
        return self._table.parse(unit + b"\n", found.header)

    def _columns(self, header: bytes | None) -> tuple[int, tuple[tuple[int, bytes], ...]]:
        if self._below is None or self._below[0] != header:
            width, places = self._table.places(header)
            self._below = header, width, _found(places)
        return self._below[1:]


def _found(places: Mapping[str, int | None]) -> tuple[tuple[int, bytes], ...]:
    return tuple((place, column.encode()) for column, place in places.items() if place is not None)
