"""Generates the function that makes rows of decoded records, from what a declaration says of its values.

One function that does no more than the declaration asks for takes a fifth of the time of a loop over what it says.
`collectors/records/codegen.py` makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Piece, Row
from leverwatch.collectors.records.layout import Steps, Way
from leverwatch.collectors.records.tokens import Stands, wholes

BLANK: frozenset[Any] = frozenset({"", "None", "none", "null"})
"""What producers write for no text."""

MakeRows = Callable[[Iterable[Any], list[Row], dict[int, Result | Piece]], None]
"""Appends a row of each record to a list, and notes by its place what a record is that is no call of its own."""
_WORTH_A_BRANCH = 4
"""So many paths through an object that is null are worth a branch without them."""


class Value(Struct, frozen=True):
    """Where a value is, and what becomes of it."""

    paths: tuple[Steps, ...]
    """The first that holds a value wins; none: it is always unknown."""
    is_text: bool = False
    """A blank text is unknown."""
    words: Mapping[Any, Any] | None = None
    """A `Result` instead of a word is what the record is."""
    convert: Callable[[Any], Any] | None = None
    may_be_text: bool = True
    """Whether it can be a text, of which some mean that there is no value."""


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


def compile_rows(
    record: type[msgspec.Struct],
    values: Sequence[Value],
    extras: Mapping[str, Sequence[Steps]],
    finish: Callable[..., Result | Piece | None] | None,
    tokens: TokenRule | None,
) -> MakeRows:
    """Generate the function for records of one type.

    A row has the values in their order. `finish` may change it; it gets the extras by name, each as the first of
    its paths that is not null. `tokens` says where the parts of its tokens stand; None: it has no parts.
    """
    code = Code(_stand_ins(record()))
    code.add(0, "def make_rows(records, rows, odd):", "    put = rows.append")
    code.add(1, "for n, r in enumerate(records):")
    every = [*(value.paths for value in values), *extras.values(), tokens.total if tokens else ()]
    branch = _branch(every)
    if branch is None:
        _Row(code, 2).make(values, extras, finish, tokens)
    else:
        code.add(2, f"if r.{branch} is None:")
        _Row(code, 3, without=branch).make(values, extras, finish, tokens)
        code.add(2, "else:")
        _Row(code, 3).make(values, extras, finish, tokens)
    made: MakeRows = code.compile("make_rows", {"BLANK": BLANK, "Result": Result})
    return made


def _branch(every: Iterable[Sequence[Steps]]) -> str | None:
    """Return the attribute of the object through which most of those paths lead that have alternatives; without it
    they need not be looked at. None: there are not many."""
    through = Counter(
        path[0]
        for paths in every
        for path in paths
        if len(path) > 1 and any(other[0] != path[0] for other in paths)
    )
    most = max(through, key=through.__getitem__, default="")
    return most if through[most] >= _WORTH_A_BRANCH else None


class _Row:
    """The lines that make a row, at a depth; `without`: the attribute of an object that is null there."""

    def __init__(self, code: Code, depth: int, without: str | None = None) -> None:
        self.code, self._depth, self._without = code, depth, without
        self._objects: dict[Way, str] = {}

    def make(
        self,
        values: Sequence[Value],
        extras: Mapping[str, Sequence[Steps]],
        finish: Callable[..., Result | Piece | None] | None,
        tokens: TokenRule | None,
    ) -> None:
        """Append all of them."""
        code, depth = self.code, self._depth
        is_refined = any(isinstance(word, Result) for value in values for word in (value.words or {}).values())
        code.add(depth, *["result = None"] * is_refined)
        names = [self.value(number, value) for number, value in enumerate(values)]
        row = ", ".join(names)
        if finish is None and tokens is None:
            code.add(depth, f"put(({row},))")
        else:
            arguments = [self.argument(name, extras[name]) for name in _in_order(finish, extras)]
            code.add(depth, f"row = [{row}]")
            if finish is not None:
                code.scope["finish"] = finish
                call = f"result = finish({', '.join(['row', *arguments])})"
                code.add(depth, *([f"if result is None: {call}"] if is_refined else [call]))
            if tokens is not None:
                self._settle(tokens, len(values))
            code.add(depth, "put(tuple(row))")
        if is_refined or finish is not None:
            code.add(depth, "if result is not None: odd[n] = result")

    def value(self, number: int, value: Value) -> str:
        """Append what reads a value; returns the expression for it."""
        code, depth, name = self.code, self._depth, f"v{number}"
        if not value.paths:
            return "None"
        paths = self._left(value.paths)
        if not paths:
            code.add(depth, f"{name} = None")
        known = self._objects
        for at, (place, path) in enumerate(paths):
            known = {**known} if at else known
            code.add(depth + at, f"{name} = {code.value(depth + at, path, known)}")
            if value.may_be_text and (place or value.is_text):
                code.add(depth + at, f"if {name} in BLANK: {name} = None")
            if at + 1 < len(paths):
                code.add(depth + at, f"if {name} is None:")
        if value.words:
            code.scope[f"words{number}"] = dict(value.words)
            code.add(depth, f"{name} = words{number}.get({name}, {name})")
            if any(isinstance(word, Result) for word in value.words.values()):
                code.add(depth, f"if {name}.__class__ is Result: result, {name} = {name}, None")
        if value.convert is not None:
            code.scope[f"convert{number}"] = value.convert
            code.add(depth, f"if {name} is not None: {name} = convert{number}({name})")
        return name

    def _left(self, paths: Sequence[Steps]) -> list[tuple[int, Steps]]:
        """Return those of the paths that can hold a value, with their places."""
        return [(at, path) for at, path in enumerate(paths) if len(path) == 1 or path[0] != self._without]

    def argument(self, name: str, paths: Sequence[Steps], further: int = 0) -> str:
        """Append what reads an extra, `further` in; returns the expression for it."""
        code, depth = self.code, self._depth + further
        left = [path for _, path in self._left(paths)]
        if not left:
            return "None"
        known = {**self._objects} if further else self._objects
        expression = code.value(depth, left[0], known)
        if len(left) == 1:
            return expression
        name = f"e_{name}"
        code.add(depth, f"{name} = {expression}")
        for at, path in enumerate(left[1:], depth):
            known = {**known}
            code.add(at, f"if {name} is None:")
            code.add(at + 1, f"{name} = {code.value(at + 1, path, known)}")
        return name

    def _settle(self, tokens: TokenRule, length: int) -> None:
        """Append what puts the parts of the tokens inside their wholes, unless they are seen to be there."""
        code, depth = self.code, self._depth
        code.scope |= {"settle": settle_tokens, "cached": tokens.cached, "reasoning": tokens.reasoning}
        read, written, thought = (f"row[{at % length}]" for at in (_CACHED, _WRITTEN, _REASONING))
        code.add(depth, f"if {read} or {written} or {thought}:")
        total = self.argument("total", tokens.total, 1) if tokens.total else "None"
        call = "settle(row, cached, reasoning, t)"
        beside = f"({read} or 0) + ({written} or 0)"
        code.add(depth + 1, f"i, o, t = row[{_INPUT}], row[{_OUTPUT}], {total}")
        if Stands.BESIDE not in (tokens.cached, tokens.reasoning):
            code.add(depth + 1, f"if i is None or o is None or {beside} > i or ({thought} or 0) > o: {call}")
            code.add(depth + 1, *[f"elif t is not None and t != i + o: {call}"] * bool(tokens.total))
        elif tokens.cached is Stands.BESIDE and not tokens.total:
            code.add(depth + 1, f"if i is None or {thought}: {call}", f"else: row[{_INPUT}] = i + {beside}")
        else:
            code.add(depth + 1, call)


def _in_order(finish: Callable[..., Any] | None, extras: Iterable[str]) -> list[str]:
    """Return the names of the extras in the order in which a function has its parameters."""
    if finish is None:
        return []
    code = finish.__code__
    _, *names = code.co_varnames[: code.co_argcount]
    if {*names} != {*extras}:
        raise TypeError(f"{finish.__qualname__} takes other extras than are declared")
    return names


def _stand_ins(empty: msgspec.Struct) -> Callable[[Way], Any]:
    """What a record in which every value is missing has for an object."""

    def stand_in(steps: Way) -> Any:
        return attrgetter(".".join(map(str, steps)))(empty)

    return stand_in
