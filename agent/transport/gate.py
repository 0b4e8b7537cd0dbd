"""A WSGI application in front of another one: it asks for a password and adds headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from agent.transport.passwords import Passwords
from agent.web import SECURITY_HEADERS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

log = structlog.get_logger(__name__)

_REFUSAL = b"a user name and a password are needed\n"


@dataclass(frozen=True, slots=True)
class Protection:
    """What a web configuration file asks of every request and adds to every answer."""

    passwords: Passwords | None = None
    """None: everybody may read."""
    headers: tuple[tuple[str, str], ...] = ()
    """These replace headers of the same name."""


class Gate:
    """Lets requests with a valid password through to `app`, whatever their path, and counts the others."""

    def __init__(self, app: WSGIApplication, protection: Callable[[], Protection]) -> None:
        self._app, self._protection = app, protection
        self._lock = Lock()
        self._refusals = 0

    @property
    def refusals(self) -> int:
        """Requests that were refused since the start."""
        with self._lock:
            return self._refusals

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        protection = self._protection()
        added = {name.lower(): (name, text) for name, text in protection.headers}

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            kept = [header for header in headers if header[0].lower() not in added]
            return start_response(status, [*kept, *added.values()], exc_info)

        passwords = protection.passwords
        if passwords is None or passwords.accept_header(environ.get("HTTP_AUTHORIZATION", "")):
            return self._app(environ, start)
        with self._lock:
            self._refusals += 1
        # Not a warning, so that guessing cannot fill the log of those who watch warnings; the counter has it.
        log.info("http_password_refused", client=environ.get("REMOTE_ADDR", ""))
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("WWW-Authenticate", 'Basic realm="leverwatch", charset="UTF-8"'),
            *SECURITY_HEADERS,
            ("Content-Length", str(len(_REFUSAL))),
        ]
        start("401 Unauthorized", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [_REFUSAL]
