"""The tables of the LiteLLM proxy."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

PRESETS = (
    Preset(
        name="litellm-spend-logs",
        producer="the LiteLLM proxy",
        versions="1.60 and later",
        engines=("postgresql",),
        table="LiteLLM_SpendLogs",
        time_is="utc",
        fields={
            "time": "startTime",
            "model": "model",
            "operation": "call_type",
            "status": "status",
            "input_tokens": "prompt_tokens",
            "output_tokens": "completion_tokens",
            "cost_usd": "spend",
            "cache_hit": "cache_hit",
        },
        system="{team_id}",
        systems={"name of the key": "{metadata.user_api_key_alias}"},
        cannot=("retries",),
    ),
)
