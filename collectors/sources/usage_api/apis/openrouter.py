"""OpenRouter: the activity of an account on each of the last 30 UTC days that are over.

Prompt tokens are with those that were read from a cache, and completion tokens with those of reasoning. What is
paid with keys of one's own at a provider is told beside what OpenRouter takes; both are what the calls cost.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import known, parsed
from leverwatch.collectors.tells import NO, Tells

_PATH = "/api/v1/activity"
_DAYS = 30
_WORDS = ("workspace_id", "provider_name")


class _Item(Struct):
    date: str
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usage: float
    byok_usage_inference: float = 0.0
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    model_permaslug: str | None = None
    provider_name: str | None = None
    workspace_id: str | None = None


class _Page(Struct):
    data: list[_Item]


def questions(wish: Wish) -> list[Question]:
    """Return the one question: about a day, or about all days that there are."""
    parameters: dict[str, str] = {name: values[0] for name, values in wish.only.items()}
    if len(wish.days) == 1:
        parameters["date"] = f"{wish.days.first}"
    if "workspace_id" in wish.words:
        parameters["group_by"] = "workspace"
    return [Question("activity", _PATH, parameters)]


def read(_question: Question, body: bytes, wish: Wish) -> Page:
    """Return what the answer says of the days that are asked for.

    Raises:
        ValueError: it is not as documented.
    """
    items = [(_day(item.date), item) for item in parsed(body, _Page).data]
    known_days = [day for day, _ in items if day in wish.days]
    # A day after the newest one with an item may be one that is not over yet, or not added up.
    newest = max(known_days, default=None)
    oldest = min((day for day, _ in items), default=None)
    told = frozenset(day for day in wish.days if newest and oldest and oldest <= day <= newest)
    inside = [(day, item) for day, item in items if day in wish.days]
    return Page(
        usage=[_usage(day, item) for day, item in inside],
        billed=[BilledAmount(day, it.workspace_id or "", it.model, it.usage) for day, it in inside if it.usage],
        told=told,
    )


def _usage(day: date, item: _Item) -> Usage:
    cached = item.cached_tokens
    # Of answers that were replayed from a cache of responses, they may be of other tokens than the prompt.
    inside = cached if cached is not None and cached <= item.prompt_tokens else None
    values = known(
        {
            "inferences": item.requests,
            "model": item.model,
            "input_tokens": item.prompt_tokens,
            "cached_input_tokens": inside,
            "output_tokens": item.completion_tokens,
            "reasoning_tokens": item.reasoning_tokens,
            "cost_usd": item.usage + item.byok_usage_inference,
        }
    )
    return Usage(day, values, {"workspace_id": item.workspace_id, "provider_name": item.provider_name})


def _day(text: str) -> date:
    try:
        # Some answers have a time behind the day.
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("the answer is not as documented: a date is none") from None


OPENROUTER = UsageApi(
    name="openrouter",
    url="https://openrouter.ai",
    needs="it needs a management key (once called provisioning key); a key for calls may not",
    words=_WORDS,
    filters=("api_key_hash", "user_id", "workspace_id"),
    questions=questions,
    read=read,
    one_value=True,
    history=_DAYS,
    has_costs=True,
    bill="usage is what OpenRouter takes, with its fees and discounts; what a provider bills for keys of one's own"
    " is not in it",
    tells=Tells(
        systems="workspace, or the provider that served; a key with a source of its own",
        models="yes",
        calls="requests",
        tokens="input, output, reasoning",
        cached="read",
        errors=NO,
        latency=NO,
        cost="yes, that of keys of one's own beside it",
        delay="a day that is over, within hours; never the present day, and no day more than 30 days ago",
        permission="a management key",
    ),
)
