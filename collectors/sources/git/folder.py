"""Folders with other people's prompts in them: for the agent's user alone, and one process at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_LOOK_SECONDS = 0.1
_LEFT_BEHIND = (
    "*.lock",
    "refs/**/*.lock",
    "gc.pid",
    "objects/tmp_objdir-*",
    "objects/pack/tmp_*",
    "objects/pack/.tmp-*",
    "objects/??/tmp_obj_*",
)
"""What git leaves in a repository when it is killed."""


class Unprotected(Exception):
    """A folder that somebody else could read or change. The message names the folder."""


class Held(Exception):
    """Another process uses the folder, for longer than can be waited."""


def make_private(folder: Path) -> None:
    """Make a folder for this user alone, or mend one, whatever the umask is.

    Raises:
        Unprotected: it belongs to somebody else, or it is a link.
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Unprotected(f"{folder} is a link or belongs to another user")
    if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        folder.chmod(0o700)


def make_trusted(folder: Path) -> None:
    """Make a folder for this user alone; of one that exists, take from others the right to write.

    One of the system's is trusted where what lies in it cannot be taken away by others (the sticky bit), and where
    it is mounted: a volume that a container was given.

    Raises:
        Unprotected: others may change what lies in it.
        OSError: it cannot be made.
    """
    user = os.geteuid()
    if folder.is_symlink() and folder.lstat().st_uid not in {0, user}:
        raise Unprotected(f"{folder} is a link of another user")
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(None, "it is no folder")
    if found.st_uid not in {0, user}:
        raise Unprotected(f"{folder} belongs to another user")
    if not found.st_mode & _OTHERS_WRITE or found.st_mode & stat.S_ISVTX:
        return
    if found.st_uid == user:
        folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS_WRITE)
    elif not folder.is_mount():
        raise Unprotected(f"others may write to {folder}")


@contextmanager
def held(file: Path, seconds: float, stopping: Callable[[], bool]) -> Iterator[None]:
    """Hold a lock against other processes; the system lets go of it when the process ends.

    Raises:
        Held: another process did not let go of it in time.
        OSError: the file cannot be made.
    """
    end = time.monotonic() + seconds
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if stopping() or time.monotonic() > end:
                raise Held("another process reads the same source")
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def sweep(repository: Path) -> None:
    """Remove what a git that was killed left in a repository; only for one that no git runs in."""
    for pattern in _LEFT_BEHIND:
        for path in repository.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def size(folder: Path) -> int:
    """Bytes in all files of a folder; those that go away meanwhile are left out."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).lstat().st_size
    return total
