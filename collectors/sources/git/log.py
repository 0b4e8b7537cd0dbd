"""Parses the output of `git log -z --raw`: landings with the files they changed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

_FORMAT = "--format=tformat:%H %ct %at %P"
_DIFF = ("-z", "--raw", "--no-renames", "--no-relative", "--no-abbrev", "--no-color", "--no-ext-diff")
ARGUMENTS = (
    *("log", *_DIFF, "--no-follow", "--first-parent", "--diff-merges=first-parent"),
    *("--sparse", "--reverse", _FORMAT),
)
"""The command whose output `parse_log` reads: every commit, for its date, with what it did to the paths. Renames
are found later by content hash, so git does not detect them."""
HEADER = ("log", "-z", "--no-walk", "--no-patch", "--no-color", _FORMAT)
"""The command that prints a commit as `ARGUMENTS` does, without its files."""
DIFFERENCE = ("diff-tree", "-r", *_DIFF)
"""The command that prints what differs between two commits as `ARGUMENTS` does for a commit and its parent."""

MOST_EDITS = 20_000
"""The largest number of edits that is kept of one landing, as each takes memory and is stored."""
_FILE_TYPE = 0o170000
_REGULAR_FILE = 0o100000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 1 << 62
"""Later dates are read as this one; all are beyond the calendar."""


class Edit(Struct, frozen=True):
    """One path that a landing changed. None stands for anything but a regular file: absent, a link, a
    submodule."""

    path: str
    old: str | None
    new: str | None
    """Object name of the content after the landing."""


class Landing(Struct, frozen=True):
    """One commit of the branch's first-parent chain, against its first parent."""

    commit: str
    landed_at: datetime
    """Committer date in UTC: as it is read, unchanged; the collector puts a sound date in the place of a wrong
    one."""
    edits: tuple[Edit, ...]
    too_many: int = 0
    """The number of edits when there are more than `MOST_EDITS`, none of which is kept; else 0."""
    written: str = ""
    """Author date as git prints it, which a rebased copy keeps; empty: unknown."""


def parse_time(seconds: str) -> datetime:
    """Turn a committer date (seconds since 1970) into UTC; a date outside of the calendar becomes 1970-01-01."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return _EPOCH


@lru_cache(maxsize=64)
def _is_file(mode: bytes) -> bool:
    return int(mode, 8) & _FILE_TYPE == _REGULAR_FILE


def _content(mode: bytes, name: bytes) -> str | None:
    return name.decode() if _is_file(mode) else None


def parse_log(output: bytes) -> Iterator[Landing]:
    """As `read_log`, for an output that is read completely."""
    return read_log([output])


def read_log(
    pieces: Iterable[bytes], dates: array[int] | None = None, roots: list[str] | None = None
) -> Iterator[Landing]:
    """Parse the output of `ARGUMENTS` from pieces of any size; landings without edits are left out.

    Bytes of a path that are not UTF-8 become backslash escapes. The committer date of every commit, in seconds
    since 1970, is added to `dates`, of which that of a landing is the last one when it is given. The first parent
    of the first commit is added to `roots`, empty for one without.

    Raises:
        ValueError: the output has another form, or is incomplete.
    """
    header = b""
    dates = array("q") if dates is None else dates
    edits: list[Edit] = []
    number = 0
    fields = _fields(pieces)
    for field in fields:
        record = field.removeprefix(b"\n")
        if record.startswith(b":"):
            path = next(fields, b"")
            parts = record[1:].split(b" ")
            if not path or len(parts) != 5 or not header:
                raise ValueError("not the output of git log --raw -z")
            number += 1
            if number <= MOST_EDITS:
                name = path.decode(errors="backslashreplace")
                edits.append(Edit(name, _content(parts[0], parts[2]), _content(parts[1], parts[3])))
            continue
        if edits:
            yield _landing(header, edits, number)
            edits, number = [], 0
        if record:
            if not header and roots is not None:
                roots += record.decode().split(" ")[3:4]
            header = record
            dates.append(_seconds(record))


def _landing(header: bytes, edits: list[Edit], number: int) -> Landing:
    commit, seconds, written, *_ = (*header.decode().split(" ", 3), "", "")
    several = number > MOST_EDITS
    return Landing(commit, parse_time(seconds), () if several else tuple(edits), number if several else 0, written)


def _seconds(header: bytes) -> int:
    try:
        return max(-_LATEST, min(int(header.split(b" ", 2)[1]), _LATEST))
    except (IndexError, ValueError):
        # A commit without a date.
        return 0


def _fields(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the fields between the NULs, and what follows the last one."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    yield rest
