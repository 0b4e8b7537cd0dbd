"""The WSGI application: metrics, the status page, runbooks, probes, reload and the JSON of all verdicts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.exporter.packed import Piece
from leverwatch.agent.exporter.render import Exposition, Payload, Snapshots, choose_format
from leverwatch.agent.limited_log import LimitedLog
from leverwatch.agent.log import get_logger
from leverwatch.agent.web import runbooks
from leverwatch.agent.web.api import systems_chunks
from leverwatch.agent.web.page.listing import View
from leverwatch.agent.web.style import style_source

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = LimitedLog(get_logger(__name__))

_TEXT = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_READ = ("GET", "HEAD")
# One at work and one that will see what was changed meanwhile; more would only hold threads.
_RELOADS = 2
# What is larger is kept compressed, and unpacked for a client that does not take it so.
_MOST_PLAIN = 1 << 20
_NOTHING_ELSE = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src {style_source()}; {_NOTHING_ELSE}",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
)
"""Headers of every response."""


@dataclass(frozen=True)
class State:
    """What the application shows, and the functions it calls."""

    exposition: Exposition
    ready: Callable[[], tuple[bool, str]]
    """Returns whether the agent is ready, and the reason in words when it is not."""
    reload: Callable[[], None] | None = None
    """Loads the configuration again; raises `LeverwatchError` when it cannot be used. None: the path does not
    exist."""


@dataclass(frozen=True)
class _Response:
    status: HTTPStatus
    payload: Payload
    content_type: str = _TEXT
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Route:
    methods: tuple[str, ...]
    answer: Callable[[WSGIEnvironment], _Response]


@dataclass
class _Memo:
    """Caches what was built from the latest pair of snapshots."""

    build: Callable[[Snapshots], Iterable[bytes]]
    _latest: tuple[Snapshots, Payload] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, snapshots: Snapshots) -> Payload:
        with self._lock:
            latest = self._latest
            if latest is None or any(a is not b for a, b in zip(latest[0], snapshots, strict=True)):
                latest = self._latest = (snapshots, Payload.of(self.build(snapshots), _MOST_PLAIN))
            return latest[1]


def create_app(state: State) -> WSGIApplication:
    """Make the application of the main listener."""
    return _application(_routes(state))


def create_probe_app(state: State) -> WSGIApplication:
    """Make the application of the probe listener, which serves the two probes and nothing else."""
    return _application(_probes(state))


def _application(routes: Mapping[str, _Route]) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = _answer(routes, environ)
        except Exception:
            log.exception("request_failed", path=environ.get("PATH_INFO", ""))
            response = _plain(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; the agent's log says more")
        return _send(response, environ, start_response)

    return application


def _routes(state: State) -> Mapping[str, _Route]:
    page = _Memo(lambda snapshots: [_page(snapshots)])
    systems = _Memo(lambda snapshots: systems_chunks(snapshots.systems))

    def metrics(environ: WSGIEnvironment) -> _Response:
        output = choose_format(environ.get("HTTP_ACCEPT", ""))
        return _Response(HTTPStatus.OK, state.exposition.scrape(output), output.value)

    def front(environ: WSGIEnvironment) -> _Response:
        view, snapshots = View.of(environ.get("QUERY_STRING", "")), state.exposition.snapshots
        # Searches are many, and each is as cheap as the page; what everybody looks at is kept.
        payload = page.of(snapshots) if view == View() else Payload(_page(snapshots, view))
        return _Response(HTTPStatus.OK, payload, _HTML)

    def api(_: WSGIEnvironment) -> _Response:
        return _Response(HTTPStatus.OK, systems.of(state.exposition.snapshots), "application/json")

    reloading = threading.BoundedSemaphore(_RELOADS)

    def reload(_: WSGIEnvironment) -> _Response:
        if state.reload is None:
            return _plain(HTTPStatus.FORBIDDEN, "reloading over HTTP is turned off")
        if not reloading.acquire(blocking=False):
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "other reloads are in progress")
        try:
            state.reload()
        except LeverwatchError as error:
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR, f"the old configuration stays in use:\n{error}")
        finally:
            reloading.release()
        return _plain(HTTPStatus.OK, "reloaded")

    return {
        "/": _Route(_READ, front),
        "/metrics": _Route(_READ, metrics),
        "/api/v1/systems": _Route(_READ, api),
        **_probes(state),
        "/-/reload": _Route(("POST", "PUT"), reload),
        **_runbooks(),
    }


def _page(snapshots: Snapshots, view: View = View()) -> bytes:  # noqa: B008 - frozen
    # Its templates are compiled when somebody first looks: they are a good part of an agent that nobody looks at.
    from leverwatch.agent.web import status_page

    return status_page.render(snapshots.systems, snapshots.agent, view).encode("utf-8", "replace")


def _runbooks() -> Mapping[str, _Route]:
    def route(page: Callable[[], str]) -> _Route:
        return _Route(_READ, lambda _: _Response(HTTPStatus.OK, Payload(page().encode()), _HTML))

    found = {runbooks.PATH: route(runbooks.index)}
    for alert in runbooks.alerts():
        # Where copies of the runbooks are kept elsewhere they are files; what is linked has one form everywhere.
        for path in (alert, f"{alert}.md"):
            found[f"{runbooks.PATH}/{path}"] = route(partial(runbooks.page, alert))
    return found


def _probes(state: State) -> Mapping[str, _Route]:
    def healthy(_: WSGIEnvironment) -> _Response:
        return _plain(HTTPStatus.OK, "healthy")

    def ready(_: WSGIEnvironment) -> _Response:
        is_ready, reason = state.ready()
        if is_ready:
            return _plain(HTTPStatus.OK, "ready")
        return _plain(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}")

    return {"/-/healthy": _Route(_READ, healthy), "/-/ready": _Route(_READ, ready)}


def _answer(routes: Mapping[str, _Route], environ: WSGIEnvironment) -> _Response:
    route = routes.get(environ.get("PATH_INFO", ""))
    if route is None:
        return _plain(HTTPStatus.NOT_FOUND, "not found")
    if environ["REQUEST_METHOD"] not in route.methods:
        allowed = ", ".join(route.methods)
        refusal = _plain(HTTPStatus.METHOD_NOT_ALLOWED, f"use {' or '.join(route.methods)}")
        return _Response(refusal.status, refusal.payload, headers=(("Allow", allowed),))
    return route.answer(environ)


def _send(response: _Response, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    headers = [("Content-Type", response.content_type), *response.headers, *SECURITY_HEADERS]
    body: tuple[Piece, ...] = response.payload.pieces
    if response.status is HTTPStatus.OK:
        headers.append(("Vary", "Accept, Accept-Encoding"))
        if accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            body = response.payload.packed().gzip()
            headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(sum(map(len, body)))))
    start_response(f"{response.status.value} {response.status.phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else cast("Iterable[bytes]", body)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header lists gzip with a weight above zero."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == "gzip":
            return not any(p.startswith("q=") and not p[2:].strip("0.") for p in parameters)
    return False


def _plain(status: HTTPStatus, text: str) -> _Response:
    return _Response(status, Payload(f"{text}\n".encode("utf-8", "replace")))
