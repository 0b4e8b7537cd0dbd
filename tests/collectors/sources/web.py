"""A web service on a real socket, which answers as each test wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collectors.sources.listening import listening


@dataclass(frozen=True)
class Asked:
    """A request."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def __getitem__(self, name: str) -> str:
        return self.query[name][0]


@dataclass(frozen=True)
class Said:
    """An answer; what is no bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Web:
    url: str = ""
    answer: Callable[[Asked], Said] = lambda _: Said({})
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def web() -> Iterator[Web]:
    served = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(parts.path, parse_qs(parts.query), dict(self.headers), body)
            served.asked.append(asked)
            said = served.answer(asked)
            data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            with suppress(OSError):  # the client did not wait
                self.send_response(said.status)
                for name, value in {"Content-Type": "application/json", **said.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as url:
        served.url = url
        yield served
