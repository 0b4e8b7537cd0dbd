"""The request-response log of Vertex AI, a table of BigQuery."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset


def _first(*paths: str) -> str:
    """Return the number that the first of these paths in the response tells."""
    told = ", ".join(f"JSON_VALUE(full_response, '$.{path}')" for path in paths)
    return f"SAFE_CAST(COALESCE({told}) AS FLOAT64)"


_GEMINI_IN = _first("usage_metadata.prompt_token_count", "usageMetadata.promptTokenCount")
_GEMINI_OUT = _first("usage_metadata.candidates_token_count", "usageMetadata.candidatesTokenCount")
_THOUGHTS = _first("usage_metadata.thoughts_token_count", "usageMetadata.thoughtsTokenCount")
_CACHED = _first(
    "usage_metadata.cached_content_token_count",
    "usageMetadata.cachedContentTokenCount",
    "usage.cache_read_input_tokens",
)
_WRITTEN = _first("usage.cache_creation_input_tokens")
_CLAUDE_IN, _CLAUDE_OUT = _first("usage.input_tokens"), _first("usage.output_tokens")
# Of Gemini, thoughts are beside the output, and cached tokens within the input; of Claude it is the other way.
_STATEMENT = f"""
SELECT logging_time, request_id, endpoint, deployed_model_id, api_method,
  REGEXP_EXTRACT(model, r'[^/]+$') AS model,
  SAFE_CAST(JSON_VALUE(metadata, '$.request_latency') AS FLOAT64) AS latency_ms,
  COALESCE({_GEMINI_IN}, {_CLAUDE_IN} + COALESCE({_CACHED}, 0) + COALESCE({_WRITTEN}, 0)) AS input_tokens,
  {_CACHED} AS cached_tokens, {_WRITTEN} AS written_tokens, {_THOUGHTS} AS thoughts,
  COALESCE({_GEMINI_OUT} + COALESCE({_THOUGHTS}, 0), {_THOUGHTS}, {_CLAUDE_OUT}) AS output_tokens
FROM {{request_response_logging}}
"""  # noqa: S608 - of constants

PRESETS = (
    Preset(
        name="vertex-bigquery",
        producer="Vertex AI, the request-response log",
        versions="of base models, 2025 and later",
        engines=("bigquery",),
        statement=_STATEMENT,
        tables=("request_response_logging",),
        time_is="zoned",
        fields={
            "time": "logging_time",
            "model": "model",
            "request_id": "request_id",
            "latency_ms": "latency_ms",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_tokens",
            "cache_write_tokens": "written_tokens",
            "reasoning_tokens": "thoughts",
            "output_tokens": "output_tokens",
        },
        system=None,
        systems={"endpoint": "{endpoint}"},
        cannot=("calls that its sampling left out", "cost", "failed calls"),
    ),
)
