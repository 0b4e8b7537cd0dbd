"""An API on a real socket, which answers as each test wants; and a source that asks it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import CollectorContext, UsageRow
from leverwatch.collectors.sources.usage_api.collector import Account, UsageApiCollector
from leverwatch.collectors.sources.usage_api.config import UsageApiConfig
from tests.collectors.sources.listening import listening

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
KEY = "sk-Wn5Qv8-never-to-be-seen"


@dataclass
class Asked:
    """One request."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any

    def first(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass
class Reply:
    """One answer."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Served:
    """The server: what it answers with, and what it was asked."""

    url: str = ""
    answer: Callable[[Asked], Reply] = lambda _: Reply({})
    asked: list[Asked] = field(default_factory=list)
    now: datetime = NOW
    """What its clock says."""

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[Served]:
    served = Served(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(size)
            asked = Asked(
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(sent) if sent else None,
            )
            served.asked.append(asked)
            reply = served.answer(asked)
            time.sleep(reply.delay)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is the library's

        def date_time_string(self, _timestamp: float | None = None) -> str:
            return super().date_time_string(served.now.timestamp())

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as url:
        served.url = url
        yield served


def config_of(api: str, url: str | None, **more: Any) -> UsageApiConfig:
    given = {"name": "bill", "api": api, "url": url, "token": KEY, "system": "bot", **more}
    if api.startswith("langfuse") and given["token"] == KEY:
        given |= {"token": None, "user": "pk-lf-9", "password": KEY}
    if api == "langsmith":
        given.setdefault("only", {"project_ids": ["p-1"]})
    if api == "portkey":
        given.setdefault("only", {"workspace_slug": ["main"]})
    return UsageApiConfig.model_validate({name: value for name, value in given.items() if value is not None})


def context(now: datetime = NOW) -> CollectorContext:
    return CollectorContext(base_dir=Path("/nowhere"), cache_dir=Path("/nowhere"), now=lambda: now)


def ask(api: str, served: Served, first: str, last: str | None = None, **more: Any) -> Answer:
    days = Days(date.fromisoformat(first), date.fromisoformat(last or first))
    return Account(config_of(api, served.url, **more), context()).ask(days)


def collector(api: str, served: Served, now: datetime = NOW, **more: Any) -> UsageApiCollector:
    return UsageApiCollector(config_of(api, served.url, **more), context(now))


def seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def counted(rows: tuple[UsageRow, ...], *names: str) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """What is counted of each system, model and day."""
    found: dict[tuple[str, str, str], tuple[float, ...]] = {}
    for row in rows:
        key = (row.system, row.model, f"{row.day}")
        assert key not in found, "told twice"
        found[key] = tuple(getattr(row, name) for name in names)
    return found
