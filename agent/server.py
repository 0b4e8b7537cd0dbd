"""The HTTP server: listens, serves the application from a pool of threads, and stops gracefully."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

import structlog
from cheroot import wsgi
from cheroot.connections import ConnectionManager
from cheroot.server import HTTPConnection

from agent.errors import LeverwatchError
from agent.transport.tls import Connection, TlsAdapter
from agent.web import State, create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext
    from wsgiref.types import WSGIApplication

log = structlog.get_logger(__name__)

# A client that sends or reads slowly holds a thread until the timeout; probes must still find a free one.
_THREADS = 16
_BACKLOG = 256
_TIMEOUT_SECONDS = 10
_STOP_SECONDS = 5
_MOST_HEADER_BYTES = 64 * 1024
_MOST_BODY_BYTES = 64 * 1024

__all__ = ["Server", "State", "create_app"]


class _Pool(wsgi.Server):
    """The library's server, with its errors as log events and the reason why it could not listen."""

    refusal: OSError | None = None
    ConnectionClass = Connection
    _connections: ConnectionManager  # declared here because the library's types leave it out

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002 - the library's name
        try:
            bound: socket.socket = super().bind(family, type, proto)
        except OSError as error:
            self.refusal = error
            raise
        return bound

    def process_conn(self, conn: HTTPConnection) -> None:
        # The library hands a new connection to a thread before the client has said anything, and a few silent
        # clients would hold them all. It first waits with the idle ones, which cost no thread.
        if conn.last_used is None:
            self._connections.put(conn)
        else:
            super().process_conn(conn)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        # A client that hangs up mid-request is ordinary; only the library's own errors are worth a line.
        if level >= logging.ERROR:
            log.error("http_server_error", detail=msg, exc_info=traceback)
        else:
            log.debug("http_server", detail=msg)


def _every_address() -> str:
    """`::`, which takes IPv4 too, or `0.0.0.0` where the kernel has no IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
    except OSError:
        return "0.0.0.0"  # noqa: S104 - the shipped default is every address, as of other exporters
    return "::"


class Server:
    """One listening socket that serves a WSGI application in the background.

    `tls` gives the context for a connection at the moment it is accepted; without it, plain HTTP is spoken.
    """

    def __init__(
        self, host: str, port: int, app: WSGIApplication, tls: Callable[[], SSLContext] | None = None
    ) -> None:
        self._host = host
        self._port = port
        self._server = _Pool(
            (host or _every_address(), port),
            app,
            numthreads=_THREADS,
            server_name="leverwatch",
            request_queue_size=_BACKLOG,
            timeout=_TIMEOUT_SECONDS,
            shutdown_timeout=_STOP_SECONDS,
        )
        self._server.max_request_header_size = _MOST_HEADER_BYTES
        self._server.max_request_body_size = _MOST_BODY_BYTES
        self._server.ssl_adapter = None if tls is None else TlsAdapter(tls)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port in use; the one that the system chose when 0 was asked for."""
        return self._port

    def start(self) -> None:
        """Listen, and serve from a background thread.

        Raises:
            LeverwatchError: the address cannot be listened on.
        """
        try:
            self._server.prepare()
        except OSError as error:
            reason = self._server.refusal or error
            where = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
            raise LeverwatchError(f"cannot listen on {where}: {reason.strerror or reason}") from error
        self._port = self._server.bind_addr[1]
        self._thread = threading.Thread(target=self._server.serve, name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, let requests in progress finish, and return."""
        if self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._thread = None
