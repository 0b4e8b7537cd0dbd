"""Opens regular files only: a pipe or a device could block the reader for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_descriptor(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file, following links, and return its descriptor. Usable as `opener` of Python's `open`.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
        ValueError: no file can have this name.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return descriptor


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file for reading, in binary mode.

    Raises:
        OSError, ValueError: as for `open_descriptor`.
    """
    return os.fdopen(open_descriptor(path), "rb")
