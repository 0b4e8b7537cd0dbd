"""Reads what `git log -z --raw` prints: one landing after another, each with the files it changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

ARGUMENTS = (
    "log",
    "-z",
    "--raw",
    "--no-renames",
    "--no-follow",
    "--no-relative",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--first-parent",
    "--diff-merges=first-parent",
    "--reverse",
    "--format=tformat:%H %ct",
)
"""The command that `parse_log` reads. Renames are found by content hash later, so git need not guess them."""

MOST_EDITS = 20_000
"""Files in one landing; each is held in memory, and what became of it is kept in the store."""
_FILE_TYPE = 0o170000
_REGULAR_FILE = 0o100000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Edit:
    """One path that a landing changed. None: no regular file (absent, a symbolic link, a submodule)."""

    path: str
    old: str | None
    new: str | None
    """Object name of the content."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One commit of the branch's first-parent chain, against its first parent."""

    commit: str
    landed_at: datetime
    """Committer date in UTC, as it was written: neither clamped nor made monotonic."""
    edits: tuple[Edit, ...]
    too_many: int = 0
    """So many edits that none is kept: more than `MOST_EDITS`, which is no work of people on prompts."""


def parse_time(seconds: str) -> datetime:
    """Turn a committer date (seconds since 1970) into UTC; a date outside of the calendar becomes 1970-01-01."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return _EPOCH


def _content(mode: bytes, name: bytes) -> str | None:
    return name.decode() if int(mode, 8) & _FILE_TYPE == _REGULAR_FILE else None


def parse_log(output: bytes) -> Iterator[Landing]:
    """As `read_log`, from the whole output."""
    return read_log([output])


def read_log(pieces: Iterable[bytes]) -> Iterator[Landing]:
    """Read the output of `ARGUMENTS`, cut anywhere; a landing without edits is left out.

    A path that is not UTF-8 keeps its odd bytes as backslash escapes.

    Raises:
        ValueError: the text is something else, or was cut.
    """
    header: tuple[str, datetime] | None = None
    edits: list[Edit] = []
    number = 0
    fields = _fields(pieces)
    for field in fields:
        record = field.removeprefix(b"\n")
        if record.startswith(b":"):
            path = next(fields, b"")
            parts = record[1:].split(b" ")
            if not path or len(parts) != 5 or header is None:
                raise ValueError("not the output of git log --raw -z")
            number += 1
            if number <= MOST_EDITS:
                name = path.decode(errors="backslashreplace")
                edits.append(Edit(name, _content(parts[0], parts[2]), _content(parts[1], parts[3])))
            continue
        if header is not None and edits:
            yield Landing(*header, tuple(edits)) if number <= MOST_EDITS else Landing(*header, (), number)
        edits, number = [], 0
        if record:
            commit, _, seconds = record.decode().partition(" ")
            header = commit, parse_time(seconds)


def _fields(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What stands between the NULs, and what comes after the last one."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    yield rest
