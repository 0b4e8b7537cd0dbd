"""The server on a real socket: complete answers under load, and a clean start and stop."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from msgspec.structs import replace
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.exporter.render import Exposition, Format
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.web.server import Server, State, create_app
from tests.agent.exporter import samples

_SYSTEMS = 10
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture
def exposition() -> Exposition:
    shown = Exposition()
    shown.set_systems(samples.systems())
    shown.set_agent(samples.agent())
    return shown


@pytest.fixture
def server(exposition: Exposition) -> Iterator[Server]:
    running = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    running.start()
    yield running
    running.stop()


def url(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def test_port_zero_becomes_a_port_that_answers(server: Server) -> None:
    assert server.port > 0
    assert requests.get(url(server, "/-/healthy"), timeout=10).text == "healthy\n"


def test_gzip_over_the_wire_is_the_exposition(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    assert answer.getheader("Content-Encoding") == "gzip"
    assert b"checkout-helper" in gzip.decompress(body)


def test_head_keeps_the_connection_usable(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("HEAD", "/metrics")
    head = connection.getresponse()
    assert head.read() == b""
    connection.request("GET", "/metrics")
    get = connection.getresponse()
    body = get.read()
    connection.close()

    # Numbers of the process may have more digits in the other scrape.
    assert int(head.getheader("Content-Length", "")) == pytest.approx(len(body), abs=50)


def test_the_server_does_not_tell_its_version(server: Server) -> None:
    assert requests.get(url(server, "/"), timeout=10).headers["Server"] == "leverwatch"


def test_wrong_methods_and_paths_are_refused_over_the_wire(server: Server) -> None:
    assert requests.post(url(server, "/metrics"), data="x" * 100, timeout=10).status_code == 405
    assert requests.get(url(server, "/-/reload"), timeout=10).status_code == 405
    assert requests.post(url(server, "/-/reload"), timeout=10).status_code == 403
    assert requests.get(url(server, "/nowhere"), timeout=10).status_code == 404


def test_a_body_without_end_is_refused(server: Server) -> None:
    answer = requests.post(url(server, "/-/reload"), data=b"x" * 1_000_000, timeout=10)

    assert answer.status_code == 413


def generation(number: int) -> SystemsSnapshot:
    """A few systems that all carry the number of their generation, in their names and in their figures."""
    view = samples.grown()
    verdict = replace(view.verdict, volume=replace(view.verdict.volume, monthly_inferences=float(number)))
    views = [replace(view, system=f"g{number}-s{i}", verdict=verdict) for i in range(_SYSTEMS)]
    return samples.systems(*views, dropped=number)


def seen_generation(text: str, *, openmetrics: bool) -> set[str]:
    """Every generation that one exposition mentions."""
    found: set[str] = set()
    monthly = 0
    parse: Callable[[str], Iterable[Metric]] = parse_openmetrics if openmetrics else parse_text
    for family in parse(text):
        for sample in family.samples:
            if "system" in sample.labels:
                found.add(sample.labels["system"].split("-")[0])
            if sample.name == "leverwatch_monthly_inferences":
                monthly += 1
                found.add(f"g{sample.value:.0f}")
            if sample.name == "leverwatch_undeclared_systems_dropped":
                found.add(f"g{sample.value:.0f}")
    assert monthly == _SYSTEMS
    return found


def test_fifty_scrapers_each_get_one_whole_snapshot_while_snapshots_swap() -> None:
    exposition = Exposition()
    exposition.set_systems(generation(0))
    exposition.set_agent(samples.agent())
    server = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    server.start()
    together = threading.Barrier(51)
    done = threading.Event()

    def scrape(scraper: int) -> list[str]:
        openmetrics = scraper % 2 == 1
        headers = {"Accept": OPENMETRICS if openmetrics else "*/*"}
        if scraper % 3:
            headers["Accept-Encoding"] = "identity"
        bodies = []
        with requests.Session() as session:
            together.wait(60)
            for _ in range(3):
                answer = session.get(url(server, "/metrics"), headers=headers, timeout=120)
                answer.raise_for_status()
                bodies.append(answer.text)
        return bodies

    def swap() -> None:
        together.wait(60)
        number = 0
        # Far more often than any agent does, and not so often that those who scrape get no time.
        while not done.wait(0.05):
            number += 1
            exposition.set_systems(generation(number % 7))
            exposition.set_agent(samples.agent())

    swapper = threading.Thread(target=swap)
    with ThreadPoolExecutor(50) as pool:
        futures = [pool.submit(scrape, number) for number in range(50)]
        swapper.start()
        try:
            answers = [future.result(240) for future in futures]
        finally:
            done.set()
            swapper.join()
            server.stop()
    generations = [
        seen_generation(body, openmetrics=number % 2 == 1)
        for number, bodies in enumerate(answers)
        for body in bodies
    ]

    assert len(generations) == 150
    assert {len(mentioned) for mentioned in generations} == {1}
    assert len(set.union(*generations)) > 1, "no snapshot was swapped while scraping"


def test_a_taken_port_is_an_error_that_names_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server("127.0.0.1", port, create_app(State(Exposition(), lambda: (True, ""))))

        with pytest.raises(
            LeverwatchError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: Address already in use$"
        ):
            server.start()
        server.stop()


def test_an_address_of_another_machine_is_an_error() -> None:
    server = Server("192.0.2.1", 0, create_app(State(Exposition(), lambda: (True, ""))))

    with pytest.raises(
        LeverwatchError, match=r"^cannot listen on 192\.0\.2\.1:0: Cannot assign requested address$"
    ):
        server.start()


def test_a_stopped_server_refuses_connections_and_frees_its_port(exposition: Exposition) -> None:
    first = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    first.start()
    port = first.port
    first.stop()
    first.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    second = Server("127.0.0.1", port, create_app(State(exposition, lambda: (True, ""))))
    second.start()
    assert requests.get(url(second, "/-/healthy"), timeout=10).ok
    second.stop()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:  # it was closed while the connection waited to be taken
        return True
    return True


def test_stopping_lets_a_request_in_progress_finish() -> None:
    started, release = threading.Event(), threading.Event()

    def slow() -> tuple[bool, str]:
        started.set()
        assert release.wait(30)
        return True, ""

    server = Server("127.0.0.1", 0, create_app(State(Exposition(), slow)))
    server.start()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(requests.get, url(server, "/-/ready"), timeout=30)
        assert started.wait(30)
        stopped = pool.submit(server.stop)
        while _listens(server.port):
            time.sleep(0.05)
        release.set()

        assert answer.result(30).text == "ready\n"
        stopped.result(30)


def test_a_silent_client_does_not_keep_others_waiting(server: Server) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    for connection in silent[:8]:
        connection.sendall(b"GET /metr")

    assert requests.get(url(server, "/-/healthy"), timeout=10).ok
    for connection in silent:
        connection.close()


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_is_kept_packed_is_sent_whole_with_its_length(coding: str) -> None:
    exposition = Exposition(most=0)
    exposition.set_systems(generation(1))
    exposition.set_agent(samples.agent())
    running = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    running.start()
    try:
        with requests.Session() as session:
            for _ in range(2):
                answer = session.get(url(running, "/metrics"), headers={"Accept-Encoding": coding}, timeout=10)

                assert answer.content.startswith(exposition.body(Format.TEXT).plain)
                length = int(answer.headers["Content-Length"])
                assert (length == len(answer.content)) is (coding == "identity")
    finally:
        running.stop()
