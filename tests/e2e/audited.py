"""A `leverwatch` command whose every change to the file system and every way to the network is written down.

A program: `python -m tests.e2e.audited FILE COMMAND...`. A line of the file is the name of an event and what it is
about. What Python does is seen, and what SQLite, git and the driver of PostgreSQL do by themselves is not.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

NETWORK = (
    "socket.connect",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostby",
    "urllib.",
)
CHANGES = (
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"),
    *("os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.lockf", "fcntl.", "shutil."),
)
PROGRAMS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def audit(path: str) -> None:
    """Write down from now on, for as long as the process lives."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        told = event.startswith((*NETWORK, *CHANGES, *PROGRAMS))
        if told or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES):
            os.write(file, json.dumps([event, *map(repr, arguments)]).encode() + b"\n")

    sys.addaudithook(note)


if __name__ == "__main__":
    from leverwatch.agent.cli.main import main

    audit(sys.argv[1])
    main(sys.argv[2:])
