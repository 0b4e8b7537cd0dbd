"""Recognises the format of a usage log."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.formats.exports import NAMES as EXPORTS
from leverwatch.collectors.records.formats.exports import WITHOUT_CALLS, export_of, known_columns, table_names
from leverwatch.collectors.records.formats.interface import Format, Row, Units
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.framing.columns import Columns
from leverwatch.collectors.records.framing.journal import Journal
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.python_text import Python, printed
from leverwatch.collectors.records.framing.registry import CONTAINERS, FRAMINGS
from leverwatch.collectors.records.framing.wrappers import STRING_FIELDS, JsonString, Prefix
from leverwatch.collectors.sniffing.by_columns import are_in_columns, by_columns
from leverwatch.collectors.sniffing.counting import Sample, Summary, doubts, recorded_by, samples, summarise
from leverwatch.collectors.sniffing.dateless import without_date
from leverwatch.collectors.sniffing.guess import FieldGuess, dotted, leaves, propose
from leverwatch.collectors.sniffing.keyed_lines import keyed, keyed_within
from leverwatch.collectors.sniffing.left_out import left_out
from leverwatch.collectors.sniffing.loading import config_of, loadable
from leverwatch.collectors.sniffing.multi_line import in_blocks
from leverwatch.collectors.sniffing.named import map_that_tells_more, told, unknown_numbers, unread_numbers
from leverwatch.collectors.sniffing.order import ordered
from leverwatch.collectors.sniffing.reading import MOST_RECORDS, read_sample, spread
from leverwatch.collectors.sniffing.reshaping import reshaped
from leverwatch.collectors.sniffing.table_guess import SQL, is_table, lines_of, objects_in, rows_in, table_in
from leverwatch.collectors.sniffing.tables import has_no_header, no_table
from leverwatch.collectors.sniffing.text_lines import (
    lines_in,
    tells_calls_apart,
    tells_more,
    tells_more_failures,
    texts_of,
)
from leverwatch.collectors.sniffing.text_pairs import pairs_in
from leverwatch.collectors.sniffing.text_records import text_records
from leverwatch.collectors.sniffing.unmapped import arrays_of_calls, found_and_missing
from leverwatch.collectors.sniffing.zones import NO_ZONE, zone_of_lines

SAMPLE_RECORDS = 50
__all__ = [
    "Guess",
    "Sample",
    "Summary",
    "config_of",
    "doubts",
    "guess",
    "read_sample",
    "recorded_by",
    "samples",
    "summarise",
]
_ENOUGH = 30
"""The least score at which a record is taken for one of a format."""
_START, _COMPARED = 1 << 16, 1 << 20
_TOKENS = frozenset({"input_tokens", "output_tokens"})
_MAIN = _TOKENS | {"model", "cost_usd"}
_MOST_TABLES = 8
"""Documents of a file that may each be a table of their own."""
_FEWEST_OTHERS, _OTHERS = 3, 0.05
"""Lines of text among records, and their share, from which on a program logs both: fewer are broken records."""
_FRAME = re.compile(rb"[\0\x01]...(?:\{|\x28\xb5\x2f\xfd|\x0a)", re.DOTALL)

_PRINTED = re.compile(rb"\{\s*'|(?<![\w.])[A-Z]\w{0,80}\([a-z_]\w{0,80}=")
"""What Python prints of a dictionary or an object, and JSON never has."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The settings with which a file can be read."""

    format: str
    compression: str
    """`plain`, `gzip` or `zstd`."""
    framing: str | None = None
    """The framing; None: that of the format."""
    wrap: tuple[str, ...] = ()
    fields: FieldGuess | None = None
    """The field map when the format is not a named one."""
    delimiter: str = ","

    @property
    def settings(self) -> str | dict[str, Any]:
        """The value of `format` for the configuration."""
        extras: dict[str, Any] = {}
        if self.fields is not None:
            extras |= self.fields.settings
        if self.delimiter != ",":
            extras["delimiter"] = self.delimiter
        if self.framing is not None:
            extras["framing"] = self.framing
        if self.wrap:
            extras["wrap"] = self.wrap[0] if len(self.wrap) == 1 else list(self.wrap)
        return {"type": self.format, **extras} if extras else self.format


