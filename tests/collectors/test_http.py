"""GET against servers on real sockets that do what no server should."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.http import get
from leverwatch.collectors.http_values import Answer, Limits
from tests.agent.web.transport.certificates import authority

SECRET = "key-canary-4711"
OK = b"HTTP/1.1 200 OK\r\n"


class NoAuth(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Server:
    """Accepts connections, and does the same with each of them until the test ends."""

    def __init__(self, behave: Callable[[socket.socket, threading.Event], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/models?key={SECRET}"
        self.ended = threading.Event()
        self.left = threading.Event()
        """The client went away before the server was done."""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self.ended.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(10)
                    try:
                        self._behave(connection, self.ended)
                    except OSError:
                        self.left.set()

    def close(self) -> None:
        self.ended.set()
        self._thread.join()
        self._listener.close()


@contextmanager
def serving(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[Server]:
    server = Server(behave)
    try:
        yield server
    finally:
        server.close()


def request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)


def dripping(head: bytes, drop: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def behave(connection: socket.socket, ended: threading.Event) -> None:
        request(connection)
        connection.sendall(head)
        while not ended.wait(0.02):
            connection.sendall(drop)

    return behave


def silent(connection: socket.socket, ended: threading.Event) -> None:
    while not ended.is_set() and connection.recv(65536):
        pass
    if not ended.is_set():
        raise ConnectionError


def answering(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def behave(connection: socket.socket, ended: threading.Event) -> None:  # noqa: ARG001 all take the same
        request(connection)
        connection.sendall(answer)

    return behave


def fetch(
    url: str, *, seconds: float = 60, wait: float = 60, stopping: Callable[[], bool] = lambda: False
) -> Answer:
    limits = Limits(wait, time.monotonic() + seconds, 1 << 20)
    return get(url, place="source x", limits=limits, auth=NoAuth(), stopping=stopping)


def failure(url: str, **settings: float) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        fetch(url, **settings)  # type: ignore[arg-type]  # none of these is a function
    assert SECRET not in repr((caught.value, caught.value.__cause__))
    return str(caught.value)


SLOW = {
    "silence": silent,
    "a status line without an end": dripping(b"HTTP/1.1 200 ", b"O"),
    "headers without an end": dripping(OK, b"x: y\r\n"),
    "a header without an end": dripping(OK + b"x: ", b"y"),
    "a body without an end": dripping(OK + b"\r\n", b"x"),
    "chunks without an end": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_server_that_never_ends_is_left_at_the_deadline(name: str) -> None:
    with serving(SLOW[name]) as server:
        started = time.monotonic()
        said = failure(server.url, seconds=0.3)

        assert said in {
            "source x: the answer was not complete when the time for it was over",
            "source x: no answer within 60 s",
            "source x: cannot be reached: ConnectionError",
        }
        assert time.monotonic() - started < 30
        assert server.left.wait(20)


def test_why_nothing_is_reached_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert [failure(url) for url in (f"http://127.0.0.1:{port}", "http://nowhere.invalid")] == [
        "source x: cannot be reached: nothing listens there (ConnectionRefusedError)",
        "source x: cannot be reached: no address is known of this host (gaierror)",
    ]


@pytest.mark.parametrize("name", SLOW)
def test_a_request_ends_when_the_agent_stops(name: str) -> None:
    with serving(SLOW[name]) as server:
        asked: list[None] = []

        def stopping() -> bool:
            asked.append(None)
            return len(asked) > 3

        with pytest.raises(SourceUnavailable, match="source x: ended early, since the agent stops"):
            fetch(server.url, stopping=stopping)
        assert server.left.wait(20)


def test_half_a_handshake_is_left_at_the_deadline() -> None:
    with serving(silent) as server:
        url = server.url.replace("http://", "https://")

        failure(url, seconds=0.3)

        assert server.left.wait(20)


def test_a_slow_body_over_tls_is_left_at_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = authority(tmp_path)
    pair = trusted.server()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    drip = dripping(OK + b"\r\n", b"x")

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            drip(wrapped, ended)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted.file))
    with serving(behave) as server:
        said = failure(server.url.replace("http://", "https://"), seconds=1.0)

        assert "was not complete" in said
        assert server.left.wait(20)


def test_an_answer_comes_back_and_that_of_another_status_is_not_read() -> None:
    with serving(answering(OK + b"Content-Length: 2\r\n\r\nhi")) as server:
        assert fetch(server.url) == Answer(200, b"hi")
    with serving(answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")) as server:
        assert fetch(server.url) == Answer(302, b"")


def test_a_body_is_bounded_also_when_it_is_packed() -> None:
    packed = gzip.compress(bytes(64 << 20))
    with serving(answering(OK + b"Content-Encoding: gzip\r\n\r\n" + packed)) as server:
        assert failure(server.url) == "source x: the answer is larger than 1 MiB"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 100,
        b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
        OK + b"x" * 70_000 + b"\r\n\r\n",
        OK + b"x: y\r\n" * 200 + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Content-Length: 10\r\n\r\nhi",
        OK + b"Content-Encoding: gzip\r\n\r\nno",
        b"HTTP/1.1 999999999999999999999 x\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_is_said_to_be_unreachable(answer: bytes) -> None:
    with serving(answering(answer)) as server:
        assert failure(server.url).startswith("source x: cannot be reached: ")


def test_headers_that_cannot_be_parsed_do_not_write_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with (
        serving(answering(OK + b"no colon\r\n a: b\r\nContent-Length: 2\r\n\r\nhi")) as server,
        suppress(SourceUnavailable),
    ):
        fetch(server.url)

    assert SECRET not in caplog.text
