"""A WSGI application in front of another one: it asks for a password and adds headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from leverwatch.agent.limited_log import LimitedLog
from leverwatch.agent.log import get_logger
from leverwatch.agent.web.transport.exchange import Headers
from leverwatch.agent.web.transport.turns import TooManyWaiting

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

    from leverwatch.agent.web.transport.passwords import Passwords

log = LimitedLog(get_logger(__name__))

_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_NO_PASSWORD = (
    "401 Unauthorized",
    ("WWW-Authenticate", 'Basic realm="leverwatch", charset="UTF-8"'),
    b"a user name and a password are needed\n",
)
_TOO_MANY = ("429 Too Many Requests", ("Retry-After", "1"), b"too many passwords are being checked\n")


@dataclass(frozen=True, slots=True)
class Protection:
    """The passwords that a web configuration file requires, and the headers that it adds to every response."""

    passwords: Passwords | None = None
    """None: no password is required."""
    headers: Headers = ()
    """Headers to add; they replace headers of the same name."""


class Authentication:
    """WSGI middleware that passes requests with a valid password on to `app`, and refuses and counts the others.

    `always` are the headers of every response, whatever is configured.
    """

    def __init__(self, app: WSGIApplication, protection: Callable[[], Protection], always: Headers) -> None:
        self._app, self._protection, self._always = app, protection, always
        self._lock = Lock()
        self._refusals = 0

    @property
    def refusals(self) -> int:
        """How many requests were refused since the start."""
        with self._lock:
            return self._refusals

    def headers(self) -> Headers:
        """The headers of every response, also of those that do not come from the application."""
        return _with(self._protection().headers, self._always)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as WSGI demands."""
        protection = self._protection()

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            return start_response(status, list(_with(protection.headers, headers)), exc_info)

        passwords, client = protection.passwords, environ.get("REMOTE_ADDR", "")
        try:
            if passwords is None or passwords.accept_header(environ.get("HTTP_AUTHORIZATION", ""), client):
                return self._app(environ, start)
            status, header, text = _NO_PASSWORD
        except TooManyWaiting:
            status, header, text = _TOO_MANY
        with self._lock:
            self._refusals += 1
        # Not a warning, so that guessing cannot fill the log of those who watch warnings; the counter has it.
        log.info("http_password_refused", client=client)
        start(status, [_TEXT, header, *self._always, ("Content-Length", str(len(text)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]


def _with(added: Headers, headers: Iterable[tuple[str, str]]) -> Headers:
    """Return `headers` with `added`, which replace headers of the same names."""
    replaced = {name.lower() for name, _ in added}
    return (*(header for header in headers if header[0].lower() not in replaced), *added)
