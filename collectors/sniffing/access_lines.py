"""Reads access logs of servers whose lines name a model or tokens behind the usual fields. Pure.

The usual fields stand in one order: a time in brackets, the request in quotes, its status. Whatever a server was
told to add comes behind them as named values, `model="m-1" prompt=7`, of which a line may lack any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.models import looks_like_model

_USUAL = (
    r"^[^\n\[]{0,300}\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\][^\n]{0,80}?"
    r'"(?P<method>[A-Z]{3,7}) (?P<path>[^ "?\n]+)[^"\n]*" (?P<status>[1-5]\d\d)(?!\d)'
)
_OWN = frozenset({"time", "method", "path", "status"})
_WORD = r"[^\s,;|()\[\]{}\"'<>&]+"
_PAIR = re.compile(rf"(?<![\w.-])(?P<name>[A-Za-z]\w{{0,40}})=[\"']?(?P<value>{_WORD})")
_MOSTLY, _MOST_NAMES = 0.9, 30


def access_lines_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of the lines of an access log by what they name; None where these name no model."""
    usual = re.compile(_USUAL)
    read = [(text, match) for text in texts if (match := usual.search(text)) is not None]
    if not read or len(read) < _MOSTLY * len(texts):
        return None
    named = [
        {it["name"]: it["value"] for it in _PAIR.finditer(text, match.end()) if it["name"] not in _OWN}
        for text, match in read
    ]
    names = [*dict.fromkeys(name for it in named for name in it)]
    if not any(looks_like_model(value) for it in named for value in it.values()) or len(names) > _MOST_NAMES:
        return None
    told = [
        {**match.groupdict(), **{name: value for name, value in it.items() if any(map(str.isalnum, value))}}
        for (_, match), it in zip(read, named, strict=True)
    ]
    fields = propose([leaves(it) for it in told], day_first=False)
    if fields is None or "model" not in fields.fields:
        return None
    parts = [rf"(?=(?:[^\n]*?(?<![\w.-]){name}=[\"']?(?P<{name}>{_WORD}))?)" for name in names]
    return replace(fields, extras={"pattern": _USUAL + "".join(parts)})
