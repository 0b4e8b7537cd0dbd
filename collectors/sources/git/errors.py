"""The exception tree of git commands.

GitError
├── GitMissing      there is no git to run
├── GitTimeout      the command took too long
├── GitStopped      the agent stops
├── GitFailed       the command said no
└── ObjectMissing   the repository lacks content that its history names
"""

from __future__ import annotations


class GitError(Exception):
    """A git command did not do its work. The message holds no credentials."""


class GitMissing(GitError):
    """There is no git to run."""


class GitTimeout(GitError):
    """The command was ended because it took too long."""


class GitStopped(GitError):
    """The command was ended because the agent stops."""


class GitFailed(GitError):
    """The command said no."""


class ObjectMissing(GitError):
    """History names content that the repository does not hold: a partial clone, or a damaged one."""
