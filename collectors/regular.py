"""Opens files that a configuration or a listing names: regular ones, and nothing that could be waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_descriptor(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, links followed; also an `opener` of Python's `open`.

    Raises:
        OSError: it cannot be opened, or is a pipe, a device or a folder, which could hold whoever reads for ever.
        ValueError: no file can have this name.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return descriptor


def open_regular(path: str | Path) -> BinaryIO:
    """A regular file for reading. Raises as `open_descriptor`."""
    return os.fdopen(open_descriptor(path), "rb")