def guess(data: bytes, compression: str, name: str = "") -> Guess | None:
    """Return how to read a file, judged by its first bytes; None when its format cannot be recognised. Pure.

    JSON and tables of an unknown format get a proposed field map. The name of the file, without its folder, may
    say of what bare numbers are.
    """
    names = table_names(data)
    export = None if names is None else export_of(names)
    if export is not None:
        return Guess(export, compression)
    if names is not None and frozenset(names) >= WITHOUT_CALLS:
        return None  # sums of an unknown number of calls
    framing, wrap, units = _outermost(data)
    for wrappers, inner in _unwrapped(units):
        best = _best(inner.units[:SAMPLE_RECORDS])
        if best is not None:
            usual = framing is None or FRAMINGS[framing] is NAMED[best].framing
            # Lines of one object each are read alike by lines and by values.
            a_line_each = framing == "json" and units.lines is None
            chosen = None if usual or wrap or a_line_each else framing
            return _or_map(Guess(best, compression, chosen, (*wrap, *wrappers)), data)
    # Values over several lines that a program prints among its other lines.
    best = _best(FRAMINGS["json"].split(data).units[:SAMPLE_RECORDS])
    if best is not None:
        return Guess(best, compression, "json", ("prefix",))
    of_objects = _of_table(objects_in(data), compression)
    if of_objects is not None:
        return _finished(of_objects, data)
    found = _json(data, compression, name)
    if found is not None and found.wrap and found.fields is not None and "model" not in found.fields.fields:
        # What stands before a record may tell more of the call than the record.
        text = _text(data, compression)
        found = text if text is not None and _tells_more(text, found) else found
    return _finished(found or _text_or_table(data, compression), data)


def _tokens_of(found: Guess) -> bool:
    return found.fields is not None and not _TOKENS.isdisjoint(found.fields.fields)


def _tells_more(one: Guess, other: Guess) -> bool:
    fields = [frozenset[str]() if it.fields is None else _MAIN & it.fields.fields.keys() for it in (one, other)]
    return fields[0] > fields[1]


def _finished(found: Guess | None, data: bytes) -> Guess | None:
    """Order the doubts, and say which zone stands behind the times of most lines that are read without one."""
    if found is None or found.fields is None:
        return found
    zoneless, notes = f"time: {NO_ZONE}", found.fields.notes
    said = zone_of_lines(data[:_START].splitlines()) if zoneless in notes else None
    notes = notes if said is None else tuple(f"time: {said}" if it == zoneless else it for it in notes)
    notes = (*notes, *_left_out(found, data, notes))
    return replace(found, fields=replace(found.fields, notes=ordered(notes)))


def _left_out(found: Guess, data: bytes, notes: Sequence[str]) -> list[str]:
    """Return doubts about lines of text that look like calls or failures, and that a map does not count."""
    fields = found.fields
    if (
        found.format not in {"lines", "logfmt", "jsonl"}
        or found.framing
        or fields is None
        or "block" in fields.extras
    ):
        return []
    return left_out(_format_of(found), data[:_COMPARED], notes)


def _or_map(named: Guess, data: bytes) -> Guess:
    """Return a map instead of a named format that reads neither model nor tokens, where the log tells them."""
    if named.framing == "length-prefixed":
        return named
    known = told(_format_of(named), data)
    if "model" in known[0] and known[0] & {"input_tokens", "output_tokens"}:
        return named
    mapped = _json(data, named.compression)
    if mapped is None and (beside := keyed_within(texts_of(LINES.split(data)))) is not None:
        mapped = _loaded(Guess("lines", named.compression, fields=beside))
    if mapped is None or mapped.fields is None:
        return named
    notes = map_that_tells_more(named.format, known, mapped.fields, told(_format_of(mapped), data))
    if notes is None:
        return named
    return replace(mapped, fields=replace(mapped.fields, notes=(*notes, *mapped.fields.notes)))


def _format_of(guessed: Guess) -> Format:
    # A named format is tried on one log after the other, and takes longer to make than to read a few records.
    return _made(guessed) if guessed.fields is not None else _made_once(guessed)


@lru_cache(maxsize=64)
def _made_once(named: Guess) -> Format:
    return _made(named)


def _made(guessed: Guess) -> Format:
    return build_format(config_of(Path("sniffed"), guessed.settings).format, ())


