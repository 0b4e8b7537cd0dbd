"""One request over HTTP, in a thread of its own, and in words why there is no response."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.http_values import TICK, Answer, Form, Json, Limits, Pairs, Tls
from leverwatch.collectors.requests_library import requests

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth

_CHUNK = 1 << 14
"""Bytes read at once; few, as compressed ones may become a thousand times as many."""
_LONGEST_REASON = 4096
"""Bytes that are read of what a server says of an error."""

# They warn of headers that cannot be parsed, and write the whole address with its query.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class _TooLarge(Exception):
    pass


_CAUSES: Mapping[type[BaseException], str] = {
    socket.gaierror: "no address is known of this host",
    ConnectionRefusedError: "nothing listens there",
    ConnectionResetError: "the connection was cut",
    RemoteDisconnected: "the connection was cut",
}


def _reason(error: Answer | Exception, limits: Limits) -> str:
    # Never the text of an error of the library: it may hold the address with its query.
    if isinstance(error, _TooLarge):
        return f"the answer is larger than {limits.largest >> 20} MiB"
    if isinstance(error, requests.Timeout):
        return f"no answer within {limits.wait:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "TLS fails: one side does not accept the certificate of the other, or does not speak TLS (SSLError)"
    return f"cannot be reached: {_why(error)}"


def _why(error: object) -> str:
    """Return why there is no connection, in words of its own."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy of the environment does not let it through (ProxyError)"
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            waiting += (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
    for kind, words in _CAUSES.items():
        if any(isinstance(one, kind) for one in seen):
            return f"{words} ({kind.__name__})"
    return type(error).__name__


class Call:
    """One request in a thread, with access to its connections so that they can be closed."""

    def __init__(
        self,
        url: str,
        parameters: Pairs,
        body: Form | Json | None,
        tls: Tls,
        auth: Auth,
        limits: Limits,
    ) -> None:
        self._url, self._parameters, self._auth, self._limits = url, parameters, auth, limits
        self._sent = body
        # Named for each request, as the environment would come before what a session says.
        self._verify = True if tls.ca_file is None else str(tls.ca_file)
        self._cert = None if tls.cert_file is None else (str(tls.cert_file), str(tls.key_file or tls.cert_file))
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        self.done = threading.Event()
        self.outcome: Answer | Exception = RuntimeError()

    def run(self) -> None:
        """Send the request, and keep the response or the error."""
        try:
            self.outcome = self._fetch()
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            self.outcome = error
        finally:
            with self._lock:
                for copy in self._sockets:
                    copy.close()
                self._sockets.clear()
            self.done.set()

    def error(
        self, unreachable: type[SourceUnavailable], late: type[SourceUnavailable]
    ) -> type[SourceUnavailable]:
        """What an outcome that is no response is raised as."""
        if isinstance(self.outcome, _TooLarge):
            return SourceUnavailable
        return late if isinstance(self.outcome, requests.Timeout) else unreachable

    def reason(self) -> str:
        """Why there is no response, in words."""
        return _reason(self.outcome, self._limits)

    def cut(self) -> None:
        """Close the connections, whereupon the thread ends with an error."""
        with self._lock:
            self._is_cut = True
            for copy in self._sockets:
                with suppress(OSError):
                    copy.shutdown(socket.SHUT_RDWR)

    def opened(self, connection: socket.socket) -> None:
        """Keep a connection, so that `cut` can close it; called before anything is sent over it.

        Raises:
            OSError: the request was given up already.
        """
        with self._lock:
            if self._is_cut:
                connection.close()
                raise OSError("nobody waits for the answer any longer")
            # A copy, as TLS takes the socket itself over; both are one connection.
            self._sockets.append(connection.dup())

    def _fetch(self) -> Answer:
        wait = max(min(self._limits.wait, self._limits.deadline - time.monotonic()), TICK)
        with requests.Session() as session:
            session.auth = self._auth
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(self.opened))
            with session.request(
                "GET" if self._sent is None else "POST",
                self._url,
                params=self._parameters,
                data=self._sent.pairs if isinstance(self._sent, Form) else None,
                json=self._sent.value if isinstance(self._sent, Json) else None,
                verify=self._verify,
                cert=self._cert,
                headers={"Accept-Encoding": "identity"},
                timeout=wait,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
                body = self._body(answer) if status == 200 else b""
                said = _beginning(answer) if status >= 400 else b""
                told = answer.headers
                return Answer(status, body, told.get("Retry-After"), told.get("Date"), said, told)

    def _body(self, answer: requests.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > self._limits.largest:
                raise _TooLarge
        promised = answer.headers.get("Content-Length", "")
        if promised.isdecimal() and "Content-Encoding" not in answer.headers and size < int(promised):
            # Older releases of urllib3 take an answer that is cut off for a whole one.
            raise requests.ConnectionError
        return b"".join(parts)


def _beginning(answer: requests.Response) -> bytes:
    try:
        return next(answer.iter_content(_LONGEST_REASON), b"")[:_LONGEST_REASON]
    except (requests.RequestException, OSError):
        return b""  # the status is known, and says enough


class _Adapter(requests.adapters.HTTPAdapter):
    """An adapter of `requests` that calls back for every connection that it opens."""

    def __init__(self, opened: Callable[[socket.socket], None]) -> None:
        self._opened = opened
        super().__init__()

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """Return the library's pool of connections, whose connections call back when they are opened."""
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        pool.ConnectionCls = _telling(pool.ConnectionCls, self._opened)
        return pool


def _telling(kind: Any, opened: Callable[[socket.socket], None]) -> Any:
    class Connection(kind):  # type: ignore[misc]  # which class it is, only the pool knows
        def _new_conn(self) -> socket.socket:
            connection: socket.socket = super()._new_conn()
            opened(connection)
            return connection

    return Connection
