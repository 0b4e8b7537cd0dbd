"""Anthropic: usage and cost analytics of an organisation by day.

Input is told in parts: uncached, read from a cache, written to one for five minutes or an hour. A row without a
model is no call of one: it counts runs of code. Amounts are cents, as texts of decimals.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.records.service_tiers import size_of
from leverwatch.collectors.sources.usage_api.dollars import in_dollars
from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import after, day_between, known, parsed, rfc3339
from leverwatch.collectors.tells import NO, Tells

_USAGE, _COST = "/v1/organizations/analytics/usage", "/v1/organizations/analytics/cost"
_WORDS = (
    "workspace_id", "api_key_id", "product", "agent_id", "deployment_id", "environment_id", "user_profile_id",
    "organization_id",
)  # fmt: skip
"""Without the group of a user: whoever is in several groups has all of his usage in each of them."""
_ALWAYS = ("model", "service_tier", "context_window")
ACCOUNT_HEADER = "anthropic-organization-id"
MOST_GROUPS = 5
"""Dimensions of one question."""
_ROWS = "1000"
_OF_PROGRAMS = ("messages_api", "message_batches_api", "managed_agents_api")
"""What is asked for unless the settings say something else: the others are what people use themselves."""
LONG = size_of(200_001)
"""The size of inputs beyond 200,000 tokens."""
_TIERS = {"flex_discount": "flex", "priority_on_demand": "priority"}
_CENTS = 100.0


class CacheCreation(Struct):
    """Tokens that were written to a cache, by how long they are kept."""

    ephemeral_1h_input_tokens: int = 0
    ephemeral_5m_input_tokens: int = 0


class Tokens(Struct):
    """Tokens, as both reports tell them."""

    uncached_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    cache_creation: CacheCreation


class _Metrics(Tokens):
    requests: int | None = None


class _Group(Struct):
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    speed: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None
    product: str | None = None
    agent_id: str | None = None
    deployment_id: str | None = None
    environment_id: str | None = None
    user_profile_id: str | None = None
    organization_id: str | None = None
    cost_type: str | None = None


class _Cost(Struct):
    amount: float
    currency: str = "USD"


class _Row(Struct):
    starting_at: datetime
    group: _Group
    ending_at: datetime | None = None
    usage: _Metrics | None = None
    cost: _Cost | None = None


class _Page(Struct):
    data: list[_Row]
    has_more: bool = False
    next_page: str | None = None


def questions(wish: Wish) -> list[Question]:
    """Return the first question about usage, and about costs."""
    span = {
        "starting_at": rfc3339(wish.days.first), "ending_at": rfc3339(after(wish.days.last)),
        "time_bucket_width": "1d", "order_by": "time", "order": "asc", "limit": _ROWS,
    }  # fmt: skip
    only = dict(wish.only)
    if "products" not in only and "product" not in wish.words:
        only["products"] = _OF_PROGRAMS
    more = {f"{name}[]": tuple(values) for name, values in only.items()}
    room = MOST_GROUPS - len(_ALWAYS) - len(wish.words)
    groups = (*_ALWAYS, *wish.words, *(("speed",) if room > 0 else ()))
    found = [Question("usage", _USAGE, {**span, "group_by[]": groups, **more})]
    if wish.costs:
        by = ("model", "cost_type", "workspace_id")
        found.append(Question("cost", _COST, {**span, "group_by[]": by, **more}))
    return found


def read(question: Question, body: bytes, _wish: Wish) -> Page:
    """Return what a page says.

    Raises:
        ValueError: it is not as documented.
    """
    page = parsed(body, _Page)
    following = following_page(question, page.next_page if page.has_more else None, more=page.has_more)
    rows = [(day_between(row.starting_at, row.ending_at), row) for row in page.data]
    if question.what == "cost":
        billed, doubts = in_dollars(_billed(day, row) for day, row in rows)
        return Page(billed=billed, doubts=doubts, following=following)
    return Page(usage=[_usage(day, row) for day, row in rows], following=following)


def following_page(question: Question, page: str | None, *, more: bool) -> Question | None:
    """Return the question about the next page.

    Raises:
        ValueError: there is more, and it is not said where.
    """
    if not more:
        return None
    if not page:
        raise ValueError("the answer is not as documented: there is more, and `next_page` is missing")
    return Question(question.what, question.path, {**question.parameters, "page": page})


def _usage(day: date, row: _Row) -> Usage:
    group, metrics = row.group, row.usage
    if metrics is None:
        raise ValueError("the answer is not as documented: a row has no `usage`")
    values = token_values(metrics)
    tier = group.service_tier
    values |= known({"inferences": metrics.requests, "model": group.model})
    values |= known({"tier": "fast" if group.speed == "fast" else _TIERS.get(tier or "", tier)})
    if group.model is None:
        values["operation"] = "tool"
    return Usage(day, values, {name: getattr(group, name) for name in _WORDS}, size_in(group.context_window))


def token_values(tokens: Tokens) -> dict[str, object]:
    """Return the fields of a record for some tokens."""
    kept = tokens.cache_creation
    written = kept.ephemeral_1h_input_tokens + kept.ephemeral_5m_input_tokens
    return {
        "input_tokens": tokens.uncached_input_tokens + tokens.cache_read_input_tokens + written,
        "cached_input_tokens": tokens.cache_read_input_tokens,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": kept.ephemeral_1h_input_tokens,
        "output_tokens": tokens.output_tokens,
    }


def size_in(window: str | None) -> int:
    """Return the size of inputs in a window: `0-200k` or `200k-1M`."""
    return LONG if (window or "").startswith("200k-") else 0


def _billed(day: date, row: _Row) -> tuple[str, BilledAmount]:
    if row.cost is None:
        raise ValueError("the answer is not as documented: a row has no `cost`")
    item = ", ".join(it for it in (row.group.model, row.group.cost_type) if it)
    amount = BilledAmount(day, row.group.workspace_id or "", item, row.cost.amount / _CENTS)
    return row.cost.currency, amount


ANTHROPIC = UsageApi(
    name="anthropic",
    url="https://api.anthropic.com",
    needs="it needs an admin key (sk-ant-admin...) or a key with the scope read:analytics; an ordinary API key may"
    " not. Organisations with HIPAA readiness have `api: anthropic-report` only",
    words=_WORDS,
    filters=(
        "products",
        "workspace_ids",
        "api_key_ids",
        "models",
        "agent_ids",
        "deployment_ids",
        "environment_ids",
        "organization_ids",
        "service_tiers",
        "user_profile_ids",
    ),
    questions=questions,
    read=read,
    account_header=ACCOUNT_HEADER,
    key_header="x-api-key",
    headers={"anthropic-version": "2023-06-01", "anthropic-beta": "analytics-usage-cost-2026-08-24"},
    history=365,
    most_words=MOST_GROUPS - len(_ALWAYS),
    has_costs=True,
    bill="amounts are after discounts and before credits; they have web searches, code execution and sessions"
    " beside tokens, and a price of its own for inference in one country",
    tells=Tells(
        systems="workspace, API key, product, agent, deployment, environment or user profile",
        models="yes",
        calls="requests",
        tokens="input, output",
        cached="read, written for 5 minutes or an hour",
        errors=NO,
        latency=NO,
        cost="billed by day, workspace, model and kind of cost; no cost of a call",
        delay="about an hour",
        permission="a key with the scope read:analytics, or an admin key",
    ),
)
