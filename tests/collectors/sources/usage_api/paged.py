"""Servers that page as their APIs document, with as many rows on each page as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from leverwatch.collectors.sources.usage_api.interface import Question
from tests.collectors.sources.usage_api.server import Asked, Reply

Provider = Callable[[Asked], Reply]
Sizes = Callable[[], int]
"""Returns how many rows the next page has at most."""


def fetching(provider: Provider) -> Callable[[Question], bytes]:
    """What asks a provider without a socket."""

    def fetch(question: Question) -> bytes:
        query = {
            name: [value] if isinstance(value, str) else list(value) for name, value in question.parameters.items()
        }
        headers = dict.fromkeys(("authorization", "x-api-key", "x-portkey-api-key", "anthropic-version"), "k")
        headers["anthropic-beta"] = "analytics-usage-cost-2026-08-24"
        body = msgspec.json.decode(msgspec.json.encode(question.body)) if question.body else None
        reply = provider(Asked(question.path, query, headers, body))
        assert reply.status == 200
        return msgspec.json.encode(reply.body)

    return fetch


def by_cursor(rows: Sequence[dict[str, Any]], sizes: Sizes, *, of: str) -> Provider:
    """Calls of LangSmith or Langfuse, behind a cursor; a page may be empty and not be the last one."""

    def answer(asked: Asked) -> Reply:
        given = (asked.body or {}).get("cursor") if of == "langsmith" else asked.first("cursor") or None
        kind = asked.first("type")
        found = [row for row in rows if not kind or row["type"] == kind]
        first, size = int(given or 0), sizes()
        part, end = found[first : first + size], first + size
        cursor = f"{end}" if end < len(found) else None
        if of == "langsmith":
            return Reply({"items": part, "next_cursor": cursor})
        return Reply({"data": part, "meta": {"cursor": cursor} if cursor else {}})

    return answer


def by_offset(rows: Sequence[dict[str, Any]], sizes: Sizes, arrives: Callable[[int], bool]) -> Provider:
    """Requests of Helicone. `arrives` says whether one more came before those that were read, by then."""
    late = 0

    def answer(asked: Asked) -> Reply:
        nonlocal late
        if asked.body["offset"] and rows and arrives(late):
            late += 1
        now = [{**rows[0], "request_id": f"late-{at}"} for at in range(late)] + list(rows)
        first = asked.body["offset"]
        return Reply({"data": now[first : first + min(sizes(), asked.body["limit"])]})

    return answer


def cut_off(rows: Sequence[dict[str, Any]], most: int) -> Provider:
    """Metrics of Langfuse that are cut off at fewer rows than are asked for, without a word."""

    def answer(asked: Asked) -> Reply:
        query = msgspec.json.decode(asked.first("query"))
        first = query["fromTimestamp"][:10]
        end = (datetime.fromisoformat(query["toTimestamp"][:10]) - timedelta(days=1)).date().isoformat()
        found = [row for row in rows if first <= row["time_dimension"][:10] <= end]
        if not query["dimensions"]:
            days: dict[str, int] = {}
            for row in found:
                day = row["time_dimension"]
                days[day] = days.get(day, 0) + int(row["count_count"])
            return Reply({"data": [{"time_dimension": day, "count_count": f"{n}"} for day, n in days.items()]})
        return Reply({"data": found[:most]})

    return answer
