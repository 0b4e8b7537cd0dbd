"""Counts calls whose records are versions: each one replaces what the one before it told."""

from __future__ import annotations

from leverwatch.collectors.aggregation.ledger import SEEN_BEFORE, Known, Ledger, Memory
from leverwatch.collectors.aggregation.open_calls import OpenCall, OpenCalls
from leverwatch.collectors.counted_fields import COLUMN_INDEX
from leverwatch.collectors.interface import UNKNOWN_MODEL, Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import VERSIONS, Piece, Row
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.vocabulary import CallStatus

_TRACES = COLUMN_INDEX["traces"]
_REQUEST, _OUTPUT = FIELD_INDEX["request_id"], FIELD_INDEX["output_tokens"]
_LATER: Refusal = (Result.PART, "later version of a call that is counted")
_EARLIER: Refusal = (Result.PART, "earlier version of a call that is counted")


class Versions:
    """The rule of versions: the first one counts the call, a later one takes that back and counts anew.

    Of two versions that are not the last one, that of the later time is later, then that with more output, then
    that which is read later. The last version is later than all others; what comes after it is a duplicate.
    """

    def __init__(self, ledger: Ledger, memory: Memory, calls: OpenCalls) -> None:
        self._ledger, self._memory, self._calls = ledger, memory, calls

    def add(
        self, row: Row, known: Known, moment: float, piece: Piece | None
    ) -> tuple[Refusal | None, bool] | None:
        """Count a row; return its result when it is not counted itself, and whether a count changed.

        Returns None for a record that is no version of an open call (`piece` is None).
        """
        key = self._memory.key(known.version_seed, row[_REQUEST])
        call = self._calls.get(key)
        if call is not None:
            return self._next(key, call, row, known, moment, is_open=piece in VERSIONS)
        return None if piece is None else self._first(key, row, known, moment)

    def model_before(self, row: Row, known: Known) -> str | None:
        """Return the model that an earlier version of the call of a row told, where that is still known."""
        call = self._calls.get(self._memory.key(known.version_seed, row[_REQUEST]))
        return None if call is None or call.model == UNKNOWN_MODEL else call.model

    def _first(self, key: int, row: Row, known: Known, moment: float) -> tuple[Refusal | None, bool]:
        place, id_, seconds = known.place, row[_REQUEST], int(moment)
        if self._memory.remembers_call(id_, place.system, known.operation, seconds):
            return SEEN_BEFORE, False
        is_new = self._memory.remember_key(key, seconds)
        if not (is_new and self._memory.remember_request(id_, place.id_seed, seconds)):
            return SEEN_BEFORE, False
        self._count(key, known.call(moment, version=True), row, moment)
        return None, True

    def _next(
        self, key: int, call: OpenCall, row: Row, known: Known, moment: float, *, is_open: bool
    ) -> tuple[Refusal | None, bool]:
        if is_open and (moment, _output(row)) < (call.until, *call.usage):
            return _EARLIER, False
        place = known.place
        traces = call.counts[_TRACES] if call.counts else 0.0
        self._ledger.take_back(call)
        now = known.call(moment, version=True)
        if not is_open:
            self._calls.drop(key)
            self._ledger.add(now, row, moment)
            # An id is remembered with its outcome, which the last version may have changed.
            self._memory.remember_request(row[_REQUEST], place.id_seed, int(moment))
        else:
            self._count(key, now, row, moment)
        if place.outcome is CallStatus.SUCCESS and not now.counts[_TRACES]:
            self._ledger.move_traces(now, traces)
        return _LATER, True

    def _count(self, key: int, call: OpenCall, row: Row, moment: float) -> None:
        call.usage = (_output(row),)
        self._ledger.add(call, row, moment)
        self._calls.put(key, call, moment)


def _output(row: Row) -> float:
    known = row[_OUTPUT]
    return -1 if known is None else float(known)
