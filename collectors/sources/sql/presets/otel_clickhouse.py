"""The table of spans that the exporter of the OpenTelemetry Collector writes to ClickHouse.

Names and kinds are those of spans in files, in every dialect: `records/formats/dialects.py`, `span_kinds.py`. Of a
call that two instrumentations describe, the spans have the id of one answer, by which it counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from leverwatch.collectors.records.formats.dialects import spellings
from leverwatch.collectors.records.formats.span_kinds import words
from leverwatch.collectors.sources.sql.presets.interface import Preset

_OPENINFERENCE, _AI_SDK, _OPERATIONS, _OTHER_WORK = words()
_NO_CALL = "'no call'"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _first(what: str) -> str:
    """Return the value of the first name of an attribute that has one; an empty text when none has."""
    values = ", ".join(f"SpanAttributes[{_text(name)}]" for name in spellings(what))
    return f"arrayFirst(value -> value != '', [{values}])"


def _by(words_: Mapping[str, str], value: str, otherwise: str) -> str:
    return f"transform({value}, {_listed(words_)}, {_listed(words_.values())}, {otherwise})"


def _operation() -> str:
    """Return what kind of call a span is: an empty text where only its tokens say that it is one."""
    kind, sdk = "upper(SpanAttributes['openinference.span.kind'])", "SpanAttributes['ai.operationId']"
    ends = ", ".join(f"endsWith({sdk}, {_text(end)}), {_text(word)}" for end, word in _AI_SDK.items())
    ways = [
        f"{kind} NOT IN ('', 'UNKNOWN'), {_by(_OPENINFERENCE, kind, _NO_CALL)}",
        f"{sdk} != '', multiIf({ends}, {_NO_CALL})",
    ]
    for name in ("gen_ai.operation.name", "llm.request.type"):
        told = f"lower(SpanAttributes['{name}'])"
        other = f"match({told}, {_text(f'^(?:{_OTHER_WORK})$')})".replace("(?:", "(")
        ways.append(f"{told} IN {_listed(_OPERATIONS)}, {_by(_OPERATIONS, told, told)}")
        ways.append(f"{told} NOT IN ('', 'unknown'), if({other} OR NOT has_tokens, {_NO_CALL}, {told})")
    ways.append(f"mapContains(SpanAttributes, 'traceloop.span.kind'), {_NO_CALL}")
    return f"multiIf({', '.join(ways)}, has_tokens, '', {_NO_CALL})"


_STATEMENT = f"""SELECT *,
  toFloat64OrNull({_first("input")}) AS called_input, toFloat64OrNull({_first("output")}) AS called_output,
  isNotNull(called_input) OR isNotNull(called_output) AS has_tokens,
  {_operation()} AS called_kind, nullIf(called_kind, '') AS called_operation,
  nullIf({_first("model")}, '') AS called_model,
  toFloat64OrNull({_first("cached")}) AS called_cached, toFloat64OrNull({_first("written")}) AS called_written,
  toFloat64OrNull({_first("reasoning")}) AS called_reasoning, toFloat64OrNull({_first("cost")}) AS called_cost,
  {_first("finish")} AS told_finish,
  multiIf(told_finish = '', NULL, match(lower(told_finish), 'length|max_.*tokens'), 'length', 'stop')
    AS called_finish,
  if(match(lower(StatusCode), 'error$') OR SpanAttributes['error.type'] != '', 'error', 'ok') AS called_status,
  Duration / 1000000 AS called_ms,
  {_first("response")} AS told_id, if(told_id = '', concat(TraceId, ' ', SpanId), told_id) AS called_id
FROM {{otel_traces}}
WHERE called_kind != {_NO_CALL}"""  # noqa: S608 - nothing in it is given

PRESETS = (
    Preset(
        name="otel-traces-clickhouse",
        producer="the `clickhouse` exporter of the OpenTelemetry Collector, spans of calls to models",
        versions="0.100 and later, with attributes in maps",
        engines=("clickhouse", "chdb"),
        statement=_STATEMENT,
        tables=("otel_traces",),
        time_is="zoned",
        fields={
            "time": "Timestamp",
            "model": "called_model",
            "operation": "called_operation",
            "status": "called_status",
            "input_tokens": "called_input",
            "cached_input_tokens": "called_cached",
            "cache_write_tokens": "called_written",
            "output_tokens": "called_output",
            "reasoning_tokens": "called_reasoning",
            "cost_usd": "called_cost",
            "latency_ms": "called_ms",
            "finish_reason": "called_finish",
            "request_id": "called_id",
        },
        system="{ServiceName}",
        systems={
            "agent": "{SpanAttributes.gen_ai\\.agent\\.name}",
            "environment": r"{ServiceName}/{ResourceAttributes.deployment\.environment\.name}",
        },
        distinct=True,
        cannot=("that two spans are one call when one of them has no `gen_ai.response.id`: both count",),
    ),
)
