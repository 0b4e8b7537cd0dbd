"""The exception tree of the agent.

LeverwatchError
├── ConfigError    the configuration cannot be used; carries every problem found
├── StoreError     the database refused or cannot be reached
│   ├── StoreConflict   another agent advanced the same source
│   └── StoreRefusal    the database cannot hold a value that it was given
├── CommandError   a command was asked for something that does not exist
└── InternalError  the agent contradicts itself: a fault of leverwatch
"""

from __future__ import annotations


class LeverwatchError(Exception):
    """Base of everything the agent raises on purpose."""


class ConfigError(LeverwatchError):
    """The configuration cannot be used."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        """One line each: `file:line: path: reason (got value)`."""


class StoreError(LeverwatchError):
    """The store refused, or cannot be reached. The message never contains the password of its URL."""

    reason = "store"
    """As a label of the failures of a source."""


class StoreConflict(StoreError):
    """Another agent advanced the same source meanwhile; nothing of the batch was written."""


class StoreRefusal(StoreError):
    """The database cannot hold a value that it was given; nothing of the batch was written."""


class CommandError(LeverwatchError):
    """A command was asked for something that does not exist."""


class InternalError(LeverwatchError):
    """The agent found that its own figures contradict each other: a fault of leverwatch, not of its input."""
