"""Helicone: the requests of its gateway, one by one; the bodies in an answer are not read.

The shape is that of `HeliconeRequest` in its llm-mapper, and of what `getRequestsClickhouse` of its server
selects, which also refuses a limit of more than 1,000.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import after, known, parsed, rfc3339
from leverwatch.collectors.tells import Tells

_PATH = "/v1/request/query-clickhouse"
_REQUESTS = 1000
_PROPERTY = "properties."
_NO_CACHE = "00000000-0000-0000-0000-000000000000"
"""What a request refers to that no cache answered."""


class _Request(Struct):
    request_id: str
    request_created_at: str
    response_status: int
    # Of the calls in ClickHouse, its server tells one model, as that of the request, and no path.
    response_model: str | None = None
    request_model: str | None = None
    model_override: str | None = None
    delay_ms: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_cache_read_tokens: int | None = None
    prompt_cache_write_tokens: int | None = None
    # Dollars: the integer in its tables is a billionth of one, and is divided there.
    cost: float | None = None
    costUSD: float | None = None  # noqa: N815 - the name is that of an older API
    provider: str | None = None
    request_user_id: str | None = None
    request_path: str | None = None
    target_url: str | None = None
    request_properties: dict[str, Any] | None = None
    cache_reference_id: str | None = None


class _Page(Struct):
    data: list[_Request]


def questions(wish: Wish) -> list[Question]:
    """Return the first question about requests."""
    return [_question(wish, 0)]


def _question(wish: Wish, offset: int) -> Question:
    def created(bound: str, day: str) -> dict[str, Any]:
        return {"request_response_rmt": {"request_created_at": {bound: day}}}

    first, last = created("gte", rfc3339(wish.days.first)), created("lt", rfc3339(after(wish.days.last)))
    body = {
        "filter": {"left": first, "operator": "and", "right": last},
        "sort": {"created_at": "asc"},
        "offset": offset,
        "limit": _REQUESTS,
    }
    return Question("requests", _PATH, body=body)


def read(question: Question, body: bytes, wish: Wish) -> Page:
    """Return what a page of requests says.

    Raises:
        ValueError: it is not as documented.
    """
    found = parsed(body, _Page).data
    # A server may give fewer than it is asked for: the end is a page without any.
    offset = int((question.body or {}).get("offset", 0)) + len(found)
    return Page(usage=[_usage(one, wish) for one in found], following=_question(wish, offset) if found else None)


def _usage(one: _Request, wish: Wish) -> Usage:
    values: dict[str, Any] = {
        "inferences": 1,
        "model": one.response_model or one.model_override or one.request_model,
        "status": None if 200 <= one.response_status < 300 else "error",
        "cache_hit": True if one.cache_reference_id not in (None, "", _NO_CACHE) else None,
        "input_tokens": one.prompt_tokens,
        "output_tokens": one.completion_tokens,
        "cached_input_tokens": one.prompt_cache_read_tokens,
        "cache_write_tokens": one.prompt_cache_write_tokens,
        "cost_usd": one.cost or one.costUSD or None,
        "latency_ms": one.delay_ms,
        "operation": "embedding" if "/embeddings" in (one.request_path or one.target_url or "") else None,
    }
    properties = one.request_properties or {}
    names = {
        word: properties.get(word.removeprefix(_PROPERTY)) for word in wish.words if word.startswith(_PROPERTY)
    }
    names |= {"request_user_id": one.request_user_id, "provider": one.provider}
    return Usage(_moment(one.request_created_at).date(), known(values), names, id=one.request_id)


def _moment(text: str) -> datetime:
    try:
        # Times without a zone are in UTC.
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the answer is not as documented: a time is none") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


HELICONE = UsageApi(
    name="helicone",
    url="https://api.helicone.ai",
    needs="it needs an API key of the organisation (sk-helicone-...) that may read; one for the gateway alone may"
    " not",
    words=("properties.NAME", "request_user_id", "provider"),
    filters=(),
    questions=questions,
    read=read,
    tells=Tells(
        systems="a custom property, user, or provider",
        models="yes",
        calls="requests; answers of its cache are cache hits",
        tokens="input, output",
        cached="read, written",
        errors="requests whose status is no success",
        latency="yes",
        cost="as Helicone works it out",
        delay="seconds",
        permission="an API key that may read",
    ),
)
