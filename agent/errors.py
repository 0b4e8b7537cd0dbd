"""The exception tree of the agent.

LeverwatchError
├── ConfigError    the configuration cannot be used; carries every problem found
├── StoreError     the database refused or cannot be reached
│   ├── StoreConflict   another agent advanced the same source
│   ├── StoreFenced     another agent took over the evaluation
│   ├── StoreRefusal    the database cannot hold a value that it was given
│   └── StoreUnreadable a stored value is damaged, or of a newer version
├── CommandError   a command was asked for something that does not exist
└── InternalError  the agent contradicts itself: a fault of leverwatch
"""

from __future__ import annotations


class LeverwatchError(Exception):
    """Base of all exceptions that the agent raises deliberately."""


class ConfigError(LeverwatchError):
    """The configuration cannot be used."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        """One line for each: `file:line: path: reason (got value)`."""


class StoreError(LeverwatchError):
    """The store refused, or cannot be reached. The message never contains the password of the URL."""

    reason = "store"
    """The label of the failures of a source in metrics."""


class StoreConflict(StoreError):
    """Another agent advanced the same source in the meantime; nothing of the batch was written."""


class StoreFenced(StoreError):
    """Another agent took over the evaluation in the meantime; nothing of the transaction was written."""


class StoreRefusal(StoreError):
    """The database cannot store a value; nothing of the batch was written."""


class StoreUnreadable(StoreError):
    """A stored value is damaged, or of a newer version; the message says where. All others can be read."""


class CommandError(LeverwatchError):
    """A command was asked for something that does not exist."""


class InternalError(LeverwatchError):
    """The agent found that its own figures contradict each other: a defect of leverwatch, not of its input."""
