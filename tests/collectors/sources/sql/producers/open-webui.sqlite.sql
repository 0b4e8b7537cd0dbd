-- open-webui 0.12.4, sqlite: the tables that presets read

CREATE TABLE "chat_message" (
    "id" TEXT,
    "chat_id" TEXT,
    "user_id" TEXT,
    "role" TEXT,
    "parent_id" TEXT,
    "content" JSON,
    "output" JSON,
    "model_id" TEXT,
    "files" JSON,
    "sources" JSON,
    "embeds" JSON,
    "done" BOOLEAN,
    "status_history" JSON,
    "error" JSON,
    "usage" JSON,
    "created_at" BIGINT,
    "updated_at" BIGINT,
    "context_summary" TEXT,
    "meta" JSON,
    PRIMARY KEY ("id")
);

CREATE INDEX "ix_chat_message_created_at" ON "chat_message" ("created_at");

CREATE TABLE "chat" (
    "id" VARCHAR,
    "user_id" VARCHAR,
    "title" TEXT,
    "created_at" BIGINT,
    "updated_at" BIGINT,
    "share_id" TEXT,
    "archived" BOOLEAN,
    "chat" JSON,
    "pinned" BOOLEAN,
    "meta" JSON,
    "folder_id" TEXT,
    "tasks" JSON,
    "summary" TEXT,
    "last_read_at" BIGINT,
    "current_message_id" TEXT,
    "variables" JSON,
    "timer_at" BIGINT,
    PRIMARY KEY ("id")
);

CREATE TABLE "model" (
    "id" TEXT,
    "user_id" TEXT,
    "base_model_id" TEXT,
    "name" TEXT,
    "params" TEXT,
    "meta" TEXT,
    "updated_at" BIGINT,
    "created_at" BIGINT,
    "is_active" BOOLEAN,
    "version_id" TEXT,
    PRIMARY KEY ("id")
);

CREATE TABLE "folder" (
    "id" TEXT,
    "parent_id" TEXT,
    "user_id" TEXT,
    "name" TEXT,
    "items" JSON,
    "meta" JSON,
    "is_expanded" BOOLEAN,
    "created_at" BIGINT,
    "updated_at" BIGINT,
    "data" JSON,
    PRIMARY KEY ("id", "user_id")
);
