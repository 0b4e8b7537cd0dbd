"""A TCP proxy on loopback that can stop forwarding, as a network does that swallows packets."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards connections to one address until told to swallow everything, and goes on accepting all the same."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._passing = threading.Event()
        self._passing.set()
        self._sockets = [self._listener]
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self) -> None:
        """Forward nothing more; what is sent is still acknowledged."""
        self._passing.clear()

    def forward(self) -> None:
        """Forward again, what was swallowed included."""
        self._passing.set()

    def close(self) -> None:
        """End every connection."""
        self._closed = True
        self._passing.set()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if isinstance(self._target, str):
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
            else:
                server = socket.create_connection(self._target)
            self._sockets += [client, server]
            for here, there in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(here, there), daemon=True).start()

    def _pump(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(65_536):
                self._passing.wait()
                if self._closed:
                    return
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)
