"""Generates the function that makes the fields of a row of its raw values.

One function that does no more than a map asks for takes half the time of a loop over its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import BOUNDED, Written
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Row

FillRow = Callable[[Row, list[Any]], None]
"""Puts the fields of a row with raw values into the row that is made of it. Raises Mistyped, without the path."""


def compile_fill(entries: Iterable[tuple[str, FieldSpec, int]], written: Written | None) -> FillRow:
    """Return the function for some fields, each with the place of its first raw value; `written` is how numbers
    are written of which an entry says nothing."""
    code = Code()
    code.add(0, "def fill(r, made):", "    pass")
    for number, (name, spec, start) in enumerate(entries):
        places = range(start, start + len(spec.paths))
        if spec.constant is not None:
            code.scope[f"read{number}"] = spec.constant
            code.add(1, f"x = read{number}")
        elif spec.is_sum and name == "time":
            code.scope[f"read{number}"] = spec.reader(name)
            code.add(1, f"x = read{number}(r[{start}:{places.stop}])")
        else:
            code.scope[f"read{number}"] = spec.value_reader(name, written)
            (_add_sum if spec.is_sum else _add_first)(code, number, places)
            code.scope[f"bound{number}"] = BOUNDED.get(name)
        code.add(1, f"made[{FIELD_INDEX[name]}] = x")
    made: FillRow = code.compile("fill")
    return made


def _add_first(code: Code, number: int, places: range) -> None:
    """Append what finds the first value that tells."""
    for depth, place in enumerate(places, 1):
        code.add(depth, f"x = r[{place}]", f"if x is not None: x = read{number}(x)")
        if place + 1 in places:
            code.add(depth, "if x is None:")


def _add_sum(code: Code, number: int, places: range) -> None:
    """Append what adds values up; what the first one does not tell is unknown, whatever the others do."""
    code.add(1, f"x = r[{places[0]}]", f"if x is not None: x = read{number}(x)")
    for place in places[1:]:
        code.add(1, f"y = r[{place}]", f"if y is not None: y = read{number}(y)")
        code.add(1, "if x is not None and y is not None: x += y")
    code.add(1, f"if x is not None: x = bound{number}(x)")
