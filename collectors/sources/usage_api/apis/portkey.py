"""Portkey: the analytics of a workspace, a day at a time.

Groups are sums over the time that is asked for: by model, or by the value of a name in the metadata of requests,
and not by both or by day. So each day is asked for alone, one question after the other, the most lasting first:
what arrives between them can only make the later ones more. Shapes are those of the public OpenAPI file of its API
(Portkey-AI/openapi), where a number of requests is a text, and every cost is in cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from msgspec import Struct

from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.sources.usage_api.apis.portkey_day import METADATA, Told, usage_of
from leverwatch.collectors.sources.usage_api.interface import Page, Question, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import after, parsed
from leverwatch.collectors.tells import NO, Tells

_GRAPHS, _GROUPS = "/v1/analytics/graphs", "/v1/analytics/groups"
_ROWS = "100"
_STEPS = {
    "status codes": f"{_GRAPHS}/errors/status-codes",
    "failed calls": _GROUPS,
    "cache hits": f"{_GRAPHS}/cache/hit-rate",
    "costs": f"{_GRAPHS}/cost",
    "calls": _GROUPS,
    "cache hits of one": f"{_GRAPHS}/cache/hit-rate",
    "requests": f"{_GRAPHS}/requests",
}
"""What is asked of a day, in this order."""


class _Row(Struct):
    requests: int
    ai_model: str | None = None
    metadata_value: str | None = None
    cost: float | None = None


class _Rows(Struct):
    data: list[_Row]
    total: int
    """Of all pages together."""


class _Total(Struct):
    total: float


class _Graph(Struct):
    summary: _Total


class _Errors(Struct):
    total_errors: int


class _Code(Struct):
    status_code: int
    count: int


class _Codes(Struct):
    summary: _Errors
    data_points: list[_Code]


def questions(wish: Wish) -> list[Question]:
    """Return the first question about the first day."""
    return [_asked("status codes", Told(wish.days.first), wish)]


def shown(wish: Wish) -> list[Question]:
    """Return the question about the calls of each day."""
    return [_asked("calls", Told(day), wish) for day in wish.days]


def _asked(what: str, told: Told, wish: Wish, **more: str) -> Question:
    key = _key(wish)
    path = _STEPS[what]
    if path == _GROUPS:
        path = f"{_GROUPS}/metadata/{quote(key, safe='')}" if key else f"{_GROUPS}/ai-models"
        more = {"current_page": "0", "page_size": _ROWS, **more}
    parameters = {
        # The end may belong to a time there or not: a call in its last thousandth of a second is in one day alone.
        "time_of_generation_min": f"{told.day}T00:00:00.000Z",
        "time_of_generation_max": f"{told.day}T23:59:59.999Z",
        **{name: values[0] for name, values in wish.only.items()},
        **more,
    }
    return Question(what, path, parameters, carried=msgspec.to_builtins(told))


def _key(wish: Wish) -> str:
    return next((word.removeprefix(METADATA) for word in wish.words), "")


def read(question: Question, body: bytes, wish: Wish) -> Page:
    """Return what a part of the answer about a day says, which is nothing before its last one.

    Raises:
        ValueError: it is not as documented.
    """
    told = msgspec.convert(question.carried, prepared(Told))
    match question.what:
        case "status codes":
            codes = parsed(body, _Codes)
            found = sorted({one.status_code for one in codes.data_points if one.count > 0})
            told = msgspec.structs.replace(told, all_errors=codes.summary.total_errors, codes=found)
            return _then("failed calls" if found else "cache hits", told, wish)
        case "failed calls":
            page, errors = _next_page(question, body, told.errors)
            told = msgspec.structs.replace(told, errors=errors)
            return _then("cache hits", told, wish) if page is None else _then(question.what, told, wish, page)
        case "cache hits":
            hits = round(parsed(body, _Graph).summary.total)
            return _then("costs", msgspec.structs.replace(told, all_hits=hits), wish)
        case "costs":
            cents = parsed(body, _Graph).summary.total
            return _then("calls", msgspec.structs.replace(told, all_cents=cents), wish)
        case "calls":
            costs = {name: row.cost for name, row in _named(body) if row.cost is not None}
            page, calls = _next_page(question, body, told.calls)
            told = msgspec.structs.replace(told, calls=calls, cents={**told.cents, **costs})
            if page is not None:
                return _then(question.what, told, wish, page)
            waiting = list(calls) if _key(wish) and told.all_hits and len(calls) > 1 else []
            return _hits_or_requests(msgspec.structs.replace(told, waiting=waiting), wish)
        case "cache hits of one":
            hits = round(parsed(body, _Graph).summary.total)
            first, *waiting = told.waiting
            told = msgspec.structs.replace(told, hits={**told.hits, first: hits}, waiting=waiting)
            return _hits_or_requests(told, wish)
    requests = round(parsed(body, _Graph).summary.total)
    usage, doubts = usage_of(told, requests, _key(wish))
    following = None
    if told.day < wish.days.last:
        following = _asked("status codes", Told(after(told.day)), wish)
    return Page(usage=usage, told=frozenset({told.day}), doubts=doubts, following=following)


def _then(what: str, told: Told, wish: Wish, page: int = 0) -> Page:
    more: dict[str, str] = {}
    if what == "failed calls":
        more["status_code"] = ",".join(map(str, told.codes))
    if page:
        more["current_page"] = f"{page}"
    if what == "cache hits of one":
        more["metadata"] = msgspec.json.encode({_key(wish): told.waiting[0]}).decode()
    return Page(told=frozenset(), following=_asked(what, told, wish, **more))


def _hits_or_requests(told: Told, wish: Wish) -> Page:
    return _then("cache hits of one" if told.waiting else "requests", told, wish)


def _named(body: bytes) -> list[tuple[str, _Row]]:
    return [(row.ai_model or row.metadata_value or "", row) for row in parsed(body, _Rows).data]


def _next_page(question: Question, body: bytes, before: Mapping[str, int]) -> tuple[int | None, dict[str, int]]:
    """Return the number of the next page, if there is one, and the calls of all groups until now.

    A server may give fewer groups than it is asked for: the end is when all are there, or a page without any. A
    group that comes again counts as it came last.
    """
    found = parsed(body, _Rows)
    calls = {**before, **{name: row.requests for name, row in _named(body)}}
    more = bool(found.data) and len(calls) < found.total
    return (int(str(question.parameters["current_page"])) + 1 if more else None), calls


PORTKEY = UsageApi(
    name="portkey",
    url="https://api.portkey.ai",
    needs="it needs an API key of the workspace or the organisation that may read analytics; plans without the"
    " admin API refuse every key",
    words=(f"{METADATA}NAME",),
    filters=(
        "workspace_slug", "virtual_keys", "configs", "api_key_ids", "ai_org_model", "prompt_slug", "trace_id",
    ),
    required=("workspace_slug",),
    one_value=True,
    most_words=1,
    model_beside_words=False,
    questions=questions,
    shown=shown,
    read=read,
    key_header="x-portkey-api-key",
    tells=Tells(
        systems="a name in the metadata of requests",
        models="yes, unless the system is told by metadata",
        calls="requests; answers of its cache are cache hits",
        tokens=NO,
        cached=NO,
        errors="requests that failed",
        latency=NO,
        cost="as Portkey works it out",
        delay="minutes",
        permission="an API key that may read analytics",
        cannot=("tokens by kind: its sums have input and output together",),
    ),
)  # fmt: skip
