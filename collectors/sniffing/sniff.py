"""Recognises the format of a usage log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.records.formats.exports import WITHOUT_CALLS, export_of, table_names
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.registry import FRAMINGS
from leverwatch.collectors.records.framing.wrappers import JsonString
from leverwatch.collectors.sniffing.access_lines import access_lines_in
from leverwatch.collectors.sniffing.by_columns import by_columns
from leverwatch.collectors.sniffing.counting import Sample, Summary, doubts, recorded_by, samples, summarise
from leverwatch.collectors.sniffing.guess import FieldGuess, dotted, leaves, propose
from leverwatch.collectors.sniffing.guessed import Guess, format_of
from leverwatch.collectors.sniffing.keyed_lines import keyed, keyed_within
from leverwatch.collectors.sniffing.left_out import left_out
from leverwatch.collectors.sniffing.loading import config_of, loadable
from leverwatch.collectors.sniffing.multi_line import in_blocks
from leverwatch.collectors.sniffing.named import map_that_tells_more, told
from leverwatch.collectors.sniffing.order import ordered
from leverwatch.collectors.sniffing.outermost import SAMPLE_RECORDS, outermost, unwrapped, value_of
from leverwatch.collectors.sniffing.pair_cells import pairs_in_cells
from leverwatch.collectors.sniffing.reading import read_sample, spread
from leverwatch.collectors.sniffing.refusing import refusal, tried, unread
from leverwatch.collectors.sniffing.reshaping import reshaped
from leverwatch.collectors.sniffing.table_guess import is_table, objects_in, table_in
from leverwatch.collectors.sniffing.text_lines import (
    lines_in,
    tells_calls_apart,
    tells_more,
    tells_more_failures,
    texts_of,
)
from leverwatch.collectors.sniffing.text_pairs import pairs_in
from leverwatch.collectors.sniffing.text_records import text_records
from leverwatch.collectors.sniffing.unmapped import arrays_of_calls
from leverwatch.collectors.sniffing.zones import NO_ZONE, zone_of_lines

__all__ = [
    "Guess",
    "Sample",
    "Summary",
    "config_of",
    "doubts",
    "guess",
    "read_sample",
    "recorded_by",
    "refusal",
    "samples",
    "summarise",
    "tried",
    "unread",
]
_ENOUGH = 30
"""The least score at which a record is taken for one of a format."""
_START, _COMPARED = 1 << 16, 1 << 20
_TOKENS = frozenset({"input_tokens", "output_tokens"})
_MAIN = _TOKENS | {"model", "cost_usd"}
_FEWEST_OTHERS, _OTHERS = 3, 0.05
"""Lines of text among records, and their share, from which on a program logs both: fewer are broken records."""


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
    framing, wrap, units = outermost(data)
    for wrappers, inner in unwrapped(units):
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
    return left_out(format_of(found), data[:_COMPARED], notes)


def _or_map(named: Guess, data: bytes) -> Guess:
    """Return a map instead of a named format that reads neither model nor tokens, where the log tells them."""
    if named.framing == "length-prefixed":
        return named
    known = told(format_of(named), data)
    if "model" in known[0] and known[0] & {"input_tokens", "output_tokens"}:
        return named
    mapped = _json(data, named.compression)
    texts = [] if mapped is not None else texts_of(LINES.split(data))
    if mapped is None and (beside := access_lines_in(texts) or keyed_within(texts)) is not None:
        mapped = _loaded(Guess("lines", named.compression, fields=beside))
    if mapped is None or mapped.fields is None:
        return named
    notes = map_that_tells_more(named.format, known, mapped.fields, told(format_of(mapped), data))
    if notes is None:
        return named
    return replace(mapped, fields=replace(mapped.fields, notes=(*notes, *mapped.fields.notes)))


def _json(data: bytes, compression: str, name: str = "") -> Guess | None:
    framing, wrap, units = outermost(data)
    if framing == "json":
        lines = LINES.split(data)
        objects = sum(isinstance(value_of(line), dict) for line in lines.units[:SAMPLE_RECORDS])
        if 2 * objects > len(lines.units[:SAMPLE_RECORDS]):
            framing, units = None, lines
    found: list[tuple[FieldGuess, tuple[str, ...], int]] = []
    whole = False
    for wrappers, inner in unwrapped(units):
        clock = next((time for time in inner.times or () if time), None)
        if wrappers and inner.units == units.units and clock is None:
            continue  # nothing is around the records
        values = [*map(value_of, spread(inner.units))]
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
    records = [it for it in map(value_of, spread(units.units)) if isinstance(it, dict)]
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
    _, wrap, units = outermost(data)
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
    split = pairs_in_cells(data)
    if split is not None:
        return _loaded(Guess("lines", compression, fields=split))
    return _of_table(table_in(data), compression)


def _of_table(found: tuple[FieldGuess, str] | None, compression: str) -> Guess | None:
    return None if found is None else _loaded(Guess("csv", compression, fields=found[0], delimiter=found[1]))


def _best(units: Sequence[bytes]) -> str | None:
    scores: Counter[str] = Counter()
    for record in map(value_of, units):
        for name, format_ in NAMED.items():
            score = format_.recognise(record)
            if score >= _ENOUGH:
                scores[name] += score
    return max(scores, key=lambda name: scores[name]) if scores else None
