-- arize-phoenix 20.26.1, postgresql: the tables that presets read

CREATE TABLE "spans" (
    "id" INTEGER,
    "trace_rowid" INTEGER,
    "span_id" VARCHAR,
    "parent_id" VARCHAR,
    "name" VARCHAR,
    "span_kind" VARCHAR,
    "start_time" TIMESTAMP WITH TIME ZONE,
    "end_time" TIMESTAMP WITH TIME ZONE,
    "attributes" JSONB,
    "events" JSONB,
    "status_code" VARCHAR,
    "status_message" VARCHAR,
    "cumulative_error_count" INTEGER,
    "cumulative_llm_token_count_prompt" INTEGER,
    "cumulative_llm_token_count_completion" INTEGER,
    "llm_token_count_prompt" INTEGER,
    "llm_token_count_completion" INTEGER,
    PRIMARY KEY ("id")
);

CREATE INDEX "ix_spans_start_time" ON "spans" ("start_time");

CREATE TABLE "traces" (
    "id" INTEGER,
    "project_rowid" INTEGER,
    "trace_id" VARCHAR,
    "start_time" TIMESTAMP WITH TIME ZONE,
    "end_time" TIMESTAMP WITH TIME ZONE,
    "project_session_rowid" INTEGER,
    PRIMARY KEY ("id")
);

CREATE TABLE "projects" (
    "id" INTEGER,
    "name" VARCHAR,
    "description" VARCHAR,
    "gradient_start_color" VARCHAR,
    "gradient_end_color" VARCHAR,
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    "trace_retention_policy_id" INTEGER,
    PRIMARY KEY ("id")
);

CREATE TABLE "span_costs" (
    "id" BIGINT,
    "span_rowid" BIGINT,
    "trace_rowid" BIGINT,
    "model_id" BIGINT,
    "span_start_time" TIMESTAMP WITH TIME ZONE,
    "total_cost" DOUBLE PRECISION,
    "total_tokens" DOUBLE PRECISION,
    "prompt_cost" DOUBLE PRECISION,
    "prompt_tokens" DOUBLE PRECISION,
    "completion_cost" DOUBLE PRECISION,
    "completion_tokens" DOUBLE PRECISION,
    PRIMARY KEY ("id")
);
