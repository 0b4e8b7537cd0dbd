"""Which processes an agent started and left behind, and which files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.e2e.servers import wait_until

MARK = "LEVERWATCH_TESTED_LIFE"
"""A variable that says to which life a process belongs; its children inherit it."""
_PATIENCE = 15
_LEFTOVERS = ("tmp_*", "*.lock", "*.new", "incoming-*")


def of_lives(lives: Iterable[str]) -> list[str]:
    """The command lines of the processes that belong to these lives."""
    marks = [f"{MARK}={life}\0".encode() for life in lives]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes() + b"\0"
            if any(mark in environ for mark in marks):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return [command for command in found if command]


def assert_gone(lives: Iterable[str]) -> None:
    """Nothing of these lives goes on for long."""
    dead = list(lives)
    try:
        wait_until(lambda: not of_lives(dead), _PATIENCE, "what a killed agent started has ended")
    except TimeoutError as error:
        raise AssertionError(f"{error}: {of_lives(dead)}") from error


def leftovers(*folders: Path) -> list[Path]:
    """Files that something began and did not put in their place; the locks of the copies themselves stay."""
    return [
        path
        for folder in folders
        for pattern in _LEFTOVERS
        for path in folder.rglob(pattern)
        if path.parent != folder or path.suffix != ".lock"
    ]
