"""Reads the rows of a table: CSV, a JSON list of objects, JSON lines, or what pandas writes of a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.records.outline import Each, outline

Row = Mapping[str, Any]
Sink = Callable[[Row], None]
_LARGEST_ROW = 16 << 20
_LARGEST_FRAME = 64 << 20
_MOST_ROWS = 500_000
_MOST_COLUMNS = 1_000


def header(data: BinaryIO) -> list[str]:
    """Return the names of the columns of a CSV file; empty when it has none. The file is left at its beginning."""
    try:
        return next(_csv(data), [])
    except BadInput:
        return []
    finally:
        data.seek(0)


def csv_rows(data: BinaryIO) -> Iterator[list[str]]:
    """Yield the lines of a CSV file, the names of its columns first.

    Raises:
        BadInput: it is no CSV in UTF-8, or beyond a bound.
    """
    for number, row in enumerate(_csv(data)):
        if number > _MOST_ROWS or len(row) > _MOST_COLUMNS:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_ROWS:_} rows or {_MOST_COLUMNS:_} columns")
        if row:
            yield row


def each_row(data: BinaryIO, sink: Sink) -> None:
    """Give the rows of a table to `sink`, by the names of its columns, whichever way it is written.

    Raises:
        BadInput: it is no such table, or beyond a bound.
    """
    start = data.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    data.seek(0)
    counted = _Counted(sink)
    if start[:1] == b"[":
        outline(data, Each(counted.element, _LARGEST_ROW))
    elif start[:1] != b"{":
        _of_csv(data, counted)
    elif _has_lines(data):
        for index, line in enumerate(iter(partial(data.readline, _LARGEST_ROW), b"")):
            if line.strip():
                counted.element(index, line)
    else:
        _of_frame(data, counted)


def first_row(data: BinaryIO) -> Row | None:
    """Return the first row of a table; None when it has none. The file is left at its beginning."""

    def stop(row: Row) -> None:
        raise _First(row)

    try:
        each_row(data, stop)
    except BadInput:
        return None
    except _First as found:
        return found.row
    finally:
        data.seek(0)
    return None


class _First(Exception):
    def __init__(self, row: Row) -> None:
        self.row = row


class _Counted:
    """Gives rows on, as long as they are within the bounds."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rows = 0

    def __call__(self, row: Row) -> None:
        self._rows += 1
        if self._rows > _MOST_ROWS or len(row) > _MOST_COLUMNS:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_ROWS:_} rows or {_MOST_COLUMNS:_} columns")
        self._sink(row)

    def element(self, _: str | int, text: bytes | None) -> None:
        """Give a row on that is JSON text."""
        if text is None:
            raise BadInput(Result.INVALID_LINE, f"one of its rows is larger than {_LARGEST_ROW >> 20} MiB")
        self(decode(text, dict[str, Any]))


def _has_lines(data: BinaryIO) -> bool:
    """Whether a file that begins with an object has one on each line, and not a whole table in one."""
    line = data.readline(_LARGEST_ROW)
    rest = data.read(1)
    data.seek(0)
    try:
        first = decode(line, dict[str, Any])
    except BadInput:
        return False
    return bool(first) and (bool(rest) or not any(isinstance(value, dict | list) for value in first.values()))


def _csv(data: BinaryIO) -> Iterator[list[str]]:
    text = io.TextIOWrapper(data, "utf-8-sig", newline="")
    try:
        yield from csv.reader(text)
    except (csv.Error, UnicodeError) as error:
        raise BadInput(Result.INVALID_LINE, "is no CSV in UTF-8, or one of its values is too large") from error
    finally:
        text.detach()


def _of_csv(data: BinaryIO, sink: Sink) -> None:
    lines = csv_rows(data)
    names = next(lines, [])
    for line in lines:
        sink(_zipped(names, line))


def _of_frame(data: BinaryIO, sink: Sink) -> None:
    """The rows of a data frame: `{"columns": [...], "data": [[...]]}`, or a mapping by row for every column."""
    found: dict[str, Any] = {}
    left = _LARGEST_FRAME

    def add(name: str | int, text: bytes | None) -> None:
        nonlocal left
        left -= 0 if text is None else len(text)
        if text is None or left < 0:
            raise BadInput(Result.INVALID_LINE, f"its columns are larger than {_LARGEST_FRAME >> 20} MiB")
        found[str(name)] = decode(text, Any)

    outline(data, Each(add, _LARGEST_FRAME))
    names, lines = found.get("columns"), found.get("data")
    if isinstance(names, list) and isinstance(lines, list):
        for line in lines:
            sink(_zipped([*map(str, names)], line if isinstance(line, list) else []))
        return
    if not found or not all(isinstance(column, dict) for column in found.values()):
        raise BadInput(Result.INVALID_LINE, "is no table of rows and columns")
    for at in dict.fromkeys(chain.from_iterable(found.values())):
        sink({name: column.get(at) for name, column in found.items()})


def _zipped(names: Sequence[str], line: Sequence[Any]) -> Row:
    if len(line) != len(names):
        raise BadInput(Result.INVALID_LINE, "one of its rows has another number of columns than the first")
    return dict(zip(names, line, strict=True))
