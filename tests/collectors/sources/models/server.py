"""A provider on a real socket, which answers as each test wants."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collectors.sources.listening import listening


@dataclass
class Answer:
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Provider:
    url: str = ""
    answer: Callable[[dict[str, str]], Answer] = lambda _: models()
    """From the query of a request."""
    tokens: list[str | None] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)


def models(*listed: dict[str, Any], **more: Any) -> Answer:
    data = [{"object": "model", "created": 1, "owned_by": "x", **model} for model in listed]
    return Answer(json.dumps({"object": "list", "data": data, **more}).encode())


@contextmanager
def provider() -> Iterator[Provider]:
    served = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            served.tokens.append(self.headers.get("Authorization"))
            served.queries.append(query)
            answer = served.answer(query)
            time.sleep(answer.delay)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in answer.headers:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                return  # the client did not wait

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as url:
        served.url = url + "/v1/models"
        yield served
