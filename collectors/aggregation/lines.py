"""The lines that a source passes on to be counted."""

from __future__ import annotations

from msgspec import Struct


class Lines(Struct, frozen=True):
    """Complete records of one file."""

    data: bytes | memoryview
    """The bytes. The last record may lack its end when it is known to be final."""
    path: str
    """Where the bytes are."""
    first_line: int
    """The 1-based number of the first line, or of the first frame."""
    header: bytes | None = None
    """The file's header line, when the format has one."""
    key: str = ""
    """The id under which refused records are remembered; empty: they are not."""
    at: int = 0
    """The offset of the first line in the text of the file, in bytes."""
    origin: str = ""
    """The path at which the log was first seen, which names its system; empty: `path`."""
    before: bytes = b""
    """The records of another file, counted before, that the first ones of these belong to."""
