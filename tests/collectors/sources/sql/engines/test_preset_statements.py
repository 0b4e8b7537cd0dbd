from __future__ import annotations

import json
from collections.abc import Mapping

import duckdb
import pytest

from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.sql.collector import answer_of
from leverwatch.collectors.sources.sql.statement import plan_of
from tests.collectors.sources.sql.engines.duck import STANDING_IN, run, translated
from tests.collectors.sources.sql.engines.environment import output_of
from tests.collectors.sources.sql.engines.preset_statements import PRESETS, config

BEDROCK = """
CREATE TABLE bedrock_model_invocation_logs (schematype VARCHAR, schemaversion VARCHAR, timestamp VARCHAR,
  accountid VARCHAR, identity STRUCT(arn VARCHAR), region VARCHAR, requestid VARCHAR, operation VARCHAR,
  modelid VARCHAR, errorcode VARCHAR,
  input STRUCT(inputcontenttype VARCHAR, inputtokencount INT, cachereadinputtokencount INT,
    cachewriteinputtokencount INT, inputbodyjson VARCHAR),
  output STRUCT(outputcontenttype VARCHAR, outputtokencount INT, outputbodyjson VARCHAR));
INSERT INTO bedrock_model_invocation_logs SELECT 'ModelInvocationLog', '1.0', called, '444455556666',
    {'arn': arn},
  'eu-west-1', id, 'Converse', model, error, {'inputcontenttype': 'application/json', 'inputtokencount': a,
  'cachereadinputtokencount': b, 'cachewriteinputtokencount': c, 'inputbodyjson': NULL},
  {'outputcontenttype': 'application/json', 'outputtokencount': d, 'outputbodyjson': NULL}
FROM (VALUES
  ('2026-05-04T23:59:59Z', 'arn:aws:sts::444455556666:assumed-role/helpdesk/i-1', 'r1',
    'anthropic.claude-x', NULL, 9,
    700, 40, 12),
  ('2026-05-05T00:00:00Z', 'arn:aws:sts::444455556666:assumed-role/helpdesk/i-2', 'r2',
    'anthropic.claude-x', NULL, 5,
    NULL, NULL, 3),
  ('2026-05-05T08:00:00Z', 'arn:aws:iam::444455556666:user/ana', 'r3', 'amazon.nova-lite', NULL, 80, 30,
    NULL, 4),
  ('2026-05-05T09:00:00Z', 'arn:aws:iam::444455556666:user/ana', 'r4', 'amazon.nova-lite',
    'ThrottlingException',
    NULL, NULL, NULL, NULL)
) AS it(called, arn, id, model, error, a, b, c, d);
"""
VERTEX = """
CREATE TABLE request_response_logging (endpoint VARCHAR, deployed_model_id VARCHAR, logging_time TIMESTAMPTZ,
  request_id DECIMAL(38, 0), request_payload VARCHAR[], response_payload VARCHAR[], model VARCHAR,
  model_version VARCHAR, api_method VARCHAR, full_request JSON, full_response JSON, metadata JSON);
INSERT INTO request_response_logging (endpoint, logging_time, request_id, model, api_method, full_response,
    metadata)
VALUES
  ('e/1', '2026-05-04 23:59:59.999+00', 1, 'publishers/google/models/gemini-z', 'GenerateContent',
   '{"usage_metadata": {"prompt_token_count": 50, "candidates_token_count": 7, "thoughts_token_count": 20,
     "cached_content_token_count": 30}}', '{"request_latency": 250.5}'),
  ('e/1', '2026-05-05 00:00:00+00', 2, 'publishers/google/models/gemini-z', 'StreamGenerateContent',
   '{"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 6}}', '{"request_latency": 100}'),
  ('e/1', '2026-05-05 10:00:00+00', 3, 'publishers/anthropic/models/claude-y', 'RawPredict',
   '{"usage": {"input_tokens": 3, "output_tokens": 11, "cache_read_input_tokens": 90}}', NULL),
  ('e/1', '2026-05-05 11:00:00+00', 4, 'publishers/google/models/gemini-z', 'GenerateContent', NULL, NULL);
"""
DATABRICKS = """
CREATE TABLE endpoint_usage (account_id VARCHAR, workspace_id VARCHAR, client_request_id VARCHAR,
  databricks_request_id VARCHAR, requester VARCHAR, status_code INT, request_time TIMESTAMPTZ,
  input_token_count BIGINT, output_token_count BIGINT, input_character_count BIGINT,
    output_character_count BIGINT,
  usage_context MAP(VARCHAR, VARCHAR), request_streaming BOOLEAN, served_entity_id VARCHAR);
CREATE TABLE served_entities (served_entity_id VARCHAR, account_id VARCHAR, workspace_id VARCHAR,
    created_by VARCHAR,
  endpoint_name VARCHAR, endpoint_id VARCHAR, served_entity_name VARCHAR, entity_type VARCHAR,
    entity_name VARCHAR,
  entity_version VARCHAR, endpoint_config_version INT, task VARCHAR, change_time TIMESTAMPTZ,
  endpoint_delete_time TIMESTAMPTZ);
INSERT INTO served_entities (served_entity_id, endpoint_name, entity_type, entity_name, task,
    change_time) VALUES
  ('s1', 'bot', 'FOUNDATION_MODEL', 'system.ai.llama-w', 'llm/v1/chat', '2026-01-01 00:00:00+00'),
  ('s1', 'bot', 'FOUNDATION_MODEL', 'system.ai.llama-w', 'llm/v1/chat', '2026-02-01 00:00:00+00'),
  ('s2', 'bot', 'EXTERNAL_MODEL', 'embed-v', 'llm/v1/embeddings', '2026-01-01 00:00:00+00'),
  ('s3', 'churn', 'CUSTOM_MODEL', 'main.ml.churn', NULL, '2026-01-01 00:00:00+00');
INSERT INTO endpoint_usage (databricks_request_id, status_code, request_time, input_token_count,
    output_token_count,
  served_entity_id) VALUES
  ('d1', 200, '2026-05-04 23:59:59.9+00', 100, 10, 's1'), ('d2', 200, '2026-05-05 00:00:00+00', 200, 20, 's1'),
  ('d3', 429, '2026-05-05 01:00:00+00', NULL, NULL, 's1'), ('d4', 200, '2026-05-05 02:00:00+00', 50, 0, 's2'),
  ('d5', 200, '2026-05-05 03:00:00+00', 0, 0, 's3');
"""
SNOWFLAKE = """
CREATE TABLE CORTEX_REST_API_USAGE_HISTORY (START_TIME TIMESTAMPTZ, END_TIME TIMESTAMPTZ, REQUEST_ID VARCHAR,
  MODEL_NAME VARCHAR, TOKENS BIGINT, TOKENS_GRANULAR JSON, USER_ID VARCHAR, INFERENCE_REGION VARCHAR);
INSERT INTO CORTEX_REST_API_USAGE_HISTORY VALUES
  ('2026-05-04 23:00:00+00', '2026-05-05 00:00:00+00', 'c1', 'claude-q', 23, '{"input": 20, "output": 3}',
    '7', 'eu'),
  ('2026-05-05 00:00:00+00', '2026-05-05 01:00:00+00', 'c2', 'claude-q', 815,
   '{"input": 6, "output": 9, "cache_read_input": 800}', '7', 'eu'),
  ('2026-05-05 00:00:00+00', '2026-05-05 01:00:00+00', 'c3', 'llama-p', 40, NULL, '7', 'eu');
"""
TABLES = {
    "bedrock-athena": BEDROCK, "vertex-bigquery": VERTEX, "databricks-endpoint-usage": DATABRICKS,
    "snowflake-cortex-usage": SNOWFLAKE,
}  # fmt: skip
COUNTED: Mapping[str, set[tuple[object, ...]]] = {
    "bedrock-athena": {
        ("2026-05-04", "helpdesk", "anthropic.claude-x", "generation", 1, 0, 749, 700, 40, 12),
        ("2026-05-05", "helpdesk", "anthropic.claude-x", "generation", 1, 0, 5, 0, 0, 3),
        ("2026-05-05", "ana", "amazon.nova-lite", "generation", 1, 1, 80, 30, 0, 4),
    },
    "vertex-bigquery": {
        ("2026-05-04", "e/1", "gemini-z", "generation", 1, 0, 50, 30, 0, 27),
        ("2026-05-05", "e/1", "gemini-z", "generation", 2, 0, 4, 0, 0, 6),
        ("2026-05-05", "e/1", "claude-y", "generation", 1, 0, 93, 90, 0, 11),
    },
    "databricks-endpoint-usage": {
        ("2026-05-04", "bot", "system.ai.llama-w", "generation", 1, 0, 100, 0, 0, 10),
        ("2026-05-05", "bot", "system.ai.llama-w", "generation", 1, 1, 200, 0, 0, 20),
        ("2026-05-05", "bot", "embed-v", "embedding", 1, 0, 50, 0, 0, 0),
    },
    "snowflake-cortex-usage": {
        ("2026-05-04", "7", "claude-q", "generation", 1, 0, 20, 0, 0, 3),
        ("2026-05-05", "7", "claude-q", "generation", 1, 0, 806, 800, 0, 9),
        ("2026-05-05", "7", "llama-p", "generation", 1, 0, 0, 0, 0, 0),
    },
}
"""By day, system, model and operation: inferences, errors, input, cached, written and output tokens."""


