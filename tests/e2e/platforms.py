"""Platforms and lines in Loki, with a text in every place of their answers that is not read, and as a name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.collectors.sources.web import Asked, Said

_WORDS = {
    "anthropic-report": "workspace_id", "langfuse": "traceName", "langfuse-observations": "traceName",
    "langsmith": "name", "helicone": "properties.team",
}  # fmt: skip
COUNTED = frozenset({"langfuse", "langfuse-observations", "langsmith", "helicone", "loki", "registry"})
REFUSED = frozenset({f"{name}-refused" for name in (*_WORDS, "loki", "registry")})
_GOOD = "shop"


def sources(url: str, secret: str) -> list[dict[str, Any]]:
    """A source of each, and one that is refused. One call has a good name, one has the text in its place."""
    found: list[dict[str, Any]] = []
    for refused in ("", "-refused"):
        for api, word in _WORDS.items():
            keys = {"user": "pk", "password": secret} if api.startswith("langfuse") else {"token": secret}
            only = {"only": {"project_ids": ["p"]}} if api == "langsmith" else {}
            rules = [{"is": f"bot-of-{api}{refused}", "where": {word: _GOOD}}]
            one = {"name": f"{api}{refused}", "type": "usage-api", "api": api, "system": rules, **keys, **only}
            found.append({**one, "url": f"{url}/platforms/{refused}"})
        rules = [{"is": f"bot-of-loki{refused}", "where": {"team": _GOOD}}]
        lines = {"name": f"loki{refused}", "type": "loki", "query": '{app="gw"}', "system": rules}
        found.append({**lines, "token": secret, "url": f"{url}/platforms/{refused}"})
    registries: list[dict[str, Any]] = [
        {
            "name": f"registry{refused}", "type": "prompt-registry", "api": "langfuse", "user": "pk",
            "password": secret, "url": f"{url}/platforms/{refused}", "systems": {"bot": ["answer"]},
        }
        for refused in ("", "-refused")
    ]  # fmt: skip
    return [*({**one, "history": "3d"} for one in found), *registries]


def answer(asked: Asked, canary: str) -> Said:
    """What a platform says of yesterday, and of no other day."""
    if asked.path.startswith("/platforms/-refused"):
        return Said({"error": canary, "message": canary}, 403, {"X-Note": canary.replace("\n", " ")})
    at = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    noon = f"{at + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
    more: dict[str, Any] = {canary: canary, "note": canary}
    names = (_GOOD, canary)
    path = asked.path
    if path.endswith("/prompts/answer"):
        return Said({"name": "answer", "prompt": canary, "config": more, "version": canary, **more})
    if path.endswith("/query"):
        if path.endswith("runs/query"):
            run: dict[str, Any] = {"start_time": noon, "status": "success", "inputs": canary, **more}
            return Said({"items": [{**run, "id": f"{canary}{n}", "name": name} for n, name in enumerate(names)]})
        inside = int(asked["time"]) // 10**9 == int(at.timestamp()) + 86_399
        labels: list[dict[str, Any]] = [{"team": name, **more} for name in names if inside]
        lines = [{"metric": it, "value": [1, "2"]} for it in labels]
        data: dict[str, Any] = {"resultType": "vector", "result": lines}
        return Said({"status": "success", "data": data, **more})
    if path.endswith("/metrics"):
        row = {"time_dimension": f"{at:%Y-%m-%d}", "providedModelName": "m", "type": "GENERATION", **more}
        return Said({"data": [{**row, "count_count": "2", "traceName": name} for name in names], **more})
    if path.endswith("/observations"):
        one: dict[str, Any] = {"type": "GENERATION", "startTime": noon, "model": "m", "input": canary, **more}
        found = [{**one, "id": f"{canary}{n}", "traceName": name} for n, name in enumerate(names)]
        return Said({"data": found if asked["type"] == "GENERATION" else [], "meta": {canary: canary}})
    if path.endswith("/query-clickhouse"):
        assert json.loads(asked.body)["limit"]
        if json.loads(asked.body)["offset"]:
            return Said({"data": []})
        request: dict[str, Any] = {
            "request_created_at": noon,
            "response_status": 200,
            "request_body": canary,
            **more,
        }
        return Said({"data": [
            {**request, "request_id": f"{canary}{n}", "request_properties": {"team": name, canary: canary}}
            for n, name in enumerate(names)
        ]})  # fmt: skip
    cost: dict[str, Any] = {"amount": "12", "currency": "USD", "description": "tokens"}
    tokens: dict[str, Any] = {
        "uncached_input_tokens": 5,
        "cache_read_input_tokens": 0,
        "output_tokens": 2,
        "cache_creation": more,
    }
    results = [{**cost, **tokens, "model": "m", "workspace_id": name, **more} for name in names]
    if path.endswith("/cost_report"):
        results = results[:1]
    return Said({"data": [{"starting_at": f"{at:%Y-%m-%dT00:00:00Z}", "results": results, **more}], **more})
