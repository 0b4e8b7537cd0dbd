"""The table of Helicone in ClickHouse. A cost is a whole number of 1e-9 US dollars."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

_STATEMENT = """SELECT *,
  toString(organization_id) AS organization, toString(request_id) AS called_id, cost / 1000000000 AS called_cost,
  ifNull(target_url, '') AS called_url,
  multiIf(match(called_url, '/embeddings'), 'embedding', match(called_url, '/rerank'), 'rerank',
    match(called_url, '/images/'), 'image', match(called_url, '/audio/'), 'audio',
    match(called_url, '/moderations'), 'moderation', 'chat') AS called_operation,
  if(status BETWEEN 200 AND 399, 'ok', 'error') AS called_status,
  if(cache_reference_id = toUUID('00000000-0000-0000-0000-000000000000'), 'false', 'true') AS called_cache_hit
FROM {request_response_rmt} FINAL"""

PRESETS = (
    Preset(
        name="helicone-clickhouse",
        producer="Helicone, requests and responses",
        versions="with `cost` and `cache_reference_id`, from 2025 on",
        engines=("clickhouse", "chdb"),
        statement=_STATEMENT,
        tables=("request_response_rmt",),
        time_is="zoned",
        fields={
            "time": "request_created_at",
            "model": "model",
            "operation": "called_operation",
            "status": "called_status",
            "cache_hit": "called_cache_hit",
            "input_tokens": "prompt_tokens",
            "cached_input_tokens": "prompt_cache_read_tokens",
            "cache_write_tokens": "prompt_cache_write_tokens",
            "output_tokens": "completion_tokens",
            "cost_usd": "called_cost",
            "latency_ms": "latency",
            "request_id": "called_id",
        },
        system="{organization}",
        systems={"property": "{properties.App}", "key": "{proxy_key_id}", "user": "{user_id}"},
        cannot=("retries", "whether cached tokens are among the input where both are given"),
    ),
)
