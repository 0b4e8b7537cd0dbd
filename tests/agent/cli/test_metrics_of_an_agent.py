"""`leverwatch metrics --url`: passwords stay out of arguments and messages, and no answer is awaited for ever."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main

WANTED = "Basic " + base64.b64encode(b"prometheus:s3cret").decode()


class Asking(BaseHTTPRequestHandler):
    """Wants the password."""

    def do_GET(self) -> None:
        right = self.headers.get("Authorization") == WANTED
        self.send_response(200 if right else 401)
        self.end_headers()
        self.wfile.write(b"up 1\n" if right else b"")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Asking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def call(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ("metrics", *arguments), env=environ)


def test_the_password_comes_from_a_file(address: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    asked = ("--url", f"http://{address}", "--user", "prometheus", "--password-file", str(tmp_path / "password"))

    assert call(*asked).stdout == "up 1\n"


def test_the_password_comes_from_the_environment(address: str) -> None:
    asked = ("--url", f"http://{address}", "--user", "prometheus")

    assert call(*asked, LEVERWATCH_PASSWORD="s3cret").stdout == "up 1\n"
    refused = call(*asked, LEVERWATCH_PASSWORD="canary")
    assert refused.exit_code == 1
    assert "does not answer (401)" in refused.stderr
    assert "canary" not in refused.output


def test_a_user_without_a_password_and_a_file_without_one_are_said(address: str, tmp_path: Path) -> None:
    missing = call("--url", f"http://{address}", "--user", "prometheus")
    unreadable = call("--url", "http://a", "--user", "x", "--password-file", str(tmp_path / "none"))

    assert (missing.exit_code, unreadable.exit_code) == (2, 2)
    assert "--user needs --password-file, or LEVERWATCH_PASSWORD in the environment" in missing.stderr
    assert "cannot be read: No such file" in unreadable.stderr


def test_a_password_in_the_url_works_and_is_warned_of(address: str) -> None:
    done = call("--url", f"http://prometheus:s3cret@{address}")

    assert done.stdout == "up 1\n"
    assert "every user of the machine can read a password in --url" in done.stderr
    assert "s3cret" not in done.output


def test_an_agent_that_sends_a_byte_now_and_then_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leverwatch.agent.cli.show._TIMEOUT_SECONDS", 1.5)
    over = threading.Event()

    def drip(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client:
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not over.wait(0.1):
                client.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        dripping = threading.Thread(target=drip, args=(listening,), daemon=True)
        dripping.start()
        started = time.monotonic()
        done = call("--url", f"http://127.0.0.1:{listening.getsockname()[1]}")
        took = time.monotonic() - started
        over.set()
        dripping.join()

    assert done.exit_code == 1
    assert "the agent does not answer (not within 1.5 s)" in done.stderr
    assert took < 30
