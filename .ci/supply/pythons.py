"""Finds the Pythons of this machine that leverwatch can run on.

    PYTHONPATH=.ci python -m supply.pythons [--newest]

Prints a line for each: its program, by release, oldest first. With --newest it prints the newest one alone, and
only when it is newer than the Python that runs this. Needs nothing but Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LOWEST = (3, 11)
_NAME = re.compile(r"python3\.(\d+)")
_ASK = "import ensurepip, sys, venv; print(*sys.version_info[:3], sys.version_info.releaselevel, sep='.')"
Release = tuple[int, int, int]


def folders(environment: Mapping[str, str], home: Path) -> list[Path]:
    """Where programs are looked for: PATH, and the versions that pyenv keeps beside it."""
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv")
    path = [Path(folder) for folder in environment.get("PATH", "").split(os.pathsep) if folder]
    return [*path, *sorted(pyenv.glob("versions/*/bin"))]


def release(program: Path) -> Release | None:
    """Which release a program is, when it works, is no preview, and can make virtual environments."""
    try:
        done = subprocess.run(
            [program, "-c", _ASK], capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL
        )
        major, minor, micro, level = done.stdout.strip().split(".")
        return (int(major), int(minor), int(micro)) if level == "final" else None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # one of pyenv's names without a version, or no Python


def pythons(where: list[Path]) -> dict[Release, Path]:
    """The newest release of each minor version with its program, oldest first."""
    found: dict[Release, Path] = {}
    for program in (program for folder in where for program in sorted(folder.glob("python3.*"))):
        name = _NAME.fullmatch(program.name)
        if name and (3, int(name[1])) >= LOWEST and (its := release(program)):
            found.setdefault(its, program)
    newest = {its[:2]: its for its in sorted(found)}
    return {its: found[its] for its in newest.values()}


def main(arguments: list[str]) -> int:
    """Print what was found; 2 for other arguments."""
    if arguments not in ([], ["--newest"]):
        sys.stderr.write("usage: python -m supply.pythons [--newest]\n")
        return 2
    found = pythons(folders(os.environ, Path.home()))
    if arguments:
        found = {its: program for its, program in found.items() if its[:2] > sys.version_info[:2]}
        found = dict([*found.items()][-1:])
    sys.stdout.writelines(f"{program}\n" for program in found.values())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
