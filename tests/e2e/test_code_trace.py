"""A public trace's shape: CSV, CRLF, no zone, no newline at the end; whole, twice, and in two halves."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from tests.e2e.agents import leverwatch, leverwatch_json

pytestmark = pytest.mark.e2e

TRACE = "AzureLLMInferenceTrace_code.csv"
CONFIG = f"""\
store: {{url: "sqlite:///leverwatch.db"}}
sources:
  - name: code-trace
    type: files
    path: "{TRACE}"
    format: {{type: csv, fields: {{time: TIMESTAMP, input_tokens: ContextTokens, output_tokens: GeneratedTokens}}}}
    system: code-completion
systems:
  code-completion: {{declared_strategy: prompt_engineering, reviewed: 2026-10-01, locked_in_behavior: ["JSON v3"]}}
"""


class Trace:
    """An invented trace in a folder with its configuration."""

    def __init__(self, folder: Path) -> None:
        chance = random.Random(5)
        rows = [(chance.randrange(7000), chance.randrange(200)) for _ in range(3000)]
        lines = [
            f"2023-11-16 18:{number // 60:02}:{number % 60:02}.{number:07},{context},{generated}"
            for number, (context, generated) in enumerate(rows)
        ]
        self.data = ("\r\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines])).encode()
        self.expected = (3000, sum(row[0] for row in rows), sum(row[1] for row in rows))
        self.path = folder / TRACE
        self.config = folder / "leverwatch.yaml"
        self.config.write_text(CONFIG)
        self._url = f"sqlite:///{folder / 'leverwatch.db'}"

    def collect(self) -> int:
        """One pass; how many records it counted."""
        (report,) = leverwatch_json("collect", config=self.config)
        assert report["malformed"] == {}
        counted: int = report["records"]
        return counted

    def quiet(self) -> None:
        """Let the file look as if nobody had touched it for an hour."""
        past = time.time() - 3600
        os.utime(self.path, (past, past))

    def totals(self) -> tuple[int, int, int]:
        store = Store(self._url)
        with store.reading() as connection:
            (row,) = connection.execute(select(usage_daily)).all()
        store.close()
        assert (row.system, str(row.day), row.unknown_cached) == ("code-completion", "2023-11-16", row.inferences)
        return int(row.inferences), int(row.input_tokens), int(row.output_tokens)


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    return Trace(tmp_path)


def test_a_quiet_trace_is_exact_and_collecting_again_adds_nothing(trace: Trace) -> None:
    trace.path.write_bytes(trace.data)
    trace.quiet()

    assert [trace.collect(), trace.collect()] == [3000, 0]
    assert trace.totals() == trace.expected


def test_the_last_line_waits_until_the_file_is_quiet_and_counts_once(trace: Trace) -> None:
    trace.path.write_bytes(trace.data)
    assert trace.collect() == 2999

    trace.quiet()

    assert [trace.collect(), trace.collect()] == [1, 0]
    assert trace.totals() == trace.expected


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("cut", [60_001, 60_004, 60_020, 60_030, 60_036, 60_040])
def test_two_halves_that_part_within_a_line_are_exact(trace: Trace, cut: int, paused: bool) -> None:
    trace.path.write_bytes(trace.data[:cut])
    if paused:
        trace.quiet()
    leverwatch_json("collect", config=trace.config)
    with trace.path.open("ab") as file:
        file.write(trace.data[cut:])
    leverwatch_json("collect", config=trace.config)
    trace.quiet()
    leverwatch_json("collect", config=trace.config)

    assert trace.totals() == trace.expected


def test_the_verdict_on_the_day_of_the_trace_says_what_it_does_not_know(trace: Trace) -> None:
    trace.path.write_bytes(trace.data)
    trace.quiet()
    trace.collect()

    told = leverwatch("explain", "code-completion", "--all", "--as-of", "2023-11-16", config=trace.config)

    assert told.returncode == 0
    assert told.stdout.startswith("code-completion: fine tuning (decided)")
    assert "only 1 of the 28 days to 2023-11-16 are covered, and 21 are needed" in told.stdout
