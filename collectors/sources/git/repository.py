"""Read access to a repository: its tip, its landings, and contents of files. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from msgspec import Struct

from leverwatch.collectors.sources.git.errors import GitFailed, ObjectMissing
from leverwatch.collectors.sources.git.log import ARGUMENTS, Landing, read_log
from leverwatch.collectors.sources.git.process import Git

LARGEST_PROMPT = 5 * 1024 * 1024
"""The largest prompt in bytes; larger files are ignored."""
_PIECE = 1024 * 1024


class Tip(Struct, frozen=True):
    """The state of a branch."""

    commit: str | None
    """The newest commit; None: the repository has no such branch."""
    shallow: bool
    """Whether the clone is shallow; the rest of its history must not be counted."""


class Repository:
    """A repository on disk: a working tree or a bare one."""

    def __init__(self, git: Git, directory: Path) -> None:
        self._git = git
        self.directory = directory

    def tip(self, reference: str) -> Tip:
        """Resolve a full reference name, or HEAD, with a single command.

        Raises:
            GitError: there is no repository, or git cannot read it.
        """
        lines: list[str] = []
        try:
            with self._git.open(
                self.directory, "rev-parse", "--is-shallow-repository", f"{reference}^{{commit}}"
            ) as output:
                lines = output.read().decode().split("\n")
        except GitFailed as error:
            # The first answer comes out even when the reference is unknown.
            if lines and lines[0] in {"true", "false"} and "unknown revision" in str(error):
                return Tip(None, shallow=lines[0] == "true")
            raise
        return Tip(lines[1], shallow=lines[0] == "true")

    def has_references(self) -> bool:
        """Whether the repository has any branch or tag.

        Raises:
            GitError: the repository cannot be read.
        """
        return bool(self._git.read(self.directory, "for-each-ref", "--count=1"))

    def continues(self, old: str, new: str) -> bool:
        """Whether `old` is on the first-parent chain of `new`, so that only the commits after it are new.

        It is not enough that `old` is an ancestor: it may be a second parent of a merge, and then the first-parent
        chain is another one. False also when `old` no longer exists.

        Raises:
            GitError: the command could not run.
        """
        try:
            listing = self._git.read(
                self.directory, "rev-list", "--first-parent", "--parents", f"{old}..{new}", "--"
            )
        except GitFailed:
            return False
        oldest = listing.decode().rstrip("\n").rpartition("\n")[2].split(" ")
        return oldest[1:2] == [old]

    def landings(self, new: str, old: str | None, pathspecs: Sequence[str]) -> list[Landing]:
        """Return the first-parent landings up to `new` (after `old`, if given) that touch the paths, oldest first.

        Raises:
            GitError: the repository cannot be read.
        """
        span = new if old is None else f"{old}..{new}"
        with self._git.open(self.directory, *ARGUMENTS, span, "--", *pathspecs) as output:
            try:
                return list(read_log(iter(lambda: output.read(_PIECE), b"")))
            except ValueError as error:
                raise GitFailed("git log printed something unexpected") from error

    def contents(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield the contents of objects by name, one at a time; None for one that is too large or not a file.

        Raises:
            ObjectMissing: the repository lacks one of them.
            GitError: the repository cannot be read.
        """
        wanted = list(names)
        if not wanted:
            return
        received = 0
        data = "".join(f"{name}\n" for name in wanted).encode()
        with self._git.open(self.directory, "cat-file", "--batch", "--buffer", data=data) as output:
            while header := output.readline():
                name, *description = header.decode().split()
                if description == ["missing"]:
                    raise ObjectMissing(f"object {name} is missing")
                kind, size = description
                content = _read_object(output, int(size))
                if content is None:
                    break
                received += 1
                yield name, content if kind == "blob" and int(size) <= LARGEST_PROMPT else None
        if received != len(wanted):
            raise GitFailed("git ended before it had printed every object")


def _read_object(output: IO[bytes], size: int) -> bytes | None:
    """Read one object and the newline after it, without keeping a large one; None when the output ends early."""
    if size <= LARGEST_PROMPT:
        content = output.read(size)
        return content if len(content) == size and output.read(1) == b"\n" else None
    left = size + 1
    while left > 0:
        piece = output.read(min(left, _PIECE))
        if not piece:
            return None
        left -= len(piece)
    return b""
