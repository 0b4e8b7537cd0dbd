"""Keeps a local copy of one branch of a remote repository, fetched incrementally. Losing it costs only time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum, auto
from pathlib import Path

from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.sources.git.credentials import Remote
from leverwatch.collectors.sources.git.errors import GitFailed
from leverwatch.collectors.sources.git.folder import (
    Held,
    Unprotected,
    held,
    make_private,
    make_trusted,
    size,
    sweep,
)
from leverwatch.collectors.sources.git.process import Git, summary

REFERENCE = "refs/leverwatch/branch"
"""The reference of the branch in the copy. It does not depend on the branch that the remote's HEAD names."""

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--force",
    # Without this, git skips the branch of a shallow remote, and that looks like an empty remote.
    "--update-shallow",
)


_BLOCK = 4096


class Refreshed(Enum):
    """What became of the copy."""

    CURRENT = auto()
    """It has the branch as the remote has it."""
    EMPTY = auto()
    """There is none, since the remote has no branch at all."""


class Cache:
    """The copy of one branch in a folder of the agent. The address, with its token, is not written there.

    `largest` is its largest size in bytes; `seconds` is how long to wait for another process that uses the copy.
    """

    def __init__(
        self,
        git: Git,
        directory: Path,
        origin: Remote,
        branch: str | None,
        place: str,
        *,
        largest: int,
        seconds: float,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._git = git
        self.directory = directory
        self._origin = origin
        self._wanted = f"refs/heads/{branch}" if branch else "HEAD"
        self._place = place
        self._largest, self._seconds, self._stopping = largest, seconds, stopping

    @contextmanager
    def used(self) -> Iterator[None]:
        """A context manager that locks the copy against other processes and makes it private to this user.

        Raises:
            SourceUnavailable: another process uses it, or it cannot be made.
            SourceRefused: it cannot be made private.
        """
        folder = self.directory.parent
        with ExitStack() as holding:
            try:
                make_trusted(folder)
                lock = folder / f"{self.directory.name}.lock"
                holding.enter_context(held(lock, self._seconds, self._stopping))
                if self.directory.exists() or self.directory.is_symlink():
                    make_private(self.directory)
            except Unprotected as error:
                raise SourceRefused(f"{self._place}: the cache cannot be protected: {error}") from error
            except Held as error:
                raise self._unavailable(str(error)) from error
            except OSError as error:
                raise self._unavailable(f"cannot write to {folder}: {error.strerror}") from error
            yield

    def refresh(self) -> Refreshed:
        """Bring the copy up to date; a copy that cannot be updated is made anew.

        Files of a fetch that failed or was killed are removed.

        Raises:
            SourceUnavailable: the remote cannot be reached.
            SourceRefused: the remote has no such branch, or is too large.
            GitError: git cannot run, or took too long.
        """
        sweep(self.directory)
        if self.directory.exists() and size(self.directory) < self._largest:
            try:
                self._fetch(self.directory)
            except GitFailed as error:
                if not self._has_branch(error):
                    return Refreshed.EMPTY
                # The remote is fine, so the copy is not.
                self.discard()
            else:
                return Refreshed.CURRENT
        return self._create()

    def discard(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _create(self) -> Refreshed:
        # Built beside its place and moved there when complete: a copy that exists was whole once.
        draft = self.directory.with_name(f"{self.directory.name}.new")
        failure: GitFailed | None = None
        try:
            for object_format in ("sha1", "sha256"):
                shutil.rmtree(draft, ignore_errors=True)
                try:
                    make_private(draft)
                except OSError as error:
                    raise self._unavailable(f"cannot write to {draft.parent}: {error.strerror}") from error
                except Unprotected as error:
                    raise SourceRefused(f"{self._place}: the cache cannot be protected: {error}") from error
                self._git.read(
                    draft, "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", "."
                )
                try:
                    self._fetch(draft)
                except GitFailed as error:
                    failure = error
                    if "mismatched algorithms" in str(error):
                        continue
                    break
                self.discard()
                draft.rename(self.directory)
                return Refreshed.CURRENT
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if failure is None or self._has_branch(failure):
            raise self._unavailable(summary(str(failure))) from failure
        return Refreshed.EMPTY

    def _fetch(self, directory: Path) -> None:
        room = self._largest - size(directory)
        try:
            self._git.read(
                directory,
                *_FETCH,
                "--",
                self._origin.url,
                f"+{self._wanted}:{REFERENCE}",
                environ=self._origin.environ,
                largest_file=room,
            )
        except GitFailed as error:
            if size(directory) >= self._largest - _BLOCK:
                raise self._too_large() from error
            raise
        finally:
            sweep(directory)
        if size(directory) > self._largest:
            # Many small files, each below what one may have.
            shutil.rmtree(directory, ignore_errors=True)
            raise self._too_large()

    def _too_large(self) -> SourceRefused:
        limit = f"{self._largest >> 20} MiB"
        return SourceRefused(f"{self._place}: a copy of it needs more than {limit}; see `largest_copy_mib`")

    def _has_branch(self, failure: GitFailed) -> bool:
        """Ask the remote, after a fetch failed, whether it has the branch (True) or nothing at all (False).

        Raises:
            SourceUnavailable: it cannot be reached.
            SourceRefused: it has other branches only.
        """
        try:
            listing = self._git.read(
                self.directory.parent,
                "ls-remote",
                "--",
                self._origin.url,
                "HEAD",
                "refs/heads/*",
                environ=self._origin.environ,
            )
        except GitFailed as error:
            raise self._unavailable(summary(str(error))) from error
        names = [line.partition("\t")[2] for line in listing.decode(errors="replace").splitlines()]
        if not names:
            return False
        if self._wanted in names:
            return True
        if self._wanted == "HEAD":
            reason = "the remote's HEAD names a branch that does not exist; set `branch`"
        else:
            reason = f"the remote has no branch {self._wanted.removeprefix('refs/heads/')!r}"
        raise SourceRefused(f"{self._place}: {reason}") from failure

    def _unavailable(self, reason: str) -> CollectorError:
        return SourceUnavailable(f"{self._place}: {reason}")
