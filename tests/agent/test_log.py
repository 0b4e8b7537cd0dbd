from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from leverwatch.agent.log import configure, warnings_logged

ROOT = Path(__file__).parents[2]


def test_an_event_is_one_line_of_pairs() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    structlog.get_logger("leverwatch.test").info("collector_run", source="a b", seconds=0.5, ok=True)

    line = stream.getvalue()
    assert line.count("\n") == 1
    assert "level=info event=collector_run" in line
    assert 'source="a b" seconds=0.5 ok=true' in line


def test_an_event_is_one_json_object() -> None:
    stream = io.StringIO()
    configure(output="json", stream=stream)
    structlog.get_logger("leverwatch.test").warning("bad_input", place="a:1")

    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["place"]) == ("bad_input", "warning", "a:1")


_TOLD = """
import io, sys
from leverwatch.agent.log import configure, get_logger, set_up
stream = io.StringIO()
configure(output=sys.argv[1], stream=stream)
log = get_logger("leverwatch.agent.some")
for value in eval(sys.argv[2]):
    log.info("collector_run", source=value, seconds=0.037, counted=2400)
print("structlog" in sys.modules)
set_up()
for value in eval(sys.argv[2]):
    log.info("collector_run", source=value, seconds=0.037, counted=2400)
print(stream.getvalue(), end="")
"""


@pytest.mark.parametrize(
    ("output", "values", "imported"),
    [
        ("logfmt", "['usage', 'team/a-b.c_9', 0, -3, 1e300, float('nan')]", False),
        ("logfmt", "['a b', 'x=\"y\"', '', None, True, 'line\\nline', '\u00e9', 'usage']", True),
        ("logfmt", "[[1, 2]]", True),
        ("json", "['usage']", True),
    ],
    ids=["plain values", "values that need quoting", "a list", "json"],
)
def test_a_plain_line_needs_no_structlog_and_is_the_line_that_it_would_write(
    output: str, values: str, imported: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TOLD, output, values], capture_output=True, text=True, check=True, timeout=60
    )
    found, *lines = done.stdout.splitlines()
    lines = [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "now", line) for line in lines]

    assert found == str(imported)
    assert lines
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]
    assert all("now" in line for line in lines)


def test_events_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    configure(level="warning", stream=stream)
    structlog.get_logger("leverwatch.test").info("quiet")

    assert stream.getvalue() == ""


def test_every_warning_has_a_counter() -> None:
    configure(stream=io.StringIO())
    before = warnings_logged.counts().get("odd_thing", 0)
    log = structlog.get_logger("leverwatch.test")
    log.warning("odd_thing")
    log.error("odd_thing")
    log.info("odd_thing")

    assert warnings_logged.counts()["odd_thing"] == before + 2


def test_a_warning_of_a_library_is_written_and_counted() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    before = warnings_logged.counts().get("library_warning", 0)
    logging.getLogger("apscheduler.scheduler").warning("run of job %s was missed", "a")
    logging.getLogger("apscheduler.scheduler").info("added job")

    assert "run of job a was missed" in stream.getvalue()
    assert "added job" not in stream.getvalue()
    assert warnings_logged.counts()["library_warning"] == before + 1


def test_nothing_is_imported_for_a_line_below_the_level_and_the_first_written_one_is_whole() -> None:
    program = """
import logging, sys
from leverwatch.agent.log import configure, get_logger, warnings_logged
configure("warning")
get_logger("leverwatch.test").info("quiet")
print("structlog" in sys.modules)
logging.getLogger("apscheduler.test").warning("of a library")
get_logger("leverwatch.test").warning("loud", place="a:1")
print(dict(warnings_logged.counts()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )

    assert done.stdout.splitlines() == ["False", "{'library_warning': 1, 'loud': 1}"]
    first, second = done.stderr.splitlines()
    assert 'event="of a library"' in first
    assert "event=loud place=a:1" in second
