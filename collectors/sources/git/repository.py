"""Read access to a repository: its tip, its landings, and contents of files. Nothing is written."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from msgspec import Struct

from leverwatch.collectors.sources.git.branches import LOCAL, REMOTE, Branches, parse_branches
from leverwatch.collectors.sources.git.errors import GitFailed, ObjectMissing
from leverwatch.collectors.sources.git.log import ARGUMENTS, DIFFERENCE, HEADER, Landing, read_log
from leverwatch.collectors.sources.git.mainline import Span, Turn, spans, turns_to
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


class Chain(NamedTuple):
    """What landed on a branch, oldest first."""

    landings: list[Landing]
    places: list[int]
    """Which one of all commits each landing is."""
    dates: array[int]
    """The committer date of every commit, in seconds since 1970."""
    roots: list[str]
    """The first parent of the oldest commit of each part; empty for one without."""


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

    def is_shallow(self) -> bool:
        """Return whether the clone is shallow; where git's folder is at one of its two places, no command is run.

        Raises:
            GitError: there is no repository, or git cannot read it.
        """
        for folder in (self.directory / ".git", self.directory):
            if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                return (folder / "shallow").exists()
        return self._git.read(self.directory, "rev-parse", "--is-shallow-repository").strip() == b"true"

    def has_references(self) -> bool:
        """Whether the repository has any branch or tag.

        Raises:
            GitError: the repository cannot be read.
        """
        return bool(self._git.read(self.directory, "for-each-ref", "--count=1"))

    def touches(self, commit: str, patterns: Sequence[str]) -> bool:
        """Whether a commit, or one before it, touched a file that pathspecs match.

        Raises:
            GitError: the repository cannot be read.
        """
        return bool(self._git.read(self.directory, "rev-list", "--max-count=1", commit, "--", *patterns))

    def branches(self) -> Branches:
        """Return the branches of the repository.

        Raises:
            GitError: the repository cannot be read.
        """
        form = "--format=%(refname)%09%(symref)%09%(HEAD)%09%(objectname)"
        return parse_branches(
            self._git.read(self.directory, "for-each-ref", form, LOCAL, REMOTE).decode(errors="backslashreplace")
        )

    def is_bare(self) -> bool:
        """Whether the repository has no working tree.

        Raises:
            GitError: the repository cannot be read.
        """
        return self._git.read(self.directory, "rev-parse", "--is-bare-repository").strip() == b"true"

    def usual_branch(self) -> str:
        """Return the setting `init.defaultBranch`; empty when it is not set."""
        try:
            found = self._git.read(self.directory, "config", "--get", "init.defaultBranch")
        except GitFailed:
            return ""
        return found.decode(errors="backslashreplace").strip()

    def way(self, old: str, new: str) -> tuple[Turn, ...] | None:
        """Return the turns on the way from `old` to `new`.

        None when `new` does not contain `old`, or when `old` no longer exists. It is not enough that `old` is an
        ancestor: it may be a second parent of a merge, and then the first parents of `new` are another chain, on
        which what landed did not land.

        Raises:
            GitError: the command could not run.
        """
        try:
            listing = self._git.read(
                self.directory, "rev-list", "--first-parent", "--parents", f"{old}..{new}", "--"
            )
            oldest = listing.decode().rstrip("\n").rpartition("\n")[2].split(" ")
            if old == new or oldest[1:2] == [old]:
                return ()
            between = self._git.read(
                self.directory, "rev-list", "--ancestry-path", "--parents", f"{old}..{new}", "--"
            )
        except GitFailed:
            return None
        listed = [line.split(" ") for line in between.decode().splitlines()]
        return turns_to(new, old, {commit: parents for commit, *parents in listed})

    def fork(self, head: str, turns: Sequence[Turn], new: str) -> tuple[str, tuple[Turn, ...]] | None:
        """Return the newest commit of the chain up to `head` that `new` contains, with the turns up to it.

        None when there is none, or when git has forgotten that chain.

        Raises:
            GitError: the command could not run.
        """
        for number in range(len(turns), -1, -1):
            start, top, _ = list(spans(None, head, turns))[number]
            try:
                listing = self._git.read(
                    self.directory, "rev-list", "--first-parent", "--parents", top, f"^{new}", "--"
                )
            except GitFailed:
                continue
            lost = [line.split(" ") for line in listing.decode().splitlines()]
            if not lost:
                return top, tuple(turns[:number])
            parents = lost[-1][1:]
            if parents and all(commit != start for commit, *_ in lost):
                return parents[0], tuple(turns[:number])
        return None

    def ahead(self, old: str, new: str, pathspecs: Sequence[str]) -> Chain | None:
        """Return what `chain` does, if the commits on the way from `old` to `new` are first parents; else None.

        Raises:
            GitError: the command could not run.
        """
        try:
            found = self.chain([Span(old, new, None)], pathspecs)
        except GitFailed:
            return None
        return found if found.roots == [old] else None

    def chain(self, parts: Iterable[Span], pathspecs: Sequence[str]) -> Chain:
        """Return the landings of a chain that touch the paths, and the dates of all its commits.

        Raises:
            GitError: the repository cannot be read.
        """
        found = Chain([], [], array("q"), [])
        for start, end, turn in parts:
            span = end if start is None else f"{start}..{end}"
            self._log(found, b"", *ARGUMENTS, span, "--", *pathspecs)
            if turn is not None:
                header = self._git.read(self.directory, *HEADER, turn.merge, "--")
                self._log(found, header, *DIFFERENCE, turn.parent, turn.merge, "--", *pathspecs)
        return found

    def _log(self, found: Chain, header: bytes, *arguments: str) -> None:
        with self._git.open(self.directory, *arguments) as output:
            try:
                pieces = chain([header], iter(lambda: output.read(_PIECE), b""))
                for landing in read_log(pieces, found.dates, found.roots):
                    found.landings.append(landing)
                    found.places.append(len(found.dates) - 1)
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
        content = output.read(size + 1)
        return content[:-1] if len(content) == size + 1 and content.endswith(b"\n") else None
    left = size + 1
    while left > 0:
        piece = output.read(min(left, _PIECE))
        if not piece:
            return None
        left -= len(piece)
    return b""
