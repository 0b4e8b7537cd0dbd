"""The spans of Arize Phoenix, in PostgreSQL or SQLite."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.fences import FENCE
from leverwatch.collectors.sources.sql.presets.interface import Preset

_STATEMENT = """
SELECT s.start_time AS at, {columns}
  CASE s.span_kind WHEN 'EMBEDDING' THEN 'embeddings' WHEN 'RERANKER' THEN 'rerank' ELSE 'chat' END AS operation,
  s.status_code AS status,
  coalesce({cost}, (SELECT sum(c.total_cost) FROM {{span_costs}} c WHERE c.span_rowid = s.id)) AS cost_usd,
  p.name AS project, s.name AS span, s.attributes
FROM {{spans}} s
LEFT JOIN {{traces}} t ON t.id = s.trace_rowid
LEFT JOIN {{projects}} p ON p.id = t.project_rowid
WHERE s.span_kind IN ('LLM', 'EMBEDDING', 'RERANKER') AND NOT (s.span_kind = 'LLM' AND EXISTS (
  WITH RECURSIVE below (id, kind) AS (
    SELECT a.span_id, a.span_kind FROM {{spans}} a WHERE a.parent_id = s.span_id
    UNION SELECT b.span_id, b.span_kind FROM {{spans}} b JOIN below ON b.parent_id = below.id
  ) SELECT 1 FROM below WHERE below.kind = 'LLM'
))
"""
"""A row for each span of a call. A span of a call around another one is the same call, seen twice."""

_POSTGRESQL = _STATEMENT.format(
    cost="CASE jsonb_typeof(s.attributes #> '{llm,cost,total}') WHEN 'number'"
    " THEN (s.attributes #>> '{llm,cost,total}')::double precision END",
    columns=r"""
  coalesce(s.attributes #>> '{llm,model_name}', s.attributes #>> '{embedding,model_name}',
    s.attributes #>> '{reranker,model_name}',
    substring(s.attributes #>> '{llm,invocation_parameters}' FROM '"model"\s*:\s*"([^"\\]+)"')) AS model,
  extract(epoch FROM s.end_time - s.start_time) * 1000 AS latency_ms,
  s.attributes #>> '{session,id}' AS session, s.attributes #>> '{user,id}' AS "user",
  """
    f"{FENCE} AS fence,",
)
_SQLITE = _STATEMENT.format(
    cost="json_extract(s.attributes, '$.llm.cost.total')",
    columns="""
  coalesce(json_extract(s.attributes, '$.llm.model_name'), json_extract(s.attributes, '$.embedding.model_name'),
    json_extract(s.attributes, '$.reranker.model_name'),
    CASE WHEN json_valid(json_extract(s.attributes, '$.llm.invocation_parameters'))
      THEN json_extract(json_extract(s.attributes, '$.llm.invocation_parameters'), '$.model') END) AS model,
  round((julianday(s.end_time) - julianday(s.start_time)) * 86400000.0) AS latency_ms,
  json_extract(s.attributes, '$.session.id') AS session, json_extract(s.attributes, '$.user.id') AS "user",
""",
)

PRESETS = (
    Preset(
        name="phoenix",
        producer="Arize Phoenix",
        versions="20, and back to June 2025",
        engines=("postgresql", "sqlite"),
        statement=_POSTGRESQL,
        statements={"sqlite": _SQLITE},
        tables=("spans", "traces", "projects", "span_costs"),
        time_is="zoned",
        fields={
            "time": "at",
            "model": "model",
            "operation": "operation",
            "status": "status",
            "input_tokens": "attributes.llm.token_count.prompt",
            "cached_input_tokens": "attributes.llm.token_count.prompt_details.cache_read",
            "cache_write_tokens": "attributes.llm.token_count.prompt_details.cache_write",
            "output_tokens": "attributes.llm.token_count.completion",
            "reasoning_tokens": "attributes.llm.token_count.completion_details.reasoning",
            "cost_usd": "cost_usd",
            "latency_ms": "latency_ms",
        },
        system="{project}",
        systems={"user": "{user}", "session": "{session}", "any attribute": "{attributes.metadata.app}"},
        cannot=("team and key", "retries", "cache hits", "two spans of one call that are not one in the other"),
    ),
)
