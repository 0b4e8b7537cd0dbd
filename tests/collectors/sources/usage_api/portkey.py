"""Portkey's analytics by the OpenAPI file of its API: groups and graphs over the time that is asked for."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.collectors.sources.usage_api.server import Asked, Reply


def called(at: str, model: str = "m", **more: Any) -> dict[str, Any]:
    """A request, or `n` of them that are alike."""
    return {"at": at, "model": model, "status": 200, "hit": False, "cents": 1.0, "metadata": {}, "n": 1, **more}


@dataclass
class Portkey:
    """A workspace. The end of the time that is asked for belongs to it or not."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 100
    """The most groups of a page, whatever is asked for."""
    ends_inside: bool = True
    costs: bool = True
    """Whether models have a cost, which nobody documents."""

    def __call__(self, asked: Asked) -> Reply:
        if "x-portkey-api-key" not in asked.headers:
            return Reply({"success": False, "data": {"message": "Unauthorized", "errorCode": "AB05"}}, 401)
        if not asked.first("workspace_slug"):
            return Reply({"success": False, "data": {"errorCode": "AB01"}}, 400)
        found = [one for one in self.requests if self._is_asked_for(one, asked)]
        name = asked.path.removeprefix("/v1/analytics/")
        if name.startswith("groups/"):
            return self._groups(asked, name.removeprefix("groups/"), found)
        failed = [one for one in found if one["status"] >= 400]
        if name == "graphs/errors/status-codes":
            codes = Counter({one["status"]: 0 for one in failed})
            for one in failed:
                codes[one["status"]] += one["n"]
            points = [{"status_code": code, "count": count} for code, count in codes.items()]
            summary = {"total_errors": codes.total(), "unique_error_codes": len(codes)}
            return Reply({"object": "analytics-graph", "summary": summary, "data_points": points})
        total = {
            "graphs/requests": sum(one["n"] for one in found),
            "graphs/cost": sum(one["cents"] * one["n"] for one in found),
            "graphs/cache/hit-rate": sum(one["n"] for one in found if one["hit"]),
        }[name]
        return Reply({"object": "analytics-graph", "summary": {"total": total}, "data_points": []})

    def _is_asked_for(self, one: dict[str, Any], asked: Asked) -> bool:
        first, end = (datetime.fromisoformat(asked.first(f"time_of_generation_{it}")) for it in ("min", "max"))
        at = datetime.fromisoformat(one["at"])
        codes = asked.first("status_code")
        wanted = json.loads(asked.first("metadata", "{}"))
        return (
            (first <= at <= end if self.ends_inside else first <= at < end)
            and (not codes or str(one["status"]) in codes.split(","))
            and all(one["metadata"].get(name) == value for name, value in wanted.items())
        )

    def _groups(self, asked: Asked, kind: str, found: list[dict[str, Any]]) -> Reply:
        sums: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
        key = kind.removeprefix("metadata/")
        for one in found:
            name = one["model"] if kind == "ai-models" else one["metadata"].get(key)
            if name is not None:
                sums[name][0] += one["n"]
                sums[name][1] += one["cents"] * one["n"]
        size = min(int(asked.first("page_size")), self.rows)
        first = int(asked.first("current_page")) * size
        word = "ai_model" if kind == "ai-models" else "metadata_value"
        data = [
            {word: name, "requests": f"{requests}", "object": "analytics-group"}
            | ({"cost": cents} if self.costs or kind != "ai-models" else {})
            for name, (requests, cents) in sorted(sums.items(), key=lambda it: (-it[1][0], it[0]))
        ]
        return Reply({"object": "list", "total": len(data), "data": data[first : first + size]})
