"""Reads what Python prints of dictionaries and objects: `{'done': True}`, `Usage(tokens=3)`. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.wrappers import time_before
from leverwatch.collectors.records.shapes.inner_units import BLANK, InnerUnits

_START = re.compile(
    r"""\{\s*(?=(?:'[^'\n]{0,200}'|"[^"\n]{0,200}")\s*:)|(?<![\w.])[A-Z]\w{0,80}\((?=[a-z_]\w{0,80}=)"""
)
"""Where a record may begin: a brace and a key, or the name of a class and a value by its name."""
_MOST_STARTS = 8
"""Places of a line at which a record is looked for."""
_TEXT = re.compile(r"""(?P<mark>[rbuRBU]{0,2})(?P<said>'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")""")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NO_NUMBER = re.compile(r"[-+](?:inf|nan|Infinity)\b")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_KEY = re.compile(r"([A-Za-z_]\w*)\s*=\s*")
_ANGLES = re.compile(r"<[^<>\n]{0,200}>")
_BLANKS = re.compile(r"\s*")
_CONSTANTS = {
    "True": True, "False": False, "None": None, "true": True, "false": False, "null": None, "nan": None,
    "inf": None, "NaN": None, "Infinity": None,
}  # fmt: skip
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_DEEPEST = 64
_LONGEST = 1 << 20
"""Characters of the longest line that is looked at."""


class _Broken(Exception):
    """A text is not what Python prints."""


class Python:
    """Of each line the first dictionary or object that Python printed in it; lines without one are ignored.

    A date with a time of day in the text before it is the time of a record that has none.
    """

    def unwrap(self, outer: Units) -> Units:
        """Return the records as JSON; a dictionary that is cut short is refused."""
        inner = InnerUnits(outer)
        for index, unit in enumerate(outer.units):
            try:
                text = unit.strip(BLANK).decode()
            except UnicodeDecodeError:
                inner.refuse(index, Result.INVALID_LINE, "not UTF-8")
                continue
            if len(text) > _LONGEST:
                inner.refuse(index, Result.INVALID_LINE, "more than a mebibyte on one line")
                continue
            found = printed(text)
            if found is not None:
                record, before = found
                inner.add(index, json.dumps(record).encode(), time_before(before.encode()))
            elif looks_printed(text):
                inner.refuse(index, Result.INVALID_LINE, "a dictionary that does not end as Python prints it")
            else:
                inner.ignored += 1
        return inner.units()


def looks_printed(text: str) -> bool:
    """Whether a dictionary begins somewhere in a text: what looks like a call of a class may be prose."""
    found = _START.search(text)
    return found is not None and found[0][0] == "{"


def printed(text: str) -> tuple[dict[str, Any], str] | None:
    """Return the first dictionary or object in a text, with the text before it; None when there is none."""
    for number, start in enumerate(_START.finditer(text)):
        if number == _MOST_STARTS:
            break
        try:
            value, _ = _Reader(text).value(start.start(), 0)
        except _Broken:
            continue
        if isinstance(value, dict) and value:
            return value, text[: start.start()]
    return None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins there, and where it ends."""
        at = self._skip(at)
        sign = self._text[at : at + 1]
        if depth > _DEEPEST:
            raise _Broken
        if sign in _CLOSING and sign:
            return self._several(at, depth)
        if (text := _TEXT.match(self._text, at)) is not None:
            return self._string(text)
        if (sign_of_none := _NO_NUMBER.match(self._text, at)) is not None:
            return None, sign_of_none.end()
        if (number := _NUMBER.match(self._text, at)) is not None:
            return _number(number[0]), number.end()
        if (angles := _ANGLES.match(self._text, at)) is not None:
            return self._member(angles[0], depth), angles.end()
        name = _NAME.match(self._text, at)
        if name is None:
            raise _Broken
        if self._text[name.end() : name.end() + 1] == "(":
            return self._object(name[0], name.end() + 1, depth)
        return _CONSTANTS.get(name[0], name[0]), name.end()

    def _skip(self, at: int) -> int:
        match = _BLANKS.match(self._text, at)
        return at if match is None else match.end()

    def _string(self, first: re.Match[str]) -> tuple[str, int]:
        said, match = [], first
        while True:
            said.append(_unescaped(match["said"][1:-1]))
            following = _TEXT.match(self._text, self._skip(match.end()))
            if following is None:
                return "".join(said).encode(errors="replace").decode(), match.end()
            match = following

    def _several(self, at: int, depth: int) -> tuple[Any, int]:
        """Return a dictionary, or a list for all else in brackets."""
        closing = _CLOSING[self._text[at]]
        entries: dict[str, Any] = {}
        items: list[Any] = []
        is_dictionary = closing == "}"
        at = self._skip(at + 1)
        while self._text[at : at + 1] != closing:
            value, at = self.value(at, depth + 1)
            at = self._skip(at)
            if closing == "}" and self._text[at : at + 1] == ":":
                entries[str(value)], at = self.value(at + 1, depth + 1)
                at = self._skip(at)
            else:
                is_dictionary = False
                items.append(value)
            at = self._behind(at, closing)
        return (entries if is_dictionary else items), at + 1

    def _behind(self, at: int, closing: str) -> int:
        """Return where the next item begins, or the end of all of them is."""
        sign = self._text[at : at + 1]
        if sign == ",":
            return self._skip(at + 1)
        if sign != closing:
            raise _Broken
        return at

    def _object(self, name: str, at: int, depth: int) -> tuple[Any, int]:
        named: dict[str, Any] = {}
        given: list[Any] = []
        at = self._skip(at)
        while self._text[at : at + 1] != ")":
            key = _KEY.match(self._text, at)
            if key is not None and self._text[key.end() : key.end() + 1] != "=":
                named[key[1]], at = self.value(key.end(), depth + 1)
            else:
                value, at = self.value(at, depth + 1)
                given.append(value)
            at = self._behind(self._skip(at), ")")
        kind = name.rpartition(".")[2]
        if kind in {"datetime", "date"} and given and all(type(it) is int for it in given):
            return _moment(given, named.get("tzinfo")), at + 1
        if kind in {"timezone", "ZoneInfo", "TzInfo", "tzutc", "UTC"}:
            return _zone(given), at + 1
        if given and not named:
            return given[-1], at + 1  # Decimal('0.1'), UUID('...'), defaultdict(..., {...})
        return named, at + 1

    def _member(self, text: str, depth: int) -> Any:
        """Return the value of a member of an enumeration, as in `<Reason.STOP: 'stop'>`; None of anything else."""
        _, colon, said = text[1:-1].partition(": ")
        if not colon:
            return None
        try:
            return _Reader(said).value(0, depth + 1)[0]
        except _Broken:
            return said


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return number if math.isfinite(number) else None


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code is None:
        return _ESCAPED.get(escape[4], escape[4])
    return chr(int(code, 16)) if int(code, 16) < 0x110000 else "?"


def _zone(given: list[Any]) -> str:
    """Return what a zone adds to a time; of one that is known by its name alone, what no time can be read with."""
    offset = given[0] if given else "UTC"
    if isinstance(offset, dict):  # datetime.timedelta(days=-1, seconds=68400)
        minutes = round((offset.get("days", 0) * 86400 + offset.get("seconds", 0)) / 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return "Z" if str(offset).upper() in {"UTC", "0", "Z"} else "?"


def _moment(given: list[int], zone: Any) -> str:
    """Return the time that `datetime.datetime(2026, 3, 1, 9, 7)` is, as ISO 8601 writes it."""
    parts = [*given, *([0] * (7 - len(given)))][:7]
    year, month, day, hour, minute, second, below = parts
    if len(given) == 3 and zone is None:
        return f"{year:04}-{month:02}-{day:02}"
    suffix = "Z" if zone == "datetime.timezone.utc" else zone if isinstance(zone, str) else ""
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{below:06}{suffix}"
