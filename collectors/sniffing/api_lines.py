"""Proposes a pattern for lines in which a client of HTTP tells of its requests to the API of a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.line_tokens import AT_FIRST

_SURE = r"/chat/completions|:(?:streamG|g)enerateContent|/api/(?:generate|chat)"
"""What generates in the APIs of those who serve models, and in no others, whoever serves them."""
_PATHS = rf"/v\d[a-z\d]*/(?:chat/completions|completions|messages|responses|converse)|{_SURE}"
"""What generates in those APIs, where the host is known as theirs."""
_FEWEST = 2
_UNEVEN = 0.05
"""The share by which lines and the requests that they tell of may differ in number, as where a log begins in
between."""


def _pattern(host: str, paths: str) -> str:
    return _before(host, paths) + rf"(?:{_HTTP}(?P<status>\d{{3}}))?"


def _before(host: str, paths: str, named: str = "model") -> str:
    return (
        rf"{AT_FIRST}[^\n]{{0,200}}?\bPOST +https?://(?P<{host}>[\w.:-]{{1,200}})"
        rf"[^\s\"?]{{0,200}}?(?:{_NAMED}(?P<{named}>[^\s\"?/]{{1,100}}?))?(?:{paths})(?=[\s\"?]|$)"
    )


_NAMED = r"/(?:models|deployments|engines|model)/"
"""What stands before the name of a model in an address that has one."""
_HTTP = r"[^\s\"]{0,200}\"? *\"?HTTP/[\d.]+ +"
PATTERN, _OF_ANYBODY = _pattern("api", _PATHS), _pattern("llm_api", _SURE)


def api_requests_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of requests that ask a model to generate; None where there are none."""
    numbers = [sum(re.search(it, text) is not None for text in texts) for it in (PATTERN, _OF_ANYBODY)]
    if numbers[0] < _FEWEST:
        return None
    return _OF_ANYBODY if numbers[0] == numbers[1] else PATTERN


def failed_requests_beside(texts: Sequence[str], counted: int) -> tuple[str, int] | None:
    """Return a pattern of the requests to the API of a model that failed, and their number, where those that
    succeeded are as many as the other lines that are counted, each of which then tells of one of them.

    The pattern has the groups `request_time` and `failed_status`. None where there are other numbers of them, no
    request failed, or requests do not say how they ended.
    """
    asked = api_requests_in(texts)
    found = [] if asked is None else [match for text in texts if (match := re.search(asked, text)) is not None]
    codes = [match["status"] or "" for match in found]
    failed = sum(it[:1] in {"4", "5"} for it in codes)
    good = sum(it[:1] == "2" for it in codes)
    if not failed or good + failed < len(codes) or abs(good - counted) > _UNEVEN * counted:
        return None
    named = any(match["model"] for match in found if (match["status"] or "")[:1] in {"4", "5"})
    before = _before("failed_api", _PATHS if asked == PATTERN else _SURE, "failed_model")
    before = before.replace("(?P<time>", "(?P<request_time>")
    before = before if named else before.replace("(?P<failed_model>", "(?:")
    return rf"{before}{_HTTP}(?P<failed_status>[45]\d{{2}})", failed


def notes_on_requests(texts: Sequence[str], counted: int) -> list[str]:
    """Return what is to be said where more lines tell of requests to the API of a model than are counted."""
    pattern = api_requests_in(texts)
    found = [] if pattern is None else [match for text in texts if (match := re.search(pattern, text)) is not None]
    if len(found) <= counted:
        return []
    failed = sum(not (match["status"] or "2").startswith("2") for match in found)
    said = (
        f"inferences: {len(found)} other lines tell of requests to the API of a model, beside {counted} that are"
        f" counted; were each a call, there would be {len(found)}"
    )
    notes = [said]
    if failed:
        notes.append(
            f"status: {failed} of these requests failed, and are not counted; were they failed calls, there would"
            f" be {failed} more errors"
        )
    return notes
