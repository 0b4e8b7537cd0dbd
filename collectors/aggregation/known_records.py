"""Remembers which records of a rewritten document were counted, so that a version counts only what is new in it.

A log only grows. A document (a JSON export, a CSV file that gets another column) is written anew as a whole, with
other bytes before records that were counted. Its records are told by what they say.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from leverwatch.collectors.aggregation.noted_lines import Noted, NotedLines, NotedRows, Texts, in_order, sample_of
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELDS, with_added, without_added
from leverwatch.collectors.records.formats.interface import Parsed, Row
from leverwatch.collectors.records.names import NO_ID
from leverwatch.collectors.stored_state import Kind, same

MOST = 5000
"""The largest number of records of one document that are told apart; beyond it a new version is refused."""
SAMPLE = 256
"""Digests that are kept of a larger document, to notice that it was rewritten."""
PREFIX = "version/"
_TIME, _ID = FIELDS.index("time"), FIELDS.index("request_id")
_encode = msgspec.json.Encoder().encode
_rows = msgspec.json.Decoder(list[tuple[int, tuple[Any, ...]]])
_NONE = b"[]"
_DUPLICATE, _PART = Result.DUPLICATE, Result.PART
_KNOWN = frozenset({_DUPLICATE, _PART})
RECENT = 8
"""Counted records at the end of a document that are put right when the next version says more of them."""
_MOST_BEFORE = 4 * RECENT
_MANY = 64
_MOST_HELD = 64 << 20
"""Bytes of records that may wait for being noted."""


class RewrittenBeyond(Exception):
    """A file has records that were counted in an earlier version, of which too many were counted to tell the new
    ones from them."""


class StoredRecords(Struct, frozen=True):
    """What is stored of the records of one document: digests of 8 bytes, and two rows without any content."""

    own: bytes
    """The digests of the records that were read of the present version, in order."""
    left: bytes
    """Those that were counted in earlier versions and not met in the present one."""
    sample: bytes
    """Some of those of an earlier version that was too large to know all."""
    many: bool
    """Whether the present version is too large to know all; `own` has some of them."""
    alike: bool
    """Whether the present version has a record of the one before, or that one had no more than one."""
    recent: bytes
    """The last rows of the present version that were counted, and how many came before each, as JSON: the values
    of their fields, and nothing else of the records."""
    before: bytes
    """Those of earlier versions that were not met, the newest version first."""


def _checked(body: bytes) -> StoredRecords:
    stored = _decoded(body)
    if any(len(part) % 8 for part in (stored.own, stored.left, stored.sample)):
        raise ValueError("it has no whole number of digests")
    for rows in (stored.recent, stored.before):
        _rows.decode(rows)
    return stored


_decoded = exact_decoder(StoredRecords)


def _with_added(body: bytes) -> bytes:
    """To version 2: rows have fields that were added."""
    stored = _decoded(body)
    recent, before = (
        _encode([(place, with_added(row)) for place, row in _rows.decode(rows)])
        for rows in (stored.recent, stored.before)
    )
    return _encode(replace(stored, recent=recent, before=before))


KNOWN_RECORDS: Kind[StoredRecords] = Kind(
    name="list of the records of a document",
    key=PREFIX,
    encode=_encode,
    decode=_checked,
    upgrades=(same, _with_added),
    is_json=True,
)


class KnownRecords:
    """The records that were counted of one document, in all its versions."""

    def __init__(self, stored: StoredRecords | None = None) -> None:
        self._own = _digests(stored.own) if stored else array("Q")
        self._left = Counter(_digests(stored.left)) if stored else Counter()
        self._sample = frozenset(_digests(stored.sample)) if stored else frozenset()
        self._many = stored is not None and stored.many
        self._recent = _rows.decode(stored.recent) if stored else []
        self._before = _rows.decode(stored.before) if stored else []
        self._alike = stored is not None and stored.alike
        self._before_had = 0
        """The number of records of the version before, as long as this program runs."""
        self._doubtful = False
        """Whether what came before lies elsewhere now, so that this may be another document."""
        self._found: list[int] = []
        self._kept: Sequence[int] = ()
        """What `keep` was given last, and the indices of what it left."""
        self._later: list[Noted] = []
        """What is to be noted behind `_own`."""
        self._held: list[Noted] | None = None
        """What is noted while the place of it is not known yet."""
        self.changed = False
        """Whether it differs from what is stored."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left to compare with and to remember."""
        return self._many and not self._left and not self._sample

    @property
    def unread(self) -> bool:
        """Whether no record of the present version was read yet."""
        return not self._own and not self._later

    @property
    def only_notes(self) -> bool:
        """Whether what comes is only remembered, as there is nothing to compare it with."""
        return not (self._many or self._left or self._sample or self._before or self._doubtful)

    @property
    def is_unlike(self) -> bool:
        """Whether the version before had several records, and the present one has some and none of those."""
        return not self._alike and not self.unread and self._before_had > 1

    def next_version(
        self, older: KnownRecords | None = None, *, came: bool = False, doubtful: bool = False
    ) -> KnownRecords:
        """Return what is known when the document is written anew; `older` is a version whose content is back.

        `came`: this version began at another path, so that nobody looks for where it was rotated to. `doubtful`:
        the content before is at another path now, so that what is written may be another document.
        """
        self._note_held()
        made = KnownRecords()
        made._doubtful = doubtful
        made.changed = True
        made._before_had = len(self._own) or self._before_had
        made._alike = came or made._before_had <= 1
        if older is not None:
            older.copy_to(made)
        if self._many:
            made._sample = frozenset(self._own)
            return made
        made._left = Counter(self._own)
        if len(self._own) + self._left.total() <= MOST:
            # A version may be seen while it is only half written.
            made._left += self._left
        if not made._many:
            made._left -= Counter(made._own)
        made._before = [*self._recent, *self._before][:_MOST_BEFORE]
        made._sample = frozenset() if self._own else self._sample
        return made

    def copy_to(self, other: KnownRecords) -> None:
        """Make what was read of this version what was read of another one."""
        self._note_held()
        other._own, other._many, other._recent = self._own, self._many, self._recent

    def keep(self, parsed: Parsed, take_back: Callable[[Row], None]) -> int:
        """Remove the records from `parsed` that an earlier version had, and return how many.

        When a record says more of a call that was among the last ones of that version, that one is taken back.

        Raises:
            RewrittenBeyond: some are records of an earlier version that was too large to know all.
        """
        if self.idle:
            return 0
        found = list(map(digest, parsed.rows))
        if self._doubtful and found:
            self._decide(found, parsed.rows)
        if not self._sample.isdisjoint(found):
            raise RewrittenBeyond
        kept: Sequence[int] = range(len(found))
        if self._left or self._before:
            at = len(self._own)
            kept = [
                index for index in kept if not self._met(found[index], at + index, parsed.rows[index], take_back)
            ]
        self._found, self._kept = found, kept
        dropped = len(found) - len(kept)
        if dropped:
            parsed.keep(kept)
        return dropped

    def _decide(self, found: list[int], rows: Sequence[Row]) -> None:
        """Take what comes for another document unless it has every record that the one before had; for one of
        several another one of its time may stand. Of a long document, in which they may come later, half of what
        comes is enough."""
        self._doubtful = False
        here, known, times = Counter(found), self._left or Counter(self._sample), {row[_TIME] for row in rows}
        mended = {digest(before) for _, before in self._before if before[_TIME] in times}
        missing = known - here
        is_version = missing.total() <= (known.total() > 1) and mended.issuperset(missing)
        if not is_version and (len(found) < _MANY or 2 * (here & known).total() < len(found)):
            self._left, self._before, self._sample = Counter(), [], frozenset()
            self.changed = True

    def note_added(
        self, rows: Sequence[Row], parts: Collection[int], others: Iterable[tuple[int, Result, str]]
    ) -> None:
        """Note the rows that `keep` left, now that they were added; `others` did not count by themselves.

        What was refused is not noted: it may count when a later version has it again.
        """
        if self._many:
            self._recent = []
            return
        self._add([_noted(self._found, self._kept, rows, parts, {at: result for at, result, _ in others})])

    def note_lines(
        self,
        found: Sequence[tuple[int, int, list[Noted]]],
        lines: int,
        text: Callable[[int, int], Texts],
        others: Mapping[int, Result],
        read: Callable[[bytes], Parsed],
        *,
        exact: bool,
        line: Callable[[int], int] | None = None,
    ) -> None:
        """Note records that were counted without rows of them, which `read` makes of their `text`. `line` is the
        number of newlines before one; None: each is one line.

        `others` are the results of those that did not count by themselves. `found` is what `held` returned of
        stretches of lines that were read, each with the first line and the one behind. `exact`: each of the lines
        that has no other result is a record to be noted.
        """

        def plain(first: int, behind: int) -> Noted:
            mine = others
            if first or behind < lines:
                mine = {index: result for index, result in others.items() if first <= index < behind}
            refused = sorted(
                [index - first for index, result in mine.items() if not (result is _DUPLICATE or result is _PART)]
            )
            if line is None:
                told = {index - first: result for index, result in mine.items()} if first else mine
            else:
                start = line(first) if mine else 0
                told = {line(index) - start: result for index, result in mine.items()}
            made = NotedLines(text(first, behind), behind - first, told, refused, read, _noted_of)
            return made if exact else made.rows()

        self._add(in_order(found, lines, plain))

    def hold(self) -> None:
        """Keep apart what is noted until `held` is called."""
        self._held = []

    def held(self) -> list[Noted]:
        """Return what was noted since `hold`."""
        found, self._held = self._held or [], None
        return found

    def _add(self, entries: Sequence[Noted]) -> None:
        if self._held is not None:
            self._held += entries
            return
        self._later += entries
        self.changed = self.changed or any(entry.number for entry in entries)
        if len(self._own) + sum(entry.number for entry in self._later) > MOST:
            own = NotedRows(list(self._own), [])
            self._own = array("Q", sorted(sample_of([own, *self._later], SAMPLE)))
            self._many, self._recent, self._later = True, [], []
        elif sum(entry.size for entry in self._later) > _MOST_HELD or not any(entry.size for entry in self._later):
            self._note_held()

    def _note_held(self) -> None:
        for entry in self._later:
            noted = entry.rows()
            counted = [(len(self._own) + place, row) for place, row in noted.counted]
            self._recent = [*self._recent, *counted][-RECENT:]
            self._own.extend(noted.digests)
        self._later = []

    def forget(self, rows: Iterable[Row]) -> None:
        """Forget the last rows, which were taken back."""
        self._note_held()
        for row in reversed(list(rows)):
            if self._own and self._own[-1] == digest(row) and not self._many:
                self._own.pop()
                self.changed = True
                self._recent = [it for it in self._recent if it[0] < len(self._own)]

    def stored(self) -> StoredRecords:
        """Return what to store; nothing of a version of which it is not clear yet whether it is one."""
        self._note_held()
        self.changed = False
        if self._doubtful:
            return KnownRecords().stored()
        return StoredRecords(
            self._own.tobytes(),
            array("Q", sorted(self._left.elements())).tobytes() if self._left else b"",
            array("Q", sorted(self._sample)).tobytes() if self._sample else b"",
            self._many,
            self._alike,
            _encode(self._recent) if self._recent else _NONE,
            _encode(self._before) if self._before else _NONE,
        )

    def _met(self, one: int, place: int, row: Row, take_back: Callable[[Row], None]) -> bool:
        if self._left[one] > 0:
            self._lose(one)
            return True
        for at, before in self._before:
            # Without an id it may be another call of the same second, if it is not in the same place.
            if _same_call(before, row, same_place=self._alike and at == place) and self._left[digest(before)] > 0:
                take_back(before)
                self._lose(digest(before))
                break
        return False

    def _lose(self, one: int) -> None:
        self._alike = True
        self._left[one] -= 1
        if not self._left[one]:
            del self._left[one]


