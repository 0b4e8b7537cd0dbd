"""The exception tree of git commands.

GitError
├── GitMissing      there is no git to run
├── GitTimeout      the command took too long
├── GitStopped      the agent stops
├── GitFailed       git exited with an error
└── ObjectMissing   the repository lacks content that its history names
"""

from __future__ import annotations


class GitError(Exception):
    """The base of all errors of git commands. The message has no credentials."""


class GitMissing(GitError):
    """The program git is not on PATH."""


class GitTimeout(GitError):
    """The command was ended at its time limit."""


class GitStopped(GitError):
    """The command was ended because the agent stops."""


class GitFailed(GitError):
    """Git exited with an error."""


class ObjectMissing(GitError):
    """An object that the history refers to is missing: the clone is partial, or the repository damaged."""
