"""Passes connections on to a server of this machine, and counts the bytes of its answers."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

_PIECE = 1 << 16


class Relay:
    """A port that leads to another one, for the length of a `with` block."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.received = 0
        """Bytes that the server sent until now."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            answering = socket.create_connection(self._to)
            threading.Thread(target=self._pass, args=(asking, answering, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(answering, asking, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(_PIECE):
                self.received += len(piece) if counted else 0
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
