"""What the spans of MLflow's tracking store count as, in SQL: as `records/formats/mlflow.py` has it for the same
spans in files. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.formats.mlflow_spans import AUDIO, EMBEDDINGS, NO_CALLS
from leverwatch.collectors.sources.sql.presets.fences import FENCE

TABLES = ("spans", "experiments", "trace_info", "trace_tags", "trace_request_metadata")
_CALLS = "'CHAT_MODEL', 'LLM'"
_USAGE = "mlflow.chat.tokenUsage"
_MODELS = ("mlflow.llm.model", "mlflow.chat.model", "model")
_TOKENS = {
    "fresh": "input_tokens",
    "cached": "cache_read_input_tokens",
    "written": "cache_creation_input_tokens",
    "output": "output_tokens",
    "everything": "total_tokens",
}
"""The keys of the usage of a span."""


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_STATEMENT = f"""
SELECT n.at, n.model, n.status, n.operation, n.latency_ms, n.output AS output_tokens, n.cost AS cost_usd,
  n.fresh + CASE WHEN n.everything - n.fresh - coalesce(n.output, 0)
    = coalesce(n.cached, 0) + coalesce(n.written, 0)
    THEN n.everything - n.fresh - coalesce(n.output, 0) ELSE 0 END AS input_tokens,
  n.cached AS cached_input_tokens, n.written AS cache_write_tokens, n.experiment_id, n.trace_id,
  e.name AS experiment, i.trace_name AS trace, i.session_id AS session, u.value AS user,
  (SELECT TAGS FROM {{trace_tags}} h WHERE h.request_id = n.trace_id) AS tags
