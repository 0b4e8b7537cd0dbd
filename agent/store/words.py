"""Reads words of a fixed vocabulary back from the store."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from leverwatch.agent.errors import StoreError

Word = TypeVar("Word", bound=StrEnum)


def word(vocabulary: type[Word], stored: str) -> Word:
    """The word that was stored.

    Raises:
        StoreError: this version does not know it; leaving its rows out would show figures that are too low.
    """
    try:
        return vocabulary(stored)
    except ValueError as error:
        raise StoreError(
            f"store: {stored[:50]!r} is no {vocabulary.__name__.lower()} that this leverwatch knows; run the "
            "version of leverwatch that wrote it, or restore the backup that was made before the upgrade"
        ) from error
