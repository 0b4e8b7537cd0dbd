"""One accepted connection, plain or TLS, read and written without blocking and without buffers of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_PIECE = 64 * 1024
_MOST_UNSENT = 128 * 1024


class Channel:
    """The socket of one client. Methods that wait can be cancelled; deadlines are set by the caller."""

    def __init__(self, connection: socket.socket, client: str) -> None:
        connection.setblocking(False)
        self._socket = connection
        self.client = client
        """The client's address, without port."""
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # What a slow reader has not fetched stays in the one copy of the answer that all clients share.
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT)

    async def shake_hands(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on.

        Raises:
            OSError: the client speaks something else, is refused, or left.
        """
        wrapped = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        self._socket = wrapped
        await self._repeat(wrapped.do_handshake, writing=False)

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection uses TLS, or has begun its handshake."""
        return isinstance(self._socket, ssl.SSLSocket)

    async def receive(self) -> bytes:
        """The next bytes of the client; none when it has finished.

        Raises:
            OSError: the connection broke.
        """
        return await self._repeat(lambda: self._socket.recv(_PIECE), writing=False)

    async def send(self, data: bytes | memoryview) -> None:
        """Write all of it, as fast as the client reads.

        Raises:
            OSError: the connection broke.
        """
        rest = memoryview(data)
        while rest:
            piece = rest[:_PIECE]
            sent = await self._repeat(lambda piece=piece: self._socket.send(piece), writing=True)  # type: ignore[misc]
            rest = rest[sent:]
            # A fast client of a large answer lets the others have their turn.
            await asyncio.sleep(0)

    def send_in_clear(self, data: bytes) -> None:
        """Write a few bytes without TLS, for a client that does not speak it; bytes that would block are
        dropped."""
        with suppress(OSError):
            socket.socket.send(self._socket, data)

    def finish(self) -> None:
        """Tell the client that nothing more is sent."""
        with suppress(OSError, ValueError):
            if isinstance(self._socket, ssl.SSLSocket):
                # Sends the end of TLS; that of the client is not waited for.
                self._socket.unwrap()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the descriptor. A task that waits on it must be cancelled by the caller."""
        descriptor = self._socket.fileno()
        if descriptor >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(descriptor)
            loop.remove_writer(descriptor)
        self._socket.close()

    async def _repeat(self, step: Callable[[], T], *, writing: bool) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await wait_for(self._socket, writing=False)
            except ssl.SSLWantWriteError:
                await wait_for(self._socket, writing=True)
            except (BlockingIOError, InterruptedError):
                await wait_for(self._socket, writing=writing)


async def wait_for(sock: socket.socket, *, writing: bool) -> None:
    """Return when the socket can be read, or written."""
    loop = asyncio.get_running_loop()
    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    ready: asyncio.Future[None] = loop.create_future()
    descriptor = sock.fileno()
    add(descriptor, _resolve, ready)
    try:
        await ready
    finally:
        # After `close`, the number may be that of another connection already.
        if sock.fileno() == descriptor:
            remove(descriptor)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