@pytest.fixture(scope="module")
def statements() -> Mapping[str, str]:
    """The statement of each preset, compiled by the package of its engine."""
    return json.loads(output_of("preset_statements"))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_for_a_warehouse_counts_the_rows_of_its_producer(
    statements: Mapping[str, str], name: str
) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.execute(STANDING_IN)
    connection.execute(TABLES[name])
    statement = translated(statements[name], PRESETS[name])
    for schema in ('"system"."serving".', '"SNOWFLAKE"."ACCOUNT_USAGE".'):
        statement = statement.replace(schema, "")
    source = config(name)

    found = answer_of(
        run(connection, statement), plan_of(source), source, system_lookup(parse_template(source.system))
    )

    assert {
        (
            f"{row.day}", row.system, row.model, str(row.operation), row.inferences, row.errors, row.input_tokens,
            row.cached_input_tokens, row.cache_write_tokens, row.output_tokens,
        )
        for row in found.usage
    } == COUNTED[name]  # fmt: skip
    assert found.problems == ()


def test_tokens_that_a_warehouse_does_not_tell_are_unknown(statements: Mapping[str, str]) -> None:
    connection = duckdb.connect()
    connection.execute(STANDING_IN)
    connection.execute(SNOWFLAKE)
    name = "snowflake-cortex-usage"
    statement = translated(statements[name], PRESETS[name]).replace('"SNOWFLAKE"."ACCOUNT_USAGE".', "")
    source = config(name)

    found = answer_of(
        run(connection, statement), plan_of(source), source, system_lookup(parse_template(source.system))
    )

    (row,) = (row for row in found.usage if row.model == "llama-p")
    assert (row.unknown_input, row.unknown_output, row.unpriced) == (1, 1, 1)
