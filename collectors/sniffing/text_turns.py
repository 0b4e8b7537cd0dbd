"""Tells lines that begin a call from those that end it, by the words before what they have in pairs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leverwatch.collectors.sniffing.started import in_turn
from leverwatch.collectors.sniffing.words import Kind, kind_of

_FEWEST, _ALIKE, _MOSTLY, _LONGEST = 3, 0.75, 0.97, 48


@dataclass(frozen=True, slots=True)
class Turns:
    """Lines in turn of the beginning and the end of calls."""

    key: str | None
    """What the ends have and the beginnings have not; None where there is nothing."""
    note: str


def turns_of(said: Sequence[str], records: Sequence[Mapping[str, Any]]) -> Turns | None:
    """Return what tells the ends of calls from their beginnings; None where lines are no such pairs.

    Args:
        said: the text before the pairs of each line.
        records: the pairs of each line.
    """
    kinds = [kind_of(text.strip()[-_LONGEST:]) for text in said]
    begun = [at for at, kind in enumerate(kinds) if kind in (Kind.ASKED, Kind.PENDING)]
    ended = [at for at, kind in enumerate(kinds) if kind in (Kind.GOOD, Kind.BAD)]
    if len(ended) < _FEWEST or not _ALIKE <= len(begun) / len(ended) <= 1 / _ALIKE or not in_turn(begun, ended):
        return None
    for key in records[ended[0]]:
        own = sum(key in records[at] for at in ended)
        if own >= _MOSTLY * len(ended) and not any(key in records[at] for at in begun):
            note = (
                f"only: {len(records) - own} lines without {key} are left out, {len(begun)} of them as the"
                f" beginnings of calls that others end; were they calls, there would be {len(records) - own} more"
            )
            return Turns(key, note)
    note = (
        f"inferences: {len(begun)} lines that begin something count as calls beside {len(ended)} that end it; if"
        f" both are of one call, there are {len(begun)} fewer"
    )
    return Turns(None, note)
