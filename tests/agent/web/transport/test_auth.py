"""The gate in front of the application: nothing passes without a password, and headers are added."""

from __future__ import annotations

from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import structlog

from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.limited_log import lines_left_out
from leverwatch.agent.web.application import SECURITY_HEADERS, State, create_app
from leverwatch.agent.web.transport.auth import Authentication, Protection
from leverwatch.agent.web.transport.passwords import Passwords
from leverwatch.agent.web.transport.turns import TooManyWaiting
from tests.agent.web.transport.test_passwords import hashed, header


def gate(protection: Protection) -> Authentication:
    app = create_app(State(Exposition(), lambda: (True, "")))
    return Authentication(app, lambda: protection, SECURITY_HEADERS)


def call(
    through: Authentication, path: str, method: str = "GET", **more: str
) -> tuple[str, dict[str, str], bytes]:
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        **more,
    }
    setup_testing_defaults(environ)
    seen: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> object:
        seen.append((status, headers))
        return lambda _: None

    body = validator(through)(environ, start)  # type: ignore[arg-type]  # a list stands for the file of a server
    content = b"".join(body)
    body.close()  # type: ignore[attr-defined]  # the validator's iterator has it
    status, headers = seen[0]
    assert len({name.lower() for name, _ in headers}) == len(headers)
    return status, dict(headers), content


PATHS = ["/", "/metrics", "/api/v1/systems", "/-/healthy", "/-/ready", "/-/reload", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_path_and_method_asks_for_the_password(path: str, method: str) -> None:
    through = gate(Protection(Passwords({"alice": hashed(b"one")})))

    status, headers, body = call(through, path, method)

    assert status == "401 Unauthorized"
    assert headers["WWW-Authenticate"] == 'Basic realm="leverwatch", charset="UTF-8"'
    assert body == (b"" if method == "HEAD" else b"a user name and a password are needed\n")
    assert through.refusals == 1


def test_the_right_password_opens_every_path() -> None:
    through = gate(Protection(Passwords({"alice": hashed(b"one")})))

    answers = [call(through, path, HTTP_AUTHORIZATION=header("alice", "one"))[0][:3] for path in PATHS]

    assert answers == ["200", "200", "200", "200", "200", "405", "404"]
    assert through.refusals == 0


def test_too_many_guesses_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    through = gate(Protection(Passwords({"alice": hashed(b"one")}), (("X-Frame-Options", "deny"),)))

    def crowded(*_: str) -> bool:
        raise TooManyWaiting

    monkeypatch.setattr(Passwords, "accept_header", crowded)
    status, headers, body = call(through, "/metrics")

    assert status == "429 Too Many Requests"
    assert (headers["Retry-After"], headers["X-Frame-Options"]) == ("1", "deny")
    assert body == b"too many passwords are being checked\n"
    assert through.refusals == 1


def test_a_thousand_refused_requests_are_a_few_lines_of_the_log() -> None:
    through = gate(Protection(Passwords({"alice": hashed(b"one")})))
    before = lines_left_out.counts().get("http_password_refused", 0)
    with structlog.testing.capture_logs() as logged:
        for _ in range(1000):
            call(through, "/metrics")

    assert through.refusals == 1000
    assert len(logged) < 20
    assert lines_left_out.counts()["http_password_refused"] - before == 1000 - len(logged)


def test_without_users_everybody_may_read() -> None:
    assert call(gate(Protection()), "/-/healthy")[0] == "200 OK"


def test_configured_headers_are_in_every_answer_and_replace_others() -> None:
    policy = ("Content-Security-Policy", "default-src 'self'")
    strict = ("Strict-Transport-Security", "max-age=60")
    through = gate(Protection(Passwords({"alice": hashed(b"one")}), (policy, strict)))

    for more in ({}, {"HTTP_AUTHORIZATION": header("alice", "one")}):
        _, headers, _ = call(through, "/", **more)
        assert {policy, strict} <= set(headers.items())
        assert headers["X-Content-Type-Options"] == "nosniff"
