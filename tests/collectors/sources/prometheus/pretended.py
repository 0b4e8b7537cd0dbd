"""What a server answers whose one counter grows by ten calls a day, for tests of what is around the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.collectors.sources.models.server import Answer

PER_DAY = 10
_DAY = 86_400


def answered(given: Mapping[str, str], labels: Mapping[str, str] | None = None) -> Answer:
    """Return the answer to the parameters of a question; `labels` are those of the counter."""
    query = given["query"]
    start = float(given.get("start", given.get("time", 0)))
    end, step = float(given.get("end", start)), float(given.get("step", _DAY))
    times = [start + number * step for number in range(int((end - start) // step) + 1)]
    found: list[dict[str, Any]] = []
    if '"total 0.0"' in query:
        values = [[at, str(int(at / _DAY * PER_DAY))] for at in times]
        found.append({"metric": {**(labels or {}), "leverwatch_part": "total 0.0"}, "values": values})
    if '"seen 0"' in query:
        found.append({"metric": {"leverwatch_part": "seen 0"}, "values": [[at, "1"] for at in times]})
    return success(found)


def success(result: list[dict[str, Any]], **more: Any) -> Answer:
    """Return an answer with a result."""
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}
    return Answer(json.dumps(body).encode())


def failure(status: int, kind: str, text: str = "", **headers: str) -> Answer:
    """Return an answer that is an error."""
    body = {"status": "error", "errorType": kind, "error": text}
    return Answer(json.dumps(body).encode(), status, {name.replace("_", "-"): it for name, it in headers.items()})
