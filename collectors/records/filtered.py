"""Reads the records of a format but for those that a filter leaves out, which its reader does not see. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX, parse_path
from leverwatch.collectors.records.filters import Filter
from leverwatch.collectors.records.formats.declared import Declared
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Reader, split_lines
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.formats.mapped import MappedJson
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.formats.rewritten import Rewriting
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.json_filter import JsonFilter

_TIME = FIELD_INDEX["time"]
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPANS = frozenset({"mlflow", "otlp"})
"""Formats whose records are spans inside of traces and exports."""
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class FilteredReader:
    """Reads what a filter does not leave out; `documents` are the keys under which a text may have many records,
    each of which is judged by itself."""

    def __init__(self, reader: Reader, keeps: JsonFilter, documents: Sequence[str] = ()) -> None:
        self._reader, self._keeps = reader, keeps
        self.tests = keeps.tests
        """The tests of the filter, as the compiled helper takes them."""
        self._documents = [(key, f'"{key}"'.encode()) for key in documents]

    def read(self, units: Sequence[bytes]) -> Parsed:
        """As the reader, with the others as `FILTERED`: their days are seen, and nothing of them is refused."""
        return self.read_by(self._reader.read, units)

    def read_by(self, read: Callable[[Sequence[bytes]], Parsed], units: Sequence[bytes]) -> Parsed:
        """As `read`, with another function that reads what is not left out."""
        whole, gone, number = self._divided(units)
        left = [index for index in self._keeps.left_out(units) if index not in whole]
        if not left and not number:
            return read(units)
        out = set(left)
        kept = [index for index in range(len(units)) if index not in out]
        parsed = read([whole.get(index, units[index]) for index in kept])
        parsed.lines = kept if parsed.lines is None else [kept[index] for index in parsed.lines]
        parsed.refused = [(kept[index], result, detail) for index, result, detail in parsed.refused]
        parsed.passed[Result.FILTERED] = parsed.passed.get(Result.FILTERED, 0) + len(left) + number
        told = self._reader.read([*(units[index] for index in left), *gone])
        parsed.seen += [row[_TIME] for row in told.rows if row[_TIME] is not None]
        parsed.seen += told.seen
        return parsed

    def _divided(self, units: Sequence[bytes]) -> tuple[dict[int, bytes], list[bytes], int]:
        """Return the documents without the records that are left out of them, by their indices; documents of
        these; and how many they are."""
        whole: dict[int, bytes] = {}
        gone: list[bytes] = []
        number = 0
        for key, mark in self._documents:
            for index, unit in enumerate(units):
                records = _records(unit, key) if mark in unit and index not in whole else None
                if records is None:
                    continue
                out = self._keeps.left_out(records)
                whole[index] = unit
                if out:
                    number += len(out)
                    left = [records[at] for at in out]
                    whole[index] = _with(unit, key, [it for at, it in enumerate(records) if at not in set(out)])
                    gone.append(_with(unit, key, left))
        return whole, gone, number


class FilteredMap:
    """Lines of a field map but for those that a filter leaves out."""

    wants_header = False
    framing: Framing = LINES

    def __init__(self, lines: JsonLines | MappedJson, chosen: Filter) -> None:
        self._inner, self._filtered = lines, FilteredReader(lines, JsonFilter(chosen))
        self.has_extended, self.known, self.repeats = lines.has_extended, lines.known, lines.repeats

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain lines; None when it cannot."""
        plan = self._inner.plan()
        return None if plan is None else replace(plan, tests=self._filtered.tests)

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return nothing, as JSON lines have no header."""
        return self._inner.check_header(line)

    def parse(self, data: bytes, header: bytes | None) -> Parsed:  # noqa: ARG002 a JSON log has no header
        """Decode every line separately."""
        return self._filtered.read(split_lines(data))


class FilteredLines(FilteredMap):
    """The same for a map whose fields are single paths; what is left counts as fast as without a filter."""

    def __init__(self, lines: JsonLines, chosen: Filter) -> None:
        super().__init__(lines, chosen)
        self._lines, self.layout = lines, lines.layout

    def records(self, data: bytes) -> Parsed:
        """As `parse`, but `rows` has decoded records of the layout instead of rows."""
        return self._filtered.read_by(self._lines.decoded, split_lines(data))


def filtered(reader: Reader, chosen: Filter | None, name: str) -> FilteredReader | None:
    """Return a reader of the records that a filter does not leave out; None without a filter.

    Raises:
        ValueError: the records of the format of this name are no JSON objects of their own.
    """
    if chosen is None:
        return None
    if reader.reads_text or name in _SPANS:
        raise ValueError(f"{name} has no only and not: its records are no JSON objects of their own")
    declared = reader.declared if isinstance(reader, Rewriting) else reader
    if not isinstance(declared, Declared):
        return FilteredReader(reader, JsonFilter(chosen))
    told = declared.declaration
    documents = (*told.documents, *(() if told.nested is None else (told.nested,)))
    return FilteredReader(reader, JsonFilter(chosen, frozenset(map(parse_path, told.in_text))), documents)


def _records(unit: bytes, key: str) -> list[bytes] | None:
    """Return the records that a text has in an array under a key; None when it has none there."""
    try:
        found = _decode(unit).get(key)
        return (
            [bytes(it) for it in _decode_list(found)] if found is not None and bytes(found)[:1] == b"[" else None
        )
    except _BAD:
        return None


def _with(unit: bytes, key: str, records: Sequence[bytes]) -> bytes:
    raw = msgspec.Raw(b"[" + b",".join(records) + b"]")
    return msgspec.json.encode({**_decode(unit), key: raw})
