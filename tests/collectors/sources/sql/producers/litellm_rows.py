"""Rows of LiteLLM's spend log, as its proxy writes them in the cases that are counted in a way of their own."""

from __future__ import annotations

import itertools
from typing import Any

from leverwatch.collectors.records.formats.litellm_attempts import HEALTH_CHECK

_IDS = itertools.count(1)


def row(at: str = "2026-11-20T10:00:00.250", team: str | None = "t-search", **given: Any) -> dict[str, Any]:
    """A row of a plain chat call of 100 tokens in and 20 out; `meta` is added to its metadata."""
    number = next(_IDS)
    meta = {
        "status": None, "user_api_key_team_id": team, "user_api_key_team_alias": None,
        "user_api_key_alias": "kiosk",
        "usage_object": {"prompt_tokens_details": None, "completion_tokens_details": None},
        "additional_usage_values": {"prompt_tokens_details": None}, "error_information": None,
        "attempted_retries": 0, "attempted_fallbacks": 0, "billed_retry_attempt": False,
    } | given.pop("meta", {})  # fmt: skip
    return {
        "request_id": f"gen-{number:05}", "litellm_call_id": f"call-{number:05}", "call_type": "acompletion",
        "api_key": "5f1c", "spend": 0.002, "total_tokens": 120, "prompt_tokens": 100, "completion_tokens": 20,
        "startTime": at, "endTime": at[:17] + "59.750", "model": "openai/gpt-4o-mini", "model_group": "quick",
        "custom_llm_provider": "openai", "api_base": "https://models.internal/v1", "user": "u-7", "metadata": meta,
        "cache_hit": "None", "request_tags": ["User-Agent: python", "kiosk-eu"], "team_id": team or "",
        "end_user": "", "messages": {}, "response": {}, "status": "success", "request_duration_ms": 800,
        **given,
    }  # fmt: skip


def used(**usage: Any) -> dict[str, Any]:
    """The metadata of a call with this usage."""
    return {"usage_object": usage}


def failed(error_class: str, **more: Any) -> dict[str, Any]:
    """What a failed call without tokens has."""
    error = {"error_class": error_class, "error_code": "500", "llm_provider": ""}
    return {
        "status": "failure", "spend": 0.0, "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
        "meta": {"status": "failure", "error_information": error, **more},
    }  # fmt: skip


def cases() -> dict[str, dict[str, Any]]:
    """A row for each case, by its name."""
    nothing: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "spend": 0.0}
    passed: dict[str, Any] = {"call_type": "pass_through_endpoint", "model": "unknown", "custom_llm_provider": ""}
    return {
        "plain": row(),
        "another team": row(team="t-sales", at="2026-11-20T23:59:59.999"),
        "after midnight": row(at="2026-11-21T00:00:00.000"),
        "cached": row(
            prompt_tokens=1000,
            meta=used(
                prompt_tokens_details={"cached_tokens": 640}, completion_tokens_details={"reasoning_tokens": 15}
            ),
        ),
        "cache written": row(
            call_type="anthropic_messages", model="anthropic/claude-sonnet-4-5", custom_llm_provider="anthropic",
            prompt_tokens=1300,
            meta=used(
                cache_read_input_tokens=1000, cache_creation_input_tokens=200,
                prompt_tokens_details={"cached_tokens": 0, "cache_creation_tokens": 200},
            ),
        ),
        "old row": row(status=None),
        "old failed row": row(
            status=None, meta={"status": "failure"}, prompt_tokens=0, completion_tokens=0, spend=0.0
        ),
        "failed with tokens": row(status="failure", meta={"status": "failure"}),
        "failed twice": row(**failed("RateLimitError", attempted_retries=1)),
        "refused": row(**failed("BudgetExceededError"), model="", api_base=""),
        "refused by nobody known": row(**failed("CustomGuard"), api_base=""),
        "retried": row(meta={"attempted_retries": 2, "attempted_fallbacks": "1"}),
        "cache hit": row(cache_hit="True", spend=0.0),
        "health": row(api_key=HEALTH_CHECK, team="t-none", meta={"user_api_key_alias": HEALTH_CHECK}),
        "silent": row(meta={"is_silent_experiment": True}),
        "billed attempt": row(meta={"billed_retry_attempt": True}),
        "client left": row(meta={"error_information": {"error_class": "ClientDisconnected", "error_code": "499"}}),
        "unknown tokens": row(**nothing),
        "no price": row(spend=0.0),
        "embedding": row(
            call_type="aembedding", model="openai/text-embedding-3-small", prompt_tokens=7, completion_tokens=0
        ),
        "realtime": row(call_type="_arealtime"),
        "look-up": row(call_type="aget_responses"),
        "upload": row(call_type="acreate_file", **nothing),
        "batch": row(call_type="aretrieve_batch"),
        "vector store": row(call_type="acreate", model="", model_group="", **nothing),
        "interaction": row(call_type="acreate"),
        "new job": row(call_type="asome_new_batch_thing"),
        "unknown type": row(call_type="abrandnew"),
        "path": row(**failed("ProxyException"), call_type="/v1/chat/completions", model=""),
        "path of nothing": row(**failed("ProxyException"), call_type="/key/generate", model=""),
        "passed on": row(**passed),
        "passed on embeddings": row(**passed | nothing | {"api_base": "http://own.internal/v1/embeddings"}),
        "passed on look-up": row(**passed | nothing | {"api_base": "http://own.internal/v1/models/large"}),
        "passed on, who knows": row(**passed | nothing | {"api_base": "http://own.internal/answer"}),
    }  # fmt: skip
