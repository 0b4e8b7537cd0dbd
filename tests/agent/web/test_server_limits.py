"""What a client may take of the server: time, connections, bytes; and the headers of every answer."""

from __future__ import annotations

import errno
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPResponse
from typing import Any

import pytest
import requests
import structlog

from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.web.application import SECURITY_HEADERS
from leverwatch.agent.web.server import Server, State, create_app
from leverwatch.agent.web.transport.channel import Channel
from leverwatch.agent.web.transport.limits import Drop, Limits

SHORT = Limits(connections=8, greeting=0.5, body=0.5, answer=0.5, idle=0.5, stop=0.5)
PATIENT = Limits(connections=8)
EXTRA = (("X-Frame-Options", "deny"), ("Strict-Transport-Security", "max-age=60"))
HEAD = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n"
LARGE = b"x" * (32 * 1024 * 1024)


def application(environ: Any, start: Any) -> list[bytes]:
    """The agent's, and what the agent never does."""
    if environ["PATH_INFO"] == "/large":
        start("200 OK", [("Content-Length", str(len(LARGE)))])
        return [LARGE]
    if environ["PATH_INFO"] == "/fails":
        raise ZeroDivisionError("a secret detail")
    if environ["PATH_INFO"] == "/invalid":
        start("200 OK", [("X-Bad", "a\r\nb")])
        return []
    agent: Any = create_app(State(Exposition(), lambda: (True, "")))(environ, start)
    return list(agent)


@contextmanager
def serving(limits: Limits) -> Iterator[Server]:
    server = Server("127.0.0.1", 0, application, headers=lambda: (*SECURITY_HEADERS, *EXTRA), limits=limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(SHORT) as running:
        yield running


@contextmanager
def connected(server: Server, first: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(first)
        yield connection


def answered(connection: socket.socket, method: str = "GET") -> HTTPResponse:
    response = HTTPResponse(connection, method=method)
    response.begin()
    response.read()
    return response


def rest(connection: socket.socket) -> int:
    """How many bytes come until the end, which need not be an orderly one."""
    received = 0
    with suppress(ConnectionResetError):
        while data := connection.recv(65536):
            received += len(data)
    return received


def is_well(server: Server) -> bool:
    return requests.get(f"http://127.0.0.1:{server.port}/-/healthy", timeout=10).text == "healthy\n"


def test_a_silent_client_is_let_go_without_a_word(server: Server) -> None:
    with connected(server) as connection:
        assert connection.recv(1) == b""
    assert server.dropped[Drop.GREETING] == 1


def test_a_client_between_two_requests_is_let_go_without_a_word(server: Server) -> None:
    with connected(server, HEAD + b"\r\n") as connection:
        assert answered(connection).status == 200
        assert connection.recv(1) == b""
    assert not any(server.dropped.values())


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (HEAD + b"X-Slow: ", Drop.GREETING),
        (b"PUT /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n", Drop.BODY),
    ],
)
def test_a_byte_now_and_then_does_not_extend_a_deadline(server: Server, first: bytes, reason: Drop) -> None:
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        while not done.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return

    with connected(server, first) as connection:
        dripping = threading.Thread(target=drip, args=(connection,))
        dripping.start()
        try:
            assert answered(connection).status == 408
        finally:
            done.set()
            dripping.join()
    assert server.dropped[reason] == 1


def test_the_header_of_a_further_request_has_a_deadline_of_its_own_from_its_first_byte() -> None:
    with serving(replace(PATIENT, greeting=1.0)) as server, connected(server, HEAD + b"\r\n") as connection:
        assert answered(connection).status == 200
        time.sleep(1.5)  # between two requests there is more time
        connection.sendall(HEAD)
        started = time.monotonic()
        assert answered(connection).status == 408
        assert time.monotonic() - started > 0.5
    assert server.dropped[Drop.GREETING] == 1


