"""What happens in a history, one after the other. A history with any of its steps left out is a history too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.oracle.producers.interface import Record


@dataclass(frozen=True)
class Write:
    """Lines are added to a log, or elements to a document that is written anew."""

    file: str
    lines: tuple[tuple[Record, ...], ...]
    cut: float | None = None
    """The collector runs when this share of the text is written."""
    waits: float = 0.0
    """Seconds that pass before that run."""
    turn: float | None = None
    """The log is rotated when this share of the lines is written."""
    ended: bool = True
    """Whether the last line has an end."""
    layout: str = "lines"
    shuffled: int | None = None
    """A document gets another order, by this seed."""


@dataclass(frozen=True)
class Collect:
    """The collector runs."""

    slowly: bool = False
    """Each piece that is read is a batch of its own."""


@dataclass(frozen=True)
class Restart:
    """A new process: nothing is remembered but what is stored."""


@dataclass(frozen=True)
class Crash:
    """A run that dies at one of its batches, before or after it is committed."""

    batch: int
    committed: bool


@dataclass(frozen=True)
class Rename:
    """A log is rotated away by its name."""

    file: str


@dataclass(frozen=True)
class CopyTruncate:
    """A log is copied away, and emptied."""

    file: str


@dataclass(frozen=True)
class Pack:
    """What was rotated away of a log is compressed."""

    file: str
    how: str


@dataclass(frozen=True)
class Backup:
    """A document is copied before it is written anew, over the backup before."""

    file: str


@dataclass(frozen=True)
class Archive:
    """A log is moved into another folder, where only a backfill reads it."""

    file: str


@dataclass(frozen=True)
class Backfill:
    """A backfill of some days, or of all."""

    since: date | None = None
    until: date | None = None
    crash: Crash | None = None


Step = Write | Collect | Restart | Crash | Rename | CopyTruncate | Pack | Backup | Archive | Backfill
