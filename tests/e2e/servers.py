"""Real Prometheus and Alertmanager, and a webhook receiver, each for the length of a `with` block."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml

_LOCAL = "127.0.0.1"


class ServerFailed(RuntimeError):
    """A server of the tests is not installed, ended early, or did not get ready. The message has its log."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    pid: int
    log: Path

    def get(self, path: str, **parameters: str) -> Any:
        """The decoded JSON that a path of its API answers."""
        response = requests.get(self.url + path, params=parameters, timeout=5)
        response.raise_for_status()
        return response.json()

    def reload(self) -> None:
        """Make it read its configuration again."""
        requests.post(f"{self.url}/-/reload", timeout=5).raise_for_status()


@dataclass(frozen=True)
class Webhook:
    """What the receiver was sent, oldest first."""

    url: str
    payloads: list[dict[str, Any]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def alerts(self, name: str, status: str) -> list[dict[str, Any]]:
        """Every alert of this name that arrived as `firing` or `resolved`."""
        return [
            alert
            for payload in list(self.payloads)
            for alert in payload["alerts"]
            if alert["labels"]["alertname"] == name and alert["status"] == status
        ]

    def wait_for(self, name: str, status: str, seconds: float) -> dict[str, Any]:
        """The first such alert, as soon as there is one.

        Raises:
            TimeoutError: none came in time.
        """
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.alerts(name, status), seconds):
                raise TimeoutError(f"no {status} {name} within {seconds} s; arrived: {self.payloads}")
        return self.alerts(name, status)[0]


@dataclass
class Exposition:
    """An exporter whose metrics a test sets."""

    url: str
    text: str = ""
    status: int = 200
    """Anything else is a failed scrape."""

    @property
    def target(self) -> str:
        """The address for a scrape configuration."""
        return self.url.removeprefix("http://")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((_LOCAL, 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.1) -> None:
    """Poll until `condition` holds. Asking takes a processor that what is waited for could have.

    Raises:
        TimeoutError: it never did.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


@contextmanager
def prometheus(folder: Path, config: dict[str, Any], *flags: str) -> Iterator[Server]:
    """A Prometheus with this configuration and its data under `folder`. Its first scrape comes after 5 s.

    Blocks that lie in `folder / "data"` already are served, however old they are.
    """
    arguments = [
        "--web.enable-lifecycle",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=10y",
        *flags,
    ]
    with _server("prometheus", folder, config, arguments) as server:
        yield server


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[str]:
    """The address of a VictoriaMetrics with its data under `folder`. It keeps samples of ten years."""
    path = shutil.which("victoria-metrics")
    if path is None:
        raise ServerFailed("victoria-metrics is not installed; `make servers` installs what the tests need")
    folder.mkdir(parents=True, exist_ok=True)
    address, log = f"{_LOCAL}:{free_port()}", folder / "log.txt"
    command = [path, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr={address}", "-retentionPeriod=10y"]
    command.append("-memory.allowedBytes=256MB")
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_ready(process, f"http://{address}", "victoria-metrics", log)
        yield f"http://{address}"
    finally:
        _stop(process)


@contextmanager
def alertmanager(folder: Path, config: dict[str, Any]) -> Iterator[Server]:
    """An Alertmanager of its own, without a cluster."""
    arguments = ["--cluster.listen-address=", f"--storage.path={folder / 'data'}"]
    with _server("prometheus-alertmanager", folder, config, arguments) as server:
        yield server


@contextmanager
def webhook_receiver() -> Iterator[Webhook]:
    """Stores every JSON document that is posted to it."""

    class Handler(_QuietHandler):
        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with webhook.arrived:
                webhook.payloads.append(payload)
                webhook.arrived.notify_all()
            self.answer(200, b"")

    with _http_server(Handler) as url:
        webhook = Webhook(url)
        yield webhook


@contextmanager
def exposition() -> Iterator[Exposition]:
    """Serves a text as /metrics; the test changes it while it is scraped."""

    class Handler(_QuietHandler):
        def do_GET(self) -> None:
            self.answer(served.status, served.text.encode())

    with _http_server(Handler) as url:
        served = Exposition(url)
        yield served


class _QuietHandler(BaseHTTPRequestHandler):
    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name is the base class's
        """Requests are not worth a line of test output."""


@contextmanager
def _http_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer((_LOCAL, 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{_LOCAL}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _server(program: str, folder: Path, config: dict[str, Any], arguments: list[str]) -> Iterator[Server]:
    path = shutil.which(program)
    if path is None:
        raise ServerFailed(f"{program} is not installed; `make servers` installs what the tests need")
    folder.mkdir(parents=True, exist_ok=True)
    config_file, log = folder / "config.yml", folder / "log.txt"
    config_file.write_text(yaml.safe_dump(config))
    address = f"{_LOCAL}:{free_port()}"
    command = [path, f"--config.file={config_file}", f"--web.listen-address={address}", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _await_ready(process, f"http://{address}", program, log)
        yield Server(f"http://{address}", process.pid, log)
    finally:
        _stop(process)


def _await_ready(process: subprocess.Popen[bytes], url: str, program: str, log: Path) -> None:
    def ready() -> bool:
        if process.poll() is not None:
            raise ServerFailed(f"{program} ended with {process.returncode}:\n{log.read_text()}")
        try:
            return requests.get(f"{url}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False

    try:
        wait_until(ready, 20, f"{program} is ready")
    except TimeoutError as error:
        raise ServerFailed(f"{error}:\n{log.read_text()}") from error


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
