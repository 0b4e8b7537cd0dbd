"""Providers that speak their documented protocols: they add up calls by what is asked, and page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.collectors.sources.usage_api.server import Asked, Reply

_DAY = 86_400


def call(day: str, endpoint: str = "completions", **more: Any) -> dict[str, Any]:
    return {"day": day, "endpoint": endpoint, **more}


@dataclass
class OpenAi:
    """Usage and costs of an organisation."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 3
    """Of a page; a bucket goes on on the next one."""
    without: frozenset[str] = frozenset()
    """Days of which no bucket comes."""

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") is None:
            return Reply({"error": {"message": "no key"}}, 401)
        start, end = int(asked.first("start_time")), int(asked.first("end_time"))
        endpoint = asked.path.rsplit("/", 1)[-1]
        buckets: list[tuple[int, list[Any]]] = []
        for at in range(start, end, _DAY):
            day = datetime.fromtimestamp(at, UTC).date().isoformat()
            if day not in self.without:
                buckets.append((at, self._results(endpoint, day, asked.query.get("group_by[]", []))))
        flat = [(at, one) for at, results in buckets for one in (results or [None])]
        first = int(asked.first("page", "page_0").removeprefix("page_"))
        part = flat[first : first + self.rows]
        data: list[dict[str, Any]] = []
        for at, one in part:
            if not data or data[-1]["start_time"] != at:
                data.append({"object": "bucket", "start_time": at, "end_time": at + _DAY, "results": []})
            if one is not None:
                data[-1]["results"].append(one)
        more = first + self.rows < len(flat)
        page = f"page_{first + self.rows}" if more else None
        return Reply({"object": "page", "data": data, "has_more": more, "next_page": page})

    def _results(self, endpoint: str, day: str, groups: list[str]) -> list[dict[str, Any]]:
        if endpoint == "costs":
            of_day = [cost for cost in self.costs if cost["day"] == day]
            return [
                {
                    "object": "organization.costs.result",
                    "amount": {"value": cost["value"], "currency": cost.get("currency", "usd")},
                    "line_item": cost["line_item"] if "line_item" in groups else None,
                    "project_id": cost.get("project_id") if "project_id" in groups else None,
                    "organization_id": "org-Xm2",
                }
                for cost in of_day
            ]
        sums: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in self.calls:
            if one["day"] == day and one["endpoint"] == endpoint:
                key = tuple(one.get(name) for name in groups)
                for name, value in one.items():
                    if name.endswith("tokens") or name == "num_model_requests":
                        sums[key][name] += value
        dims: dict[str, Any] = dict.fromkeys(("project_id", "user_id", "api_key_id", "model"))
        if endpoint == "completions":
            dims |= {"batch": None, "service_tier": None}
        return [
            {
                "object": f"organization.usage.{endpoint}.result",
                **dims,
                **dict(zip(groups, key, strict=True)),
                **amounts,
            }
            for key, amounts in sums.items()
        ]


@dataclass
class Anthropic:
    """Usage and cost analytics: rows of days, by what is asked for."""

    usage: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 2

    def __call__(self, asked: Asked) -> Reply:
        if "x-api-key" not in asked.headers or "anthropic-version" not in asked.headers:
            return Reply({"type": "error"}, 401)
        if "analytics-usage-cost-2026-08-24" not in asked.headers.get("anthropic-beta", ""):
            return Reply({"type": "error"}, 400)
        groups = asked.query.get("group_by[]", [])
        if len(groups) > 5:
            return Reply({"type": "error"}, 400)
        is_cost = asked.path.endswith("/cost")
        rows = [self._row(one, groups, cost=is_cost) for one in (self.costs if is_cost else self.usage)]
        inside = [
            row for row in rows if asked.first("starting_at") <= row["starting_at"] < asked.first("ending_at")
        ]
        return paged(asked, inside, self.rows)

    def _row(self, one: dict[str, Any], groups: list[str], *, cost: bool) -> dict[str, Any]:
        start = datetime.fromisoformat(one["day"]).replace(tzinfo=UTC)
        group = {name: one.get(name) if name in groups else None for name in _GROUPS}
        told = {
            "starting_at": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ending_at": (start + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "group": group,
        }
        if cost:
            amount = one["amount"]
            return {**told, "cost": {"amount": amount, "list_amount": amount, "currency": "USD", "requests": None}}
        return {**told, "usage": tokens(one) | {"requests": one.get("requests"), "total_tokens": 0}}


_GROUPS = (
    "model", "service_tier", "context_window", "speed", "workspace_id", "api_key_id", "product", "cost_type",
)  # fmt: skip


def tokens(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "uncached_input_tokens": one.get("uncached", 0),
        "cache_read_input_tokens": one.get("read", 0),
        "cache_creation": {
            "ephemeral_5m_input_tokens": one.get("written", 0),
            "ephemeral_1h_input_tokens": one.get("hour", 0),
        },
        "output_tokens": one.get("output", 0),
        "server_tool_use": {"web_search_requests": 0},
    }


def paged(asked: Asked, rows: list[Any], size: int) -> Reply:
    first = int(asked.first("page", "0"))
    more = first + size < len(rows)
    page = str(first + size) if more else None
    return Reply({"data": rows[first : first + size], "has_more": more, "next_page": page})


@dataclass
class AnthropicReport:
    """The report that analytics replace: buckets of days, and no number of requests."""

    usage: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    buckets: int = 2

    def __call__(self, asked: Asked) -> Reply:
        if "x-api-key" not in asked.headers:
            return Reply({"type": "error"}, 401)
        is_cost = asked.path.endswith("cost_report")
        start = datetime.fromisoformat(asked.first("starting_at"))
        end = datetime.fromisoformat(asked.first("ending_at"))
        data = []
        while start < end:
            rows = self.costs if is_cost else self.usage
            of_day = [one for one in rows if one["day"] == start.date().isoformat()]
            data.append(
                {
                    "starting_at": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "ending_at": (start + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "results": [_cost(one) if is_cost else _used(one) for one in of_day],
                }
            )
            start += timedelta(days=1)
        return paged(asked, data, self.buckets)


def _cost(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount": one["amount"], "currency": "USD", "workspace_id": one.get("workspace_id"),
        "description": one.get("description"), "cost_type": "tokens", "model": one.get("model"),
        "service_tier": "standard", "token_type": "output_tokens", "context_window": "0-200k",
    }  # fmt: skip


def _used(one: dict[str, Any]) -> dict[str, Any]:
    names = ("model", "service_tier", "context_window", "workspace_id", "api_key_id")
    return tokens(one) | {name: one.get(name) for name in names}


def openrouter(items: Iterable[dict[str, Any]]) -> Callable[[Asked], Reply]:
    """The activity of an account, of one day when one is asked for."""
    told = [
        {
            "byok_usage_inference": 0, "cached_tokens": 0, "reasoning_tokens": 0, "endpoint_id": "e-19",
            "model_permaslug": item["model"], "provider_name": "Somebody", **item,
        }
        for item in items
    ]  # fmt: skip

    def answer(asked: Asked) -> Reply:
        day = asked.first("date")
        split = asked.first("group_by") == "workspace"
        found = [item for item in told if not day or item["date"] == day]
        found = [{k: v for k, v in item.items() if split or k != "workspace_id"} for item in found]
        return Reply({"data": found})

    return answer
