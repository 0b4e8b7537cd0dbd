"""The table of Langfuse in ClickHouse. `usage_details` has parts that have nothing in common, and their total."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset


def _sum(has: str) -> str:
    """Return the sum of the parts whose name has something; NULL when none has."""
    chosen = f"mapFilter((name, tokens) -> {has}, usage_details)"
    return f"if(empty({chosen}), NULL, arraySum(mapValues({chosen})))"


def _named(text: str) -> str:
    return f"positionCaseInsensitive(name, '{text}') > 0"


_CACHE = f"{_named('input')} AND {_named('cache')}"
_WRITTEN = f"({_named('creation')} OR {_named('write')})"
_STATEMENT = f"""SELECT *,
  {_sum(_named("input"))} AS called_input,
  {_sum(_named("output"))} AS called_output,
  {_sum(f"{_CACHE} AND NOT {_WRITTEN}")} AS called_cached,
  {_sum(f"{_CACHE} AND {_WRITTEN}")} AS called_written,
  {_sum(f"{_named('output')} AND {_named('reasoning')}")} AS called_reasoning,
  if(level = 'ERROR', 'error', 'ok') AS called_status,
  if(isNull(end_time), NULL, toUnixTimestamp64Milli(assumeNotNull(end_time)) - toUnixTimestamp64Milli(start_time))
    AS called_ms
FROM {{observations}} FINAL
WHERE type IN ('GENERATION', 'EMBEDDING') AND is_deleted = 0"""  # noqa: S608 - nothing in it is given

PRESETS = (
    Preset(
        name="langfuse",
        producer="Langfuse, the observations that are calls to models",
        versions="3",
        engines=("clickhouse", "chdb"),
        statement=_STATEMENT,
        tables=("observations",),
        time_is="zoned",
        fields={
            "time": "start_time",
            "model": "provided_model_name",
            "operation": "type",
            "status": "called_status",
            "input_tokens": "called_input",
            "cached_input_tokens": "called_cached",
            "cache_write_tokens": "called_written",
            "output_tokens": "called_output",
            "reasoning_tokens": "called_reasoning",
            "cost_usd": "total_cost",
            "latency_ms": "called_ms",
            "request_id": "id",
        },
        system="{project_id}",
        systems={"prompt": "{prompt_name}", "name": "{name}", "key of the metadata": "{metadata.app}"},
        cannot=("retries", "cache hits"),
    ),
)