def test_what_is_no_request_is_counted() -> None:
    with serving(PATIENT) as server:
        for data in (b"hello\r\n\r\n", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"):
            with connected(server, data) as connection:
                assert answered(connection).status >= 400
        assert {reason: number for reason, number in server.dropped.items() if number} == {Drop.REFUSED: 2}


def test_a_reader_that_never_ends_is_let_go(server: Server) -> None:
    with connected(server, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        while not server.dropped[Drop.ANSWER]:
            assert connection.recv(1000)
            time.sleep(0.01)
        assert rest(connection) < len(LARGE)


def test_a_client_that_reads_gets_a_large_answer_whole() -> None:
    with serving(PATIENT) as server:
        url = f"http://127.0.0.1:{server.port}/large"
        assert requests.get(url, timeout=30).content == LARGE


def test_a_new_connection_takes_the_place_of_the_one_that_waited_longest() -> None:
    with serving(PATIENT) as server, ExitStack() as stack:
        crowd = [stack.enter_context(connected(server, HEAD)) for _ in range(8)]
        assert is_well(server)
        assert rest(crowd[0]) == 0
        assert server.dropped[Drop.ROOM] == 1
        crowd[7].sendall(b"\r\n")
        assert answered(crowd[7]).status == 200


def test_whoever_waits_for_the_agent_itself_keeps_its_place() -> None:
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def slow() -> tuple[bool, str]:
        waiting.release()
        assert go_on.wait(30)
        return True, ""

    server = Server("127.0.0.1", 0, create_app(State(Exposition(), slow)), limits=PATIENT)
    server.start()
    with ExitStack() as stack:
        request = b"GET /-/ready HTTP/1.1\r\nHost: a\r\n\r\n"
        crowd = [stack.enter_context(connected(server, request)) for _ in range(8)]
        for _ in crowd:
            assert waiting.acquire(timeout=30)
        with connected(server) as one_more:
            assert one_more.recv(1) == b""
        go_on.set()
        assert [answered(connection).status for connection in crowd] == [200] * 8
    assert server.dropped[Drop.FULL] == 1
    server.stop()


def test_it_comes_back_when_descriptors_do() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(Limits()) as server, ExitStack() as stack, structlog.testing.capture_logs() as logged:
        clients = [stack.enter_context(socket.socket()) for _ in range(20)]
        for client in clients:
            client.settimeout(20)
        resource.setrlimit(resource.RLIMIT_NOFILE, (clients[-1].fileno() + 5, hard))
        try:
            for client in clients:
                client.connect(("127.0.0.1", server.port))
            # The last one is served although there are fewer descriptors than clients.
            clients[-1].sendall(HEAD + b"\r\n")
            assert clients[-1].recv(15) == b"HTTP/1.1 200 OK"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert is_well(server)
    failures = [entry for entry in logged if entry["event"] == "http_accept_failed"]
    assert 1 <= len(failures) <= 6
    assert failures[0]["reason"] == "Too many open files"


def test_fewer_connections_than_were_asked_for_are_said_at_the_start() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with structlog.testing.capture_logs() as logged:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        try:
            with serving(Limits(connections=512)), serving(Limits(connections=320)):
                pass
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert [(entry["event"], entry["connections"]) for entry in logged] == [("http_connections_limited", 320)]


def test_a_server_that_cannot_run_says_so_and_frees_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(main: Any) -> None:
        main.close()
        raise OSError(errno.EMFILE, "Too many open files")

    server = Server("127.0.0.1", 0, application)
    monkeypatch.setattr("asyncio.run", refuse)
    with pytest.raises(LeverwatchError, match=r"^cannot serve on port [0-9]+: "):
        server.start()

    socket.create_server(("127.0.0.1", server.port)).close()


def test_one_connection_that_cannot_be_taken_does_not_end_the_accepting(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Channel.__init__
    failing = [True]

    def fail_once(self: Channel, connection: socket.socket, client: str) -> None:
        if failing.pop() if failing else False:
            raise ValueError("a fault")
        made(self, connection, client)

    monkeypatch.setattr(Channel, "__init__", fail_once)
    with serving(SHORT) as server:
        with connected(server) as first:
            assert first.recv(1) == b""
        assert is_well(server)


ANSWERS = [
    (b"hello\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n X: 1\r\n\r\n", 400),
    (HEAD + b"X: ", 408),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n", 413),
    (b"GET /" + b"x" * 65_536, 414),
    (HEAD + b"X: " + b"x" * 65_536, 431),
    (b"GET /fails HTTP/1.1\r\nHost: a\r\n\r\n", 500),
    (b"GET /invalid HTTP/1.1\r\nHost: a\r\n\r\n", 500),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
]


@pytest.mark.parametrize(("data", "status"), ANSWERS)
def test_the_servers_own_answers_have_the_headers_of_all_others(server: Server, data: bytes, status: int) -> None:
    with connected(server, data) as connection:
        response = answered(connection)

    assert response.status == status
    assert {*SECURITY_HEADERS, *EXTRA, ("Server", "leverwatch")} <= set(response.getheaders())
    assert response.getheader("Connection") == "close"


def test_a_client_that_asks_first_is_told_to_send_its_body(server: Server) -> None:
    expecting = b"PUT /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with connected(server, expecting) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"ab")
        assert answered(connection).status == 403


def test_requests_in_one_packet_are_answered_in_their_order(server: Server) -> None:
    more = b"".join(b"GET /-/%s HTTP/1.1\r\nHost: a\r\n\r\n" % name for name in (b"healthy", b"ready", b"none"))
    with connected(server, more) as connection:
        answers = b""
        while len(found := re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answers)) < 3:
            piece = connection.recv(65_536)
            assert piece, answers
            answers += piece
    assert found == [b"200", b"200", b"404"]


def test_stopping_waits_for_no_client_longer_than_it_says() -> None:
    release = threading.Event()

    def endless() -> tuple[bool, str]:
        assert release.wait(60)
        return True, ""

    server = Server("127.0.0.1", 0, create_app(State(Exposition(), endless)), limits=replace(SHORT, greeting=60))
    server.start()
    ready = b"GET /-/ready HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(server, ready) as hanging, connected(server) as silent, connected(server, HEAD) as half:
        time.sleep(0.2)
        started = time.monotonic()
        server.stop()
        seconds = time.monotonic() - started
        release.set()

        assert seconds < 10
        assert [connection.recv(1) for connection in (hanging, silent, half)] == [b""] * 3
    assert server.dropped[Drop.STOPPED] == 1
