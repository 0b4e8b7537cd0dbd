"""A way to a server that can be made to swallow everything, as a network does that drops packets."""

from __future__ import annotations

import socket
from threading import Event, Thread


class Stalling:
    """Passes bytes from loopback to a socket and back, until it is told to stall; then nothing passes or ends."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._stalled = Event()
        self._open = [self._listening]
        self.asked = Event()
        """Set when somebody has connected."""
        Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where to connect to."""
        port: int = self._listening.getsockname()[1]
        return port

    def stall(self) -> None:
        """Let nothing pass from now on."""
        self._stalled.set()

    def close(self) -> None:
        """End every connection."""
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
            except OSError:
                return
            self._open += [client, server]
            self.asked.set()
            for source, target in ((client, server), (server, client)):
                Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self._stalled.is_set():
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
