"""The table of observations of Langfuse 2, which is in PostgreSQL."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

_OBSERVATIONS = r"""
SELECT o.at, o.model, o.operation, o.status, o.took * 1000 AS latency_ms,
  CASE WHEN o.is_told THEN greatest(o.total_tokens - o.completion_tokens, o.prompt_tokens) END AS input_tokens,
  CASE WHEN o.is_told AND (o.prompt_tokens > 0 OR o.completion_tokens > 0) THEN o.completion_tokens END
    AS output_tokens,
  nullif(o.cost, 0) AS cost_usd, coalesce(p.name, o.project_id) AS project, coalesce(t.name, 'unnamed') AS trace,
  o.name AS observation, t.user_id AS "user", t.release, t.tags[1] AS tag, o.prompt_id, o.version, o.metadata
FROM (
  SELECT b.start_time AS at, b.project_id, b.trace_id, b.name, b.prompt_id, b.version, b.metadata,
    b.prompt_tokens, b.completion_tokens, b.total_tokens,
    coalesce(nullif(b.model, ''), b.internal_model) AS model,
    CASE b."type"::text WHEN 'EMBEDDING' THEN 'embeddings' END AS operation,
    CASE b.level::text WHEN 'ERROR' THEN 'error' ELSE 'success' END AS status,
    extract(epoch FROM b.end_time - b.start_time) AS took,
    coalesce(b.unit, 'TOKENS') = 'TOKENS'
      AND (b.prompt_tokens > 0 OR b.completion_tokens > 0 OR b.total_tokens > 0) AS is_told,
    coalesce(b.calculated_total_cost, b.total_cost) AS cost
  FROM {observations} b
  WHERE b."type"::text IN ('GENERATION', 'EMBEDDING')
) o
LEFT JOIN {traces} t ON t.id = o.trace_id
LEFT JOIN {projects} p ON p.id = o.project_id
"""
"""A row for each observation of a call; its columns of tokens are zero where nothing told them."""

PRESETS = (
    Preset(
        name="langfuse",
        producer="Langfuse",
        versions="the last of 2",
        engines=("postgresql",),
        statement=_OBSERVATIONS,
        tables=("observations", "traces", "projects"),
        time_is="utc",
        fields={
            "time": "at",
            "model": "model",
            "operation": "operation",
            "status": "status",
            "input_tokens": "input_tokens",
            "output_tokens": "output_tokens",
            "cost_usd": "cost_usd",
            "latency_ms": "latency_ms",
        },
        system="{project}",
        systems={
            "trace": "{project}/{trace}",
            "user": "{user}",
            "release": "{release}",
            "the first tag": "{tag}",
            "prompt": "{prompt_id}",
        },
        cannot=("cached tokens", "retries", "cache hits", "environment"),
    ),
)
