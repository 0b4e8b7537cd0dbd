"""Turns lines of access logs into the JSON objects that the same servers write when they log JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Literal

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.rewritten import Refusal, Rewrite
from leverwatch.collectors.records.formats.routes import route
from leverwatch.collectors.records.recall import recall

CLIENT = r"(\S+) - ([^\[]{0,200}?) \[([^\[\]]{1,64})\]"
"""A pattern for nginx's client address, user and local time."""
QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
"""A pattern for a quoted value, which may have escapes."""
LISTED = r"(-|[^\s,]{1,200}(?:(?:,| :) [^\s,]{1,200}){0,30})"
"""A pattern for nginx's values for one or several upstream servers."""
_REQUEST = re.compile(r"([A-Z]+) (\S+)(?: HTTP/\S+)?$")
_NOTHING = frozenset({None, "", "-"})
_OPERATION, _MODEL, _STATUS = FIELD_INDEX["operation"], FIELD_INDEX["model"], FIELD_INDEX["status"]
_NO_ROUTE = frozenset({"404", "405", "501"})
_COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
COUNT_TYPES: Mapping[str, Any] = {name: TYPES[name] | Literal["", "-"] for name in _COUNTS}
"""Types of the counts of servers that write a dash or an empty text for a variable without value."""
_SEPARATOR = re.compile(r", | : ")


def rewrite_lines(
    pattern: re.Pattern[str],
    names: Sequence[str],
    what: str,
    tail: Callable[[str], Mapping[str, str]] | None = None,
    blanks: frozenset[str] = frozenset(),
) -> Rewrite:
    """Return a function that rewrites lines of text as JSON objects.

    Args:
        pattern: matches the beginning of a line.
        names: the keys of its groups.
        what: what a line should be, for the message about lines that do not match.
        tail: reads further values from the rest of the line.
        blanks: the keys of which a dash says something: it becomes an empty text.
    """

    def rewrite(unit: bytes) -> Sequence[bytes] | Refusal:
        if not unit or unit.startswith(b"{"):
            return (unit,)
        text = unit.decode(errors="replace")
        match = pattern.match(text)
        if match is None:
            return Refusal(Result.INVALID_LINE, what)
        found: Iterable[tuple[str, Any]] = zip(names, match.groups(), strict=True)
        if tail is not None:
            found = chain(found, tail(text[match.end() :]).items())
        if blanks:
            told = {
                name: "" if value == "-" else value
                for name, value in found
                if value not in _NOTHING or (value and name in blanks)
            }
        else:
            told = {name: value for name, value in found if value not in _NOTHING}
        return (msgspec.json.encode(told),)

    return rewrite


COUNT_WORDS: Mapping[str, Mapping[Any, Any]] = {name: {"": None, "-": None} for name in _COUNTS}
"""What these counts are that have no value."""


def method_and_target(request: str | None) -> tuple[str, str]:
    """Return method and target of a request line; two empty texts when it is not one."""
    match = _REQUEST.match(request or "")
    return (match[1], match[2]) if match else ("", "")


def attempts(*lists: str | None) -> int | None:
    """Return how many upstream servers were asked, by the length of nginx's lists: 0 when these are blank, None
    when there are none."""
    is_told = False
    for text in lists:
        if text is None:
            continue
        is_told = True
        asked = sum(1 for entry in _SEPARATOR.split(text) if entry.strip(" -"))
        if asked:
            return asked
    return 0 if is_told else None


def call(row: list[Any], method: str, target: str) -> Result | None:
    """Set operation and model of a row from the request; return `NOT_A_CALL` when it calls no model, else None."""
    found = route(target) if method == "POST" else None
    if found is None or (found.rare and str(row[_STATUS]) in _NO_ROUTE):
        return Result.NOT_A_CALL
    row[_OPERATION] = found.operation
    row[_MODEL] = row[_MODEL] or found.model
    return None


def milliseconds(seconds: str | float | None) -> float | None:
    """Convert a duration from seconds to milliseconds; None when it is not a number."""
    try:
        value = float("-" if seconds is None else seconds) * 1000
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None


@recall(4096)
def _from_local(text: str) -> str:
    try:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").isoformat()
    except ValueError:
        return text


def local_time(value: object) -> object:
    """Convert nginx's `$time_local` to ISO 8601; return any other value unchanged."""
    return _from_local(value) if isinstance(value, str) and value[2:3] == "/" else value
