"""Proposes a pattern for lines in which a client of HTTP tells of its requests to the API of a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.line_tokens import AT_FIRST

_PATHS = (
    r"/v\d[a-z\d]*/(?:chat/completions|completions|messages|responses|converse)|/chat/completions"
    r"|:(?:streamG|g)enerateContent|/api/(?:generate|chat)"
)
"""What generates in the APIs of those who serve models."""
PATTERN = (
    rf"{AT_FIRST}[^\n]{{0,200}}?\bPOST +https?://(?P<api>[\w.:-]{{1,200}})"
    rf"[^\s\"?]{{0,200}}?(?:{_PATHS})(?=[\s\"?]|$)(?:[^\s\"]{{0,200}}\"? *\"?HTTP/[\d.]+ +(?P<status>\d{{3}}))?"
)
_FEWEST = 2


def api_requests_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of requests that ask a model to generate; None where there are none."""
    pattern = re.compile(PATTERN)
    return PATTERN if sum(pattern.search(text) is not None for text in texts) >= _FEWEST else None
