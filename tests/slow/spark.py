"""The tests of tables, on Spark: a master, two workers and its Thrift server, whose sessions are in New York.

    python -m tests.slow.spark .venv-spark [TESTS]
    python -m tests.slow.spark .venv-spark --bench ROWS

Everything listens on loopback alone, and is ended by its process id.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from tests.e2e.servers import free_port

_LOCAL = "127.0.0.1"
_START_SECONDS = 180
_TESTS = [
    f"tests/collectors/sources/sql/test_{name}.py" for name in ("days", "counts", "same_truth", "shown", "errors")
]


def main(environment: Path, tests: Sequence[str]) -> int:
    """Run the tests, print what they took and which workers had a part in them, and return the exit code."""
    home = next(environment.absolute().glob("lib/python*/site-packages/pyspark"))
    with tempfile.TemporaryDirectory(prefix="leverwatch-spark-") as folder, ExitStack() as servers:
        started = time.monotonic()
        port, page = servers.enter_context(_spark(home, Path(folder)))
        print(f"spark: started in {time.monotonic() - started:.0f} s")
        address = f"spark://reader@{_LOCAL}:{port}/default?auth=NOSASL"
        # Spark has no table whose name has a space.
        which = "spark and not names_that_need_quotes"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", "-k", which]
        # PyHive cannot close a connection whose statement was ended: its socket goes with the garbage.
        command += ["-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
        if tests[0] == "--bench":
            command, tests = [sys.executable, "-m", "tests.benchmarks.bench_sql", "spark", "--rows"], tests[1:]
        done = subprocess.run([*command, *tests], env={**os.environ, "LEVERWATCH_SPARK": address}, check=False)
        tasks = _tasks(page)
        print(f"spark: tasks by executor: {tasks}")
        both = len([number for number in tasks if number]) == 2
        print(f"spark: {time.monotonic() - started:.0f} s in all")
        return done.returncode if both else 1


@contextmanager
def _spark(home: Path, folder: Path) -> Iterator[tuple[int, int]]:
    """Start all of Spark; yields the port of its Thrift server, and that of the page of its driver."""
    master, thrift, page = free_port(), free_port(), free_port()
    url = f"spark://{_LOCAL}:{master}"
    java = [str(home / "bin" / "spark-class")]
    deploy = "org.apache.spark.deploy"
    with ExitStack() as running:
        told = ["--host", _LOCAL, "--port", f"{master}", "--webui-port", f"{free_port()}"]
        running.enter_context(_process([*java, f"{deploy}.master.Master", *told], home, folder, "master"))
        _wait(master, folder)
        for number in (1, 2):
            given = ["--host", _LOCAL, "--cores", "1", "--memory", "1g", "--webui-port", f"{free_port()}"]
            given += ["--work-dir", f"{folder}/worker-{number}", url]
            name = f"worker-{number}"
            worker = [*java, f"{deploy}.worker.Worker", *given]
            running.enter_context(_process(worker, home, folder, name))
        derby = f"jdbc:derby:;databaseName={folder}/metastore;create=true"
        settings = {
            "spark.cores.max": 2, "spark.executor.cores": 1, "spark.executor.memory": "512m",
            "spark.ui.port": page,
            "spark.driver.host": _LOCAL, "spark.driver.bindAddress": _LOCAL, "spark.driver.memory": "1g",
            "spark.sql.shuffle.partitions": 4, "spark.sql.session.timeZone": "America/New_York",
            "spark.sql.warehouse.dir": f"{folder}/warehouse", "spark.scheduler.mode": "FAIR",
            "spark.hadoop.javax.jdo.option.ConnectionURL": derby,
        }  # fmt: skip
        said = [text for name, value in settings.items() for text in ("--conf", f"{name}={value}")]
        hive = {"thrift.port": thrift, "thrift.bind.host": _LOCAL, "authentication": "NOSASL"}
        named = [f"hive.server2.{name}={value}" for name, value in hive.items()]
        asked = [text for setting in named for text in ("--hiveconf", setting)]
        program = ["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"]
        submit = [str(home / "bin" / "spark-submit"), "--master", url]
        running.enter_context(_process([*submit, *said, *program, *asked], home, folder, "thrift"))
        _wait(thrift, folder)
        yield thrift, page


@contextmanager
def _process(command: Sequence[str], home: Path, folder: Path, name: str) -> Iterator[None]:
    """Run a program, with all that it starts, for the length of a `with` block."""
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": _LOCAL, "SPARK_DAEMON_MEMORY": "512m"}
    with (folder / f"{name}.log").open("w") as log:
        running = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True
        )
        try:
            yield
        finally:
            # Its own group, which a worker shares with its executor.
            os.killpg(running.pid, signal.SIGTERM)
            try:
                running.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


def _wait(port: int, folder: Path) -> None:
    """Wait for a server; after three minutes its log says why there is none."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex((_LOCAL, port)) == 0:
                return
        time.sleep(0.3)
    tails = [f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(folder.glob("*.log"))]
    raise TimeoutError("Spark does not start\n" + "\n".join(tails))


def _tasks(page: int) -> list[int]:
    """Return how many tasks each executor had."""
    root = f"http://{_LOCAL}:{page}/api/v1/applications"
    (application,) = requests.get(root, timeout=30).json()
    found = requests.get(f"{root}/{application['id']}/allexecutors", timeout=30).json()
    return [each["totalTasks"] for each in found if each["id"] != "driver"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:] or _TESTS))
