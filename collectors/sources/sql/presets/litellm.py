"""The tables of the LiteLLM proxy."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset
from leverwatch.collectors.sources.sql.presets.litellm_daily import DAILY
from leverwatch.collectors.sources.sql.presets.litellm_spend import SPEND_LOGS

_SYSTEM = "{team_or_key}"

PRESETS = (
    Preset(
        name="litellm-spend-logs",
        producer="the LiteLLM proxy",
        versions="1.110, and back to March 2026",
        engines=("postgresql",),
        statement=SPEND_LOGS,
        tables=("LiteLLM_SpendLogs",),
        time_is="utc",
        fields={
            "time": "at",
            "model": "model",
            "operation": "operation",
            "status": "status",
            "inferences": "calls",
            "errors": "failed",
            "attempts": "attempts",
            "cache_hit": "cache_hit",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_input_tokens",
            "cache_write_tokens": "cache_write_tokens",
            "output_tokens": "output_tokens",
            "reasoning_tokens": "reasoning_tokens",
            "cost_usd": "cost_usd",
            "latency_ms": "latency_ms",
        },
        system=_SYSTEM,
        systems={
            "team": "{team_alias}",
            "key": "{key_alias}",
            "project": "{project_alias}",
            "organization": "{organization_id}",
            "user": "{user}",
            "tag, the first by name": "{tag}",
            "what the client asked for": "{model_group}",
        },
        cannot=("batches", "retries before a fallback", "calls whose id an older row has", "finish reason"),
    ),
    Preset(
        name="litellm-daily",
        producer="the LiteLLM proxy",
        versions="1.110, and back to January 2026",
        engines=("postgresql",),
        statement=DAILY,
        tables=("LiteLLM_DailyUserSpend", "LiteLLM_VerificationToken", "LiteLLM_TeamTable"),
        time_is="text",
        fields={
            "time": "at",
            "model": "model",
            "operation": "operation",
            "inferences": "calls",
            "errors": "failed",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_input_tokens",
            "cache_write_tokens": "cache_write_tokens",
            "output_tokens": "output_tokens",
            "cost_usd": "cost_usd",
        },
        system=_SYSTEM,
        systems={"team": "{team_alias}", "key": "{key_alias}", "user": "{user}"},
        cannot=("cache hits, which are calls there", "retries", "latency", "project and tag"),
    ),
)
