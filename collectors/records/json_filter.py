"""Tells the JSON objects that a filter leaves out from the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.records.fields import Path, parse_path
from leverwatch.collectors.records.filters import Filter, ValueTest
from leverwatch.collectors.records.formats.jsonl import Shape
from leverwatch.collectors.records.formats.plain import PlainTest
from leverwatch.collectors.records.lenient import Refused, parse

_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)
_BOM = b"\xef\xbb\xbf"
_LONGEST, _MOST_KNOWN = 100, 10_000
"""Characters of a text that is remembered, and how many are."""
_PRINTED = frozenset(range(0x21, 0x7F)) - frozenset(b'"\\')
"""Bytes of characters that stand for themselves in JSON and are no blanks."""
_Holds = Callable[[Any], bool]


class _Known(dict[object, bool]):
    """What a test said of texts, as the same few come again and again."""

    def __init__(self, holds: _Holds) -> None:
        super().__init__()
        self._holds = holds

    def __missing__(self, value: object) -> bool:
        found = self._holds(value)
        # 1, 1.0 and True are equal as keys and differ as text.
        if (value is None or (isinstance(value, str) and len(value) <= _LONGEST)) and len(self) < _MOST_KNOWN:
            self[value] = found
        return found


class _Check(Struct, frozen=True):
    at: int
    """The place of the value among those that are decoded."""
    wanted: bool
    holds: _Holds
    known: _Known


class JsonFilter:
    """Tells JSON objects that a filter leaves out from the others, by decoding no more than it asks for.

    Objects at the paths `in_text` may also be JSON text inside a string.
    """

    def __init__(self, chosen: Filter, in_text: Collection[Path] = ()) -> None:
        tests = [(parse_path(path), test, wanted) for path, test, wanted in chosen.tests]
        self._tests, self._in_text = tests, frozenset(in_text)
        paths = {path for path, _, _ in tests}
        # A path that goes on behind another one is followed in the value there.
        leaves = sorted(path for path in paths if not any(path[:end] in paths for end in range(1, len(path))))
        through = {
            leaf for leaf in leaves for path in paths if len(path) > len(leaf) and path[: len(leaf)] == leaf
        }
        bare = {path for path in leaves if all(test.present is not None for at, test, _ in tests if at == path)}
        kinds = {leaf: msgspec.Raw if leaf in bare - through else Any for leaf in leaves}
        names = {leaf: f"value {number}" for number, leaf in enumerate(leaves)}
        shape = Shape([(names[leaf], leaf, kinds[leaf]) for leaf in leaves], self._in_text)
        # With one value more, as a getter of a single one returns no tuple.
        self._fast, self._safe = shape.getters([*names.values(), ""])
        self._decode = msgspec.json.Decoder(shape.struct, strict=False).decode
        self._checks = []
        for path, test, wanted in tests:
            holds = self._check(leaves, kinds, path, test)
            at = next(at for at, leaf in enumerate(leaves) if path[: len(leaf)] == leaf)
            self._checks.append(_Check(at, wanted, holds, _Known(holds)))

    def _check(self, leaves: Sequence[Path], kinds: Mapping[Path, Any], path: Path, test: ValueTest) -> _Holds:
        leaf = next(leaf for leaf in leaves if path[: len(leaf)] == leaf)
        if kinds[leaf] is msgspec.Raw:
            return _of_raw(test)
        if path == leaf:
            return test.holds
        return lambda value: test.holds(self._inside(value, path, len(leaf)))

    @property
    def tests(self) -> tuple[PlainTest, ...]:
        """The tests as the compiled helper takes them."""
        return tuple((tuple(key.encode() for key in path), test, wanted) for path, test, wanted in self._tests)

    def left_out(self, units: Sequence[bytes]) -> list[int]:
        """Return the indices of the records that are left out. What is no JSON object is not: its format says what
        it is."""
        try:
            rows = list(map(self._fast, map(self._decode, units)))
        except (*_BAD, AttributeError):  # of one at least; an object on the way to a value may be null
            return [index for index, unit in enumerate(units) if not self._keeps(unit)]
        out: set[int] = set()
        for check in self._checks:
            value, wanted = itemgetter(check.at), check.wanted
            try:
                held = list(map(check.known.__getitem__, map(value, rows)))
            except TypeError:  # a value that is an object or an array
                held = [check.holds(row[check.at]) for row in rows]
            if held.count(wanted) < len(held):
                out.update(index for index, it in enumerate(held) if it is not wanted)
        return sorted(out)

    def _keeps(self, unit: bytes) -> bool:
        try:
            row = self._safe(self._decode(unit))
        except _BAD:
            return self._keeps_odd(unit)
        return all(check.holds(row[check.at]) is check.wanted for check in self._checks)

    def _keeps_odd(self, unit: bytes) -> bool:
        """As `_keeps`, of a record in which something on the way to a value is no object, or which is JSON only as
        producers write it."""
        try:
            record = parse(unit.removeprefix(_BOM).strip(b"\0 \t\r\n"))
        except Refused:
            return True
        if not isinstance(record, dict):
            return True
        return all(test.holds(self._inside(record, path, 0)) is wanted for path, test, wanted in self._tests)

    def _inside(self, value: Any, path: Path, start: int) -> Any:
        """Return the value at a path of which `value` is at the first so many keys; None when there is none."""
        for depth in range(start, len(path)):
            if isinstance(value, str) and path[:depth] in self._in_text:
                try:
                    value = parse(value.encode(errors="surrogatepass"))
                except Refused:
                    return None
            value = value.get(path[depth]) if isinstance(value, dict) else None
        return value


def _of_raw(test: ValueTest) -> _Holds:
    """Return a test of whether a value is there, for one that is not decoded."""
    present = test.present

    def holds(raw: msgspec.Raw | None) -> bool:
        if raw is None:
            return present is False
        text = bytes(raw)
        if text[:1] == b'"' and text[1] not in _PRINTED:
            try:
                return bool(msgspec.json.decode(text).strip()) is present
            except _BAD:
                return present is True
        return (text != b"null") is present

    return holds
