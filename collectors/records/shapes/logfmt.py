"""Reads lines of `key=value` or `key: value` pairs, as logfmt and many text loggers write them. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.wrappers import time_before
from leverwatch.collectors.records.shapes.inner_units import BLANK, InnerUnits

_KEY = r"[^\W\d][\w.@/-]*"
_PAIR = re.compile(rf"""(?<![^\s\[({{,;|&]){_KEY}(?==)""")
"""A key behind a blank or what else may stand before it; a `=` inside of a word or a URL makes none."""
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(?=[\s,;|)\]}]|/?>|$)')
_SINGLE = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'(?=[\s,;|)\]}]|/?>|$)")
_BARE = re.compile(rf"(?:(?![,;|&({{]{_KEY}=)\S)*")
"""A value goes on to a blank, or to the next pair, which may stand in the brackets of what a program prints of an
object: `usage=Usage(input=7, output=3)` has three."""
_ENDS = ",;|"
"""What may stand behind a value that has no quotes, before a blank, the end or the next pair."""
_CLOSING = {")": "(", "]": "[", "}": "{"}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NAMED = re.compile(
    r"(?:^(?:\w+:[\w.]+:)?|[|,;\])>-]\s+|\||(?<=\s)\()(?P<key>[^\W\d][\w./-]*(?: [\w(][\w./()-]*){0,3}):(?:\s+|$)"
)
"""A key before a colon: at the start of a line or behind a separator; Python begins it with `INFO:root:`."""
_LONGEST = 1 << 20
"""Characters of the longest line that is looked at; no logger writes pairs of so many."""
STRAY = "a quote that nothing ends, or that something follows"
_json = json.JSONDecoder()


class BadPairs(Exception):
    """A line of pairs is broken; the text says where, without any of its content."""


class Logfmt:
    """Of each line the pairs in it become one JSON object; a line without any is an ordinary message and ignored.

    A time in the text before the first pair is that of a record that has none. `sign` stands behind a key.
    """

    def __init__(self, sign: str = "=") -> None:
        self._pairs = pairs_of if sign == "=" else named_pairs_of

    def unwrap(self, outer: Units) -> Units:
        """Return the objects; lines with a stray quote are refused."""
        inner = InnerUnits(outer)
        for index, unit in enumerate(outer.units):
            try:
                text = unit.strip(BLANK).decode()
                found, before = self._pairs(text)
            except UnicodeDecodeError:
                inner.refuse(index, Result.INVALID_LINE, "not UTF-8")
                continue
            except BadPairs as error:
                inner.refuse(index, Result.INVALID_LINE, str(error))
                continue
            if found:
                inner.add(index, json.dumps(found).encode(), time_before(before.encode()))
            else:
                inner.ignored += 1
        return inner.units()


def pairs_of(text: str) -> tuple[dict[str, Any], str]:
    """Return the values by their keys, and the text before the first pair.

    A value without quotes is text, or what it is as JSON in braces or brackets. An empty one is None, and so is
    that of a key with two different values.

    Raises:
        BadPairs: a quote is not closed where a value ends, or the line is too long.
    """
    if len(text) > _LONGEST:
        raise BadPairs("more than a mebibyte on one line")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    found: dict[str, Any] = {}
    first = at = 0
    while (match := _PAIR.search(text, at)) is not None:
        if not found:
            first = match.start()
        value, at = _value(text, match.end() + 1)
        key = match[0]
        found[key] = value if found.get(key, value) == value else None
    return found, text[:first]


def named_pairs_of(text: str) -> tuple[dict[str, Any], str]:
    """Return the same of `key: value` pairs, whose values go on to a bar, or the next key behind another sign.

    Raises:
        BadPairs: the line is too long.
    """
    if len(text) > _LONGEST:
        raise BadPairs("more than a mebibyte on one line")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    found: dict[str, Any] = {}
    matches = list(_NAMED.finditer(text))
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        told = text[match.end() : end].split(" | ")[0].strip(" \t,;|")
        if told.endswith("(") or (told.endswith(")") and "(" not in told):
            told = told[:-1].strip()  # of brackets around pairs
        value = told or None
        if value is not None and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        key = match["key"]
        found[key] = value if found.get(key, value) == value else None
    return found, text[: matches[0].start("key")] if matches else text


def _value(text: str, at: int) -> tuple[Any, int]:
    """Return the value that begins there, and where it ends."""
    sign = text[at : at + 1]
    if sign in {'"', "'"}:
        quoted = (_QUOTED if sign == '"' else _SINGLE).match(text, at)
        if quoted is None:
            if sign == "'":
                return _bare(text, at)
            raise BadPairs(STRAY)
        return _unescaped(quoted[0] if sign == '"' else quoted[1], is_json=sign == '"'), quoted.end()
    if sign in {"{", "["}:
        try:
            value, end = _json.raw_decode(text, at)
        except (ValueError, RecursionError):
            return _bare(text, at)
        if text[end : end + 1].strip(_ENDS + ")]} \t") == "":
            return value, end
    return _bare(text, at)


def _bare(text: str, at: int) -> tuple[str | None, int]:
    match = _BARE.match(text, at)
    word = "" if match is None else match[0]
    end = at + len(word)
    word = word.rstrip(_ENDS)
    while word and word[-1] in _CLOSING and _CLOSING[word[-1]] not in word:
        word = word[:-1].rstrip(_ENDS)  # of brackets around the pairs
    return word or None, end


def _unescaped(text: str, *, is_json: bool) -> str:
    """Return what a quoted text says: with the escapes of JSON, as Go and others quote, or else as it stands."""
    if not is_json:
        return re.sub(r"\\(['\\])", r"\1", text)
    if "\\" not in text:
        return text[1:-1]
    try:
        value, _ = _json.raw_decode(text)
    except ValueError:
        return text[1:-1]
    return str(value)
