"""Folders for fetched copies of repositories: private to the agent's user, and locked by one process at a time."""

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
"""Patterns of files that git leaves in a repository when it is killed."""


class Unprotected(Exception):
    """Another user could read or change the folder. The message names it."""


class Held(Exception):
    """Another process still held the lock when the time to wait for it was over."""


def make_private(folder: Path) -> None:
    """Create a folder that only this user can access, or change the mode of an existing one, whatever the umask
    is.

    Raises:
        Unprotected: it belongs to another user, or it is a link.
        OSError: it cannot be created.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Unprotected(f"{folder} is a link or belongs to another user")
    if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        folder.chmod(0o700)


def make_trusted(folder: Path) -> None:
    """Create a folder that only this user can access, or remove other users' right to write to an existing one.

    A folder of another owner is accepted when other users cannot replace files in it (the sticky bit), or when it
    is a mount point, such as a volume of a container.

    Raises:
        Unprotected: other users can change what is in it.
        OSError: it cannot be created.
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
    """A context manager that holds a lock against other processes; the system releases it when the process ends.

    Raises:
        Held: another process did not release it within `seconds`.
        OSError: the lock file cannot be created.
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
    """Remove files that a killed git left in a repository. No git may be running in it."""
    for pattern in _LEFT_BEHIND:
        for path in repository.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def size(folder: Path) -> int:
    """Return the size of all files in a folder in bytes, without those that vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).lstat().st_size
    return total
