"""The quickstart is executed as it is printed: files written, commands run in one shell, output compared.

Blocks marked `sh` are run, in order and in one folder; a block marked `text` right after one is what it prints.
Blocks marked `shell` are for the reader alone. A block that begins with a comment and a file name is that file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.servers import free_port

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/quickstart.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w.]+)\n")
_MARK = "== block"


@dataclass(frozen=True)
class Step:
    """Commands, and what the page says they print; None when it says nothing."""

    commands: str
    output: str | None


def files(page: str) -> dict[str, str]:
    """The files of the page, by name."""
    return {found[1]: text for _, text in _FENCE.findall(page) if (found := _FILE.match(text))}


def steps(page: str) -> list[Step]:
    """The commands of the page, in order."""
    found = list(_FENCE.finditer(page))
    result = []
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block[1] == "sh":
            adjoins = following and following[1] == "text" and not page[block.end() : following.start()].strip()
            result.append(Step(block[2], following[2] if following and adjoins else None))
    return result


def stable(output: str) -> list[str]:
    """The lines of an output without what differs between two runs."""
    for pattern, name in (
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"sqlite:////\S*/", "sqlite:////FOLDER/"),
        (r"@\[[\d.]+\]", "@[TIME]"),
        (r"\d+\.\d\d(?=\s+-$)", "SECONDS"),
        # Drawn anew each day.
        (r"[\d,]+ to [\d,]+ more", "RANGE"),
    ):
        output = re.sub(pattern, name, output, flags=re.MULTILINE)
    return [re.sub(r" +", " ", line).strip() for line in output.splitlines()]


def run(folder: Path, page: str) -> list[str]:
    """What each step printed."""
    for name, text in files(page).items():
        (folder / name).write_text(text)
    script = "".join(f"echo '{_MARK}'\n{step.commands}" for step in steps(page))
    script = f"trap 'kill $(jobs -p) 2> /dev/null' EXIT\nset -e\n{script}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder, env=_environ(os.environ, folder), capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{_MARK}\n")[1:]


def _environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    return {**environ, "PATH": programs, "HOME": str(folder)}


def test_every_command_prints_what_the_page_says(tmp_path: Path) -> None:
    page = PAGE.read_text()
    for port in ("9847", "9090"):
        page = page.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    (tmp_path / "leverwatch").symlink_to(ROOT)
    assert shutil.which("prometheus"), "make servers installs it"

    printed = run(tmp_path, page)

    wanted = steps(page)
    assert len(printed) == len(wanted)
    for step, output in zip(wanted, printed, strict=True):
        if step.output is not None:
            missing = [line for line in stable(step.output) if line not in stable(output)]
            assert not missing, f"{step.commands}printed:\n{output}"


def test_the_configuration_is_what_sniff_printed_with_a_glob_and_a_name() -> None:
    page = PAGE.read_text()
    sniffed = next(step.output or "" for step in steps(page) if " sniff " in step.commands)
    printed = yaml.safe_load(sniffed.partition("Source:\n")[2])[0]
    written = yaml.safe_load(files(page)["leverwatch.yaml"])["sources"][0]

    assert {**printed, "path": "logs/*.jsonl", "system": "support-bot"} == written
    assert Path(printed["path"]).match(written["path"])


def test_the_output_that_takes_a_quarter_of_an_hour_differs_only_in_its_state() -> None:
    pending, firing = (line for line in PAGE.read_text().splitlines() if line.startswith("ALERTS{"))

    assert stable(firing) == stable(pending.replace("pending", "firing"))
