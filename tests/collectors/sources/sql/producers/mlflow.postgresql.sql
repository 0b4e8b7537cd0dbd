-- mlflow 3.18.0, postgresql: the tables that presets read

CREATE TABLE "spans" (
    "trace_id" VARCHAR(50),
    "experiment_id" INTEGER,
    "span_id" VARCHAR(50),
    "parent_span_id" VARCHAR(50),
    "name" TEXT,
    "type" VARCHAR(500),
    "status" VARCHAR(50),
    "start_time_unix_nano" BIGINT,
    "end_time_unix_nano" BIGINT,
    "duration_ns" BIGINT,
    "content" TEXT,
    "input_cost" DOUBLE PRECISION,
    "output_cost" DOUBLE PRECISION,
    "total_cost" DOUBLE PRECISION,
    "model_name" VARCHAR(500),
    "model_provider" VARCHAR(500),
    PRIMARY KEY ("trace_id", "span_id")
);

CREATE INDEX "idx_spans_cost_exp_time_cover" ON "spans" ("experiment_id", "start_time_unix_nano");

CREATE INDEX "index_spans_experiment_id_duration" ON "spans" ("experiment_id", "duration_ns");

CREATE INDEX "index_spans_experiment_id_start_time" ON "spans" ("experiment_id", "start_time_unix_nano");

CREATE INDEX "index_spans_experiment_id_status_type" ON "spans" ("experiment_id", "status", "type");

CREATE INDEX "index_spans_experiment_id_type_status" ON "spans" ("experiment_id", "type", "status");

CREATE TABLE "experiments" (
    "experiment_id" INTEGER,
    "name" VARCHAR(256),
    "artifact_location" VARCHAR(256),
    "lifecycle_stage" VARCHAR(32),
    "creation_time" BIGINT,
    "last_update_time" BIGINT,
    "workspace" VARCHAR(63),
    PRIMARY KEY ("experiment_id")
);

CREATE TABLE "trace_info" (
    "request_id" VARCHAR(50),
    "experiment_id" INTEGER,
    "timestamp_ms" BIGINT,
    "execution_time_ms" BIGINT,
    "status" VARCHAR(50),
    "client_request_id" VARCHAR(50),
    "request_preview" VARCHAR(1000),
    "response_preview" VARCHAR(1000),
    "db_payload_generation" INTEGER,
    "trace_name" VARCHAR(4096),
    "session_id" VARCHAR(250),
    "input_tokens" BIGINT,
    "output_tokens" BIGINT,
    "total_tokens" BIGINT,
    "cache_read_input_tokens" BIGINT,
    "cache_creation_input_tokens" BIGINT,
    "cache_creation_input_tokens_above_1hr" BIGINT,
    "input_cost" DOUBLE PRECISION,
    "output_cost" DOUBLE PRECISION,
    "total_cost" DOUBLE PRECISION,
    PRIMARY KEY ("request_id")
);

CREATE INDEX "index_trace_info_experiment_id_session_id" ON "trace_info" ("experiment_id", "session_id");

CREATE INDEX "index_trace_info_experiment_id_timestamp_ms" ON "trace_info" ("experiment_id", "timestamp_ms");

CREATE TABLE "trace_tags" (
    "key" VARCHAR(250),
    "value" VARCHAR(8000),
    "request_id" VARCHAR(50),
    PRIMARY KEY ("key", "request_id")
);

CREATE TABLE "trace_request_metadata" (
    "key" VARCHAR(250),
    "value" VARCHAR(8000),
    "request_id" VARCHAR(50),
    PRIMARY KEY ("key", "request_id")
);
