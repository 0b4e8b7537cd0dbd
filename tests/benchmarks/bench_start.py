"""What starting a command costs: CPU of the process (user and system), of the quickstart's configuration and log.

    python -m tests.benchmarks.bench_start [--before CHECKOUT]

With `--before`, the same commands of another checkout run in turn with those of this
one, and the ratio is printed. Without it the ratio is against a Python that only imports click. Figures depend
on the machine, and on what else it does; the ratios hardly do.

Both are measured as users have them: each checkout is built into a wheel, and installed into a new environment
that shares the packages of this one. The editable installation of a checkout takes 12 ms more to find its modules.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from statistics import median

from tests.test_quickstart import PAGE, files

ROOT = Path(__file__).parents[2]
ROUNDS = 7
_COMPLETE = {"_LEVERWATCH_COMPLETE": "bash_complete"}
COMMANDS: dict[str, tuple[list[str], dict[str, str]]] = {
    "--version": (["--version"], {}),
    "--help": (["--help"], {}),
    "completion, command": ([], {**_COMPLETE, "COMP_WORDS": "leverwatch ", "COMP_CWORD": "1"}),
    "completion, option": ([], {**_COMPLETE, "COMP_WORDS": "leverwatch collect --", "COMP_CWORD": "2"}),
    "sniff": (["sniff", "logs/responses.jsonl"], {}),
    "check-config": (["check-config"], {}),
    "collect, nothing new": (["collect"], {}),
    "evaluate": (["evaluate"], {}),
    "explain": (["explain", "support-bot"], {}),
}


def cpu(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    """Seconds of a command and its children; bytecode of what it imports is kept, as after an installation."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | environ
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(folder: Path, command: str) -> None:
    """The quickstart up to its first verdicts."""
    folder.mkdir()
    for name, text in files(PAGE.read_text()).items():
        (folder / name).write_text(text)
    subprocess.run([sys.executable, "sample.py"], cwd=folder, check=True, timeout=120)
    for step in ("collect", "evaluate"):
        cpu([command, step], folder, {})


def installed(checkout: Path, folder: Path) -> str:
    """Install a checkout into a new environment in `folder`; returns the path of its command."""
    source, environment = folder / "source", folder / "environment"
    # Building leaves files in the tree that it builds from.
    skipped = shutil.ignore_patterns(".venv", ".git", "build", "*.egg-info")
    shutil.copytree(checkout, source, symlinks=True, ignore=skipped)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    alone = ["--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *alone, "-w", str(folder), str(source)], check=True, timeout=600)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    python = environment / "bin/python"
    subprocess.run(
        [*pip, "--python", str(python), "install", "--ignore-installed", "--no-deps", str(wheel)],
        check=True, timeout=120,
    )  # fmt: skip
    return str(environment / "bin/leverwatch")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path)
    before = parser.parse_args().before
    checkouts = [ROOT, *([] if before is None else [before.absolute()])]
    with tempfile.TemporaryDirectory() as temporary:
        programs = [
            installed(checkout, Path(temporary) / f"of-{number}") for number, checkout in enumerate(checkouts)
        ]
        folders = [Path(temporary) / str(number) for number in range(len(programs))]
        for folder, program in zip(folders, programs, strict=True):
            prepare(folder, program)
        click = median(cpu([sys.executable, "-c", "import click"], folders[0], {}) for _ in range(ROUNDS))
        bare = median(cpu([sys.executable, "-c", "pass"], folders[0], {}) for _ in range(ROUNDS))
        print(f"python alone {bare * 1000:.0f} ms, with click {click * 1000:.0f} ms")
        for name, (arguments, environ) in COMMANDS.items():
            rounds = [
                [cpu([each, *arguments], folder, environ) for each, folder in zip(programs, folders, strict=True)]
                for _ in range(ROUNDS)
            ]
            now, *old = (median(column) for column in zip(*rounds, strict=True))
            against = (
                f"{old[0] * 1000:5.0f} ms before, ratio {now / old[0]:.3f}"
                if old
                else f"{now / click:.1f} of click"
            )
            print(f"{name:22} {now * 1000:5.0f} ms, {against}")


if __name__ == "__main__":
    main()
