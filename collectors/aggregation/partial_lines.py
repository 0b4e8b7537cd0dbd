"""Remembers which lines without an end were counted, so that they can be taken back when they turn out longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from xxhash import xxh3_64_hexdigest

from leverwatch.collectors.aggregation.counters import Sessions
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Parsed, Piece, Row
from leverwatch.collectors.stored_state import Kind, entries, same

_PREFIX = "partial/"
_MOST_DIGITS = 12
_REQUEST = FIELD_INDEX["request_id"]


def partial_key(lines: Lines) -> str:
    """Return the state key for the last of these lines, which has no end."""
    # Two files may end in the same bytes at different lines; the same content is one file wherever it lies.
    *before, last = bytes(lines.data).rstrip(b"\n").split(b"\n")
    number = lines.first_line + len(before)
    return f"{_PREFIX}{number}/{xxh3_64_hexdigest(last)}"


def whole_rows(parsed: Parsed) -> list[tuple[Row, Sessions | None, bool]]:
    """Return the rows that are taken back when what was counted goes on, each with its sessions, and whether it is
    a version of a call that a field map reads: its id may go on too."""
    # Any other part or version is a whole JSON object: what follows it on its line cannot make it another one.
    # What follows the events of a message is a later version of it, if it has an id.
    sessions: Sequence[Sessions | None] = parsed.sessions or [None] * len(parsed.rows)
    both = enumerate(zip(parsed.rows, sessions, strict=True))
    pieces = parsed.pieces
    return [
        (row, session, pieces.get(index) is Piece.UPDATE)
        for index, (row, session) in both
        if row[_REQUEST] is None or pieces.get(index, Piece.UPDATE) is Piece.UPDATE
    ]


def _times(body: bytes) -> int:
    if not (body.isdigit() and len(body) <= _MOST_DIGITS and int(body)):
        raise ValueError("it is no number above zero")
    return int(body)


PARTIAL_LINE: Kind[int] = Kind(
    name="number of times that a line without an end was counted",
    key=_PREFIX,
    encode=lambda times: b"%d" % times,
    decode=_times,
    upgrades=(same,),
)


class PartialLines:
    """The lines without an end that are counted, by `partial_key`."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()
        self._changed: set[str] = set()

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Restore what is stored, and forget everything else.

        Raises:
            SourceRefused: a value of the state is unreadable or of a newer version.
        """
        self._times = Counter(dict(entries(source, state, PARTIAL_LINE)))
        self._changed = set()

    def knows(self, key: str) -> bool:
        """Whether such a line is counted."""
        return self._times[key] > 0

    def remember(self, key: str, change: int) -> None:
        """Note that such a line is counted once more, or once less."""
        self._times[key] += change
        self._changed.add(key)

    def changes(self) -> dict[str, bytes | None]:
        """Return what changed in the state since the last time, None for what is gone."""
        changed, self._changed = self._changed, set()
        return {key: PARTIAL_LINE.dumps(self._times[key]) if self._times[key] else None for key in changed}
