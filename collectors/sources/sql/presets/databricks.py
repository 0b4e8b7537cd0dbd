"""The system tables of Databricks Model Serving."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

# An entity has a row for each of its changes: joined as it is, each call would count as often. A call of what is
# no language model is no inference of one.
_STATEMENT = """
SELECT u.request_time, u.databricks_request_id, u.status_code, u.requester, u.workspace_id,
  u.input_token_count, u.output_token_count, e.endpoint_name, e.entity_name AS model,
  CASE WHEN e.task LIKE '%embeddings' THEN 'embedding' WHEN e.task LIKE 'llm/%' THEN 'chat' END AS kind
FROM {endpoint_usage} AS u LEFT JOIN (
  SELECT served_entity_id, max_by(endpoint_name, change_time) AS endpoint_name,
    max_by(entity_name, change_time) AS entity_name, max_by(entity_type, change_time) AS entity_type,
    max_by(task, change_time) AS task
  FROM {served_entities} GROUP BY served_entity_id
) AS e ON u.served_entity_id = e.served_entity_id
WHERE u.output_token_count > 0 OR coalesce(e.entity_type, '') NOT IN ('CUSTOM_MODEL', 'FEATURE_SPEC')
"""

PRESETS = (
    Preset(
        name="databricks-endpoint-usage",
        producer="Databricks Model Serving, its system tables",
        versions="2025 and later",
        engines=("databricks",),
        statement=_STATEMENT,
        tables=("endpoint_usage", "served_entities"),
        schema="system.serving",
        time_is="zoned",
        fields={
            "time": "request_time",
            "model": "model",
            "request_id": "databricks_request_id",
            "operation": "kind",
            "status": "status_code",
            "input_tokens": "input_token_count",
            "output_tokens": "output_token_count",
        },
        system="{endpoint_name}",
        systems={"workspace": "{workspace_id}", "requester": "{requester}"},
        cannot=("cost", "latency", "tokens of the prompt cache", "endpoints without usage tracking"),
    ),
)