FROM (
  SELECT s.at, s.experiment_id, s.trace_id, s.status, s.latency_ms, s.cost, MODEL AS model, NUMBERS,
    CASE WHEN s.kind = 'EMBEDDING' OR s.did IN ({_words(EMBEDDINGS)}) THEN 'embeddings'
      WHEN s.kind = 'RERANKER' THEN 'rerank' WHEN s.did IN ({_words(AUDIO)}) THEN 'audio' END AS operation
  FROM (
    SELECT l.start_time_unix_nano AS at, l.experiment_id, l.trace_id, l.span_id, l.type AS kind, l.status,
      l.model_name, nullif(l.total_cost, 0) AS cost,
      (l.end_time_unix_nano - l.start_time_unix_nano) / 1000000.0 AS latency_ms, VALUES
    FROM {{spans}} l
    WHERE l.type IN ({_CALLS}, 'EMBEDDING', 'RERANKER')
  ) s
  WHERE coalesce(s.did, '') NOT IN ({_words(NO_CALLS)}) AND NOT (s.kind IN ({_CALLS}) AND EXISTS (BELOW))
) n
LEFT JOIN {{experiments}} e ON e.experiment_id = n.experiment_id
LEFT JOIN {{trace_info}} i ON i.request_id = n.trace_id
LEFT JOIN {{trace_request_metadata}} u ON u.request_id = n.trace_id AND u.key = 'mlflow.trace.user'
WHERE NOT EXISTS (
  SELECT 1 FROM {{trace_tags}} g WHERE g.request_id = n.trace_id AND g.key = 'mlflow.trace.sourceScorer'
)
"""  # noqa: S608 - of constants
"""A row for each span of a call. Capitals stand for what each database has words of its own for."""
_DEEP = f"""
    WITH RECURSIVE below (id, kind) AS (
      SELECT a.span_id, a.type FROM {{spans}} a WHERE a.trace_id = s.trace_id AND a.parent_span_id = s.span_id
      UNION SELECT b.span_id, b.type FROM {{spans}} b JOIN below ON b.parent_span_id = below.id
      WHERE b.trace_id = s.trace_id
    ) SELECT 1 FROM below WHERE below.kind IN ({_CALLS})
  """  # noqa: S608 - of constants
"""The calls below a span, however deep: two instrumentations saw the same one."""
_DIRECT = f"""
    SELECT 1 FROM {{spans}} a
    WHERE a.trace_id = s.trace_id AND a.parent_span_id = s.span_id AND a.type IN ({_CALLS})
  """  # noqa: S608 - of constants


def _made(values: str, numbers: str, model: str, below: str, tags: str) -> str:
    found = _STATEMENT.replace("VALUES", values).replace("NUMBERS", numbers).replace("MODEL AS", f"{model} AS")
    return found.replace("BELOW", below).replace("TAGS", tags)


def _postgresql() -> str:
    # `json` and `->`, as `jsonb` and `->>` would end at a text with a NUL, which prompts may have. An archived
    # trace has no content.
    def number(key: str) -> str:
        found = rf"""substring((s.told -> '{_USAGE}')::text FROM '"{key}\\*"\s*:\s*([0-9]{{1,15}})')"""
        return f"{found}::bigint"

    asked = (rf"""substring((s.told -> '{it}')::text FROM '[A-Za-z_]+')""" for it in ("method", "action"))
    named = r"lower(regexp_replace(substring(s.name FROM '[^.]*$'), '_[0-9]+$', ''))"
    models = (rf"""nullif(btrim((s.told -> '{it}')::text, '"\'), '')""" for it in _MODELS)
    told = "CASE WHEN l.content LIKE '{%' THEN l.content::json -> 'attributes' END"
    inner = f"l.name, {told} AS told, {FENCE} AS fence"
    numbers = ", ".join(f"{number(key)} AS {name}" for name, key in _TOKENS.items()) + f", {FENCE} AS fence"
    found = _made(
        inner,
        numbers,
        f"coalesce(nullif(s.model_name, ''), {', '.join(models)})",
        _DEEP,
        "jsonb_object_agg(h.key, h.value)",
    )
    return found.replace("s.did", f"coalesce({', '.join(asked)}, {named})")


def _of_json(get: str, numbers: dict[str, str], name: str, below: str, tags: str) -> str:
    models = ", ".join(f"""nullif(trim(BOTH '"' FROM {get.format(it)}), '')""" for it in _MODELS)
    asked = ", ".join(f"""nullif(trim(BOTH '"' FROM {get.format(it)}), '')""" for it in ("method", "action"))
    inner = f"{get.format(_USAGE)} AS told, coalesce({models}) AS named, coalesce({asked}, {name}) AS did"
    told = ", ".join(f"{number} AS {it}" for it, number in numbers.items())
    return _made(inner, told, "coalesce(nullif(s.model_name, ''), s.named)", below, tags)


def _sqlite() -> str:
    get = """CASE WHEN json_valid(l.content) THEN json_extract(l.content, '$.attributes."{}"') END"""
    numbers = {
        name: f"CASE WHEN json_valid(s.told) THEN json_extract(s.told, '$.{key}') END"
        for name, key in _TOKENS.items()
    }
    # What is after the last dot is what is left without the longest beginning that ends with one.
    name = "rtrim(lower(replace(l.name, rtrim(l.name, replace(l.name, '.', '')), '')), '_0123456789')"
    found = _of_json(get, numbers, name, _DEEP, "json_group_object(h.key, h.value)")
    return found.replace("trim(BOTH '\"' FROM CASE", "trim(CASE").replace("END), '')", "END, '\"'), '')")


def _mariadb() -> str:
    get = """coalesce(JSON_VALUE(l.content, '$.attributes."{0}"'), JSON_QUERY(l.content, '$.attributes."{0}"'))"""
    numbers = {name: f"CAST(JSON_VALUE(s.told, '$.{key}') AS DECIMAL(18))" for name, key in _TOKENS.items()}
    name = "regexp_replace(lower(substring_index(l.name, '.', -1)), '_[0-9]+$', '')"
    return _of_json(get, numbers, name, _DIRECT, "json_objectagg(h.key, h.value)")


POSTGRESQL, SQLITE, MARIADB = _postgresql(), _sqlite(), _mariadb()
