-- arize-phoenix 20.26.1, sqlite: the tables that presets read

CREATE TABLE "spans" (
    "id" INTEGER,
    "trace_rowid" INTEGER,
    "span_id" VARCHAR,
    "parent_id" VARCHAR,
    "name" VARCHAR,
    "span_kind" VARCHAR,
    "start_time" TIMESTAMP,
    "end_time" TIMESTAMP,
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
    "start_time" TIMESTAMP,
    "end_time" TIMESTAMP,
    "project_session_rowid" INTEGER,
    PRIMARY KEY ("id")
);

CREATE TABLE "projects" (
    "id" INTEGER,
    "name" VARCHAR,
    "description" VARCHAR,
    "gradient_start_color" VARCHAR,
    "gradient_end_color" VARCHAR,
    "created_at" TIMESTAMP,
    "updated_at" TIMESTAMP,
    "trace_retention_policy_id" INTEGER,
    PRIMARY KEY ("id")
);

CREATE TABLE "span_costs" (
    "id" INTEGER,
    "span_rowid" INTEGER,
    "trace_rowid" INTEGER,
    "model_id" INTEGER,
    "span_start_time" TIMESTAMP,
    "total_cost" FLOAT,
    "total_tokens" FLOAT,
    "prompt_cost" FLOAT,
    "prompt_tokens" FLOAT,
    "completion_cost" FLOAT,
    "completion_tokens" FLOAT,
    PRIMARY KEY ("id")
);
