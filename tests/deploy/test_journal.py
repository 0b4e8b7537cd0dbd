"""The export of systemd's journal: its units under systemd-analyze, and its program with the real journald."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs/deploy/systemd"
EXPORTER = SHIPPED / "leverwatch-journal"
PAGE = (ROOT / "docs/deploy/journal.md").read_text()


def source() -> dict[str, Any]:
    """The source that the page shows."""
    (shown,) = re.findall(r"^```yaml\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = yaml.safe_load(shown)["sources"]
    return dict(found)


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_systemd_can_read_the_units(kind: str, tmp_path: Path) -> None:
    for each in ("service", "timer"):
        unit = (SHIPPED / f"leverwatch-journal@.{each}").read_text()
        program = unit.replace("/usr/local/bin/leverwatch-journal", str(EXPORTER))
        (tmp_path / f"leverwatch-journal@chat.{each}").write_text(program)

    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / f"leverwatch-journal@chat.{kind}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the program made of a real journal, after each of its runs."""
    folder = tmp_path_factory.mktemp("journal")
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    command = ["unshare", *user, "--mount", "sh", str(Path(__file__).with_name("journald.sh")), EXPORTER, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


def lines(folder: Path) -> list[int]:
    return sorted(path.read_bytes().count(b"\n") for path in folder.iterdir())


def test_each_run_exports_what_is_new_and_what_a_killed_one_left(exported: Path) -> None:
    assert lines(exported / "0") == [3]
    # Killed before it counted, it is made again with what came since; killed later, it is finished first.
    assert lines(exported / "1") == [2, 3]
    assert lines(exported / "2") == [1, 1, 2, 3]
    assert lines(exported / "3") == [1, 1, 1, 1, 2, 3]
    assert lines(exported / "4") == lines(exported / "3")
    assert {path.suffix for path in (exported / "4").iterdir()} == {".json"}


def test_every_call_in_the_journal_counts_once(exported: Path, tmp_path: Path) -> None:
    settings = source()
    settings["path"] = Path(settings["path"]).name
    # The journal of the tests knows no unit of the sender.
    settings["system"] = "{journal.SYSLOG_IDENTIFIER}"
    bench = Bench(tmp_path, config(**settings))
    counted = []
    for number in range(5):
        for path in (exported / str(number)).iterdir():
            shutil.copy2(path, tmp_path / path.name)
        counted.append(bench.collect())

    assert counted == [{"chat": 2}, {"chat": 4}, {"chat": 6}, {"chat": 8}, {"chat": 8}]
    assert bench.store.tallies == {Result.COUNTED: 8, Result.IGNORED: 1}
