"""The invocation log of Amazon Bedrock, as a table of Athena over its bucket."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

# Of Claude, tokens of the prompt cache stand beside the input; of others within it, unless they are more than it,
# which is settled for all tables alike. The session of an assumed role is another one every time.
_STATEMENT = """
SELECT "timestamp" AS called_at, modelid AS model, requestid AS request_id, accountid AS account, region,
  coalesce(regexp_extract(identity.arn, 'assumed-role/([^/]+)', 1),
    regexp_extract(identity.arn, '[^/:]+$')) AS caller,
  CASE WHEN errorcode IS NULL THEN 'success' ELSE 'error' END AS outcome,
  CASE WHEN modelid LIKE '%anthropic%' THEN input.inputtokencount + coalesce(input.cachereadinputtokencount, 0)
    + coalesce(input.cachewriteinputtokencount, 0) ELSE input.inputtokencount END AS input_tokens,
  input.cachereadinputtokencount AS cached_tokens, input.cachewriteinputtokencount AS written_tokens,
  output.outputtokencount AS output_tokens
FROM {bedrock_model_invocation_logs}
"""

PRESETS = (
    Preset(
        name="bedrock-athena",
        producer="Amazon Bedrock, the invocation log in S3",
        versions="schema 1.0",
        engines=("awsathena",),
        statement=_STATEMENT,
        tables=("bedrock_model_invocation_logs",),
        time_is="text",
        fields={
            "time": "called_at",
            "model": "model",
            "request_id": "request_id",
            "status": "outcome",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_tokens",
            "cache_write_tokens": "written_tokens",
            "output_tokens": "output_tokens",
        },
        system="{caller}",
        systems={"account": "{account}"},
        cannot=("cost", "latency", "calls of other endpoints than bedrock-runtime"),
    ),
)
