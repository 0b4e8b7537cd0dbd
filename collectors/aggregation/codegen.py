"""The two loops that every record goes through, generated for the fields that a source maps.

A loop over records in Python costs as much as its lines: one that reads unmapped fields, asks whether a record is
weighted or writes counts that follow from others is half as fast as one that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xxhash import xxh64_intdigest

from leverwatch.collectors.aggregation.bulk_timestamps import Stamp
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.records.layout import Layout, Steps
from leverwatch.collectors.records.vocabulary import is_invalid, is_schema_mode, is_truncated

SUMS = {
    "input_tokens": "unknown_input",
    "cached_input_tokens": "unknown_cached",
    "output_tokens": "unknown_output",
    "cost_usd": "unpriced",
    "latency_ms": "unknown_latency",
}
"""Fields whose known values are added up, and the counts of inferences whose value is unknown."""
BARE_SUMS = ("cache_write_tokens", "reasoning_tokens")
"""The same without a count of unknown values."""
JUDGED: Mapping[str, tuple[Callable[[Any], bool | None], str, str]] = {
    "valid": (is_invalid, "checked", "invalid"),
    "schema_mode": (is_schema_mode, "schema_checked", "schema_mode"),
    "finish_reason": (is_truncated, "finish_known", "truncated"),
}
"""Fields with a verdict, the count of inferences that have one, and of those for which it is true."""
_WEIGHTS = ("inferences", "sample_rate", "attempts")
NAMING = ("model", "operation", "status", "cache_hit")
"""Fields that say where, and as what, a record counts."""
_NO_ID = frozenset({"", "none", "null"})
_LONGEST_NO_ID = 4

Attribute = Callable[[Sequence[Any], Sequence[Stamp], Any, Any, list[CellRef], list[int | None]], None]
"""Records and their stamps in; the place of each record and the key of its request id out."""
Count = Callable[[Sequence[Any], Sequence[CellRef], Sequence[Stamp], Any], None]
"""Adds every number of records to the cells of their places."""


@dataclass(frozen=True)
class Loops:
    """The loops over records of one layout."""

    times: Callable[[Sequence[Any]], list[Any]]
    attribute: Attribute
    count: Count
    implied: tuple[int, ...]
    """Columns that `count` leaves out, because they grow by one with every inference counted."""


class _Code:
    """Lines of a function over records `r`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.lines: list[str] = []
        self._known: dict[Steps, str] = {}

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, indented."""
        self.lines += ["    " * depth + line for line in lines]

    def value(self, depth: int, steps: Steps) -> str:
        """Append what reads a value safely; gives the expression for it."""
        parent = "r"
        for end in range(1, len(steps)):
            parent = self._object(depth, steps[:end], parent)
        return parent + _step(steps[-1])

    def _object(self, depth: int, steps: Steps, parent: str) -> str:
        name = self._known.get(steps)
        if name is None:
            name = self._known[steps] = f"o{len(self._known)}"
            self.add(depth, f"{name} = {parent}{_step(steps[-1])}", f"if {name} is None: {name} = EMPTY")
        return name

    def field(self, depth: int, name: str) -> str:
        """The expression for a mapped field, `None` for another."""
        steps = self._layout.fields.get(name)
        return "None" if steps is None else self.value(depth, steps)

    def forget(self) -> None:
        """What was read so far was read in a branch that is left."""
        self._known.clear()

    def compile(self, name: str) -> Any:
        """The function."""
        scope: dict[str, Any] = {
            "EMPTY": _Empty(), "NO_ID": _NO_ID, "digest": xxh64_intdigest,
            **{f"judge_{name}": judge for name, (judge, _, _) in JUDGED.items()},
        }  # fmt: skip
        # Attribute names and indices come from the maker of the layout: nothing of a configuration is run.
        exec("\n".join(self.lines), scope)  # noqa: S102 - see above
        return scope[name]


class _Empty:
    """Stands for an object that a record has as null: all that would be in it is unknown."""

    def __getattr__(self, name: str) -> None:
        return None


def _step(step: str | int) -> str:
    return f".{step}" if isinstance(step, str) else f"[{step}]"


def compile_loops(layout: Layout, columns: Sequence[str], *, dedupe: bool) -> Loops:
    """Generate the loops for records of one layout and cells of these columns.

    `dedupe` asks for the keys of request ids.
    """
    at = {name: index for index, name in enumerate(columns)}
    weighted = any(name in layout.fields for name in _WEIGHTS)
    unknown = [count for name, count in SUMS.items() if name not in layout.fields]
    return Loops(
        _times(layout),
        _attribute(layout, dedupe=dedupe and "request_id" in layout.fields),
        _count(layout, at, weighted=weighted),
        () if weighted else tuple(at[name] for name in ("inferences", "attempts", *unknown)),
    )


def _times(layout: Layout) -> Callable[[Sequence[Any]], list[Any]]:
    code = _Code(layout)
    code.add(0, "def times(records):", "    found = []", "    for r in records:")
    code.add(2, f"found.append({code.field(2, 'time')})")
    code.add(1, "return found")
    return code.compile("times")  # type: ignore[no-any-return]  # what exec makes has no type


def _attribute(layout: Layout, *, dedupe: bool) -> Attribute:
    code = _Code(layout)
    code.add(0, "def attribute(records, stamps, places, miss, found, ids):")
    code.add(1, "put, note = found.append, ids.append", "for r, s in zip(records, stamps):")
    parts = ["s.day", *(code.field(2, name) for name in NAMING if name in layout.fields)]
    parts += [code.value(2, steps) for steps in layout.template]
    values = [code.field(2, name) for name in NAMING]
    system = "".join(f"{code.value(2, steps)}, " for steps in layout.template)
    code.add(2, "try:", f"    p = places[{', '.join(parts)},]")
    code.add(2, "except KeyError:")
    code.add(3, f"p = miss(len(found), s, ({', '.join(parts)},), {', '.join(values)}, ({system}))")
    code.add(2, "put(p)")
    if dedupe:
        code.add(2, f"i = {code.field(2, 'request_id')}", "if i is None:", "    note(None)", "    continue")
        code.add(2, "if i.__class__ is not str:", "    i = str(i)", "i = i.strip()")
        code.add(2, f"if len(i) <= {_LONGEST_NO_ID} and i.lower() in NO_ID:", "    note(None)", "    continue")
        code.add(2, "note(digest(i.encode(), p.seed))")
    return code.compile("attribute")  # type: ignore[no-any-return]  # what exec makes has no type


def _count(layout: Layout, at: Mapping[str, int], *, weighted: bool) -> Count:
    code = _Code(layout)
    code.add(0, "def count(records, places, stamps, trace):")
    code.add(1, "for r, p, s in zip(records, places, stamps):")
    code.add(2, "c = p.cell")
    weight, scale, attempts = "1.0", "", "1.0"
    if weighted:
        weight, scale, attempts = "w", "k * ", "w if tries is None else k * tries"
        for name, variable in (("sample_rate", "rate"), ("inferences", "number"), ("attempts", "tries")):
            code.add(2, f"{variable} = {code.field(2, name)}")
        code.add(2, "k = 1.0 if rate is None else 1.0 / rate", "w = k if number is None else k * number")
    code.add(2, "if p.outcome:", "    if p.outcome == 1:")
    code.add(4, f"c[{at['errors']}] += {weight}", f"c[{at['attempts']}] += {attempts}")
    if "cost_usd" in layout.fields:
        code.add(4, f"x = {code.field(4, 'cost_usd')}")
        code.add(4, f"if x is not None: c[{at['cost_usd']}] += {scale}x")
    code.add(3, "else:", f"    c[{at['cache_hits']}] += {weight}")
    code.add(3, "continue")
    code.forget()
    if weighted:
        code.add(2, f"c[{at['inferences']}] += w", f"c[{at['attempts']}] += {attempts}")
    else:
        code.add(2, "p.counted += 1")
    for name, unknown in SUMS.items():
        if name in layout.fields:
            code.add(2, f"x = {code.field(2, name)}")
            code.add(2, f"if x is None: c[{at[unknown]}] += {weight}", f"else: c[{at[name]}] += {scale}x")
        elif weighted:
            code.add(2, f"c[{at[unknown]}] += w")
    _count_rare(code, layout, at, weight, scale)
    return code.compile("count")  # type: ignore[no-any-return]  # what exec makes has no type


def _count_rare(code: _Code, layout: Layout, at: Mapping[str, int], weight: str, scale: str) -> None:
    for name in BARE_SUMS:
        if name in layout.fields:
            code.add(2, f"x = {code.field(2, name)}", f"if x is not None: c[{at[name]}] += {scale}x")
    if "static_input_tokens" in layout.fields:
        code.add(2, f"x = {code.field(2, 'static_input_tokens')}", "if x is not None:")
        code.add(3, f"c[{at['static_known']}] += {weight}", f"c[{at['static_tokens']}] += {scale}x")
    for name, (_, known, true) in JUDGED.items():
        if name in layout.fields:
            code.add(2, f"x = judge_{name}({code.field(2, name)})", "if x is not None:")
            code.add(3, f"c[{at[known]}] += {weight}", f"if x: c[{at[true]}] += {weight}")
    if "trace_id" in layout.fields:
        code.add(2, f"x = {code.field(2, 'trace_id')}")
        code.add(2, f"if x is not None: trace(p, x, {weight}, s.minute)")
