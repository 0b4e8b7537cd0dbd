"""What a source shows of itself, at a server on a real socket that writes down what it gets."""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from leverwatch.collectors.daily.errors import TimedOut, Unreachable
from leverwatch.collectors.daily.http_config import HttpSettings, auth_of, tls_of
from leverwatch.collectors.daily.over_http import fetched
from leverwatch.collectors.errors import CollectorError, SourceRefused
from leverwatch.collectors.http_values import Form, Json, Limits, Pairs
from tests.agent.web.transport.certificates import authority, pem

SECRET = "pass-canary-8812"
NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def settings_of(url: str, **given: Any) -> HttpSettings:
    return HttpSettings(url=url, **given)


class Listener:
    """A server that keeps what it is sent."""

    def __init__(self, tls: ssl.SSLContext | None = None, status: int = 200, body: bytes = b"yes") -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                listener.requests.append((self.command, self.path, dict(self.headers.items()), sent))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name that the library looks for

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # a client that trusts nobody goes away

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self._server.server_port}/prom"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def listening(**given: Any) -> Iterator[Listener]:
    listener = Listener(**given)
    try:
        yield listener
    finally:
        listener.close()


def asked(
    config: HttpSettings, folder: Path, body: Form | Json | None = None, parameters: Pairs | None = None
) -> bytes:
    return fetched(
        config.address("api/v1/query"),
        place="source m",
        limits=Limits(20, time.monotonic() + 20, 1 << 20),
        auth=auth_of(config, "source m", folder),
        tls=tls_of(config, "source m", folder),
        body=body,
        parameters=parameters,
        now=lambda: NOW,
    )


def test_a_question_is_a_get_or_with_a_body_a_post(tmp_path: Path) -> None:
    with listening() as server:
        config = settings_of(server.url)
        assert asked(config, tmp_path, parameters={"match[]": ["a", "b"], "x": "1 2"}) == b"yes"
        asked(config, tmp_path, Form({"query": "sum(a{b='c'})", "match[]": ["a", "b"]}))
        asked(config, tmp_path, Json({"group_by": ["day"]}))

    get, form, document = server.requests
    assert get[:2] == ("GET", "/prom/api/v1/query?match%5B%5D=a&match%5B%5D=b&x=1+2")
    assert form[:2] == ("POST", "/prom/api/v1/query")
    assert form[3] == b"query=sum%28a%7Bb%3D%27c%27%7D%29&match%5B%5D=a&match%5B%5D=b"
    assert form[2]["Content-Type"] == "application/x-www-form-urlencoded"
    assert (document[2]["Content-Type"], json.loads(document[3])) == ("application/json", {"group_by": ["day"]})
    assert all("Authorization" not in headers for _, _, headers, _ in server.requests)


@pytest.mark.parametrize("where", ["setting", "file"])
def test_a_token_a_password_and_a_tenant_are_sent(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    secret = "p\u00e4ss:" + SECRET
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "password").write_text(f"{secret}\n")
    token = {"token": SECRET} if where == "setting" else {"token_file": "token"}
    password = {"password": secret} if where == "setting" else {"password_file": "password"}
    with listening() as server:
        asked(settings_of(server.url, **token), tmp_path)
        basic = settings_of(server.url, user="reader", headers={"X-Scope-OrgID": "team|a"}, **password)
        asked(basic, tmp_path)
        asked(settings_of(server.url), tmp_path)

    bearer, basic_sent, nothing = (headers for _, _, headers, _ in server.requests)
    assert bearer["Authorization"] == f"Bearer {SECRET}"
    assert basic_sent["Authorization"] == "Basic " + b64encode(f"reader:{secret}".encode()).decode()
    assert basic_sent["X-Scope-OrgID"] == "team|a"
    assert "Authorization" not in nothing
    assert SECRET not in repr((basic, auth_of(basic, "source m", tmp_path)))


def test_a_private_authority_and_a_client_certificate_open_a_server_that_demands_both(tmp_path: Path) -> None:
    trusted, stranger = authority(tmp_path), authority(tmp_path, "stranger")
    pair, client, other = trusted.server(), trusted.client(), stranger.client("other")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted.file))
    context.load_cert_chain(pair.certificate, pair.key)
    context.verify_mode = ssl.CERT_REQUIRED
    both = tmp_path / "both.pem"
    both.write_bytes(client.certificate.read_bytes() + client.key.read_bytes())
    with listening(tls=context) as server:

        def ask(**settings: Any) -> bytes:
            return asked(settings_of(server.url, **settings), tmp_path)

        shown = {"cert_file": client.certificate.name, "key_file": client.key.name}
        assert ask(ca_file="ca.pem", **shown) == b"yes"
        assert ask(ca_file="ca.pem", cert_file="both.pem") == b"yes"
        for wrong in (
            {"ca_file": "stranger.pem", **shown},
            shown,
            {"ca_file": "ca.pem"},
            {"ca_file": "ca.pem", "cert_file": other.certificate.name, "key_file": other.key.name},
        ):
            with pytest.raises(Unreachable, match=r"source m: (TLS fails: one side|cannot be reached \(Conn)"):
                ask(**wrong)
    assert len(server.requests) == 2


