"""Clients that try to hold an HTTP server of this machine, as a program of their own.

`python -m tests.e2e.loads KIND PORT COUNT SECONDS` opens its connections, prints a line, and goes on until the
seconds are over or its input ends.
"""

from __future__ import annotations

import base64
import http.client
import random
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_HOST = "127.0.0.1"
_BIG = b"GET /metrics HTTP/1.1\r\nHost: a\r\n%sAccept-Encoding: identity\r\n\r\n"
_STEP_SECONDS = 2.0


def _connected(port: int, first: bytes, buffer: int | None = None) -> socket.socket | None:
    connection = socket.socket()
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(5)
    try:
        connection.connect((_HOST, port))
        connection.sendall(first)
    except OSError:
        connection.close()
        return None
    return connection


def _silent(port: int, _: int) -> socket.socket | None:
    return _connected(port, b"")


def _writer(port: int, _: int) -> socket.socket | None:
    return _connected(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")


def _reader(port: int, _: int) -> socket.socket | None:
    known = b"Authorization: Basic " + base64.b64encode(b"prometheus:known") + b"\r\n"
    return _connected(port, _BIG % known, buffer=4096)


def _half_handshake(port: int, _: int) -> socket.socket | None:
    return _connected(port, b"\x16\x03\x01\x02\x00")


_OPENED: dict[str, Callable[[int, int], socket.socket | None]] = {
    "silent": _silent,
    "writers": _writer,
    "readers": _reader,
    "handshakes": _half_handshake,
}


def _hold(kind: str, port: int, count: int, until: float) -> None:
    """Keep `count` connections: each does its little every two seconds, and one that was ended comes again."""
    held = [_OPENED[kind](port, number) for number in range(count)]
    print("holding", sum(one is not None for one in held), flush=True)
    while time.monotonic() < until and not select.select([sys.stdin], [], [], _STEP_SECONDS)[0]:
        for number, connection in enumerate(held):
            if connection is None or not _step(kind, connection):
                if connection is not None:
                    connection.close()
                if kind != "silent":
                    held[number] = _OPENED[kind](port, number)


def _step(kind: str, connection: socket.socket) -> bool:
    """Whether the connection is still there after its little."""
    connection.settimeout(0)
    try:
        if kind == "readers":
            return connection.recv(512) != b""
        if kind == "writers":
            connection.sendall(b"x")
        return connection.recv(4096) != b""
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:
        return False


def _guess(port: int, until: float, stop: threading.Event) -> None:
    guess = random.Random(threading.get_ident())
    while time.monotonic() < until and not stop.is_set():
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(_HOST, port, timeout=30)
            text = base64.b64encode(f"prometheus:{guess.random()}".encode()).decode()
            connection.request("GET", "/metrics", headers={"Authorization": f"Basic {text}"})
            connection.getresponse().read()
            connection.close()
        stop.wait(0.1)


def _guessers(port: int, count: int, until: float) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=_guess, args=(port, until, stop), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    print("holding", count, flush=True)
    select.select([sys.stdin], [], [], max(0.0, until - time.monotonic()))
    stop.set()


@contextmanager
def load(kind: str, port: int, count: int, seconds: float = 30) -> Iterator[None]:
    """Run the load in a process of its own for as long as the block lasts, and no longer than so many seconds."""
    command = [sys.executable, "-m", "tests.e2e.loads", kind, str(port), str(count), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"holding %d\n" % count
            yield
        finally:
            # It ends by itself when its input does; a signal makes sure of that.
            process.terminate()


def _main(kind: str, port: int, count: int, seconds: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    until = time.monotonic() + seconds
    if kind == "guessers":
        _guessers(port, count, until)
    else:
        _hold(kind, port, count, until)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
