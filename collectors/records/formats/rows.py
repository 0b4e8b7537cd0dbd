"""Generates the function that makes a row of a decoded record, from what a declaration says of its values.

One function that does no more than the declaration asks for takes a fifth of the time of a loop over what it says.
`collectors/records/codegen.py` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Piece
from leverwatch.collectors.records.layout import Steps, Way
from leverwatch.collectors.records.tokens import Stands, wholes

BLANK: frozenset[Any] = frozenset({"", "None", "none", "null"})
"""What producers write for no text."""

MakeRow = Callable[[Any], tuple[tuple[Any, ...], Result | Piece | None]]
"""A row of a record, and what the record is instead of a call of its own."""


class Value(Struct, frozen=True):
    """Where a value is, and what becomes of it."""

    paths: tuple[Steps, ...]
    """The first that holds a value wins; none: it is always unknown."""
    is_text: bool = False
    """A blank text is unknown."""
    words: Mapping[Any, Any] | None = None
    """A `Result` instead of a word is what the record is."""
    convert: Callable[[Any], Any] | None = None


class TokenRule(Struct, frozen=True):
    """Where a producer counts the parts of its tokens, and the paths of its total."""

    cached: Stands
    reasoning: Stands
    total: tuple[Steps, ...] = ()


_INPUT, _CACHED = FIELD_INDEX["input_tokens"], FIELD_INDEX["cached_input_tokens"]
_WRITTEN, _OUTPUT = FIELD_INDEX["cache_write_tokens"], FIELD_INDEX["output_tokens"]
_REASONING = FIELD_INDEX["reasoning_tokens"]


def settle_tokens(row: list[Any], cached: Stands, reasoning: Stands, total: object = None) -> None:
    """Put the parts of the tokens of a row inside their wholes; a total that is no number is not used."""
    read, written, thought = row[_CACHED], row[_WRITTEN], row[_REASONING]
    if read or written or thought:
        known = total if type(total) is int or type(total) is float else None
        row[_INPUT], row[_OUTPUT] = wholes(
            row[_INPUT], read, written, row[_OUTPUT], thought, known, cached, reasoning
        )


def compile_row(
    record: type[msgspec.Struct],
    values: Sequence[Value],
    extras: Mapping[str, Sequence[Steps]],
    finish: Callable[..., Result | Piece | None] | None,
    tokens: TokenRule | None,
) -> MakeRow:
    """Generate the function for records of one type.

    The row has the values in their order. `finish` may change it; it gets the extras by name, each as the first of
    its paths that is not null. `tokens` says where the parts of its tokens stand; None: it has no parts.
    """
    code = Code(_stand_ins(record()))
    row = _Row(code)
    code.add(0, "def make_row(r):", "    result = None")
    names = [row.value(number, value) for number, value in enumerate(values)]
    arguments = [f"{name}={row.argument(name, paths)}" for name, paths in extras.items()]
    code.add(1, f"row = [{', '.join(names)}]")
    if finish is not None:
        code.scope["finish"] = finish
        code.add(1, "if result is None:", f"    result = finish({', '.join(['row', *arguments])})")
    if tokens is not None:
        code.scope |= {"settle": settle_tokens, "cached": tokens.cached, "reasoning": tokens.reasoning}
        parts = " or ".join(f"row[{place}]" for place in (_CACHED, _WRITTEN, _REASONING))
        code.add(1, f"if {parts}:")
        total = row.argument("total", tokens.total, 2) if tokens.total else "None"
        code.add(2, f"settle(row, cached, reasoning, {total})")
    code.add(1, "return tuple(row), result")
    made: MakeRow = code.compile("make_row", {"BLANK": BLANK, "Result": Result})
    return made


class _Row:
    """The lines of a function that makes a row."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def value(self, number: int, value: Value) -> str:
        """Append what reads a value; returns the expression for it."""
        code = self.code
        if not value.paths:
            return "None"
        name = f"v{number}"
        first, *others = value.paths
        code.add(1, f"{name} = {code.value(1, first)}")
        if value.is_text:
            code.add(1, f"if {name} in BLANK: {name} = None")
        if others:
            code.add(1, f"if {name} is None:")
            self._alternatives(2, name, others, code.objects)
        if value.words:
            code.scope[f"words{number}"] = dict(value.words)
            code.add(1, f"{name} = words{number}.get({name}, {name})")
            if any(isinstance(word, Result) for word in value.words.values()):
                code.add(1, f"if {name}.__class__ is Result: result, {name} = {name}, None")
        if value.convert is not None:
            code.scope[f"convert{number}"] = value.convert
            code.add(1, f"if {name} is not None: {name} = convert{number}({name})")
        return name

    def _alternatives(self, depth: int, name: str, paths: Sequence[Steps], known: dict[Way, str]) -> None:
        code = self.code
        code.add(depth, f"{name} = {code.value(depth, paths[0], known)}")
        if len(paths) > 1:
            code.add(depth, f"if {name} is None or {name} in BLANK:")
            self._alternatives(depth + 1, name, paths[1:], known)
        else:
            code.add(depth, f"if {name} in BLANK: {name} = None")

    def argument(self, name: str, paths: Sequence[Steps], at: int = 1) -> str:
        """Append what reads an extra, at a depth; returns the expression for it."""
        code = self.code
        first, *others = paths
        known = None if at == 1 else code.objects
        expression = code.value(at, first, known)
        if not others:
            return expression
        name = f"e_{name}"
        code.add(at, f"{name} = {expression}")
        known = code.objects if known is None else known
        for depth, path in enumerate(others, at):
            code.add(depth, f"if {name} is None:")
            code.add(depth + 1, f"{name} = {code.value(depth + 1, path, known)}")
        return name


def _stand_ins(empty: msgspec.Struct) -> Callable[[Way], Any]:
    """What a record in which every value is missing has for an object."""

    def stand_in(steps: Way) -> Any:
        return attrgetter(".".join(map(str, steps)))(empty)

    return stand_in
