"""The types of calls that LiteLLM logs, and the operation of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from leverwatch.collectors.records.formats.routes import route
from leverwatch.collectors.records.recall import recall


class Special(Enum):
    """Types of which more than their name has to be looked at."""

    PASSED_ON = "passed on"
    """A request that goes to a model server as it is, whatever it asks for."""
    SESSION = "session"
    """A connection over which many answers come."""
    BATCH = "batch"
    """A look at a batch, which says what it used once it is done."""
    CREATE = "create"
    """`create` of several modules: an interaction with a model, or a vector store."""
    MANAGED = "managed"
    """No inference is asked for: uploads, jobs, look-ups, tools."""


Call = str | Special

_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "completion": (
        "completion", "text_completion", "anthropic_messages", "responses", "compact_responses",
        "generate_content", "generate_content_stream", "create_interaction",
    ),
    "embeddings": ("embedding",),
    "rerank": ("rerank",),
    "image": ("image_generation", "image_edit", "image_variation"),
    "audio": ("speech", "transcription"),
    "moderation": ("moderation",),
    "agent": ("send_message", "send_message_streaming", "query"),
    "other": (
        "search", "ocr", "decisions", "systemone", "extraction", "create_video", "video_generation", "video_edit",
        "video_remix", "video_extension",
    ),
}  # fmt: skip
_SPECIAL: Mapping[Special, tuple[str, ...]] = {
    Special.PASSED_ON: ("pass_through_endpoint", "llm_passthrough_route"),
    Special.SESSION: ("_realtime", "_responses_websocket"),
    Special.BATCH: ("retrieve_batch",),
    Special.CREATE: ("create",),
    Special.MANAGED: (
        "create_realtime_client_secret", "realtime_calls", "create_realtime_transcription_session",
        "create_realtime_translation_client_secret", "realtime_translation_calls",
        "create_batch", "cancel_batch", "list_batches",
        "get_assistants", "create_assistants", "delete_assistant", "create_thread", "get_thread", "_add_message",
        "add_message", "get_messages", "run_thread", "run_thread_stream",
        "file_retrieve", "file_delete", "file_list", "create_file", "file_content",
        "create_fine_tuning_job", "cancel_fine_tuning_job", "list_fine_tuning_jobs", "retrieve_fine_tuning_job",
        "video_retrieve", "video_content", "video_list", "video_retrieve_job", "video_delete", "video_status",
        "video_create_character", "video_get_character",
        "vector_store_file_create", "vector_store_file_list", "vector_store_file_retrieve",
        "vector_store_file_content", "vector_store_file_update", "vector_store_file_delete", "vector_store_create",
        "vector_store_search", "ingest",
        "create_container", "list_containers", "retrieve_container", "delete_container", "list_container_files",
        "upload_container_file", "create_sandbox", "delete_sandbox", "run_code", "code_interpreter_tool",
        "get_responses", "delete_responses", "cancel_responses", "list_input_items",
        "call_mcp_tool", "list_mcp_tools",
        "create_skill", "list_skills", "get_skill", "delete_skill",
        "create_eval", "list_evals", "get_eval", "update_eval", "delete_eval", "cancel_eval",
        "create_run", "list_runs", "get_run", "delete_run", "cancel_run",
        "get", "list", "list_versions", "update", "delete", "cancel", "retrieve", "retrieve_content",
    ),
}  # fmt: skip
MANAGED_PARTS = (
    "file", "batch", "fine_tuning", "container", "skill", "sandbox", "vector_store", "assistant", "thread", "mcp",
    "input_items", "get_responses", "delete_responses", "cancel_responses", "run_code", "interpreter", "eval",
)  # fmt: skip
"""Parts of the names of such calls that newer versions may add."""


def _spellings(name: str) -> tuple[str, ...]:
    """Return how a function is called in the log: that of asyncio has an `a` before its name."""
    return (name, "_a" + name[1:]) if name.startswith("_") else (name, "a" + name)


CALLS: Mapping[str, Call] = {
    **{word: operation for operation, names in _OPERATIONS.items() for name in names for word in _spellings(name)},
    **{word: special for special, names in _SPECIAL.items() for name in names for word in _spellings(name)},
    "arealtime": Special.SESSION,
    "aresponses_websocket": Special.SESSION,
    "a_add_message": Special.MANAGED,
}

PLAIN: Mapping[str, str] = {word: call for word, call in CALLS.items() if isinstance(call, str)}
"""The operations of all types of calls of which the name says enough."""


@recall(1024)
def call_of(word: str) -> Call | None:
    """Return the operation of a type of call, as a word that `vocabulary` knows, or how to look further; None for
    one that is not LiteLLM's own."""
    known = CALLS.get(word)
    if known is None and any(part in word for part in MANAGED_PARTS):
        return Special.MANAGED
    return known


@recall(1024)
def refused_path(path: str) -> tuple[str, str | None] | None:
    """Return operation and model of a path in place of a type, as refused requests have; None when the path asks
    for no inference."""
    known = route(path) or route("/v1" + path)
    if known is not None:
        return known.operation, known.model
    return ("completion", None) if path.rstrip("/").endswith(("/interactions", "/realtime")) else None
