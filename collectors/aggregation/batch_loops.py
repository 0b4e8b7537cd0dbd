"""The loops over many records, generated as Python for the fields that a source maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from leverwatch.collectors.aggregation.bulk_timestamps import Stamp
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.counting_rule import First, Rule, Variables
from leverwatch.collectors.aggregation.identity import NUMBERS, Identify, id_key
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import NO_ID
from leverwatch.collectors.records.service_tiers import SHORT
from leverwatch.collectors.records.tokens import WHOLES

NAMING = ("model", "operation", "status", "cache_hit", "tier")
"""Fields that decide in which cell, and with which outcome, a record counts."""
_LONGEST_NO_ID = max(map(len, NO_ID))

Attribute = Callable[[Sequence[Any], Sequence[Stamp], Any, Any, list[CellRef], list[tuple[int, float]]], None]
"""Fills, for records with their stamps, a list with the cell reference of each, and one with index and tokens of
inputs whose length may have another price."""
Keys = Callable[[Sequence[Any], Sequence[CellRef], Sequence[Any]], list[int | None]]
"""Returns the key of each record, given its cell reference and its time in milliseconds; None without an id."""
Count = Callable[[Sequence[Any], Sequence[CellRef], Sequence[Stamp], First], None]
"""Adds all numbers of the records to their cells."""


class Loops(Struct, frozen=True):
    """The loops over records of one layout."""

    times: Callable[[Sequence[Any]], list[Any]]
    attribute: Attribute
    keys: Keys | None
    """None: no record has an id."""
    id_keys: Keys | None
    """The same with keys of ids alone."""
    count: Count
    implied: tuple[int, ...]
    """Columns that `count` leaves out, because they grow by one with every counted inference."""


def compile_loops(layout: Layout, identify: Identify) -> Loops:
    """Return the loops for records of one layout; `identify` computes the key of a record."""
    count, implied = _count(layout)
    has_id = "request_id" in layout.fields
    keys, id_keys = (_keys(layout, it) if has_id else None for it in (identify, None))
    return Loops(_times(layout), _attribute(layout), keys, id_keys, count, implied)


def _field(code: Code, layout: Layout, depth: int, name: str) -> str:
    """Return the expression for a field; `None`, as text, for one that is not mapped."""
    steps = layout.fields.get(name)
    return "None" if steps is None else code.value(depth, steps)


def _times(layout: Layout) -> Callable[[Sequence[Any]], list[Any]]:
    code = Code()
    code.add(0, "def times(records):", "    found = []", "    for r in records:")
    code.add(2, f"found.append({_field(code, layout, 2, 'time')})")
    code.add(1, "return found")
    made: Callable[[Sequence[Any]], list[Any]] = code.compile("times")
    return made


def _attribute(layout: Layout) -> Attribute:
    code = Code()
    code.add(0, "def attribute(records, stamps, places, miss, found, long):")
    code.add(1, "put = found.append", "for r, s in zip(records, stamps):")
    parts = ["s.day", *(_field(code, layout, 2, name) for name in NAMING if name in layout.fields)]
    parts += [code.value(2, steps) for steps in layout.template]
    values = [_field(code, layout, 2, name) for name in NAMING]
    system = "".join(f"{code.value(2, steps)}, " for steps in layout.template)
    code.add(2, "try:", f"    p = places[{', '.join(parts)},]")
    code.add(2, "except KeyError:")
    code.add(3, f"p = miss(len(found), s, ({', '.join(parts)},), {', '.join(values)}, ({system}))")
    code.add(2, "put(p)")
    _note_long(code, layout)
    made: Attribute = code.compile("attribute")
    return made


def _note_long(code: Code, layout: Layout) -> None:
    """Append the lines that note a long input, which holds its parts, as `Rule` has it."""
    if "input_tokens" not in layout.fields:
        return
    names = () if layout.settled else WHOLES["input_tokens"]
    parts = [code.value(2, layout.fields[name]) for name in names if name in layout.fields]
    code.add(2, f"x = {_field(code, layout, 2, 'input_tokens')}")
    code.add(2, "if x is not None:")
    if parts:
        code.add(3, f"b = {' + '.join(f'({value} or 0)' for value in parts)}", "if b > x: x += b")
    code.add(3, f"if x > {SHORT}: long.append((len(found) - 1, x))")


def _keys(layout: Layout, identify: Identify | None) -> Keys:
    code = Code()
    code.add(0, "def keys(records, places, times):", "    found = []", "    note = found.append")
    code.add(1, "for r, p, t in zip(records, places, times):")
    code.add(2, f"i = {_field(code, layout, 2, 'request_id')}", "if i is None:", "    note(None)", "    continue")
    code.add(2, "if i.__class__ is not str:", "    i = str(i)", "i = i.strip()")
    code.add(2, f"if len(i) <= {_LONGEST_NO_ID} and i.lower() in NO_ID:", "    note(None)", "    continue")
    if identify is None:
        code.add(2, "note(digest(i, p.id_seed))")
    else:
        numbers = [_field(code, layout, 2, name) for name in NUMBERS]
        code.add(2, f"note(digest(i, p.seed, t, {', '.join(numbers)}))")
    code.add(1, "return found")
    made: Keys = code.compile("keys", {"NO_ID": NO_ID, "digest": identify or id_key})
    return made


def _count(layout: Layout) -> tuple[Count, tuple[int, ...]]:
    code = Code()
    code.add(0, "def count(records, places, stamps, first):")
    code.add(1, "for r, p, s in zip(records, places, stamps):")
    code.add(2, "c = p.cell")
    rule = Rule(code, layout, Variables("p", "p.outcome", "s.minute", "continue"))
    rule.add(2, () if rule.weighted else ("p.counted += 1",))
    made: Count = code.compile("count")
    return made, rule.implied
