"""The metrics of the process stand behind those of the snapshots, as they are at the scrape."""

from __future__ import annotations

import gzip
import os
import platform
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from leverwatch.agent.exporter.process_families import PROCESS, Readings, read_process
from leverwatch.agent.exporter.render import Exposition, Format
from tests.agent.exporter import samples


@pytest.fixture(scope="module")
def exposition() -> Exposition:
    shown = Exposition()
    shown.set_systems(samples.systems())
    shown.set_agent(samples.agent())
    return shown


def _families(text: str, output: Format) -> Iterator[Metric]:
    if output is Format.OPENMETRICS:
        yield from parse_openmetrics(text)  # type: ignore[no-untyped-call]  # untyped in the library
    else:
        yield from parse_text(text)


def test_every_reading_of_the_libraries_is_a_declared_family() -> None:
    assert set(read_process()) == {family.name for family in PROCESS}


def test_the_values_are_those_of_this_process() -> None:
    readings = read_process()

    labels, one = readings["python_info"]
    assert (labels["version"], labels["implementation"], one) == (
        platform.python_version(),
        platform.python_implementation(),
        1,
    )
    assert readings["process_resident_memory_bytes"][1] > 1 << 20
    assert readings["process_open_fds"][1] <= readings["process_max_fds"][1]


def test_an_open_file_is_counted_at_the_next_scrape(exposition: Exposition) -> None:
    def opened() -> float:
        text = exposition.scrape(Format.TEXT).plain.decode()
        return next(
            s.value for f in _families(text, Format.TEXT) for s in f.samples if s.name == "process_open_fds"
        )

    before = opened()
    reading, writing = os.pipe()
    try:
        assert opened() == before + 2
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("output", Format)
def test_a_scrape_is_the_exposition_with_the_process_behind_it(exposition: Exposition, output: Format) -> None:
    end = b"# EOF\n" if output is Format.OPENMETRICS else b""
    scraped = exposition.scrape(output).plain
    shared = exposition.body(output).plain.removesuffix(end)

    assert scraped.startswith(shared)
    assert scraped.endswith(end)
    added = {s.name for f in _families(scraped.decode(), output) for s in f.samples} & {f.name for f in PROCESS}
    assert added == {family.name for family in PROCESS}


@pytest.mark.parametrize("output", Format)
def test_the_gzip_of_a_scrape_is_one_member_with_the_same_bytes(exposition: Exposition, output: Format) -> None:
    for _ in range(2):  # the second one continues what the first one compressed
        scraped = exposition.scrape(output)
        # The program checks the length and the checksum.
        unpacked = subprocess.run(
            ["gzip", "-dc"], input=scraped.gzip(), capture_output=True, check=True, timeout=60
        )

        assert unpacked.stdout == scraped.plain == gzip.decompress(scraped.gzip())
        assert len(scraped.gzip()) < len(scraped.plain) / 4


def test_before_any_snapshot_the_process_is_there_alone() -> None:
    assert Exposition().scrape(Format.TEXT).plain.startswith(b"# HELP process_cpu_seconds_total ")
    assert gzip.decompress(Exposition().scrape(Format.OPENMETRICS).gzip()).endswith(b"# EOF\n")


def test_a_system_without_proc_has_no_series_of_it(exposition: Exposition) -> None:
    only: Readings = {"python_info": read_process()["python_info"]}

    text = exposition.scrape(Format.TEXT, lambda: only).plain

    assert b"process_" not in text.removeprefix(exposition.body(Format.TEXT).plain)
    assert b"python_info{" in text


def test_promtool_finds_nothing_to_complain_about(exposition: Exposition) -> None:
    scraped = exposition.scrape(Format.TEXT).plain
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=scraped, capture_output=True, check=False, timeout=60
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
