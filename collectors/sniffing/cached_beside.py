"""Widens a pattern of lines of calls by the cached tokens that only some of them tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.failed_lines import TIMED
from leverwatch.collectors.sniffing.line_tokens import NUMBER
from leverwatch.collectors.sniffing.numerals import number_of

_NAME = "cached_tokens"
_NUMBER = rf"(?P<{_NAME}>{NUMBER.removeprefix('[$€£]?')})"
_FORMS = (
    rf"(?<![\w.,-]){_NUMBER} (?:(?:of|them|which|were|are|from|tokens?|in|input) ){{0,3}}cached?\b",
    rf"\bcached?(?:[ _-](?:read|input|prompt|tokens?)){{0,3}}[ :=]{{1,3}}{_NUMBER}(?![\w.,-]*\d)",
)
_INPUT = re.compile(r"\(\?P<(tokens_in|\w*(?:prompt|input)\w*tokens?|in)>")


def with_cached(texts: Sequence[str], pattern: str) -> str:
    """Return the pattern with a group for cached tokens, where some of the lines that it fits tell such, of no
    more than their input; else the pattern as it is."""
    time, has_input = TIMED.match(pattern), _INPUT.search(pattern)
    if time is None or has_input is None or "cache" in pattern.lower():
        return pattern
    for form in _FORMS:
        wide = f"{time[0]}(?=(?:[^\\n]*?{form})?){pattern[time.end() :]}"
        found = [match for text in texts if (match := re.search(wide, text)) is not None]
        told = [(number_of(it[_NAME]), number_of(it[has_input[1]])) for it in found if it[_NAME]]
        if told and all(one is not None and all_ is not None and one <= all_ for one, all_ in told):
            return wide
    return pattern
