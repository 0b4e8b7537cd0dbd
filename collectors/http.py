"""GET over HTTP with limits that hold whatever the server does.

The time-outs of requests are for one wait each: a server that sends a byte now and then, in its headers too, holds
a caller for ever, and a silent name server for as long as it likes. Here the request runs in a thread of its own,
and whoever waits for it gives up at the deadline and cuts the connection.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from leverwatch.collectors.errors import SourceUnavailable

_TICK = 0.1
"""Seconds between two looks at the clock."""
_CHUNK = 1 << 14
"""Small, since a compressed one may be a thousand times as large when it is unpacked."""

# They warn of headers that cannot be parsed, and write the whole address with its query.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large an answer may be."""

    wait: float
    """Seconds until the answer goes on, each time."""
    deadline: float
    """The moment of `time.monotonic()` at which it has to be complete."""
    largest: int
    """Bytes of the body, unpacked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. The body of any other status than 200 is not read."""

    status: int
    body: bytes


def get(
    url: str,
    *,
    place: str,
    limits: Limits,
    auth: requests.auth.AuthBase,
    parameters: Mapping[str, str] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Answer:
    """The answer to one request. Redirects are not followed: what `auth` adds is for this address alone.

    Args:
        url: its query may hold a secret, and is in no message.
        place: what messages call the source and its address.
        limits: whatever the server does.
        auth: adds what the server asks for; `.netrc` is not looked at.
        parameters: added to the query.
        stopping: whether to give up, asked several times a second.

    Raises:
        SourceUnavailable: there is no complete answer within the limits.
    """
    call = _Call(url, dict(parameters or {}), auth, limits)
    # A daemon, since a name server may hold it for longer than the agent lives.
    threading.Thread(target=call.run, name="http-get", daemon=True).start()
    while not call.done.wait(_TICK):
        if stopping():
            call.cut()
            raise SourceUnavailable(f"{place}: ended early, since the agent stops")
        if time.monotonic() >= limits.deadline:
            call.cut()
            raise SourceUnavailable(f"{place}: the answer was not complete when the time for it was over")
    if isinstance(call.outcome, Answer):
        return call.outcome
    raise SourceUnavailable(f"{place}: {_reason(call.outcome, limits)}") from None


class _TooLarge(Exception):
    pass


def _reason(error: Exception, limits: Limits) -> str:
    # Never the text of an error of the library: it may hold the address with its query.
    if isinstance(error, _TooLarge):
        return f"the answer is larger than {limits.largest >> 20} MiB"
    if isinstance(error, requests.Timeout):
        return f"no answer within {limits.wait:g} s"
    return f"cannot be reached ({type(error).__name__})"


class _Call:
    """One request in its thread, with a hand on its connections."""

    def __init__(self, url: str, parameters: dict[str, str], auth: requests.auth.AuthBase, limits: Limits) -> None:
        self._url, self._parameters, self._auth, self._limits = url, parameters, auth, limits
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        self.done = threading.Event()
        self.outcome: Answer | Exception = RuntimeError()

    def run(self) -> None:
        """Fetch, and keep what came of it."""
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

    def cut(self) -> None:
        """End the connection under the thread, which then ends as well."""
        with self._lock:
            self._is_cut = True
            for copy in self._sockets:
                with suppress(OSError):
                    copy.shutdown(socket.SHUT_RDWR)

    def opened(self, connection: socket.socket) -> None:
        """Take a hand on a connection before anything is sent over it."""
        with self._lock:
            if self._is_cut:
                connection.close()
                raise OSError("nobody waits for the answer any longer")
            # A copy, as TLS takes the socket itself over; both are one connection.
            self._sockets.append(connection.dup())

    def _fetch(self) -> Answer:
        wait = max(min(self._limits.wait, self._limits.deadline - time.monotonic()), _TICK)
        with requests.Session() as session:
            session.auth = self._auth
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(self.opened))
            with session.get(
                self._url,
                params=self._parameters,
                headers={"Accept-Encoding": "identity"},
                timeout=wait,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return Answer(answer.status_code, self._body(answer) if answer.status_code == 200 else b"")

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


class _Adapter(HTTPAdapter):
    """Tells of every connection that is opened."""

    def __init__(self, opened: Callable[[socket.socket], None]) -> None:
        self._opened = opened
        super().__init__()

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """The pool of the library, with connections that tell."""
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
