"""Proposes a pattern for lines in which a client of HTTP tells of its requests to the API of a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_PATHS = (
    r"/v\d[a-z\d]*/(?:chat/completions|completions|messages|responses|converse)|/chat/completions"
    r"|:(?:streamG|g)enerateContent|/api/(?:generate|chat)"
)
"""What generates in the APIs of those who serve models."""
PATTERN = (
    rf"^\W{{0,3}}(?P<time>{_TIME})(?!\d)[^\n]{{0,200}}?\bPOST +https?://(?P<api>[\w.:-]{{1,200}})"
    rf"[^\s\"?]{{0,200}}?(?:{_PATHS})(?=[\s\"?]|$)(?:[^\s\"]{{0,200}}\"? *\"?HTTP/[\d.]+ +(?P<status>\d{{3}}))?"
)
_FEWEST = 2


def api_requests_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of requests that ask a model to generate; None where there are none."""
    pattern = re.compile(PATTERN)
    return PATTERN if sum(pattern.search(text) is not None for text in texts) >= _FEWEST else None
