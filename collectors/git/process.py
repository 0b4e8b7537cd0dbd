"""Runs git: never through a shell, never with a prompt, a pager, a hook or an unlimited wait."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import IO

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "safe.directory=*"),
    *("-c", "safe.bareRepository=all"),
    *("-c", "core.quotepath=off"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "log.showSignature=false"),
    # Housekeeping after a fetch ends before the fetch does, so that nothing outlives a run.
    *("-c", "gc.autoDetach=false"),
    *("-c", "maintenance.autoDetach=false"),
)
_INHERITED_STATE = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CURL_VERBOSE",
        "GIT_DEFAULT_HASH",
        "GIT_DIFF_OPTS",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_INDEX_FILE",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that would point git at another repository or change what a pattern means."""
_LONGEST_MESSAGE = 300


class GitError(Exception):
    """A git command did not do its work. The message holds no credentials."""


class GitMissing(GitError):
    """There is no git to run."""


class GitTimeout(GitError):
    """The command was ended because it took too long."""


class GitFailed(GitError):
    """The command said no."""


class ObjectMissing(GitError):
    """History names content that the repository does not hold: a partial clone, or a damaged one."""


@dataclass(frozen=True, slots=True)
class Command:
    """One run of git, complete."""

    arguments: tuple[str, ...]
    """After the word `git`."""
    environ: Mapping[str, str]
    timeout: float
    """In seconds."""
    input: bytes = b""


Runner = Callable[[Command], AbstractContextManager[IO[bytes]]]
"""Starts a command and gives its standard output. Leaving the context waits for its end, and raises `GitFailed`
with git's own words when it failed; an exception inside the context ends the command."""


def _end(process: subprocess.Popen[bytes]) -> None:
    # A session of its own: the transports that git starts end with it.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def run_git(command: Command) -> Iterator[IO[bytes]]:
    """The default `Runner`: a child process.

    Raises:
        GitMissing: git is not on PATH.
        GitTimeout: the time was up.
        GitFailed: git failed.
    """
    with TemporaryFile() as feed, TemporaryFile() as complaints:
        feed.write(command.input)
        feed.seek(0)
        try:
            process = subprocess.Popen(
                ("git", *command.arguments),
                stdin=feed,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=dict(command.environ),
                start_new_session=True,
            )
        except OSError as error:
            raise GitMissing(f"git cannot be started: {error.strerror}") from error
        expired = Event()

        def expire() -> None:
            if process.returncode is None:
                expired.set()
                _end(process)

        timer = Timer(command.timeout, expire)
        timer.daemon = True
        timer.start()
        if process.stdout is None:  # never with PIPE; the type does not say so
            raise GitFailed("git has no output")
        try:
            yield process.stdout
            code = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                _end(process)
                process.wait()
            process.stdout.close()
            timer.join()
        if expired.is_set():
            raise GitTimeout(f"git took longer than {command.timeout:g} s")
        if code != 0:
            complaints.seek(0)
            raise GitFailed(complaints.read().decode(errors="replace"))


def summary(complaint: str) -> str:
    """The one line of git's complaint that says what went wrong."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "!"))]
    return (telling or lines or ["git failed without a word"])[0][:_LONGEST_MESSAGE]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: the agent's, without what points at a repository, in one language."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _INHERITED_STATE and not name.startswith("GIT_TRACE")
    }
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        # A partial clone would fetch what it lacks; reading must not write.
        "GIT_NO_LAZY_FETCH": "1",
    }


class Git:
    """Git with everything that stays the same from command to command."""

    def __init__(
        self, run: Runner, environ: Mapping[str, str], timeout: float, redact: Callable[[str], str]
    ) -> None:
        self._run = run
        self._environ = environment(environ)
        self._timeout = timeout
        self._redact = redact

    @contextmanager
    def open(self, directory: Path, *arguments: str, data: bytes = b"") -> Iterator[IO[bytes]]:
        """Run a command in the repository at `directory`, and only there: folders above are not searched.

        Raises:
            GitError: it did not work; the message is redacted.
        """
        environ = {**self._environ, "GIT_CEILING_DIRECTORIES": str(directory.parent)}
        command = Command(("-C", str(directory), *_OPTIONS, *arguments), environ, self._timeout, data)
        complaint: str | None = None
        try:
            with self._run(command) as output:
                yield output
        except GitFailed as error:
            complaint = self._redact(str(error))
        if complaint is not None:
            # Outside of the handler, so that no traceback carries the words before redaction.
            raise GitFailed(complaint)

    def read(self, directory: Path, *arguments: str) -> bytes:
        """The whole output of a command.

        Raises:
            GitError: as `open`.
        """
        with self.open(directory, *arguments) as output:
            return output.read()