def unread(found: Guess, data: bytes) -> tuple[str, ...]:
    """Return the paths with numbers that a named format does not read, with the range of their values."""
    if found.fields is None and found.format in EXPORTS:
        table = rows_in(data)
        return () if table is None else unknown_numbers(table.records, known_columns(found.format))
    if found.fields is not None or found.format not in NAMED:
        return ()
    _, _, units = _outermost(data)
    inner = next(
        (inner for wrappers, inner in _unwrapped(units) if found.wrap[-len(wrappers) :] == wrappers), units
    )
    bare = _format_of(Guess(found.format, "plain"))

    def rows_of(lines: bytes) -> list[Row]:
        return bare.parse(lines, None).rows

    return unread_numbers([_value(unit) for unit in inner.units[:SAMPLE_RECORDS]], rows_of)


def _unwrapped(units: Units) -> Iterator[tuple[tuple[str, ...], Units]]:
    yield (), units
    yield ("prefix",), Prefix().unwrap(units)
    strings = JsonString(any_text=True).unwrap(units)
    yield ("json-string",), strings
    if len(units.units) <= _MOST_TABLES and are_in_columns([*map(_value, units.units)]):
        yield ("columns",), Columns().unwrap(units)
    for wrappers, texts in ((), units), (("json-string",), strings):
        if _may_be_printed(texts.units):
            yield (*wrappers, "python"), Python().unwrap(texts)


def _may_be_printed(units: Sequence[bytes]) -> bool:
    """Whether lines have what Python prints, or objects that are no JSON for a comma or a comment too many."""
    if any(_PRINTED.search(unit) for unit in units):
        return True
    broken = (unit.decode(errors="replace") for unit in units[:SAMPLE_RECORDS] if isinstance(_value(unit), str))
    return any(text.lstrip().startswith('{"') and printed(text) is not None for text in broken)


def _json(data: bytes, compression: str, name: str = "") -> Guess | None:
    framing, wrap, units = _outermost(data)
    if framing == "json":
        lines = LINES.split(data)
        objects = sum(isinstance(_value(line), dict) for line in lines.units[:SAMPLE_RECORDS])
        if 2 * objects > len(lines.units[:SAMPLE_RECORDS]):
            framing, units = None, lines
    found: list[tuple[FieldGuess, tuple[str, ...], int]] = []
    whole = False
    for wrappers, inner in _unwrapped(units):
        clock = next((time for time in inner.times or () if time), None)
        if wrappers and inner.units == units.units and clock is None:
            continue  # nothing is around the records
        values = [*map(_value, spread(inner.units))]
        records = [it for it in values if isinstance(it, dict)]
        others = len(inner.refused) + sum(isinstance(it, str) and bool(it.strip()) for it in values)
        refused = others if others >= max(_FEWEST_OTHERS, _OTHERS * len(values)) else 0
        if by_columns(records) is not None:
            continue
        fields = propose([leaves(it) for it in records], clock=clock, day_first=False)
        inside = reshaped(records, fields, clock, name)
        if inside is not None:
            whole = whole or inside.is_document
            found.append((inside.fields, wrappers, refused))
        elif fields is not None:
            found.append((_with_arrays(fields, records), wrappers, refused))
    records = [it for it in map(_value, spread(units.units)) if isinstance(it, dict)]
    held = text_records(records, max((it[0] for it in found), key=lambda it: len(it.fields), default=None))
    if held is not None:
        return _loaded(Guess("jsonl", compression, framing, wrap, held))
    if not found:
        return None
    # An envelope has a time, and maybe more: the record is where most is known, and fewest lines are refused.
    best, wrappers, _ = max(found, key=lambda it: (len(it[0].fields), -it[2]))
    if wrappers == ("prefix",) and not wrap:
        both = keyed(texts_of(LINES.split(data)), best, '"')
        if both is not None:
            return _loaded(Guess("lines", compression, fields=both))
    if whole and not wrap and not wrappers:
        framing = "json"
    return _loaded(Guess("jsonl", compression, framing, (*wrap, *wrappers), best))


def _text_or_table(data: bytes, compression: str) -> Guess | None:
    text = _text(data, compression)
    if text is None or text.fields is None or text.wrap or text.format not in {"lines", "logfmt"}:
        return text or _table(data, compression)
    # A pattern may fit lines that are rows of a table whose header says more of them.
    has_header = text.format == "lines" and is_table(data)
    table = _table(data, compression) if has_header or not _tokens_of(text) else None
    if table is None or table.fields is None:
        return text
    if has_header and len(table.fields.fields) >= len(text.fields.fields):
        return table
    return table if not _tokens_of(text) and _tells_more(table, text) else text


