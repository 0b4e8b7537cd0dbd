"""What a scrape costs: rendering a snapshot once, against serving its cached bytes.

Run as `python -m tests.benchmarks.bench_exposition`. Prints milliseconds and their ratios for 100, 1,000 and
10,000 systems; every figure is the median of three.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msgspec.structs import replace
from prometheus_client import exposition as exposition_format
from prometheus_client.openmetrics import exposition as openmetrics

from leverwatch.agent.exporter.collector import SnapshotCollector
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.exporter.render import Exposition, Format, Payload
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.web import status_page
from leverwatch.agent.web.api import systems_json
from leverwatch.agent.web.server import Server, State, create_app
from tests.agent.exporter import samples

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SCRAPERS = 50


def many_systems(count: int) -> SystemsSnapshot:
    """Copies of the sample systems under names of their own."""
    views = samples.systems().systems
    copies = (replace(views[number % len(views)], system=f"system-{number}") for number in range(count))
    return samples.systems(*copies)


def milliseconds(work: Callable[[], object]) -> float:
    """Median wall time of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def scrape(port: int) -> int:
    """Bytes of one scrape as Prometheus makes it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    size = len(connection.getresponse().read())
    connection.close()
    return size


def cpu_of_answer(app: WSGIApplication, **headers: str) -> float:
    """Milliseconds of CPU of one answer with the metrics, without the socket; the mean of a hundred."""
    environ = {"PATH_INFO": "/metrics", "REQUEST_METHOD": "GET", **headers}

    def start(*_: object) -> Callable[[bytes], None]:
        return lambda _: None

    list(app(environ, start))
    before = time.process_time()
    for _ in range(100):
        list(app(environ, start))
    return (time.process_time() - before) * 10


def row(count: int) -> tuple[float, ...]:
    """The figures of one size, in the order of `COLUMNS`."""
    snapshot = many_systems(count)
    collector = SnapshotCollector(SYSTEMS, snapshot)
    series = sum(len(metric.samples) for metric in collector.collect())
    exposition = Exposition()
    exposition.set_systems(snapshot)
    exposition.set_agent(samples.agent())
    plain = exposition.body(Format.TEXT).plain
    app = create_app(State(exposition, lambda: (True, "")))
    server = Server("127.0.0.1", 0, app)
    server.start()
    packed = scrape(server.port)
    text = milliseconds(lambda: exposition_format.generate_latest(collector))
    one = milliseconds(lambda: scrape(server.port))
    with ThreadPoolExecutor(SCRAPERS) as pool:
        many = milliseconds(lambda: list(pool.map(scrape, [server.port] * SCRAPERS)))
    server.stop()
    return (
        count,
        series,
        len(plain) / 1e6,
        len(plain) / packed,
        milliseconds(lambda: list(collector.collect())),
        text,
        milliseconds(lambda: openmetrics.generate_latest(collector)),  # type: ignore[no-untyped-call]  # untyped there
        milliseconds(lambda: Payload(plain).gzip()),
        milliseconds(lambda: status_page.render(snapshot, samples.agent())),
        len(status_page.render(snapshot, samples.agent()).encode()) / 1000,
        milliseconds(lambda: systems_json(snapshot)),
        cpu_of_answer(app),
        cpu_of_answer(app, HTTP_ACCEPT_ENCODING="gzip"),
        one,
        many,
        text / one,
    )


COLUMNS = {
    "systems": 0,
    "series": 0,
    "MB": 1,
    "gzip ratio": 0,
    "collect ms": 1,
    "text ms": 1,
    "openmetrics ms": 1,
    "gzip ms": 1,
    "page ms": 1,
    "page KB": 0,
    "JSON ms": 1,
    "plain CPU ms": 3,
    "gzip CPU ms": 3,
    "scrape ms": 1,
    "50 scrapes ms": 1,
    "text/scrape": 0,
}
"""Headings, and how many decimals their figures have."""


def main() -> None:
    """Print one line a size."""
    print("  ".join(COLUMNS))
    for count in (100, 1_000, 10_000):
        figures = zip(COLUMNS.items(), row(count), strict=True)
        print("  ".join(f"{figure:>{len(name)},.{decimals}f}" for (name, decimals), figure in figures))


if __name__ == "__main__":
    main()
