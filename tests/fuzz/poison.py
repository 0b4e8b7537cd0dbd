"""Hostile values, and every place of a whole record where one can stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fuzz.records import TEXTS, record

_HERE = "@POISON@"
_WORD = re.compile(r"[\w.:+-]{2,}")
NAMES: tuple[bytes, ...] = tuple(
    json.dumps(name).encode()
    for name in (
        "x" * 201, "x" * 100_000, "a\x00b", "a\nb", "\x1b[31m", "a\x7f", "a\x85b", "a\u2028b", "\ud800",

        " ", "  x  ", "\x00", "é" * 200, "'; DROP TABLE usage_daily; --", "{system}", "../../x", "none", "\ufeff",
    )
)  # fmt: skip
NUMBERS: tuple[bytes, ...] = (
    b"-1", b"-0.0", b"0", b"1e308", b"-1e308", b"1e400", b"1e-300", b"5e-324", b"9007199254740993",
    b"18446744073709551616", b"1" * 400, b"9" * 5000, b"NaN", b"Infinity", b"-Infinity", b'"1e308"', b'"NaN"',
    b'"-Infinity"', b'"' + b"9" * 5000 + b'"', b"1e20", b"99999999999999999999", b"2.5", b"1e15", b'"0x10"',
)  # fmt: skip
TIMES: tuple[bytes, ...] = (
    b'"9999-12-31T23:59:59-12:00"', b'"0001-01-01T00:00:00+12:00"', b'"2026-03-10T08:00:00+99:99"',
    b'"2026-03-10T24:00:00Z"', b'"2026-13-45T08:00:00Z"', b'"2026-03-10T08:00:00.' + b"1" * 500 + b'Z"',
    b"253402300799", b"253402300800000", b"-62135596800", b"1e19", b'"10/Mar/99999:08:00:00 +0000"',
    b"3155378976000000001",
)  # fmt: skip
SHAPES: tuple[bytes, ...] = (b"null", b"true", b"false", b'""', b"[]", b"{}", b'[["a"]]', b'{"a": 1e308}')
POISONS = (*NAMES, *NUMBERS, *TIMES, *SHAPES)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every scalar of a record."""
    if isinstance(value, Mapping | list):
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in pairs:
            yield from places(inner, (*path, key))
    else:
        yield path


def _put(value: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return _HERE
    key, *rest = path
    inner = _put(value[key], tuple(rest))
    if isinstance(value, Mapping):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


def poisoned(name: str, id_: str) -> Iterator[bytes]:
    """A record of a format for each of its scalars, with the poison still to be put in place of it."""
    text = record(name, id_, "poisoned").decode()
    if not TEXTS[name].startswith("{"):
        for word in _WORD.finditer(text):
            yield f"{text[: word.start()]}{_HERE}{text[word.end() :]}".encode()
        return
    whole = json.loads(text)
    for path in places(whole):
        yield json.dumps(_put(whole, path)).encode()


def put(line: bytes, poison: bytes) -> bytes:
    """The line with a poison, given as JSON, in its place: raw in a line of text, which has no escapes."""
    if line.startswith(b"{"):
        return line.replace(f'"{_HERE}"'.encode(), poison)
    try:
        value = json.loads(poison)
    except ValueError:  # Python reads no number of so many digits
        value = poison.decode()
    raw = str(value if isinstance(value, str) else poison.decode()).encode(errors="surrogatepass")
    return line.replace(_HERE.encode(), raw.replace(b"\n", b"\r"))
