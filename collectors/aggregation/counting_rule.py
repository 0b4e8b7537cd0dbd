"""The rule that adds a record to its cell or takes it back: the table of counted fields, as generated Python.

It is defined only here. The loops over many records contain its lines, which is faster than calling a function;
single rows are counted by a function made of them. The compiled helper has the same rule in C; tests
compare both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.counted_fields import COLUMN_INDEX, COUNTED, Adds, CountedField
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.layout import Layout, Way
from leverwatch.collectors.records.tokens import WHOLES
from leverwatch.collectors.records.vocabulary import CallStatus, is_invalid, is_schema_mode, is_truncated

JUDGES: Mapping[str, Callable[[Any], bool | None]] = {
    "valid": is_invalid,
    "schema_mode": is_schema_mode,
    "finish_reason": is_truncated,
}
"""Functions that judge the text values of these fields: true, false, or None for unknown."""
_WEIGHTS = {"sample_rate": "rate", "inferences": "number", "attempts": "tries", "errors": "failures"}
"""Fields that say how much a record stands for, and the variables that have their values."""
_FACTORS = ("sample_rate", "inferences")
"""Those of them by which what a record adds is multiplied or divided."""
_OR_WEIGHT = frozenset({Adds.AMOUNT_OR_WEIGHT, Adds.AMOUNT_OR_FAILURE})

First = Callable[[CellRef, object, int], bool]
"""Remembers a trace that counts in a cell, in a minute since the epoch; returns whether it is new."""
CountRow = Callable[[Sequence[Any], CellRef, CallStatus, int, float, First], None]
"""Adds a row to a cell, as a call with a status in a minute since the epoch; with a sign of -1 takes it back."""


class Variables(Struct, frozen=True):
    """The names that generated lines use for the variables around them; a record is `r` and its cell `c`."""

    place: str
    status: str
    minute: str
    leave: str
    """The statement that ends the rule for one record."""
    sign: str | None = None
    """The variable with the sign; None: every record is added."""


class Rule:
    """Generates the lines that count records of one layout; with `only`, what follows from these fields alone."""

    def __init__(
        self, code: Code, layout: Layout, variables: Variables, only: Collection[str] | None = None
    ) -> None:
        self._code, self._layout, self._names = code, layout, variables
        self._counted = [line for line in COUNTED if only is None or line.of in only]
        self.weighted = variables.sign is not None or any(name in layout.fields for name in _FACTORS)
        """Whether a record can stand for more or less than one call."""
        self._weight, self._scale = ("w", "k * ") if self.weighted else ("1.0", "")
        code.scope.update({f"judge_{name}": judge for name, judge in JUDGES.items()})

    @property
    def implied(self) -> tuple[int, ...]:
        """Columns that `add` leaves out, because they grow by one with every inference."""
        if self.weighted:
            return ()
        return tuple(COLUMN_INDEX[line.name] for line in COUNTED if line.on_success and self._is_implied(line))

    def _is_implied(self, line: CountedField) -> bool:
        apart = line.of in self._layout.fields or line.lacking in self._layout.fields or line.given is not None
        return line.adds is Adds.WEIGHT or (line.adds in {Adds.UNKNOWN, Adds.AMOUNT_OR_WEIGHT} and not apart)

    def add(self, depth: int, on_success: Sequence[str] = ()) -> None:
        """Append the lines for one record; `on_success` are further lines for an inference."""
        code, status = self._code, self._names.status
        self._weigh(depth)
        code.add(depth, f"if {status}:", f"    if {status} == {CallStatus.ERROR:d}:", "        pass")
        self._branch(depth + 2, [line for line in self._counted if line.on_failure], code.objects, failed=True)
        code.add(depth + 1, "else:", "    pass")
        self._branch(depth + 2, [line for line in self._counted if line.on_cache_hit], code.objects)
        code.add(depth + 1, self._names.leave)
        code.add(depth, *on_success)
        implied = self.implied
        told = [line for line in self._counted if line.on_success and COLUMN_INDEX[line.name] not in implied]
        self._branch(depth, told, code.objects)

    def _weigh(self, depth: int) -> None:
        """Append the lines that compute the weight `w` of a record, the factor `k` of its amounts, its attempts
        and its errors."""
        sign = self._names.sign or "1.0"
        for name, variable in _WEIGHTS.items():
            steps = self._layout.fields.get(name)
            if steps is not None:
                self._code.add(depth, f"{variable} = {self._code.value(depth, steps)}")
            elif self.weighted:
                self._code.add(depth, f"{variable} = None")
        if self.weighted:
            self._code.add(depth, f"k = {sign} if rate is None else {sign} / rate")
            self._code.add(depth, "w = k if number is None else k * number")

    def _branch(
        self, depth: int, lines: Sequence[CountedField], objects: dict[Way, str], *, failed: bool = False
    ) -> None:
        """Append the lines that add to these counted fields; `objects` are the parts of the record that are
        read already, and `failed` is whether the call failed."""
        by_field: dict[str, list[CountedField]] = {}
        lines = [line for line in lines if line.given is None or line.given in self._layout.fields]
        # Read before the values that depend on whether they are known.
        conditions = {name: None for line in lines for name in (line.given, line.lacking) if name is not None}
        for name in conditions:
            if name in self._layout.fields:
                value = self._code.value(depth, self._layout.fields[name], objects)
                self._code.add(depth, f"known_{name} = {value}")
                self._price(depth, name, f"known_{name}", dict(objects))
        for line in lines:
            if line.adds is Adds.WEIGHT:
                self._code.add(depth, f"{_cell(line)} += {self._weight}")
            elif line.adds in _OR_WEIGHT and line.of is not None:
                told = _WEIGHTS[line.of]
                other = self._weight if line.adds is Adds.AMOUNT_OR_WEIGHT or failed else "0.0"
                if self.weighted or line.of in self._layout.fields:
                    amount = f"{other} if {told} is None else {self._scale}{told}"
                    self._code.add(depth, f"{_cell(line)} += {amount}")
                elif other != "0.0":
                    self._code.add(depth, f"{_cell(line)} += {other}")
            elif line.of is not None:
                by_field.setdefault(line.of, []).append(line)
        for name, together in by_field.items():
            self._told(depth, name, together, objects)

    def _told(self, depth: int, name: str, lines: Sequence[CountedField], objects: dict[Way, str]) -> None:
        """Append the lines that add what follows from the value of one field of a record."""
        unknown = [
            self._where(line, f"{_cell(line)} += {self._weight}") for line in lines if line.adds is Adds.UNKNOWN
        ]
        if name not in self._layout.fields:
            self._code.add(depth, *unknown)
            return
        known = [
            self._where(entry, line)
            for entry in lines
            if entry.adds is not Adds.UNKNOWN
            for line in self._known(entry)
        ]
        parts = [] if self._layout.settled else [it for it in WHOLES.get(name, ()) if it in self._layout.fields]
        value = self._code.value(depth, self._layout.fields[name], objects)
        self._code.add(depth, f"x = judge_{name}({value})" if name in JUDGES else f"x = {value}")
        self._price(depth, name, "x", dict(objects))
        if unknown:
            self._code.add(depth, "if x is None:", *(f"    {line}" for line in unknown))
        if known:
            self._code.add(depth, "else:" if unknown else "if x is not None:")
            if parts:
                self._take_in(depth + 1, parts, dict(objects))
            self._code.add(depth + 1, *known)

    def _price(self, depth: int, name: str, variable: str, objects: dict[Way, str]) -> None:
        """Append the lines that take a cost of zero beside tokens for unknown, where nobody declared what it
        means: producers write it for a model whose price they do not know."""
        fields = self._layout.fields
        wholes = [whole for whole in WHOLES if whole in fields]
        if name != "cost_usd" or self._layout.settled or not wholes:
            return
        self._code.add(depth, f"if {variable} == 0:")
        values = [self._code.value(depth + 1, fields[whole], objects) for whole in wholes]
        self._code.add(depth + 1, f"if {' or '.join(values)}: {variable} = None")

    def _take_in(self, depth: int, parts: Sequence[str], objects: dict[Way, str]) -> None:
        """Append the lines that make a whole `x` hold its parts, as `wholes` of `records/tokens.py` does it: parts
        that are larger cannot be inside."""
        values = [self._code.value(depth, self._layout.fields[name], objects) for name in parts]
        if len(values) == 1:
            self._code.add(depth, f"b = {values[0]}", "if b is not None and b > x: x += b")
        else:
            self._code.add(depth, f"b = {' + '.join(f'({value} or 0)' for value in values)}", "if b > x: x += b")

    def _where(self, line: CountedField, statement: str) -> str:
        """Return a statement for a counted field, which holds where its conditions do."""
        tests = [f"known_{line.given} is not None"] if line.given is not None else []
        if line.lacking is not None and line.lacking in self._layout.fields:
            tests.append(f"known_{line.lacking} is None")
        return f"if {' and '.join(tests)}: {statement}" if tests else statement

    def _known(self, line: CountedField) -> tuple[str, ...]:
        """Return the lines for a known value `x`."""
        if line.adds is Adds.AMOUNT:
            return (f"{_cell(line)} += {self._scale}x",)
        if line.adds is Adds.TRUE:
            return (f"if x: {_cell(line)} += {self._weight}",)
        if line.adds is Adds.FIRST:
            # A line that is taken back is read again at once: its trace stays known, and counted.
            met = f"first({self._names.place}, x, {self._names.minute})"
            return (f"if {'w > 0 and ' if self.weighted else ''}{met}: {_cell(line)} += 1.0",)
        return (f"{_cell(line)} += {self._weight}",)


def _cell(line: CountedField) -> str:
    return f"c[{COLUMN_INDEX[line.name]}]"


def compile_row_rule(layout: Layout, only: Collection[str] | None = None) -> CountRow:
    """Return the function that adds one row of a layout to a cell, or takes it back. `only` is as for `Rule`."""
    code = Code()
    code.add(0, "def count_row(r, p, status, minute, sign, first):", "    c = p.cell")
    Rule(code, layout, Variables("p", "status", "minute", "return", "sign"), only).add(1)
    made: CountRow = code.compile("count_row")
    return made
