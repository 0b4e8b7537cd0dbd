"""Reads lines of text whose values a pattern finds. Pure."""

from __future__ import annotations

import json
import re

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.wrappers import time_before
from leverwatch.collectors.records.shapes.inner_units import BLANK, InnerUnits

LONGEST = 1 << 16
"""Characters of the longest line in which a pattern is looked for, as some patterns take long in long lines."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def pattern_of(text: str) -> re.Pattern[str]:
    """Return a pattern with named groups.

    Raises:
        ValueError: it is none, it has no named group, or it fits a line without anything.
    """
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}") from None
    if not pattern.groupindex:
        raise ValueError("the pattern needs named groups, as in (?P<model>\\S+), whose names fields use")
    if pattern.search("") is not None:
        raise ValueError("the pattern fits an empty line, and so every line")
    return pattern


class PatternLines:
    """Of each line in which a pattern is found, its named groups become one JSON object; other lines are ignored.

    Blanks around a value are no part of it, and what has neither a letter nor a digit is no value. A time in the
    text before what the pattern fits is that of a record that has none.
    """

    def __init__(self, pattern: str) -> None:
        self._search = pattern_of(pattern).search

    def unwrap(self, outer: Units) -> Units:
        """Return the objects; lines that are no text, or are too long, are refused."""
        inner = InnerUnits(outer)
        for index, unit in enumerate(outer.units):
            try:
                text = plain(unit)
            except UnicodeDecodeError:
                inner.refuse(index, Result.INVALID_LINE, "not UTF-8")
                continue
            if len(text) > LONGEST:
                inner.refuse(index, Result.INVALID_LINE, "more than 64 KiB on one line")
                continue
            match = self._search(text)
            if match is None:
                inner.ignored += 1
                continue
            time = time_before(text[: match.start()].encode())
            inner.add(index, json.dumps(values_of(match)).encode(), time)
        return inner.units()


def plain(line: bytes) -> str:
    """Return a line without blanks around it, and without the colours of a terminal.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    text = line.strip(BLANK).decode()
    return COLOURS.sub("", text) if "\x1b" in text else text


def values_of(match: re.Match[str]) -> dict[str, str]:
    """Return the values of the named groups that have some, by name; signs alone, as `?` or `--`, are none."""
    found = ((name, value.strip()) for name, value in match.groupdict().items() if value)
    return {name: value for name, value in found if any(map(str.isalnum, value))}