def _noted(
    found: Sequence[int],
    kept: Sequence[int],
    rows: Sequence[Row],
    parts: Collection[int],
    results: Mapping[int, Result],
) -> NotedRows:
    refused = {kept[index] for index, result in results.items() if result not in _KNOWN}
    noted = [index for index in range(len(found)) if index not in refused] if refused else None
    last = islice((it for it in range(len(rows) - 1, -1, -1) if it not in results and it not in parts), RECENT)
    counted = []
    for index in reversed(list(last)):
        place = kept[index]
        counted.append((place if noted is None else bisect_left(noted, place), rows[index]))
    return NotedRows(list(found) if noted is None else [found[index] for index in noted], counted)


def _noted_of(parsed: Parsed, results: Mapping[int, Result]) -> NotedRows:
    return _noted(list(map(digest, parsed.rows)), range(len(parsed.rows)), parsed.rows, parsed.pieces, results)


def digest(row: Row) -> int:
    """Return a digest of what a record says, which does not depend on how it is written, nor on fields that were
    added: digests from before that are stored."""
    return xxh3_64_intdigest(_encode(without_added(row)))


def _same_call(one: Row, other: Row, *, same_place: bool) -> bool:
    if one[_TIME] is None or one[_TIME] != other[_TIME] or len(one) != len(other):
        return False
    if str(one[_ID]).strip().lower() in NO_ID:
        return same_place and str(other[_ID]).strip().lower() in NO_ID
    return bool(one[_ID] == other[_ID])


def _digests(stored: bytes) -> array[int]:
    found = array("Q")
    found.frombytes(stored)
    return found