def test_files_of_tls_that_cannot_be_used_are_said_before_anybody_is_asked(tmp_path: Path) -> None:
    made = authority(tmp_path)
    client, server = made.client(), made.server()
    (tmp_path / "locked.key").write_bytes(pem(made.key, b"secret"))
    (tmp_path / "no.pem").write_text("no certificate")
    certificate = client.certificate.name

    def refusal(**settings: Any) -> str:
        with pytest.raises(SourceRefused) as caught:
            tls_of(settings_of("https://m.example.com", **settings), "source m", tmp_path)
        return str(caught.value)

    assert "ca_file" in refusal(ca_file="gone.pem")
    assert "has no certificate" in refusal(ca_file="no.pem")
    assert "cannot be read" in refusal(cert_file="gone.crt")
    assert "do not belong together" in refusal(cert_file=certificate, key_file=server.key.name)
    assert "encrypted" in refusal(cert_file=certificate, key_file="locked.key")
    assert "cannot be read" in refusal(cert_file=certificate)


def test_an_answer_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    with (
        listening(status=307) as server,
        pytest.raises(SourceRefused, match="the address leads elsewhere"),
    ):
        asked(settings_of(server.url, token=SECRET), tmp_path, Form({"a": "b"}))
    assert len(server.requests) == 1


def test_a_kind_of_server_may_say_what_its_errors_mean(tmp_path: Path) -> None:
    def meaning(status: int, said: bytes) -> CollectorError | None:
        return TimedOut(f"{status}: too slow") if said == b"yes" else None

    with listening(status=503) as server:
        limits = Limits(20, time.monotonic() + 20, 1 << 20)
        auth = auth_of(settings_of(server.url), "source m", tmp_path)
        with pytest.raises(TimedOut, match="503: too slow"):
            fetched(server.url, place="m", limits=limits, auth=auth, now=lambda: NOW, meaning=meaning)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "ftp://x"}, "must be a URL"),
        ({"url": f"https://u:{SECRET}@x"}, "without a user name"),
        ({"url": f"https://x/?key={SECRET}"}, "must have nothing behind a ?"),
        ({"url": "https://x:99999"}, "must be a URL"),
        ({"token": SECRET, "token_file": "f"}, "one token too many"),
        ({"user": "u", "password": SECRET, "password_file": "f"}, "one password too many"),
        ({"password": SECRET}, "has a password and no `user`"),
        ({"user": "a:b", "password": SECRET}, "has a colon"),
        ({"user": "a", "token": SECRET}, "authenticates in two ways"),
        ({"token": SECRET, "headers": {"authorization": SECRET}}, "authenticates in two ways"),
        ({"key_file": "k"}, "has a `key_file` and no `cert_file`"),
        ({"headers": {"X-Key": f"{SECRET}\r\nX: y"}}, "X-Key is empty, or has characters"),
        ({"headers": {"X Key": SECRET}}, "has a name that no header has"),
        ({"headers": {"Host": SECRET}}, "has a name that no header has"),
        ({"headers": {"X-Key": SECRET, "x-key": SECRET}}, "has one header twice"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_without_a_secret(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        HttpSettings(**{"url": "https://m.example.com", **settings})

    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (" \n", "is empty")])
def test_a_password_file_without_a_password_is_refused(content: str | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "p").write_text(content)
    config = settings_of("https://m.example.com", user="u", password_file="p")

    with pytest.raises(SourceRefused, match=f"source m: the password file .* {said}"):
        auth_of(config, "source m", tmp_path)


def test_headers_are_added_to_a_request_and_nothing_else_is_changed(tmp_path: Path) -> None:
    config = settings_of("https://m.example.com/x/", headers={"x-api-key": SECRET})
    request = requests.Request("GET", config.address("/a")).prepare()

    auth_of(config, "source m", tmp_path)(request)

    assert (request.url, dict(request.headers)) == ("https://m.example.com/x/a", {"x-api-key": SECRET})
    assert config.shown_url == "https://m.example.com/x"
