"""The messages of Open WebUI, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from leverwatch.collectors.sources.sql.presets.fences import FENCE
from leverwatch.collectors.sources.sql.presets.interface import Preset

_STATEMENT = """
SELECT m.at, m.message_id, m.status, 'chat' AS operation,
  coalesce(nullif(w.base_model_id, ''), m.model_id) AS model,
  CASE WHEN m.taken > 0 OR m.given > 0 THEN m.taken END AS input_tokens,
  CASE WHEN m.taken > 0 OR m.given > 0 THEN m.given END AS output_tokens,
  m.cached AS cached_input_tokens, m.thought AS reasoning_tokens, m.cost AS cost_usd,
  CASE WHEN nullif(w.base_model_id, '') IS NULL THEN 'open-webui' ELSE w.name END AS assistant,
  coalesce(f.name, 'no folder') AS folder, m.user_id, m.chat_id
FROM (
  SELECT b.at, b.chat_id, b.user_id, b.model_id, substr(b.id, length(b.chat_id) + 2) AS message_id,
    CASE WHEN FAILED THEN 'error' ELSE 'success' END AS status,
    NUMBERS{fence}
  FROM (
    SELECT s.created_at AS at, s.id, s.chat_id, s.user_id, s.model_id, s.error, s.usage
    FROM {chat_message} s WHERE s.role = 'assistant' AND s.created_at <= 10000000000
    UNION ALL
    SELECT ms.created_at / 1000 AS at, ms.id, ms.chat_id, ms.user_id, ms.model_id, ms.error, ms.usage
    FROM {chat_message} ms WHERE ms.role = 'assistant' AND ms.created_at > 10000000000
  ) b
) m
LEFT JOIN {model} w ON w.id = m.model_id
LEFT JOIN {chat} c ON c.id = m.chat_id
LEFT JOIN {folder} f ON f.id = c.folder_id AND f.user_id = c.user_id
"""
"""A row for each answer. Old times are in milliseconds; a copy of a chat has its messages under their old ids.
Capitals stand for what each database has words of its own for."""
_NUMBERS = {
    "taken": ("input_tokens", "prompt_tokens", "prompt_eval_count"),
    "given": ("output_tokens", "completion_tokens", "eval_count"),
    "cached": ("prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "cache_n"),
    "thought": ("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"),
    "cost": ("cost", "total_cost"),
}
"""The keys of the usage: Open WebUI's own names, which are sums over the calls of an answer, first."""


def _made(error: str, number: Callable[[str], str], fence: str = "") -> str:
    # What is not told is the word null of JSON there.
    failed = f"coalesce({error}, 'null') NOT IN ('null', '\"\"', '{{}}', 'false')"
    numbers = (f"coalesce({', '.join(map(number, keys))}) AS {name}" for name, keys in _NUMBERS.items())
    return _STATEMENT.replace("FAILED", failed).replace("NUMBERS{fence}", ", ".join(numbers) + fence)


def _of_postgresql(key: str) -> str:
    text = f"b.usage #>> '{{{key.replace('.', ',')}}}'"
    return rf"CASE WHEN {text} ~ '^[0-9]{{1,15}}(\.[0-9]+)?(e-?[0-9]+)?$' THEN ({text})::numeric END"


def _of_sqlite(key: str) -> str:
    return f"CASE WHEN json_valid(b.usage) THEN json_extract(b.usage, '$.{key}') END"


PRESETS = (
    Preset(
        name="open-webui",
        producer="Open WebUI",
        versions="0.12, and back to February 2026",
        engines=("postgresql", "sqlite"),
        statement=_made("b.error::text", _of_postgresql, f", {FENCE} AS fence"),
        statements={"sqlite": _made("b.error", _of_sqlite)},
        tables=("chat_message", "chat", "model", "folder"),
        time_is="s",
        fields={
            "time": "at",
            "request_id": "message_id",
            "model": "model",
            "operation": "operation",
            "status": "status",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_input_tokens",
            "output_tokens": "output_tokens",
            "reasoning_tokens": "reasoning_tokens",
            "cost_usd": "cost_usd",
        },
        system="{assistant}",
        systems={"folder": "{folder}", "user": "{user_id}"},
        distinct=True,
        cannot=(
            "titles, tags and other calls of its own",
            "temporary chats and its API",
            "how many calls an answer with tools took",
            "deleted chats",
            "latency",
        ),
    ),
)
