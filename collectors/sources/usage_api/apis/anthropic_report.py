"""Anthropic: the usage and cost report that its analytics replace. It tells tokens, and no number of calls.

The shape is that of its API reference, as no SDK of Anthropic has it: tokens that were written to a cache are in
`cache_creation`, by how long they are kept, as in the analytics.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct, field

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.sources.usage_api.apis.anthropic import (
    ACCOUNT_HEADER,
    Tokens,
    following_page,
    size_in,
    token_values,
)
from leverwatch.collectors.sources.usage_api.dollars import in_dollars
from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.repeats import distinct
from leverwatch.collectors.sources.usage_api.shapes import after, day_between, known, parsed, rfc3339
from leverwatch.collectors.tells import NO, Tells

_USAGE, _COST = "/v1/organizations/usage_report/messages", "/v1/organizations/cost_report"
_WORDS = ("workspace_id", "api_key_id")
_BUCKETS = "31"
_CENTS = 100.0
_DEFAULT, _WORKBENCH = "default", "workbench"
"""A missing workspace is the default one, a missing key the Workbench: the report says null for both."""


class _Used(Tokens):
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None


class _UsageBucket(Struct):
    starting_at: datetime
    ending_at: datetime | None = None
    results: list[_Used] = field(default_factory=list)


class _Cost(Struct):
    amount: float
    currency: str = "USD"
    workspace_id: str | None = None
    description: str | None = None


class _CostBucket(Struct):
    starting_at: datetime
    ending_at: datetime | None = None
    results: list[_Cost] = field(default_factory=list)


class _UsagePage(Struct):
    data: list[_UsageBucket]
    has_more: bool = False
    next_page: str | None = None


class _CostPage(Struct):
    data: list[_CostBucket]
    has_more: bool = False
    next_page: str | None = None


def questions(wish: Wish) -> list[Question]:
    """Return the first question about usage, and about costs."""
    span = {
        "starting_at": rfc3339(wish.days.first), "ending_at": rfc3339(after(wish.days.last)),
        "bucket_width": "1d", "limit": _BUCKETS,
    }  # fmt: skip
    more = {f"{name}[]": tuple(values) for name, values in wish.only.items()}
    groups = ("model", "service_tier", "context_window", *wish.words)
    found = [Question("usage", _USAGE, {**span, "group_by[]": groups, **more})]
    if wish.costs:
        found.append(Question("cost", _COST, {**span, "group_by[]": ("workspace_id", "description")}))
    return found


def read(question: Question, body: bytes, _wish: Wish) -> Page:
    """Return what a page says.

    Raises:
        ValueError: it is not as documented.
    """
    if question.what == "cost":
        costs = parsed(body, _CostPage)
        days = [(day_between(bucket.starting_at, bucket.ending_at), bucket) for bucket in distinct(costs.data)]
        amounts = [(day, one) for day, bucket in days for one in bucket.results]
        billed, doubts = in_dollars((one.currency, _billed(day, one)) for day, one in amounts)
        return Page(
            billed=billed,
            doubts=doubts,
            told=frozenset(day for day, _ in days),
            following=following_page(question, costs.next_page, more=costs.has_more),
        )
    page = parsed(body, _UsagePage)
    found = [(day_between(bucket.starting_at, bucket.ending_at), bucket.results) for bucket in distinct(page.data)]
    return Page(
        usage=[_usage(day, one) for day, results in found for one in results],
        told=frozenset(day for day, _ in found),
        following=following_page(question, page.next_page, more=page.has_more),
    )


def _usage(day: date, one: _Used) -> Usage:
    names = {"workspace_id": one.workspace_id or _DEFAULT, "api_key_id": one.api_key_id or _WORKBENCH}
    values = token_values(one) | known({"model": one.model, "tier": one.service_tier})
    return Usage(day, values, names, size_in(one.context_window))


def _billed(day: date, one: _Cost) -> BilledAmount:
    return BilledAmount(day, one.workspace_id or _DEFAULT, one.description or "", one.amount / _CENTS)


ANTHROPIC_REPORT = UsageApi(
    name="anthropic-report",
    url="https://api.anthropic.com",
    needs="it needs an admin key (sk-ant-admin...), which only administrators of an organisation can make; an"
    " ordinary API key may not",
    words=_WORDS,
    filters=("workspace_ids", "api_key_ids", "models", "service_tiers"),
    questions=questions,
    read=read,
    account_header=ACCOUNT_HEADER,
    key_header="x-api-key",
    headers={"anthropic-version": "2023-06-01"},
    counts_calls=False,
    has_costs=True,
    bill="costs of the priority tier are not in them; they have web searches and code execution beside tokens",
    tells=Tells(
        systems="workspace or API key",
        models="yes",
        calls=NO,
        tokens="input, output",
        cached="read, written for 5 minutes or an hour",
        errors=NO,
        latency=NO,
        cost="billed by day, workspace and description; no cost of a call",
        delay="about 5 minutes",
        permission="an admin key",
    ),
)
