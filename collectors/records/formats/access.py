"""Lines of access logs, made into the objects that the same servers write when they log JSON."""

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
"""Address, user and local time of nginx."""
QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
"""A quoted value, escapes included."""
LISTED = r"(-|[^\s,]{1,200}(?:(?:,| :) [^\s,]{1,200}){0,30})"
"""What nginx writes of one or several upstream servers."""
_REQUEST = re.compile(r"([A-Z]+) (\S+)(?: HTTP/\S+)?$")
_NOTHING = frozenset({None, "", "-"})
_OPERATION, _MODEL = FIELD_INDEX["operation"], FIELD_INDEX["model"]
_COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
COUNT_TYPES: Mapping[str, Any] = {name: TYPES[name] | Literal["", "-"] for name in _COUNTS}
"""Counts of a server that writes a dash or nothing for a variable without value."""
_SEPARATOR = re.compile(r", | : ")


def rewrite_lines(
    pattern: re.Pattern[str],
    names: Sequence[str],
    what: str,
    tail: Callable[[str], Mapping[str, str]] | None = None,
) -> Rewrite:
    """Make lines of text into objects with the groups of a pattern by their names, and what `tail` finds behind.

    `what` says why other lines are refused.
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
        return (msgspec.json.encode({name: value for name, value in found if value not in _NOTHING}),)

    return rewrite


def _count(value: object) -> object:
    return None if value in _NOTHING else value


COUNT_CONVERT: Mapping[str, Callable[[Any], Any]] = dict.fromkeys(_COUNTS, _count)
"""Makes None of the dash."""


def method_and_target(request: str | None) -> tuple[str, str]:
    """Both parts of a request line; empty when it is none."""
    match = _REQUEST.match(request or "")
    return (match[1], match[2]) if match else ("", "")


def attempts(*lists: str | None) -> int | None:
    """How many upstream servers were asked, from what nginx lists of each; None when no list says it."""
    for text in lists:
        entries = [entry for entry in _SEPARATOR.split(text or "") if entry.strip(" -")]
        if entries:
            return len(entries)
    return None


def call(row: list[Any], method: str, target: str) -> Result | None:
    """Put into a row what a request asked of a model server; anything else than a call is none."""
    found = route(target) if method == "POST" else None
    if found is None:
        return Result.NOT_A_CALL
    row[_OPERATION] = found.operation
    row[_MODEL] = row[_MODEL] or found.model
    return None


def milliseconds(seconds: str | float | None) -> float | None:
    """A duration in seconds; None when there is none."""
    try:
        value = float(seconds or "-") * 1000
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
    """`$time_local` as ISO 8601; anything else as it is."""
    return _from_local(value) if isinstance(value, str) and value[2:3] == "/" else value
