"""Counts rows one at a time: parts and versions of calls, and rows that are taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from operator import itemgetter

from leverwatch.collectors.aggregation.batch_counter import Judge, Sized
from leverwatch.collectors.aggregation.batch_loops import NAMING
from leverwatch.collectors.aggregation.bulk_timestamps import Stamp, Stamps
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.counting_rule import First
from leverwatch.collectors.aggregation.ledger import SEEN_BEFORE, CellOf, Kind, Known, Ledger, Memory
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.stream_parts import COUNTED_BEFORE, StreamParts
from leverwatch.collectors.aggregation.versions import Versions, version_kind
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.fields import FIELDS, template_slice
from leverwatch.collectors.records.formats.interface import VERSIONS, Piece, Row
from leverwatch.collectors.records.names import Refusal, model_of
from leverwatch.collectors.records.service_tiers import row_sizes
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.records.vocabulary import CallStatus, operation_of

_TIME, _REQUEST, _OPERATION, _COST = map(FIELDS.index, ("time", "request_id", "operation", "cost_usd"))
_TEXTS = frozenset({str, type(None)})
_naming = itemgetter(*map(FIELDS.index, NAMING))


class RowCounter:
    """Adds single rows to their cells; `clear` forgets the cells. `zone` is what a time without a zone means, and
    rows can have values for the `known` fields; `settled` is as in `Layout`."""

    def __init__(
        self,
        stamps: Stamps,
        judge: Judge,
        sized: Sized,
        memory: Memory,
        first: First,
        cell_of: CellOf,
        calls: OpenCalls,
        zone: tzinfo,
        known: Collection[str],
        *,
        has_extended: bool,
        settled: bool = False,
    ) -> None:
        self._stamps, self._judge, self._sized, self._memory, self._zone = stamps, judge, sized, memory, zone
        self._size = row_sizes(has_extended=has_extended, settled=settled)
        self._template = template_slice(has_extended=has_extended)
        self._ledger = Ledger(first, cell_of, memory, has_extended=has_extended, settled=settled)
        self._versions = Versions(self._ledger, memory, calls)
        self._streams = StreamParts(self._ledger, memory, calls, known, has_extended=has_extended)
        self._places: dict[tuple[object, ...], Known] = {}
        self._texts: dict[tuple[object, ...], Known] = {}
        """What is known of day, size, names and template values that are all texts."""
        self._time: tuple[object, float] = (None, 0.0)

    def clear(self) -> None:
        """Forget the cells."""
        self._places.clear()
        self._texts.clear()

    def add(
        self, rows: Sequence[Row], pieces: Mapping[int, Piece], limit: datetime
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count rows that are not later than `limit`; `pieces` says which ones need not tell a whole call.

        Returns the number of counted rows; index, result and detail of each other row; and the time of the newest
        row that changed a count.
        """
        times = self._stamps.read([row[_TIME] for row in rows], limit)
        others: list[tuple[int, Result, str]] = []
        changed = bytearray(len(rows))
        same: Row | None = None
        end = 0
        for index, (row, stamp) in enumerate(zip(rows, times.stamps, strict=True)):
            if index < end:
                continue
            piece = pieces.get(index)
            if (row is same or row == same) and (piece is Piece.CHUNK or piece is Piece.PART):
                # Most parts of a stream say the same: nothing.
                others.append((index, COUNTED_BEFORE[0], COUNTED_BEFORE[1]))
                continue
            known = self._know(row, stamp)
            if piece is Piece.UPDATE and isinstance(known, Known):
                # The end of a call need not repeat what its beginning says.
                told = self._versions.told_before(row, known)
                if told is not row:
                    row = told
                    known = self._know(row, stamp)
            if not isinstance(known, Known):
                refused: Refusal | None = known
            elif (piece is not None and piece not in VERSIONS) and (
                run := self._streams.add_run(
                    rows, pieces, index, partial(self._know, stamp=stamp), self._moment(row, stamp)
                )
            ):
                end, refused, changed[index] = run
            else:
                refused, changed[index] = self._count(row, known, self._moment(row, stamp), piece)
            same = None if self._streams.told_nothing is not row else self._nothing_new(row)
            if refused is not None:
                others.append((index, refused[0], refused[1]))
            others += [(at, COUNTED_BEFORE[0], COUNTED_BEFORE[1]) for at in range(index + 1, end)]
        newest = self._stamps.newest(times.only(changed)) if any(changed) else None
        return len(rows) - len(others), others, newest

    def _count(self, row: Row, known: Known, moment: float, piece: Piece | None) -> tuple[Refusal | None, bool]:
        if piece is not None and piece not in VERSIONS:
            return self._streams.add(row, known, moment, piece)
        if row[_REQUEST] is not None:
            found = self._versions.add(row, known, moment, piece)
            if found is not None:
                return found
        if not self._memory.remember_record(row, known.place, int(moment)):
            return SEEN_BEFORE, False
        self._ledger.count(row, known.place, moment)
        return None, True

    def whole_call(self, row: Row, system: str, outcome: CallStatus) -> int | None:
        """Return the seed of the keys of calls that such a row tells all of; None when another row of the call
        can say more."""
        # Of a failed call with rows no cost is counted, which is the only number that one without any tells.
        if not self._streams.tells_all(row, outcome) or (outcome is CallStatus.ERROR and row[_COST] is not None):
            return None
        return self._memory.seed(_stream(system, operation_of(row[_OPERATION]) or Operation.OTHER))

    def take_back(self, row: Row, limit: datetime, counted: Row | None = None) -> None:
        """Subtract exactly what was counted for a row; `counted` is the row that was, where it is another one."""
        counted = row if counted is None else counted
        (stamp,) = self._stamps.read([row[_TIME]], limit).stamps
        known = self._know(counted, stamp)
        if isinstance(known, Known):
            self._memory.forget_record(row, known.place, stamp.minute * 60)
            self._ledger.count(counted, known.place, stamp.minute * 60, -1.0)

    def take_version_back(self, row: Row, limit: datetime) -> None:
        """Subtract the call of a row that is the only version of it, as if it had never been seen."""
        (stamp,) = self._stamps.read([row[_TIME]], limit).stamps
        known = self._know(row, stamp)
        if isinstance(known, Known):
            self._versions.take_back(row, known, self._moment(row, stamp))

    def _nothing_new(self, row: Row) -> Row | None:
        """Return the row, if it was a part that told nothing new, and what equals it is the same."""
        # 1 and True are equal, but not as texts.
        return row if _are_texts((*_naming(row), *row[self._template])) else None

    def _moment(self, row: Row, stamp: Stamp) -> float:
        """Return the time of a row in seconds since the epoch."""
        value, moment = self._time
        # 1 and True are equal, and so are 1 and 1.0, which does no harm.
        if value is None or value != row[_TIME]:
            read = parse_time(row[_TIME], self._zone)
            moment = stamp.minute * 60.0 if read is None else read.timestamp()
            self._time = (row[_TIME], moment)
        return moment

    def _know(self, row: Row, stamp: Stamp) -> Known | Refusal:
        if stamp.refusal is not None:
            return stamp.refusal
        naming, template, size = _naming(row), row[self._template], self._size(row)
        texts = (stamp.day, size, naming, template)
        known = self._texts.get(texts)
        if known is not None:
            return known
        model, word, status, hit, tier = naming
        # 1 and True are equal as keys, but not as texts. What equals texts is the same.
        key = (
            stamp.day,
            model,
            word,
            status,
            type(status),
            hit,
            tier,
            type(tier),
            size,
            template,
            *map(type, template),
        )
        known = self._places.get(key)
        if known is None:
            place = self._judge(stamp.day, model, word, status, hit, tier, template)
            if not isinstance(place, CellRef):
                return place
            place = self._sized(place, size) if size else place
            operation = operation_of(word) or Operation.OTHER  # one of no known kind is refused
            stream = _stream(place.system, operation)
            seeds = map(self._memory.seed, (stream, version_kind(place.system, operation)))
            known = Known(place, operation, model_of(model), stamp.day, stream, *seeds)
            if _are_texts((*naming, *template)):
                self._texts[texts] = known
            else:
                self._places[key] = known
        return known


def _stream(system: str, operation: Operation) -> Kind:
    """Return the kind of streamed calls."""
    return system, operation, "call"


def _are_texts(values: Iterable[object]) -> bool:
    return _TEXTS.issuperset(map(type, values))
