"""What became of files of results: of which something was refused, and which are gone. Names and reasons only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from leverwatch.collectors.interface import Result

MOST_SHOWN = 20
"""How many files of each kind are named; the others are counted."""


class ResultFiles(Struct, frozen=True):
    """The files of results of a source as of its latest run: the first ones by name, and how many more."""

    refused: tuple[tuple[str, str], ...] = ()
    """The path of a file of which something was refused when it was last read, and the first such thing."""
    refused_more: int = 0
    gone: tuple[str, ...] = ()
    """The paths of files that were read, and are gone or no longer matched by the source's patterns."""
    gone_more: int = 0

    @classmethod
    def of(cls, read: Mapping[str, str], found: Collection[str]) -> ResultFiles:
        """Return what is shown of files that were read.

        What has no results on purpose is not refused, and what is gone cannot be mended.

        Args:
            read: by path, what was refused and why; empty where nothing was.
            found: the paths of the files that are there, or that may be.
        """
        refused = sorted((path, why) for path, why in read.items() if path in found and is_refused(why))
        gone = sorted(path for path in read if path not in found)
        return cls(
            tuple(refused[:MOST_SHOWN]),
            max(len(refused) - MOST_SHOWN, 0),
            tuple(gone[:MOST_SHOWN]),
            max(len(gone) - MOST_SHOWN, 0),
        )


@runtime_checkable
class ReadsResultFiles(Protocol):
    """A collector of files of results."""

    def result_files(self) -> ResultFiles | None:
        """Return what became of the files when `collect` last looked; None before that."""
        ...


def is_refused(why: str) -> bool:
    """Whether somebody has to look at a file of which this was not counted."""
    return bool(why) and not why.startswith(f"{Result.IGNORED.value}: ")
