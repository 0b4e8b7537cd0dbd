"""The WSGI application, called without a socket, under the checker of the standard library."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import structlog

from leverwatch.agent.errors import ConfigError
from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.web.application import State, accepts_gzip, create_app
from tests.agent.exporter import samples


@dataclass(frozen=True)
class Answer:
    status: str
    headers: dict[str, str]
    body: bytes


def shown() -> Exposition:
    exposition = Exposition()
    exposition.set_systems(samples.systems())
    exposition.set_agent(samples.agent())
    return exposition


def state(**changes: Any) -> State:
    return replace(State(shown(), lambda: (True, "")), **changes)


def call(path: str, method: str = "GET", of: State | None = None, through: Any = None, **headers: str) -> Answer:
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    environ["SCRIPT_NAME"] = ""
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    got: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        got.append((status, headers))
        return lambda _: None

    result = validator(through or create_app(of or state()))(environ, start_response)
    body = b"".join(result)
    result.close()  # type: ignore[attr-defined]  # the checker insists, and its iterator has it
    [(status, pairs)] = got
    assert len(dict(pairs)) == len(pairs), "a header was sent twice"
    return Answer(status, dict(pairs), body)


READABLE = ["/", "/?q=bot&sort=name&page=2", "/metrics", "/api/v1/systems", "/-/healthy", "/-/ready"]


def test_metrics_are_served_as_text_by_default() -> None:
    answer = call("/metrics")

    assert answer.status == "200 OK"
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"leverwatch_build_info{" in answer.body


def test_metrics_are_served_as_openmetrics_when_asked_for() -> None:
    answer = call("/metrics", accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")

    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.body.endswith(b"# EOF\n")


def _lasting(body: bytes) -> list[bytes]:
    """The lines that two scrapes share."""
    return [line for line in body.splitlines() if not line.startswith(b"process_")]


@pytest.mark.parametrize("path", READABLE)
def test_gzip_is_sent_to_those_who_accept_it(path: str) -> None:
    plain = call(path)
    packed = call(path, accept_encoding="br, gzip;q=0.8")

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert _lasting(gzip.decompress(packed.body)) == _lasting(plain.body)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP ; q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.01", True),
        ("br", False),
        ("x-gzipped", False),
    ],
)
def test_a_weight_of_zero_refuses_gzip(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("path", READABLE)
def test_head_sends_the_headers_of_get_and_no_body(path: str) -> None:
    get, head = call(path), call(path, "HEAD")

    assert head.body == b""
    # Numbers of the process may have more digits in the other scrape.
    (of_head, short), (of_get, long) = (
        ({**it.headers, "Content-Length": ""}, int(it.headers.get("Content-Length", "0"))) for it in (head, get)
    )
    assert (head.status, of_head) == (get.status, of_get)
    assert short == pytest.approx(long, abs=50 if path == "/metrics" else 0)
    assert get.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_what_is_read_cannot_be_written(path: str, method: str) -> None:
    answer = call(path, method)

    assert answer.status == "405 Method Not Allowed"
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/favicon.ico", "/metrics/", "/healthz", "//", "/-/quit", "/api", ""])
def test_a_path_that_does_not_exist_is_not_found(path: str) -> None:
    assert call(path).status == "404 Not Found"


def test_a_search_shows_only_what_it_finds() -> None:
    [name, *others] = [view.system for view in samples.systems().systems]
    page = call(f"/?q={name}").body.decode()

    assert f">{name}" in page
    assert not any(f">{other}" in page for other in others if name not in other)


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    policy = call("/").headers["Content-Security-Policy"]

    assert "form-action 'self'" in policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", [*READABLE, "/nowhere"])
def test_every_answer_forbids_guessing_its_type(path: str) -> None:
    answer = call(path)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_it_is_healthy_before_anything_is_known() -> None:
    unready = State(Exposition(), lambda: (False, "the store is being migrated"))

    assert call("/-/healthy", of=unready).status == "200 OK"
    for path in ("/", "/metrics", "/api/v1/systems"):
        assert call(path, of=unready).status == "200 OK"


def test_it_says_why_it_is_not_ready() -> None:
    unready = state(ready=lambda: (False, "no evaluation has finished yet"))
    answer = call("/-/ready", of=unready)

    assert answer.status == "503 Service Unavailable"
    assert answer.body == b"not ready: no evaluation has finished yet\n"
    assert call("/-/ready").body == b"ready\n"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload_calls_back_once(method: str) -> None:
    calls: list[str] = []
    answer = call("/-/reload", method, of=state(reload=lambda: calls.append("reloaded")))

    assert answer.status == "200 OK"
    assert calls == ["reloaded"]


def test_reload_is_not_a_thing_to_get() -> None:
    calls: list[str] = []
    answer = call("/-/reload", of=state(reload=lambda: calls.append("reloaded")))

    assert answer.status == "405 Method Not Allowed"
    assert answer.headers["Allow"] == "POST, PUT"
    assert calls == []


def test_reload_is_off_unless_it_was_given() -> None:
    assert call("/-/reload", "POST").status == "403 Forbidden"


def test_reloads_that_hang_do_not_pile_up() -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        begun.release()
        assert go_on.wait(30)

    app = create_app(state(reload=hang))
    with ThreadPoolExecutor(2) as pool:
        hanging = [pool.submit(call, "/-/reload", "POST", through=app) for _ in range(2)]
        for _ in hanging:
            assert begun.acquire(timeout=30)
        third = call("/-/reload", "POST", through=app)
        go_on.set()

        assert third.status == "503 Service Unavailable"
        assert [one.result(30).status for one in hanging] == ["200 OK"] * 2
    assert call("/-/reload", "POST", through=app).status == "200 OK"


def test_a_bad_configuration_is_answered_with_every_problem() -> None:
    def refuse() -> None:
        raise ConfigError(("lw.yaml:3: sources: required", "lw.yaml:9: stoer: unknown key"))

    answer = call("/-/reload", "POST", of=state(reload=refuse))

    assert answer.status == "500 Internal Server Error"
    assert b"stays in use" in answer.body
    assert b"lw.yaml:3: sources: required\nlw.yaml:9: stoer: unknown key" in answer.body


def test_an_unexpected_error_is_logged_and_not_shown() -> None:
    def fail() -> tuple[bool, str]:
        raise ZeroDivisionError("a secret detail")

    with structlog.testing.capture_logs() as logged:
        answer = call("/-/ready", of=state(ready=fail))

    assert answer.status == "500 Internal Server Error"
    assert b"secret" not in answer.body
    assert [(entry["event"], entry["path"]) for entry in logged] == [("request_failed", "/-/ready")]


def test_the_page_follows_the_snapshots() -> None:
    current = state()
    before = call("/", of=current).body
    current.exposition.set_systems(samples.systems(samples.agreeing()))
    application_sees = call("/", of=current).body

    assert b"checkout-helper" in before
    assert b"checkout-helper" not in application_sees
