"""Tells what of a log is not read: of one that is refused, what is missing, and else which numbers. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.formats.exports import NAMES as EXPORTS
from leverwatch.collectors.records.formats.exports import known_columns
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.framing.registry import CONTAINERS, FRAMINGS
from leverwatch.collectors.records.framing.wrappers import STRING_FIELDS
from leverwatch.collectors.sniffing.by_columns import by_columns
from leverwatch.collectors.sniffing.dateless import without_date
from leverwatch.collectors.sniffing.guess import dotted, leaves
from leverwatch.collectors.sniffing.guessed import Guess, format_of
from leverwatch.collectors.sniffing.named import unknown_numbers, unread_numbers
from leverwatch.collectors.sniffing.outermost import SAMPLE_RECORDS, outermost, unwrapped, value_of
from leverwatch.collectors.sniffing.reading import MOST_RECORDS, spread
from leverwatch.collectors.sniffing.table_guess import SQL, lines_of, rows_in
from leverwatch.collectors.sniffing.tables import has_no_header, no_table
from leverwatch.collectors.sniffing.unmapped import arrays_of_calls, found_and_missing


def refusal(data: bytes) -> str:
    """Return what of a call was found in a file that cannot be read, and what is missing."""
    if SQL.search(data):
        return (
            "statements of SQL, which cannot be read: export the rows of the table as CSV with a header, or as"
            " JSON lines, or read the database itself with a source of type sql"
        )
    _, _, units = outermost(data)
    said = []
    for wrappers, inner in unwrapped(units):
        values = [it for it in map(value_of, spread(inner.units, 2000)) if isinstance(it, dict)]
        text = by_columns(values) or found_and_missing([leaves(it) for it in values], dotted)
        if text:
            said.append(f"in {wrappers[0]}: {text}" if wrappers else text)
        said += [
            f"{dotted(path)} has {items} items with tokens in {number} records, which `records: {dotted(path)}`"
            " would make calls, if they or the records had a time"
            for path, (number, items) in arrays_of_calls(values).items()
        ]
    table = None if said else rows_in(data)
    if table is None and not said:
        lines = lines_of(data)[:MOST_RECORDS]
        said += [why for why in [no_table(lines) or without_date(lines)] if why]
    if table is not None:
        text = found_and_missing(table.records, lambda path: path[0])
        said += ["the first line is no header, but values"] if has_no_header(table) else [text] if text else []
    return "; ".join(dict.fromkeys(said)) or (
        "no records of JSON, no table, and no lines of text that have a time and a model or tokens each, nor"
        " blocks of lines that begin alike and have these"
    )


def tried() -> str:
    """Return the names of everything that `guess` tries, as text."""
    wrappers = ", ".join((*CONTAINERS, "prefix", "python", f"json-string (in {', '.join(STRING_FIELDS)})"))
    return (
        f"formats: {', '.join((*NAMED, *EXPORTS))}; wrappers: {wrappers}; framings: {', '.join(FRAMINGS)}; "
        "JSON and CSV with a field for the time and one for the model, tokens or a finish reason"
    )


def unread(found: Guess, data: bytes) -> tuple[str, ...]:
    """Return the paths with numbers that a named format does not read, with the range of their values."""
    if found.fields is None and found.format in EXPORTS:
        table = rows_in(data)
        return () if table is None else unknown_numbers(table.records, known_columns(found.format))
    if found.fields is not None or found.format not in NAMED:
        return ()
    _, _, units = outermost(data)
    inner = next(
        (inner for wrappers, inner in unwrapped(units) if found.wrap[-len(wrappers) :] == wrappers), units
    )
    bare = format_of(Guess(found.format, "plain"))

    def rows_of(lines: bytes) -> list[Row]:
        return bare.parse(lines, None).rows

    return unread_numbers([value_of(unit) for unit in inner.units[:SAMPLE_RECORDS]], rows_of)
