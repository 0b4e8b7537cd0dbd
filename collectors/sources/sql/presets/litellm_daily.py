"""What a row of LiteLLM's sums by day and user counts as, in SQL of PostgreSQL. Pure."""

from __future__ import annotations

DAILY = r"""
SELECT d."date" || 'T00:00:00' AS at, d.calls, d.failed, d.input_tokens, d.output_tokens,
  CASE WHEN d.provider <> '' AND left(d.model, length(d.provider) + 1) = d.provider || '/'
    THEN coalesce(nullif(substr(d.model, length(d.provider) + 2), ''), d.model) ELSE d.model END AS model,
  d.operation, nullif(d.cached, 0) AS cached_input_tokens, nullif(d.written, 0) AS cache_write_tokens,
  nullif(d.spend, 0) AS cost_usd, t.team_alias, k.team_id, k.key_alias, d.api_key, nullif(d.user_id, '') AS "user",
  coalesce(nullif(t.team_alias, ''), nullif(k.team_id, ''), nullif(k.key_alias, ''), 'litellm') AS team_or_key
FROM (
  SELECT u."date", u.api_key, u.user_id, u.custom_llm_provider AS provider, u.spend,
    coalesce(nullif(u.model, ''), nullif(u.model_group, '')) AS model,
    u.api_requests AS calls, u.failed_requests AS failed,
    u.cache_read_input_tokens AS cached, u.cache_creation_input_tokens AS written,
    CASE WHEN u.prompt_tokens > 0 OR u.completion_tokens > 0 THEN u.prompt_tokens END AS input_tokens,
    CASE WHEN u.prompt_tokens > 0 OR u.completion_tokens > 0 THEN u.completion_tokens END AS output_tokens,
    CASE
      WHEN coalesce(u.mcp_namespaced_tool_name, '') <> '' THEN 'managed'
      WHEN coalesce(u.endpoint, '') = '' THEN NULL
      WHEN u.endpoint IN ('/chat/completions', '/completions', '/responses', '/responses/compact', '/interactions')
        THEN 'completion'
      WHEN u.endpoint = '/embeddings' THEN 'embeddings'
      WHEN u.endpoint = '/rerank' THEN 'rerank'
      WHEN u.endpoint IN ('/image/generations', '/images/edits') THEN 'image'
      WHEN u.endpoint LIKE '/audio/%' THEN 'audio'
      WHEN u.endpoint = '/moderations' THEN 'moderation'
      WHEN u.endpoint IN ('/ocr', '/search', '/decisions', '/systemone', '/extraction', '/videos', '/videos/edits',
        '/videos/extensions', '/videos/{video_id}/remix') THEN 'other'
      ELSE 'managed' END AS operation
  FROM {LiteLLM_DailyUserSpend} u
) d
LEFT JOIN {LiteLLM_VerificationToken} k ON k.token = d.api_key
LEFT JOIN {LiteLLM_TeamTable} t ON t.team_id = k.team_id
WHERE d.operation IS DISTINCT FROM 'managed'
"""
"""A row for each sum. Each request is in this table once, in that of teams only when it had one, and in that of
tags once for each tag. The team is that of the key today; `team_or_key` is never NULL."""
