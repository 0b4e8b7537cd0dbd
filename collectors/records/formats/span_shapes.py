"""Reads spans whose attributes mean what the conventions say, with code made for the names that they have. Pure.

The spans of an instrumentation have few sets of names. Which of them tells what is worked out once for a set, and
a span of that set is read with as many steps as it has values that count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Raw, Struct

from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.formats import span_wire as wire
from leverwatch.collectors.records.formats.dialects import (
    AMOUNTS,
    CACHE_HIT,
    ERROR,
    OTHER_PARAMETERS,
    PARAMETERS,
    TOKENS,
    parameter,
    ranked,
    tells_in_parts,
)
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT
from leverwatch.collectors.records.formats.producers import is_as_told
from leverwatch.collectors.records.formats.span_kinds import KINDS
from leverwatch.collectors.records.formats.spans import Scalar, scalar
from leverwatch.collectors.records.recall import recall

_MOST = 500
"""The largest number of sets of names for which code is made."""


class Simple(Struct, frozen=True):
    """How spans of one set of names are read."""

    kinds: Callable[[Sequence[wire.Attribute]], tuple[Scalar, ...]]
    """Returns the values of `KINDS`. Raises what `scalar` does, also for what else decides whether one counts."""
    tells: bool
    """Whether they tell anything of a call, and whether that is tokens."""
    has_tokens: bool
    read: Callable[[Sequence[wire.Attribute]], tuple[Any, ...] | None]
    """Returns the numbers of `TOKENS`, and what tells the total, the model, the response, the cost, the reason of
    the end, the schema, the tier, the error and the cache hit; then the values of the template (None: it has none
    of the names), and all names of the model. None for a span that needs another look."""


class Shapes(dict[tuple[str, ...], Simple | None]):
    """How spans are read, by the wanted names among those of their attributes; None for those that need more."""

    def __init__(self, template: Sequence[str]) -> None:
        super().__init__()
        self._template = template

    def __missing__(self, names: tuple[str, ...]) -> Simple | None:
        if len(self) >= _MOST:
            return None
        shape = None
        if len(set(names)) == len(names) and is_as_told(names) and not tells_in_parts(names):
            shape = _compile(names, self._template)
        self[names] = shape
        return shape


def _compile(names: Sequence[str], template: Sequence[str]) -> Simple:
    told = ranked(names)
    has_tokens = not told.keys().isdisjoint(TOKENS)
    return Simple(_kinds(names, template), bool(told), has_tokens, _Lines(names, template).read())


def _kinds(
    names: Sequence[str], template: Sequence[str]
) -> Callable[[Sequence[wire.Attribute]], tuple[Scalar, ...]]:
    values = (f"scalar(a[{names.index(kind)}].value)" if kind in names else "None" for kind in KINDS)
    code = Code()
    code.add(0, "def kinds(a):")
    for name in names:
        if name in (ERROR, CACHE_HIT, *template):
            code.add(1, f"scalar(a[{names.index(name)}].value)")
    code.add(1, f"return {', '.join(values)}")
    made: Callable[[Sequence[wire.Attribute]], tuple[Scalar, ...]] = code.compile("kinds", {"scalar": scalar})
    return made


@recall(1024)
def _first_of(array: bytes) -> Scalar:
    return scalar(wire.Value(arrayValue=Raw(array)))


def _other(value: wire.Value) -> Scalar:
    """Return a value that is no text. Lists are the few reasons why models stop."""
    return scalar(value) if value.arrayValue is wire.NOTHING else _first_of(bytes(value.arrayValue))


class _Lines:
    """The lines that read the spans of one set of names."""

    def __init__(self, names: Sequence[str], template: Sequence[str]) -> None:
        self._names, self._template, self._told = names, template, ranked(names)
        self._code = Code()
        self._known: set[str] = set()

    def read(self) -> Callable[[Sequence[wire.Attribute]], tuple[Any, ...] | None]:
        """Return the function that reads them."""
        self._code.add(0, "def read(a):")
        counts = [self._count(what) for what in TOKENS]
        texts = [self._first(what) for what in ("total", "model", "response")]
        cost, finish, schema = self._cost(), self._first("finish"), self._first("schema")
        schema = self._parameters(texts[1], schema)
        tier = self._first("tier")
        error, hit = (
            self._scalar(self._names.index(it)) if it in self._names else "None" for it in (ERROR, CACHE_HIT)
        )
        own = [self._scalar(self._names.index(it)) if it in self._names else "None" for it in self._template]
        template = f"({', '.join(own)},)" if set(own) - {"None"} else "None"
        models = [self._scalar(at) for at, name in enumerate(self._names) if "model" in name]
        parts = [f"({', '.join(counts)})", *texts, cost, finish, schema, tier, error, hit, template]
        self._code.add(1, f"return {', '.join(parts)}, ({', '.join((texts[1], *models))},)")
        scope = {
            "N": wire.NOTHING, "text": wire.text.decode, "other": _other, "parameter": parameter,
            "MOST": MAX_COUNT, "MOST_AMOUNT": MAX_AMOUNT, "PARAMETERS": PARAMETERS, "OTHER": OTHER_PARAMETERS,
        }  # fmt: skip
        made: Callable[[Sequence[wire.Attribute]], tuple[Any, ...] | None] = self._code.compile("read", scope)
        return made

    def _scalar(self, at: int) -> str:
        """Append what reads a value of any type; return its name."""
        name = f"s{at}"
        if name not in self._known:
            self._known.add(name)
            self._code.add(
                1, f"v = a[{at}].value", f"{name} = other(v) if v.stringValue is N else text(v.stringValue)"
            )
        return name

    def _first(self, what: str) -> str:
        """Append what finds the first value that says something; return its name."""
        places = self._told.get(what, ())
        if not places:
            return "None"
        self._code.add(1, f"{what} = {self._scalar(places[0])}")
        for place in places[1:]:
            other = self._scalar(place)
            self._code.add(1, f"if {what} is None or {what} == '': {what} = {other}")
        self._code.add(1, f"if {what} == '': {what} = None")
        return what

    def _count(self, what: str) -> str:
        return self._number(what, "v.intValue", "MOST")

    def _cost(self) -> str:
        cost = self._number("cost", "v.doubleValue if v.intValue is None else v.intValue", "MOST_AMOUNT")
        return cost if cost == "None" else f"float({cost})"

    def _number(self, what: str, value: str, most: str) -> str:
        """Append what reads a number, under the first of its names that has one; return its name."""
        places = self._told.get(what, ())
        # Of what is a zero under one name, another one may tell more.
        for number, place in enumerate(places if what in AMOUNTS else places[:1]):
            name = "n" if number else what
            self._code.add(1, f"v = a[{place}].value", f"{name} = {value}")
            others = "v.stringValue is not N or v.arrayValue is not N"
            self._code.add(1, f"if {name} is None or not 0 <= {name} <= {most} or {others}: return None")
            if number:
                self._code.add(1, f"if not {what}: {what} = n or {what}")
        return what if places else "None"

    def _parameters(self, model: str, schema: str) -> str:
        """Append what reads the parameters of the request; return the name of the mode that they tell."""
        places = {it: self._names.index(it) for it in (PARAMETERS, OTHER_PARAMETERS) if it in self._names}
        if not places:
            return schema
        # They may name the model too.
        self._code.add(1, f"if {model} is None: return None")
        if PARAMETERS not in places:
            return schema
        values = {"PARAMETERS": self._scalar(places[PARAMETERS])}
        if OTHER_PARAMETERS in places:
            values["OTHER"] = self._scalar(places[OTHER_PARAMETERS])
        told = ", ".join(f"{name}: {value}" for name, value in values.items())
        asked = f"parameter({{{told}}}, 'response_format', 'type')"
        self._code.add(1, f"schema = {asked} if {schema} is None else {schema}")
        return "schema"
