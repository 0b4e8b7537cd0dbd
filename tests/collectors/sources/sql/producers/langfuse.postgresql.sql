-- Langfuse 2.95, postgresql: the tables that presets read, after packages/shared/prisma/schema.prisma of its repository

CREATE TYPE "ObservationType" AS ENUM ('SPAN', 'EVENT', 'GENERATION');

CREATE TYPE "ObservationLevel" AS ENUM ('DEBUG', 'DEFAULT', 'WARNING', 'ERROR');

CREATE TABLE "projects" (
    "id" TEXT,
    "created_at" TIMESTAMP(3),
    "name" TEXT,
    "updated_at" TIMESTAMP(3),
    "org_id" TEXT,
    "deleted_at" TIMESTAMP(3),
    PRIMARY KEY ("id")
);

CREATE TABLE "traces" (
    "id" TEXT,
    "timestamp" TIMESTAMP(3),
    "name" TEXT,
    "project_id" TEXT,
    "metadata" JSONB,
    "external_id" TEXT,
    "user_id" TEXT,
    "release" TEXT,
    "version" TEXT,
    "public" BOOLEAN,
    "bookmarked" BOOLEAN,
    "input" JSONB,
    "output" JSONB,
    "session_id" TEXT,
    "tags" TEXT[],
    "created_at" TIMESTAMP(3),
    "updated_at" TIMESTAMP(3),
    PRIMARY KEY ("id")
);

CREATE TABLE "observations" (
    "id" TEXT,
    "name" TEXT,
    "start_time" TIMESTAMP(3),
    "end_time" TIMESTAMP(3),
    "parent_observation_id" TEXT,
    "type" "ObservationType",
    "trace_id" TEXT,
    "metadata" JSONB,
    "model" TEXT,
    "modelParameters" JSONB,
    "input" JSONB,
    "output" JSONB,
    "level" "ObservationLevel",
    "status_message" TEXT,
    "completion_start_time" TIMESTAMP(3),
    "completion_tokens" INTEGER,
    "prompt_tokens" INTEGER,
    "total_tokens" INTEGER,
    "version" TEXT,
    "project_id" TEXT,
    "created_at" TIMESTAMP(3),
    "unit" TEXT,
    "prompt_id" TEXT,
    "input_cost" DECIMAL(65, 30),
    "output_cost" DECIMAL(65, 30),
    "total_cost" DECIMAL(65, 30),
    "internal_model" TEXT,
    "updated_at" TIMESTAMP(3),
    "calculated_input_cost" DECIMAL(65, 30),
    "calculated_output_cost" DECIMAL(65, 30),
    "calculated_total_cost" DECIMAL(65, 30),
    "internal_model_id" TEXT,
    PRIMARY KEY ("id")
);

CREATE INDEX "observations_start_time_idx" ON "observations" ("start_time");
