"""LangSmith: the runs of model calls in tracing projects, one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import after, known, parsed, rfc3339
from leverwatch.collectors.tells import Tells

_PATH = "/api/v2/runs/query"
_RUNS = 1000
_SELECTS = (
    "ID", "NAME", "RUN_TYPE", "STATUS", "START_TIME", "LATENCY_SECONDS", "PROJECT_ID", "PROMPT_TOKENS",
    "COMPLETION_TOKENS", "TOTAL_COST", "PROMPT_TOKEN_DETAILS", "COMPLETION_TOKEN_DETAILS", "METADATA",
)  # fmt: skip
"""No inputs and outputs: prompts stay where they are."""


class _Details(Struct):
    raw: dict[str, int] | None = None


class _Metadata(Struct):
    ls_model_name: str | None = None


class _Run(Struct):
    id: str
    start_time: datetime
    status: str | None = None
    name: str | None = None
    project_id: str | None = None
    latency_seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_cost: float | None = None
    prompt_token_details: _Details | None = None
    completion_token_details: _Details | None = None
    metadata: _Metadata | None = None


class _Page(Struct):
    items: list[_Run]
    next_cursor: str | None = None


def questions(wish: Wish) -> list[Question]:
    """Return the first question about runs of model calls."""
    body = {
        "project_ids": list(wish.only.get("project_ids", ())),
        "run_type": "LLM",
        "min_start_time": rfc3339(wish.days.first),
        "max_start_time": rfc3339(after(wish.days.last)),
        "page_size": _RUNS,
        "selects": list(_SELECTS),
    }
    return [Question("runs", _PATH, body=body)]


def read(question: Question, body: bytes, _wish: Wish) -> Page:
    """Return what a page of runs says.

    Raises:
        ValueError: it is not as documented.
    """
    page = parsed(body, _Page)
    following = None
    if page.next_cursor:
        asked = {**(question.body or {}), "cursor": page.next_cursor}
        following = Question(question.what, question.path, body=asked)
    # A call that is not over yet is told when it is.
    runs = [run for run in page.items if (run.status or "").lower() != "pending"]
    return Page(usage=[_usage(run) for run in runs], following=following)


def _usage(run: _Run) -> Usage:
    entered = (run.prompt_token_details and run.prompt_token_details.raw) or {}
    left = (run.completion_token_details and run.completion_token_details.raw) or {}
    values: dict[str, Any] = {
        "inferences": 1,
        "model": run.metadata.ls_model_name if run.metadata is not None else None,
        "status": "error" if (run.status or "").lower() == "error" else None,
        # Zero is what is written where nobody told any.
        "input_tokens": run.prompt_tokens or None,
        "output_tokens": run.completion_tokens or None,
        "cached_input_tokens": entered.get("cache_read"),
        "cache_write_tokens": entered.get("cache_creation"),
        "reasoning_tokens": left.get("reasoning"),
        "cost_usd": run.total_cost or None,
        "latency_ms": None if run.latency_seconds is None else run.latency_seconds * 1000,
    }
    start = run.start_time if run.start_time.tzinfo else run.start_time.replace(tzinfo=UTC)
    names = {"project_id": run.project_id, "name": run.name}
    return Usage(start.astimezone(UTC).date(), known(values), names, id=run.id)


LANGSMITH = UsageApi(
    name="langsmith",
    url="https://api.smith.langchain.com",
    needs="it needs an API key of the workspace (lsv2_...) that may read its tracing projects",
    words=("project_id", "name"),
    filters=("project_ids",),
    required=("project_ids",),
    questions=questions,
    read=read,
    key_header="x-api-key",
    tells=Tells(
        systems="tracing project, or the name of the run",
        models="yes, where `ls_model_name` is in the metadata",
        calls="runs of the type LLM",
        tokens="input, output",
        cached="read, written",
        errors="runs with an error",
        latency="yes",
        cost="as LangSmith works it out, or is told",
        delay="seconds; a run that is not over is told later",
        permission="an API key of the workspace that reads tracing projects",
    ),
)
