"""The HTTP server: one thread with a loop for all connections, and a few threads that call the application."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from ssl import SSLContext
from typing import TYPE_CHECKING

from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.log import get_logger
from leverwatch.agent.web.application import SECURITY_HEADERS, State, create_app
from leverwatch.agent.web.transport.accepting import accept_all
from leverwatch.agent.web.transport.channel import Channel
from leverwatch.agent.web.transport.connection import Connection, Service
from leverwatch.agent.web.transport.crowd import Crowd, Member
from leverwatch.agent.web.transport.exchange import Headers
from leverwatch.agent.web.transport.limits import Drop, Limits, affordable_connections
from leverwatch.agent.web.transport.listening import open_listeners
from leverwatch.agent.web.transport.workers import Workers

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = get_logger(__name__)

_MARGIN_SECONDS = 3.0

__all__ = ["Server", "State", "create_app"]


class Server:
    """Serves a WSGI application on one address, in the background.

    `tls` returns the context for a connection that is accepted; without it the server speaks plain HTTP. `headers`
    returns the headers of responses that do not come from the application.
    """

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        tls: Callable[[], SSLContext] | None = None,
        headers: Callable[[], Headers] = lambda: SECURITY_HEADERS,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._host, self._port = host, port
        self._app, self._tls, self._headers, self._limits = app, tls, headers, limits
        self._most = affordable_connections(limits.connections)
        self._crowd = Crowd(self._most)
        self._workers = Workers(limits.workers, "http-worker")
        self._listeners: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; when port 0 was configured, the one that the system chose."""
        return self._port

    @property
    def dropped(self) -> Mapping[Drop, int]:
        """How many connections the server closed before the client did, since the start, by reason."""
        return self._crowd.dropped

    def start(self) -> None:
        """Listen, and serve from a background thread.

        Raises:
            LeverwatchError: the address cannot be listened on, or there are no descriptors to serve with.
        """
        self._listeners = open_listeners(self._host, self._port)
        self._port = self._listeners[0].getsockname()[1]
        running = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(running,), name="http", daemon=True)
        self._thread.start()
        running.wait()
        if self._stopping is None:
            for listener in self._listeners:
                listener.close()
            raise LeverwatchError(f"cannot serve on port {self._port}: the system allows no more files or threads")
        if self._most < self._limits.connections:
            # Nothing is wrong, but whoever looks for the limit should find it.
            log.info("http_connections_limited", port=self._port, connections=self._most)

    def stop(self) -> None:
        """Stop listening, and wait up to `Limits.stop` (plus a few seconds) for requests in progress."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stopping is None:
            return
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join(self._limits.stop + _MARGIN_SECONDS)
        self._workers.stop()

    def _run(self, running: threading.Event) -> None:
        try:
            asyncio.run(self._serve(running))
        except Exception:
            log.exception("http_server_error")
        finally:
            running.set()

    async def _serve(self, running: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        service = Service(
            self._app,
            self._headers,
            self._tls,
            self._limits,
            self._workers,
            self._crowd,
            self._port,
            self._stopping.is_set,
        )

        def take(connection: socket.socket, client: str) -> None:
            member = Member(since=asyncio.get_running_loop().time())
            channel = Channel(connection, client)
            self._crowd.add(member, channel, asyncio.create_task(Connection(channel, member, service).serve()))

        accepting = [asyncio.create_task(accept_all(one, self._crowd, take)) for one in self._listeners]
        running.set()
        await self._stopping.wait()
        for task in accepting:
            task.cancel()
        await asyncio.wait(accepting)
        for listener in self._listeners:
            listener.close()
        await self._crowd.disperse(self._limits.stop)
