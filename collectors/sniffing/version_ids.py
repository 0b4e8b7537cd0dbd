"""Finds the id by which the records of a log of an unknown format are versions of calls. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.names import id_of
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.sniffing.numerals import Scalar

_NEEDED = ("time", "model", "input_tokens", "output_tokens")
_LONGEST = 600.0
"""Seconds within which the versions of one call are written."""
_PROOF = 2
"""The number of times that an output must have grown: once may be a call that was tried again."""
_SLACK = 1.0
"""Seconds by which times that are cut off may be wrong."""
_NOTE = ", whose output grows: each one replaces the one before; without repeats they count as separate calls"

Record = Mapping[Path, Scalar]


def version_id(
    shared: Sequence[Path],
    chosen: Mapping[str, Path],
    records: Iterable[Record],
    took: Callable[[Record], float | None] = lambda _: None,
) -> tuple[Path | None, Mapping[Path, str]]:
    """Return the path of an id whose records are versions of one call, and what to say about it by path.

    All records with the same id then have the same model and input, an output that never shrinks, and times close
    to each other, and none began after the one before had ended. A log that has an id of each record too gives
    none, as that one may be of the call.

    Args:
        shared: the paths of ids that several records have.
        chosen: the path of each field that is mapped.
        records: records of the log, in its order.
        took: returns the seconds that the call of a record took; None where it does not tell.
    """
    if "request_id" in chosen or any(field not in chosen for field in _NEEDED):
        return None, {}
    found = list(records)
    for path in shared:
        if _are_versions(path, [chosen[field] for field in _NEEDED], found, took):
            return path, {path: _NOTE}
    return None, {}


def _are_versions(
    path: Path, needed: Sequence[Path], records: Iterable[Record], took: Callable[[Record], float | None]
) -> bool:
    calls: dict[str, list[list[Scalar | None]]] = {}
    spans: dict[str, list[float | None]] = {}
    for record in records:
        id_ = id_of(record.get(path))
        if id_ is not None:
            calls.setdefault(id_, []).append([record.get(place) for place in needed])
            spans.setdefault(id_, []).append(took(record))
    if any(
        _began_later(versions[0], spans[id_][0], it, span)
        for id_, versions in calls.items()
        for it, span in zip(versions[1:], spans[id_][1:], strict=True)
    ):
        return False
    steps = [step for versions in calls.values() for step in pairwise(versions)]
    grown = [_growth(before, after) for before, after in steps]
    return all(by is not None for by in grown) and sum(by or 0 for by in grown) >= _PROOF


def _began_later(
    first: Sequence[Scalar | None], took: float | None, version: Sequence[Scalar | None], span: float | None
) -> bool:
    """Whether a record tells of a call that began when the first one with its id was written already: its begin is
    then nearer to that than to the begin of the first."""
    written, again = parse_time(first[0], UTC), parse_time(version[0], UTC)
    if span is None or written is None or again is None:
        return False
    apart = (again - written).total_seconds()
    # One after the other without a pause, as the steps of a program are.
    follows = took is not None and took > 2 * _SLACK and apart > 0 and span - apart < took / 2
    return apart > span + _SLACK or follows


def _growth(before: Sequence[Scalar | None], after: Sequence[Scalar | None]) -> bool | None:
    """Return whether the output grew; None when the two are no versions of one call."""
    (when, *same, less), (later, *as_before, more) = before, after
    begun, ended = parse_time(when, UTC), parse_time(later, UTC)
    if begun is None or ended is None or not 0 <= (ended - begun).total_seconds() <= _LONGEST:
        return None
    if same != as_before or None in same or (more is None and less is not None):
        return None
    try:
        # The first parts of a stream may tell the input alone.
        grown = float(-1 if more is None else more) - float(-1 if less is None else less)
    except ValueError:
        return None
    return None if grown < 0 else grown > 0
