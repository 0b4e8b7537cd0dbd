"""Runs git: never through a shell, never with a prompt, a pager, a hook or an unlimited wait."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

from leverwatch.collectors.sources.git.child import Command
from leverwatch.collectors.sources.git.errors import GitFailed

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "safe.directory=*"),
    *("-c", "safe.bareRepository=all"),
    *("-c", "core.quotepath=off"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"diff.orderFile={os.devnull}"),
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
"""Environment variables that would make git use another repository, or change the meaning of patterns."""
_LONGEST_MESSAGE = 300
_NOTHING: Mapping[str, str] = MappingProxyType({})


Runner = Callable[[Command], AbstractContextManager[IO[bytes]]]
"""A function that runs a command in a context manager, as `run_git` does: it gives the standard output. Leaving
the context waits for the end and raises `GitFailed` with git's own message; an exception inside it ends the
command."""


def summary(complaint: str) -> str:
    """Return the line of git's error output that says what went wrong."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "!"))]
    return (telling or lines or ["git failed without a word"])[0][:_LONGEST_MESSAGE]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git: the agent's, without variables about repositories, with English messages."""
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
    """Runs git commands with the same settings: environment, time limit, redaction."""

    def __init__(
        self,
        run: Runner,
        environ: Mapping[str, str],
        timeout: float,
        redact: Callable[[str], str],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._run = run
        self._environ = environment(environ)
        self._timeout = timeout
        self._redact = redact
        self._stopping = stopping

    @contextmanager
    def open(
        self,
        directory: Path,
        *arguments: str,
        data: bytes = b"",
        environ: Mapping[str, str] = _NOTHING,
        largest_file: int = 0,
    ) -> Iterator[IO[bytes]]:
        """A context manager that runs a command in the repository at `directory`; folders above are not searched.

        `environ` is added to the environment; `largest_file` is in bytes, 0 for any.

        Raises:
            GitError: the command failed; its message has no credentials.
        """
        command = Command(
            ("-C", str(directory), *_OPTIONS, *arguments),
            {**self._environ, "GIT_CEILING_DIRECTORIES": str(directory.parent), **environ},
            self._timeout,
            data,
            self._stopping,
            largest_file,
        )
        complaint: str | None = None
        try:
            with self._run(command) as output:
                yield output
        except GitFailed as error:
            complaint = self._redact(str(error))
        if complaint is not None:
            # Outside of the handler, so that no traceback carries the words before redaction.
            raise GitFailed(complaint)

    def read(
        self, directory: Path, *arguments: str, environ: Mapping[str, str] = _NOTHING, largest_file: int = 0
    ) -> bytes:
        """Return the whole output of a command.

        Raises:
            GitError: as `open`.
        """
        with self.open(directory, *arguments, environ=environ, largest_file=largest_file) as output:
            return output.read()
