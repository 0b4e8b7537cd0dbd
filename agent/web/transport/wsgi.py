"""Calls a WSGI application for one request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from leverwatch.agent.web.transport.exchange import Answer, Request

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment


def call(app: WSGIApplication, request: Request, client: str, port: int, *, encrypted: bool) -> Answer:
    """Call the application, and return its response.

    Raises:
        Exception: whatever the application raises.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: Any = None, /
    ) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return _no_write

    result = app(_environment(request, client, port, encrypted=encrypted), start_response)
    try:
        body = tuple(part for part in result if part)
    finally:
        if hasattr(result, "close"):
            result.close()
    [(status, headers)] = started
    return Answer(HTTPStatus(int(status.split()[0])), tuple(headers), body)


def _environment(request: Request, client: str, port: int, *, encrypted: bool) -> WSGIEnvironment:
    path, query = _split(request.target)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "leverwatch",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": request.version,
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if encrypted else "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        # "X_Y" would look like "X-Y".
        if "_" not in name:
            key = f"HTTP_{name.upper().replace('-', '_')}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _split(target: str) -> tuple[str, str]:
    """Return path and query of a request target for WSGI: the path percent-decoded, both as Latin-1 text."""
    if not target.startswith("/"):
        # A proxy may send the whole URL.
        try:
            parts = urlsplit(target)
        except ValueError:
            return target, ""
        target = f"{parts.path or '/'}?{parts.query}" if parts.scheme and parts.netloc else target
    path, _, query = target.partition("?")
    return unquote_to_bytes(path).decode("latin-1"), query


def _no_write(_: bytes) -> None:
    raise NotImplementedError("the agent's applications return their bodies")
