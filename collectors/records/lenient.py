"""Reads what can be read of a record that does not have the types of its format.

A format decodes records into exact types, which is fast and refuses a record for one bad value. A refused record
comes here: every wanted value is tried on its own, so that a bad one costs that value and not the call.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import mend
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS, Path
from leverwatch.collectors.records.mistyped import NO_JSON, explain
from leverwatch.collectors.records.texts import listed

REQUIRED = frozenset(
    {"time", "operation", "status", "inferences", "sample_rate", "cache_hit", "attempts", "errors"}
)
"""The fields that say whether and how often a record counts: one that cannot be read refuses the record."""
OPTIONAL = frozenset((*FIELDS, *EXTENDED_FIELDS)) - REQUIRED
"""All others: one that cannot be read is unknown."""
LISTED = Annotated[str | int | float | bool | None, msgspec.Meta(description="or an array")]
"""The type of a value that may be an array, which becomes a text here: no other type has it."""
NOT_JSON = (Result.INVALID_LINE, "not one JSON object")
T = TypeVar("T")
_LARGEST = 1 << 20
"""Bytes of the longest record that is taken apart in memory; of a longer one only the text is mended."""
_NO_NUMBER = object()
_NOT_FINITE = "expected a number that is finite"
_HALF = "half a character"


class Refused(Exception):
    """A record cannot be read. `result` and `detail` say why, without any of its content."""

    def __init__(self, result: Result, detail: str) -> None:
        super().__init__(detail)
        self.result, self.detail = result, detail


class Read(Struct, frozen=True):
    """What is left of a record: JSON of its readable values, and field and reason of each unreadable one."""

    data: bytes
    unreadable: tuple[tuple[str, str], ...]

    def decoded(self, decode: Callable[[bytes], T]) -> T:
        """Return the record as its format decodes it.

        Raises:
            Refused: it does not have the types of its format.
        """
        try:
            return decode(self.data)
        except msgspec.ValidationError as error:
            raise Refused(*explain(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(*NOT_JSON) from None


class Lenient:
    """Reads records by their leaves: at each path the names of the values there, and their type.

    `fields` has the field of each name that is optional ("": of none, so that it is not counted); `mapped` are the
    names whose own text or number is used; `entries` gives the field of each entry of the objects with these
    names, of which a bad one costs that one. Objects at the paths `in_text` may also be JSON text inside a string.
    """

    def __init__(
        self,
        leaves: Mapping[Path, tuple[Collection[str], Any]],
        fields: Mapping[str, str],
        mapped: Collection[str],
        in_text: Collection[Path] = (),
        entries: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        self._in_text = frozenset(in_text)
        self._leaves = [
            _Leaf(
                path,
                frozenset(names),
                kind,
                fields,
                not set(names).isdisjoint(mapped),
                next((entries[name] for name in names if entries and name in entries), None),
            )
            for path, (names, kind) in leaves.items()
        ]

    def read(self, text: bytes) -> Read:
        """Return what is readable of one record.

        Raises:
            Refused: it is no JSON object, or what says whether it counts is unreadable.
        """
        if len(text) > _LARGEST:
            return Read(mend(text), ())
        return self.read_value(parse(text))

    def read_value(self, record: Any) -> Read:
        """Return what is readable of a record that `parse` gave.

        Raises:
            Refused: as for `read`.
        """
        if not isinstance(record, dict):
            raise Refused(*NOT_JSON)
        kept: dict[str, Any] = {}
        unreadable: list[tuple[str, str]] = []
        for leaf in self._leaves:
            value, wrong = self._find(record, leaf.path)
            if value is not None and not wrong and leaf.field_of is not None and isinstance(value, dict):
                value, unread = leaf.readable(value)
                unreadable += unread
            elif value is not None and not wrong:
                as_text = listed(value) if leaf.may_be_list and isinstance(value, list) else None
                value, wrong = leaf.check(value if as_text is None else as_text)
            if wrong:
                if leaf.unknown is None:
                    raise Refused(Result.MISTYPED_FIELD, wrong)
                unreadable += ((field, wrong) for field in leaf.unknown)
            elif value is not None:
                node = kept
                for key in leaf.path[:-1]:
                    node = node.setdefault(key, {})
                node[leaf.path[-1]] = value
        return Read(json.dumps(kept).encode(), tuple(dict.fromkeys(unreadable)))

    def _find(self, record: dict[str, Any], path: Path) -> tuple[Any, str]:
        """Return a value, or what is wrong on the way to it."""
        node: Any = record
        for depth, key in enumerate(path[:-1], 1):
            node = node.get(key)
            if isinstance(node, str) and path[:depth] in self._in_text:
                try:
                    node = parse(node.encode(errors="surrogatepass")) if node else None
                except Refused:
                    return None, f"{'.'.join(path[:depth])}: {NO_JSON}"
            if node is None:
                return None, ""
            if not isinstance(node, dict):
                return None, f"{'.'.join(path[:depth])}: expected an object"
        return node.get(path[-1]), ""


class _Leaf:
    def __init__(
        self,
        path: Path,
        names: Collection[str],
        kind: Any,
        fields: Mapping[str, str],
        is_mapped: bool,
        field_of: Callable[[str], str] | None,
    ) -> None:
        self.path = path
        known = [fields.get(name) for name in names]
        self.unknown = None if None in known else [field for field in known if field]
        """The fields that are unknown when the value is unreadable; None: the record is refused."""
        self.field_of = field_of
        """The field of an entry of the object that the value is; None: it is read as a whole."""
        self._is_mapped = is_mapped
        self._kind = kind
        self.may_be_list = kind is LISTED

    @cached_property
    def _decode(self) -> Callable[[bytes], Any]:
        # Made for the first record that needs it: a format has up to a hundred leaves, and few logs such a record.
        shape = msgspec.defstruct("Leaf", [("value", self._kind, None)])
        return msgspec.json.Decoder(shape, strict=False).decode

    def check(self, value: Any) -> tuple[Any, str]:
        """Return the value without what JSON has not, and what is wrong with it."""
        place = ".".join(self.path)
        if value is _NO_NUMBER and self._is_mapped:
            return None, f"{place}: {_NOT_FINITE}"
        if isinstance(value, str) and self._is_mapped and not _is_whole(value):
            return None, f"{place}: {_HALF}"
        clean = _clean(value)
        try:
            self._decode(json.dumps({"value": clean}).encode())
        except msgspec.ValidationError as error:
            return None, place + explain(error)[1].removeprefix("value")
        except (msgspec.DecodeError, RecursionError):
            return None, f"{place}: not readable"
        return clean, ""

    def readable(self, value: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the readable entries of an object, and field and reason of each other one."""
        kept: dict[str, Any] = {}
        wrong: list[tuple[str, str]] = []
        for key, entry in value.items():
            clean, why = (None, _NOT_FINITE) if entry is _NO_NUMBER else self.check({key: entry})
            if clean is not None:
                kept |= clean
            elif self.field_of is not None and (field := self.field_of(key)):
                # The key is the producer's own, and not shown.
                wrong.append((field, f"{'.'.join(self.path)}: {why.rpartition(': ')[2]}"))
        return kept, wrong


def sound(text: bytes) -> bytes:
    """Return JSON that every parser takes: a number that is none is the text `NaN`, and half a character is a
    question mark. What is no JSON at all is returned as it is."""
    if len(text) > _LARGEST:
        return mend(text, b'"NaN"')
    try:
        return json.dumps(_clean(parse(text), "NaN")).encode()
    except Refused:
        return text


def parse(text: bytes) -> Any:
    """Decode JSON with the `NaN`, infinities and halves of characters that producers write.

    Raises:
        Refused: it is not JSON.
    """
    try:
        return json.loads(text.decode(errors="surrogatepass"), parse_constant=_no_number, parse_float=_float)
    except (ValueError, RecursionError):
        raise Refused(*NOT_JSON) from None


def _no_number(word: str) -> object:  # noqa: ARG001 the parser gives the word
    return _NO_NUMBER


def _float(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else _NO_NUMBER


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean(value: Any, no_number: str | None = None) -> Any:
    if value is _NO_NUMBER:
        return no_number
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_clean(item, no_number) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item, no_number) for key, item in value.items()}
    return value