def _text(data: bytes, compression: str) -> Guess | None:
    _, wrap, units = _outermost(data)
    if not wrap:
        units = LINES.split(data)
    for wrappers, inner in (("json-string",), JsonString(any_text=True).unwrap(units)), ((), units):
        pairs, lines = pairs_in(inner), lines_in(inner)
        blocks = None if wrap or wrappers else in_blocks(data, lines or pairs)
        if blocks is not None:
            return _loaded(Guess(blocks.format, compression, fields=blocks.fields))
        if pairs is not None and (
            lines is None or not (tells_more(lines, pairs) or tells_calls_apart(lines, pairs))
        ):
            both = keyed(texts_of(inner), pairs, str(pairs.extras.get("sign", "=")))
            if lines is not None and tells_more_failures(lines, both, inner):
                both = lines
            if both is not None:
                return _loaded(Guess("lines", compression, None, (*wrap, *wrappers), both))
            return _loaded(Guess("logfmt", compression, None, (*wrap, *wrappers), pairs))
        lines = lines or keyed_within(texts_of(inner))
        if lines is not None:
            return _loaded(Guess("lines", compression, None, (*wrap, *wrappers), lines))
    return None


def _loaded(guessed: Guess) -> Guess | None:
    fields = None if guessed.fields is None else loadable(guessed.fields, _beside(guessed))
    return None if fields is None else replace(guessed, fields=fields)


def _beside(guessed: Guess) -> dict[str, Any]:
    """Return the settings of a format without its field map."""
    settings = replace(guessed, fields=None).settings
    return {"type": settings} if isinstance(settings, str) else settings


def _with_arrays(fields: FieldGuess, records: Sequence[dict[str, Any]]) -> FieldGuess:
    """Return the field map with a doubt for each array in which there are calls of their own."""
    notes = tuple(
        f"inferences: {dotted(path)} of {number} records has {items} items with tokens of their own, and each"
        " record"
        f" counts as one call; were the items calls, there would be {items}"
        for path, (number, items) in arrays_of_calls(records).items()
    )
    return replace(fields, notes=(*fields.notes, *notes)) if notes else fields


def _table(data: bytes, compression: str) -> Guess | None:
    return _of_table(table_in(data), compression)


def _of_table(found: tuple[FieldGuess, str] | None, compression: str) -> Guess | None:
    return None if found is None else _loaded(Guess("csv", compression, fields=found[0], delimiter=found[1]))


def refusal(data: bytes) -> str:
    """Return what of a call was found in a file that cannot be read, and what is missing."""
    if SQL.search(data):
        return (
            "statements of SQL, which cannot be read: export the rows of the table as CSV with a header, or as"
            " JSON lines, or read the database itself with a source of type sql"
        )
    _, _, units = _outermost(data)
    said = []
    for wrappers, inner in _unwrapped(units):
        values = [it for it in map(_value, spread(inner.units, 2000)) if isinstance(it, dict)]
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


def _outermost(data: bytes) -> tuple[str | None, tuple[str, ...], Units]:
    if _FRAME.match(data):
        return "length-prefixed", (), FRAMINGS["length-prefixed"].split(data)
    lines = data[: data.rfind(b"\n") + 1] or data
    for name, wrapping in CONTAINERS.items():
        units = wrapping.split(lines)
        if not units.units and units.ignored and isinstance(wrapping, Journal):
            units = Journal(any_text=True).split(lines)  # entries of text, and no record of JSON among them
        if units.units and not units.refused:
            return None, (name,), units
    values = FRAMINGS["json"].split(data)
    if len(values.units) > len(values.refused):
        return "json", (), values
    return None, (), FRAMINGS["lines"].split(lines)


def _best(units: Sequence[bytes]) -> str | None:
    scores: Counter[str] = Counter()
    for record in map(_value, units):
        for name, format_ in NAMED.items():
            score = format_.recognise(record)
            if score >= _ENOUGH:
                scores[name] += score
    return max(scores, key=lambda name: scores[name]) if scores else None


def _value(unit: bytes) -> Any:
    """Return a record as `recognise` expects it: the decoded JSON, or the line as text."""
    try:
        return json.loads(unit)
    except (ValueError, RecursionError):
        return unit.decode(errors="replace")
