"""What a long log costs in memory: nothing for its length, and little for each request id that is remembered."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.agents import COMMAND
from tests.e2e.test_signals import configure, files

pytestmark = pytest.mark.e2e

SHORT, LONG = 20_000, 500_000
DAYS = 25


def collect(folder: Path, number: int, window: str) -> int:
    """The most bytes that reading so many records, in order of time, ever took."""
    folder.mkdir()
    first = datetime.now(UTC).timestamp() - DAYS * 86_400
    step = timedelta(days=DAYS - 1).total_seconds() / number
    with (folder / "a.jsonl").open("w") as file:
        for index in range(number):
            file.write(
                f'{{"ts": {int(first + index * step)}, "app": "bot", "id": "r{index}", "pad": "{"x" * 200}"}}\n'
            )
    config = configure(folder, 0, files(dedupe_window=window))
    command = [*COMMAND, "collect", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    (folder / "a.jsonl").unlink()
    return used.ru_maxrss * 1024


def test_memory_does_not_grow_with_a_log_in_order_of_time(tmp_path: Path) -> None:
    short, long = (collect(tmp_path / str(number), number, "1h") for number in (SHORT, LONG))

    # The long log has 125 MB more than the short one.
    assert long - short < 40e6


def test_a_request_id_that_is_remembered_costs_about_a_hundred_bytes(tmp_path: Path) -> None:
    without, remembered = (collect(tmp_path / window, LONG, window) for window in ("0s", "30d"))

    assert remembered - without < 150 * LONG
