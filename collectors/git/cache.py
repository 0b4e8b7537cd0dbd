"""Keeps a local copy of one branch of a remote repository, fetched bit by bit. Losing it costs only time."""

from __future__ import annotations

import shutil
from pathlib import Path

from collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from collectors.git.errors import GitFailed
from collectors.git.process import Git, summary

REFERENCE = "refs/leverwatch/branch"
"""Where the copy keeps the branch. Its own name, so that it may follow whatever the remote's HEAD means today."""

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


class Cache:
    """The copy of one branch in a folder of the agent's own. The address (with its token) is not written there."""

    def __init__(self, git: Git, directory: Path, url: str, branch: str | None, place: str) -> None:
        self._git = git
        self.directory = directory
        self._url = url
        self._wanted = f"refs/heads/{branch}" if branch else "HEAD"
        self._place = place

    def refresh(self) -> bool:
        """Bring the copy up to date; a copy that cannot be updated is made anew. False: the remote is empty.

        Raises:
            SourceUnavailable: the remote cannot be reached.
            SourceRefused: the remote has no such branch.
            GitError: git cannot run, or took too long.
        """
        if self.directory.exists():
            try:
                self._fetch(self.directory)
            except GitFailed as error:
                if not self._explain(error):
                    return False
                # The remote is fine, so the copy is not.
                self.discard()
            else:
                return True
        return self._create()

    def discard(self) -> None:
        """Throw the copy away."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _create(self) -> bool:
        # Built beside its place and moved there when complete: a copy that exists was whole once.
        draft = self.directory.with_name(f"{self.directory.name}.new")
        failure: GitFailed | None = None
        for object_format in ("sha1", "sha256"):
            shutil.rmtree(draft, ignore_errors=True)
            try:
                draft.mkdir(parents=True)
            except OSError as error:
                raise self._unavailable(f"cannot write to {draft.parent}: {error.strerror}") from error
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
            return True
        shutil.rmtree(draft, ignore_errors=True)
        if failure is None or self._explain(failure):
            raise self._unavailable(summary(str(failure))) from failure
        return False

    def _fetch(self, directory: Path) -> None:
        self._git.read(directory, *_FETCH, "--", self._url, f"+{self._wanted}:{REFERENCE}")

    def _explain(self, failure: GitFailed) -> bool:
        """Find out why a fetch failed. True: the remote has the branch; False: it has nothing at all."""
        try:
            listing = self._git.read(self.directory.parent, "ls-remote", "--", self._url, "HEAD", "refs/heads/*")
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
