"""OpenAI: usage of an organisation by day, and its costs.

Input tokens are with those that were read from a cache and written to one. Every endpoint is an operation of its
own. Requests that failed are in no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct, field

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.daily.window import DAY
from leverwatch.collectors.sources.usage_api.dollars import in_dollars
from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.repeats import distinct
from leverwatch.collectors.sources.usage_api.shapes import LARGER, after, day_of_seconds, known, parsed, seconds
from leverwatch.collectors.tells import NO, Tells

_USAGE = "/v1/organization/usage/"
_COSTS = "/v1/organization/costs"
_ENDPOINTS = {
    "completions": "generation",
    "embeddings": "embedding",
    "moderations": "moderation",
    "images": "image",
    "audio_speeches": "audio",
    "audio_transcriptions": "audio",
}
"""Each with the operation of its calls. What is left out are tools and storage, which are no calls of a model."""
_WORDS = ("project_id", "api_key_id", "user_id")
_BUCKETS = "31"
"""The most days of a page of usage; a page of costs may have more."""


class _Amount(Struct):
    value: float | None = None
    currency: str | None = None


class _Result(Struct):
    num_model_requests: int | None = None
    input_tokens: int | None = None
    input_cached_tokens: int | None = None
    input_cache_write_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None
    batch: bool | None = None
    service_tier: str | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    user_id: str | None = None
    line_item: str | None = None
    amount: _Amount | None = None


class _Bucket(Struct):
    start_time: int
    end_time: int | None = None
    results: list[_Result] = field(default_factory=list)


class _Page(Struct):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


def questions(wish: Wish) -> list[Question]:
    """Return the first question about each endpoint, and about costs."""
    span = {"start_time": seconds(wish.days.first), "end_time": seconds(after(wish.days.last))}
    only = {f"{name}[]": tuple(values) for name, values in wish.only.items()}
    found = []
    for what in _ENDPOINTS:
        more = ("batch", "service_tier") if what == "completions" else ()
        groups = tuple(dict.fromkeys(("model", *wish.words, *more)))
        found.append(
            Question(
                what,
                f"{_USAGE}{what}",
                {**span, "bucket_width": "1d", "limit": _BUCKETS, "group_by[]": groups, **only},
            )
        )
    if wish.costs:
        # Costs are not told by model; user ids together with projects are not supported everywhere.
        of_costs = {name: values for name, values in only.items() if name in ("project_ids[]", "api_key_ids[]")}
        groups = ("project_id", "line_item")
        parameters = {**span, "bucket_width": "1d", "limit": _BUCKETS, "group_by[]": groups, **of_costs}
        found.append(Question("costs", _COSTS, parameters))
    return found


def read(question: Question, body: bytes, _wish: Wish) -> Page:
    """Return what a page says.

    Raises:
        ValueError: it is not as documented.
    """
    page = parsed(body, _Page)
    days = [(_day(bucket), bucket.results) for bucket in distinct(page.data)]
    following = None
    if page.has_more:
        if not page.next_page:
            raise ValueError("the answer is not as documented: there is more, and `next_page` is missing")
        following = Question(
            question.what, question.path, {**question.parameters, "page": page.next_page}, question.body
        )
    told = frozenset(day for day, _ in days)
    if question.what == "costs":
        amounts = [(day, one) for day, results in days for one in results]
        billed, doubts = in_dollars(it for day, one in amounts for it in _billed(day, one))
        return Page(billed=billed, told=told, doubts=doubts, following=following)
    operation = _ENDPOINTS[question.what]
    usage = [
        Usage(day, {**_values(one), "operation": operation}, {name: getattr(one, name) for name in _WORDS})
        for day, results in days
        for one in results
    ]
    return Page(usage=usage, told=told, following=following)


def _day(bucket: _Bucket) -> date:
    day = day_of_seconds(bucket.start_time)
    if bucket.end_time is not None and bucket.end_time - bucket.start_time > DAY.total_seconds():
        raise ValueError(LARGER)
    return day


def _values(one: _Result) -> dict[str, object]:
    return known(
        {
            "inferences": one.num_model_requests,
            "model": one.model,
            "tier": "batch" if one.batch else one.service_tier,
            "input_tokens": one.input_tokens,
            "cached_input_tokens": one.input_cached_tokens,
            "cache_write_tokens": one.input_cache_write_tokens,
            "output_tokens": one.output_tokens,
        }
    )


def _billed(day: date, one: _Result) -> Iterator[tuple[str | None, BilledAmount]]:
    amount = one.amount
    if amount is not None and amount.value is not None:
        yield amount.currency, BilledAmount(day, one.project_id or "", one.line_item or "", amount.value)


OPENAI = UsageApi(
    name="openai",
    url="https://api.openai.com",
    needs="it needs an admin key of the organisation (sk-admin-...), with the scope to read usage"
    " (api.usage.read); a key of a project may not",
    words=_WORDS,
    filters=("project_ids", "api_key_ids", "user_ids", "models"),
    questions=questions,
    read=read,
    account_header="openai-organization",
    has_costs=True,
    bill="costs are told for UTC days, some hours late; they have tools, storage and fine-tuning, discounts and"
    " credits, which no price of tokens has",
    tells=Tells(
        systems="project, API key or user",
        models="yes",
        calls="successful requests, by endpoint: completions, embeddings, moderations, images, audio",
        tokens="input, output; of embeddings and moderations input",
        cached="read, written",
        errors=NO,
        latency=NO,
        cost="billed by day, project and line item; no cost of a call",
        delay="minutes; costs some hours",
        permission="an admin key with the scope api.usage.read",
    ),
)
