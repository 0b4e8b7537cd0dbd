"""The server over TLS, on real sockets with real certificates."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import DEFAULT_BUFFER_SIZE
from pathlib import Path
from typing import Any

import pytest
import requests

from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.web.server import Server, State, create_app
from leverwatch.agent.web.transport.current import CurrentWebFile
from leverwatch.agent.web.transport.limits import Drop, Limits
from tests.agent.web.transport.certificates import Authority, Pair, authority

PAIR = "cert_file: server.crt, key_file: server.key"
MUTUAL = f"{PAIR}, client_ca_file: ca.pem, client_auth_type: "


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    made = authority(tmp_path)
    made.server()
    return made


@contextmanager
def serving(ca: Authority, tls: str = PAIR, limits: Limits = Limits()) -> Iterator[Server]:  # noqa: B008 - frozen
    file = ca.folder / "web.yaml"
    file.write_text(f"tls_server_config: {{{tls}}}\n")
    app = create_app(State(Exposition(), lambda: (True, "")))
    server = Server("127.0.0.1", 0, app, tls=CurrentWebFile(file).context, limits=limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def get(server: Server, ca: Authority, client: Pair | None = None, path: str = "/-/healthy") -> requests.Response:
    identity = None if client is None else (str(client.certificate), str(client.key))
    return requests.get(f"https://127.0.0.1:{server.port}{path}", verify=str(ca.file), cert=identity, timeout=10)


@contextmanager
def connected(server: Server, ca: Authority, **versions: Any) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=ca.file)
    for name, version in versions.items():
        setattr(context, name, version)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        yield wrapped


def test_it_answers_over_tls(ca: Authority) -> None:
    with serving(ca) as server:
        assert get(server, ca).text == "healthy\n"
        assert b"leverwatch" in get(server, ca, path="/").content


def test_a_client_that_trusts_another_authority_refuses_the_server(ca: Authority, tmp_path: Path) -> None:
    other = authority(tmp_path, "other")
    with serving(ca) as server, pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(server, other)


def test_plain_http_is_told_to_use_tls(ca: Authority) -> None:
    with serving(ca) as server:
        answer = requests.get(f"http://127.0.0.1:{server.port}/-/healthy", timeout=10)

    assert (answer.status_code, answer.text) == (400, "this port speaks HTTPS only\n")
    assert server.dropped[Drop.HANDSHAKE] == 1


def test_handshake_and_first_header_have_one_deadline_together(ca: Authority) -> None:
    with serving(ca, limits=Limits(greeting=2.0)) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
            started = time.monotonic()
            time.sleep(1.5)
            context = ssl.create_default_context(cafile=ca.file)
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as shaken:
                shaken.sendall(b"GET /-/healthy HTTP/1.1\r\n")
                assert shaken.recv(65536).startswith(b"HTTP/1.1 408")
            seconds = time.monotonic() - started
        assert server.dropped[Drop.GREETING] == 2

    # With a deadline of its own, the header would have until 3.5 s.
    assert 1.5 < seconds < 3.4


@pytest.mark.parametrize(
    ("tls", "spoken"),
    [
        (PAIR, {"TLSv1.2", "TLSv1.3"}),
        (f"{PAIR}, max_version: TLS12", {"TLSv1.2"}),
        (f"{PAIR}, min_version: TLS13", {"TLSv1.3"}),
    ],
)
def test_only_the_configured_versions_are_spoken(ca: Authority, tls: str, spoken: set[str]) -> None:
    found = set()
    with serving(ca, tls) as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            try:
                with connected(server, ca, minimum_version=version, maximum_version=version) as connection:
                    found.add(connection.version())
            except ssl.SSLError:
                continue

    assert found == spoken


def test_a_required_certificate_is_required_and_verified(ca: Authority, tmp_path: Path) -> None:
    ours, theirs = ca.client(), authority(tmp_path, "other").client("stranger")
    with serving(ca, MUTUAL + "RequireAndVerifyClientCert") as server:
        assert get(server, ca, ours).ok
        for client in (None, theirs, ca.server("not-a-client")):
            with pytest.raises(requests.ConnectionError):
                get(server, ca, client)
        assert get(server, ca, ours).ok


def test_a_certificate_that_is_given_is_verified(ca: Authority, tmp_path: Path) -> None:
    ours, theirs = ca.client(), authority(tmp_path, "other").client("stranger")
    with serving(ca, MUTUAL + "VerifyClientCertIfGiven") as server:
        assert get(server, ca, ours).ok
        assert get(server, ca).ok
        with pytest.raises(requests.ConnectionError):
            get(server, ca, theirs)


@pytest.mark.parametrize("tls", [PAIR, f"{PAIR}, client_auth_type: RequestClientCert"])
def test_a_certificate_that_nobody_verifies_changes_nothing(ca: Authority, tmp_path: Path, tls: str) -> None:
    theirs = authority(tmp_path, "other").client("stranger")
    with serving(ca, tls) as server:
        assert get(server, ca, theirs).ok
        assert get(server, ca).ok


def test_a_renewed_certificate_is_served_without_a_restart(ca: Authority) -> None:
    def serial(server: Server) -> Any:
        with connected(server, ca) as connection:
            return (connection.getpeercert() or {})["serialNumber"]

    with serving(ca) as server:
        first = serial(server)
        assert serial(server) == first
        ca.server()
        assert serial(server) != first


def test_a_connection_from_before_a_renewal_goes_on(ca: Authority) -> None:
    request = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(ca) as server, connected(server, ca) as connection:
        for _ in range(2):
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b"healthy\n"):
                answer += connection.recv(65536)
            ca.server()


def test_clients_that_never_shake_hands_keep_nobody_waiting(ca: Authority) -> None:
    with serving(ca) as server, ExitStack() as silent:
        for number in range(40):
            connection = silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            if number < 8:
                connection.sendall(b"\x16\x03\x01")
        started = time.monotonic()

        assert get(server, ca).ok
        # A handshake in the accepting thread would hold everybody up for its ten seconds.
        assert time.monotonic() - started < 5


def test_clients_that_stay_silent_after_the_handshake_keep_nobody_waiting(ca: Authority) -> None:
    with serving(ca) as server, ExitStack() as silent:
        started = time.monotonic()
        for _ in range(40):
            silent.enter_context(connected(server, ca))

        assert get(server, ca).ok
        # Whoever held a thread or the loop would hold it for ten seconds.
        assert time.monotonic() - started < 9


def test_a_request_behind_a_long_one_in_the_same_packet_is_answered(ca: Authority) -> None:
    # What is decrypted with the first request is no longer on the socket, which therefore announces nothing.
    head, end = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nX-Long: ", b"\r\n\r\n"
    long = head + b"x" * (DEFAULT_BUFFER_SIZE - len(head) - len(end)) + end
    short = b"GET /-/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with serving(ca) as server, connected(server, ca) as connection:
        connection.sendall(long + short)
        answered = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answered.count(b"HTTP/1.1 200 OK") == 2
    assert answered.endswith(b"ready\n")


def test_many_clients_at_once_each_get_their_answer(ca: Authority) -> None:
    with serving(ca) as server, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: get(server, ca).text, range(60)))

    assert answers == ["healthy\n"] * 60


@pytest.mark.parametrize("end", [socket.socket.close, lambda connection: connection.shutdown(socket.SHUT_RDWR)])
def test_a_client_that_hangs_up_before_the_handshake_does_no_harm(
    ca: Authority, end: Callable[[socket.socket], None]
) -> None:
    with serving(ca) as server:
        for _ in range(20):
            connection = socket.create_connection(("127.0.0.1", server.port))
            end(connection)
            connection.close()
        assert get(server, ca).ok
