"""TLS for the HTTP server's library, with the handshake where it can hold up nobody else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import structlog
from cheroot.errors import FatalSSLAlert
from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HTTPConnection
from cheroot.ssl import Adapter

log = structlog.get_logger(__name__)

_PLAIN = b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nthis port speaks HTTPS only\n"


class TlsAdapter(Adapter):
    """Wraps every accepted connection with the context of that moment, and leaves the handshake for later.

    The library shakes hands in the thread that accepts, where one silent client keeps all others waiting.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext]) -> None:
        self._context = context

    def bind(self, sock: socket.socket) -> socket.socket:
        """The listening socket, as it is."""
        return sock

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The connection and what it adds to the environment of its requests."""
        try:
            wrapped = self._context().wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            # Whoever hung up this early must not end the loop that accepts.
            raise FatalSSLAlert(*error.args) from error
        return wrapped, self.get_environ()

    def get_environ(self) -> dict[str, str]:
        """What every request over TLS has in its environment."""
        return {"wsgi.url_scheme": "https", "HTTPS": "on"}

    def makefile(self, sock: ssl.SSLSocket, mode: str = "r", bufsize: int = -1) -> StreamReader | StreamWriter:
        """A file over the connection."""
        return _TlsReader(sock, mode, bufsize) if "r" in mode else StreamWriter(sock, mode, bufsize)


class _TlsReader(StreamReader):
    """A reader that also knows of bytes that were decrypted and not asked for; no socket announces these."""

    def __init__(self, sock: ssl.SSLSocket, mode: str, bufsize: int) -> None:
        super().__init__(sock, mode, bufsize)
        self._connection = sock

    def has_data(self) -> bool:
        buffered = super().has_data()  # type: ignore[no-untyped-call]  # the library's stubs leave it open
        return bool(buffered) or self._connection.pending() > 0


class Connection(HTTPConnection):
    """A connection that first shakes hands, in a thread that may take its time."""

    _greeted = False

    def communicate(self) -> bool:
        """Shake hands or serve one request; whether the connection stays open."""
        if isinstance(self.socket, ssl.SSLSocket) and not self._greeted:
            try:
                self.socket.do_handshake()
            except OSError as error:
                self._part(self.socket, error)
                return False
            self._greeted = True
            # Back among the idle ones: a client that now stays silent must not hold the thread.
            return True
        return bool(super().communicate())  # type: ignore[no-untyped-call]  # likewise

    def _part(self, connection: ssl.SSLSocket, error: OSError) -> None:
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
        log.info("tls_handshake_failed", client=self.remote_addr, reason=reason)
        if reason == "HTTP_REQUEST":
            # Past the TLS of the object, on the connection itself: the client cannot read anything else.
            socket.socket.send(connection, _PLAIN)
