"""The views of Snowflake on the use of Cortex."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset

# What goes through the prompt cache is beside the input. Credits are no dollars, and are not read.
_STATEMENT = """
SELECT START_TIME, REQUEST_ID, MODEL_NAME, USER_ID, INFERENCE_REGION,
  GET_PATH(TOKENS_GRANULAR, 'input')::NUMBER + COALESCE(GET_PATH(TOKENS_GRANULAR, 'cache_read_input')::NUMBER, 0)
    + COALESCE(GET_PATH(TOKENS_GRANULAR, 'cache_write_input')::NUMBER, 0) AS INPUT_TOKENS,
  GET_PATH(TOKENS_GRANULAR, 'cache_read_input')::NUMBER AS CACHED_TOKENS,
  GET_PATH(TOKENS_GRANULAR, 'cache_write_input')::NUMBER AS WRITTEN_TOKENS,
  GET_PATH(TOKENS_GRANULAR, 'output')::NUMBER AS OUTPUT_TOKENS
FROM {CORTEX_REST_API_USAGE_HISTORY}
"""

PRESETS = (
    Preset(
        name="snowflake-cortex-usage",
        producer="Snowflake Cortex, calls of its REST API",
        versions="2026",
        engines=("snowflake",),
        statement=_STATEMENT,
        tables=("CORTEX_REST_API_USAGE_HISTORY",),
        schema="SNOWFLAKE.ACCOUNT_USAGE",
        time_is="zoned",
        fields={
            "time": "START_TIME",
            "model": "MODEL_NAME",
            "request_id": "REQUEST_ID",
            "input_tokens": "INPUT_TOKENS",
            "cached_input_tokens": "CACHED_TOKENS",
            "cache_write_tokens": "WRITTEN_TOKENS",
            "output_tokens": "OUTPUT_TOKENS",
        },
        system=None,
        systems={"user": "{USER_ID}"},
        cannot=("cost", "failed calls", "functions in SQL, whose number of calls no view tells"),
    ),
)
