"""What a row of LiteLLM's spend log counts as, in SQL of PostgreSQL: as `records/formats/litellm_record.py` has it
for the same row in a log. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from leverwatch.collectors.records.formats.litellm_attempts import ANSWERS, HEALTH_CHECK, NETWORK, REFUSALS
from leverwatch.collectors.records.formats.litellm_calls import CALLS, MANAGED_PARTS, PLAIN, Special
from leverwatch.collectors.sources.sql.presets.fences import FENCE


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _number(value: str) -> str:
    """Return the number in a value of JSON; NULL when it is none."""
    return f"CASE jsonb_typeof({value}) WHEN 'number' THEN ({value})::numeric END"


def _count(value: str) -> str:
    """Return a number of attempts, which some versions write as a text."""
    text = f"({value} #>> '{{}}')"
    return f"CASE WHEN {text} ~ '^[0-9]{{1,9}}(\\.0+)?$' THEN {text}::numeric ELSE 0 END"


def _of(special: Special) -> str:
    return _words(word for word, call in CALLS.items() if call is special)


_ROUTES = (
    (r"/embeddings|/api/embed|[eE]mbedContents?$", "embeddings"),
    (r"/rerank", "rerank"),
    (r"/images/(generations|edits|variations)", "image"),
    (r"/audio/(speech|transcriptions|translations)", "audio"),
    (r"/moderations", "moderation"),
    (
        (
            r"/completions|/responses(/compact)?/?$|/messages/?$|/interactions|/realtime|/api/(chat|generate)"
            r"|enerateContent$|/(invoke|converse)(-with-response-stream|-stream)?$|awPredict$"
        ),
        "completion",
    ),
)
"""Addresses of model servers, and the operation of each."""
_LOOK_UP = r"/(responses|chat/completions|batches|files|threads|assistants|fine_tuning/jobs|models)/[^/]+/?$"


def _operation() -> str:
    operations: dict[str, list[str]] = {}
    for word, operation in PLAIN.items():
        operations.setdefault(operation, []).append(word)
    plain = (f"WHEN r.call_type IN ({_words(words)}) THEN '{it}'" for it, words in operations.items())
    routed = (f"WHEN r.asked ~ '{pattern}' THEN '{operation}'" for pattern, operation in _ROUTES)
    parts = "|".join(MANAGED_PARTS)
    return f"""CASE
      {" ".join(plain)}
      WHEN r.call_type IN ({_of(Special.MANAGED)}, {_of(Special.BATCH)}) THEN 'managed'
      WHEN r.call_type IN ({_of(Special.SESSION)}) THEN 'completion'
      WHEN r.call_type IN ({_of(Special.CREATE)})
        THEN CASE WHEN r.model IS NULL THEN 'managed' ELSE 'completion' END
      {" ".join(routed)}
      WHEN r.call_type LIKE '/%' THEN 'managed'
      WHEN r.passed AND r.used THEN 'completion'
      WHEN r.passed AND r.asked ~ '{_LOOK_UP}' THEN 'managed'
      WHEN r.passed THEN 'other'
      WHEN r.call_type ~ '{parts}' THEN 'managed'
      ELSE r.call_type END"""


_REFUSED = f"""r.why IS NOT NULL AND r.why::text NOT LIKE '%pstream passthrough%' AND CASE
        WHEN coalesce(r.why ->> 'error_class', '') = '' THEN false
        WHEN r.why ->> 'error_class' IN ({_words(REFUSALS)}) THEN true
        WHEN concat(r.why ->> 'llm_provider', r.why ->> 'error_provider_request_id', r.api_base) <> '' THEN false
        WHEN r.why ->> 'error_class' IN ({_words(ANSWERS)})
          OR r.why ->> 'error_class' ~ '{NETWORK.pattern}' THEN false
        ELSE coalesce(r.why ->> 'normalized_error', '') !~ 'PROVIDER|UPSTREAM' END"""
"""Whether a request that failed was refused before a model server was asked."""

_USAGE, _MORE = "m.usage_object", "m.additional_usage_values"


def _larger(first: str, second: str, third: str) -> str:
    """Return one number of several places, of which one may be zero where it was never filled in."""
    told = f"coalesce({_number(first)}, {_number(second)})"
    return f"coalesce(nullif({told}, 0), {_number(third)}, {told})"


_CACHED = _larger(
    f"({_USAGE} #> '{{prompt_tokens_details,cached_tokens}}')",
    f"({_MORE} #> '{{prompt_tokens_details,cached_tokens}}')",
    f"coalesce({_USAGE} -> 'cache_read_input_tokens', {_MORE} -> 'cache_read_input_tokens')",
)
_WRITTEN = _larger(
    f"({_USAGE} -> 'cache_creation_input_tokens')",
    f"({_MORE} -> 'cache_creation_input_tokens')",
    f"({_USAGE} #> '{{prompt_tokens_details,cache_creation_tokens}}')",
)
_THOUGHT = _number(
    f"coalesce({_USAGE} #> '{{completion_tokens_details,reasoning_tokens}}',"
    f" {_MORE} #> '{{completion_tokens_details,reasoning_tokens}}')"
)

_ROWS = f"""
    SELECT l."startTime" AS at, l.call_type, l.api_base, coalesce(l.cache_hit, '') AS cache_hit, l.api_key,
      l.end_user, l.agent_id, l.metadata, l.request_tags, l.prompt_tokens, l.completion_tokens,
      l.request_duration_ms, l."endTime" - l."startTime" AS took,
      nullif(l.team_id, '') AS team_id, nullif(l.organization_id, '') AS organization_id,
      nullif(l."user", '') AS "user", nullif(l.model_group, '') AS model_group, nullif(l.spend, 0) AS cost,
      nullif(m.user_api_key_team_alias, '') AS team_alias, nullif(m.user_api_key_alias, '') AS key_alias,
      m.user_api_key_project_id AS project_id, m.user_api_key_project_alias AS project_alias,
      l.custom_llm_provider AS provider, coalesce(nullif(l.model, ''), nullif(l.model_group, '')) AS model,
      coalesce(nullif(l.status, ''), m.status, 'success') AS status,
      l.prompt_tokens > 0 OR l.completion_tokens > 0 AS used,
      coalesce(l.call_type IN ({_of(Special.PASSED_ON)}), false) AS passed,
      CASE WHEN l.call_type LIKE '/%' THEN l.call_type WHEN l.call_type IN ({_of(Special.PASSED_ON)})
        THEN coalesce(nullif(l.api_base, ''), m.user_api_key_request_route) END AS asked,
      CASE jsonb_typeof(m.error_information) WHEN 'object' THEN m.error_information END AS why,
      coalesce(m.error_information ->> 'error_class' = 'ClientDisconnected', false) AS client_gone,
      coalesce(m.billed_retry_attempt = 'true', false) AS billed,
      coalesce(m.is_silent_experiment = 'true' OR '{HEALTH_CHECK}' IN (l.api_key, m.user_api_key_alias), false)
        AS unasked,
      {_count("m.attempted_retries")} + {_count("m.attempted_fallbacks")} AS before,
      {_CACHED} AS cached, {_WRITTEN} AS written, {_THOUGHT} AS thought, {FENCE} AS fence
    FROM {{LiteLLM_SpendLogs}} l
    CROSS JOIN LATERAL jsonb_to_record(CASE jsonb_typeof(l.metadata) WHEN 'object' THEN l.metadata ELSE '{{}}' END)
      AS m(status text, usage_object jsonb, additional_usage_values jsonb, error_information jsonb,
        attempted_retries jsonb, attempted_fallbacks jsonb, billed_retry_attempt jsonb, is_silent_experiment jsonb,
        user_api_key_team_alias text, user_api_key_alias text, user_api_key_project_id text,
        user_api_key_project_alias text, user_api_key_request_route text)"""  # noqa: S608 - of constants

_KINDS = f"""
  SELECT r.*, {_operation()} AS operation, r.status IN ('failure', 'error', 'failed') AS is_failure,
    r.status IN ('failure', 'error', 'failed') AND NOT r.used AND r.cost IS NULL
      AND (r.call_type LIKE '/%' OR ({_REFUSED})) AS is_refused, {FENCE} AS fence_of_kinds
  FROM ({_ROWS}
  ) r"""  # noqa: S608 - of constants

SPEND_LOGS = f"""
SELECT k.at, k.operation, k.status, k.cache_hit,
  CASE WHEN k.provider <> '' AND left(k.model, length(k.provider) + 1) = k.provider || '/'
    THEN coalesce(nullif(substr(k.model, length(k.provider) + 2), ''), k.model)
    WHEN k.passed AND k.model = 'unknown' THEN NULL ELSE k.model END AS model,
  CASE WHEN k.billed OR k.is_silent THEN 0 WHEN k.is_refused OR k.is_hit THEN 1 ELSE k.before + 1 END AS calls,
  CASE WHEN k.billed OR k.is_silent OR k.is_hit THEN 0 WHEN k.is_refused THEN 1 WHEN k.is_failure
    THEN k.before + 1 ELSE k.before END AS failed,
  CASE WHEN k.billed OR k.is_refused OR k.is_hit THEN 0 WHEN k.is_silent THEN 1 ELSE k.before + 1 END AS attempts,
  CASE WHEN k.is_known THEN k.prompt_tokens END AS input_tokens,
  CASE WHEN k.is_known THEN k.completion_tokens END AS output_tokens,
  CASE WHEN k.is_known THEN k.cached END AS cached_input_tokens,
  CASE WHEN k.is_known THEN k.written END AS cache_write_tokens,
  CASE WHEN k.is_known THEN k.thought END AS reasoning_tokens,
  CASE WHEN k.is_failure OR NOT k.client_gone THEN k.cost END AS cost_usd,
  CASE WHEN NOT k.is_silent THEN coalesce(k.request_duration_ms, extract(epoch FROM k.took) * 1000) END
    AS latency_ms,
  coalesce(k.team_alias, k.team_id, k.key_alias, 'litellm') AS team_or_key,
  k.team_id, k.team_alias, k.key_alias, k.api_key, k.project_id, k.project_alias, k.organization_id, k."user",
  k.model_group, k.end_user, k.agent_id, k.metadata,
  (SELECT min(tag) FROM jsonb_array_elements_text(CASE jsonb_typeof(k.request_tags) WHEN 'array'
    THEN k.request_tags END) AS tag WHERE tag NOT LIKE 'User-Agent:%') AS tag,
  {FENCE} AS fence
FROM (
  SELECT q.*, q.used AND (q.is_failure OR NOT (q.unasked OR q.client_gone)) AS is_known,
    q.unasked AND NOT q.is_failure AS is_silent, q.cache_hit = 'True' AND NOT q.is_failure AS is_hit,
    {FENCE} AS fence_of_rest
  FROM ({_KINDS}
  ) q
) k
WHERE k.operation IS DISTINCT FROM 'managed'
"""  # noqa: S608 - of constants
"""A row for each row that may be of a call. `calls` are those of which `failed` failed, and `attempts` what it
took with retries and fallbacks; `team_or_key` is never NULL."""
