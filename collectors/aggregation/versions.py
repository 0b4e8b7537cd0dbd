"""Counts calls whose records are versions: each one replaces what the one before it told."""

from __future__ import annotations

from leverwatch.collectors.aggregation.ledger import SEEN_BEFORE, Kind, Known, Ledger, Memory
from leverwatch.collectors.aggregation.open_calls import OpenCall, OpenCalls
from leverwatch.collectors.counted_fields import COLUMN_INDEX
from leverwatch.collectors.interface import UNKNOWN_MODEL, Operation, Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import VERSIONS, Piece, Row
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.vocabulary import CallStatus

_TRACES = COLUMN_INDEX["traces"]
_REQUEST, _OUTPUT = FIELD_INDEX["request_id"], FIELD_INDEX["output_tokens"]
_MODEL, _OPERATION = FIELD_INDEX["model"], FIELD_INDEX["operation"]
_ALONE = 1
"""What is `told` of a call by its first version; of several it is nothing."""
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
            return self._next(key, call, row, known, moment, piece)
        return None if piece is None else self._first(key, row, known, moment, piece)

    def told_before(self, row: Row, known: Known) -> Row:
        """Return a row with the operation and the model that an earlier version of its call told, where it tells
        none itself and that is still known."""
        call = self._calls.get(self._memory.key(known.version_seed, row[_REQUEST]))
        if call is None and not (row[_OPERATION] or "").strip():
            for operation in Operation:
                seed = self._memory.seed(version_kind(known.place.system, operation))
                found = self._calls.get(self._memory.key(seed, row[_REQUEST]))
                # What names another model is another call, as of a tool that has the id of what called it.
                if found is not None and known.model in (UNKNOWN_MODEL, found.model):
                    call, row = found, (*row[:_OPERATION], operation.value, *row[_OPERATION + 1 :])
                    break
        if call is None or known.model != UNKNOWN_MODEL or call.model == UNKNOWN_MODEL:
            return row
        return (*row[:_MODEL], call.model, *row[_MODEL + 1 :])

    def _first(self, key: int, row: Row, known: Known, moment: float, piece: Piece) -> tuple[Refusal | None, bool]:
        place, id_, seconds = known.place, row[_REQUEST], int(moment)
        if self._memory.remembers_call(id_, place.system, known.operation, seconds):
            return SEEN_BEFORE, False
        is_new = self._memory.remember_key(key, seconds)
        if not (is_new and self._memory.remember_request(id_, place.id_seed, seconds)):
            return SEEN_BEFORE, False
        call = known.call(moment, version=True)
        call.told = _ALONE if piece is Piece.UPDATE else 0
        self._count(key, call, row, moment)
        return None, True

    def _next(
        self, key: int, call: OpenCall, row: Row, known: Known, moment: float, piece: Piece | None
    ) -> tuple[Refusal | None, bool]:
        is_open = piece in VERSIONS
        if is_open and (moment, _output(row)) < (call.until, *call.usage):
            return _EARLIER, piece is Piece.UPDATE and self._met(key, call, known)
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

    def take_back(self, row: Row, known: Known, moment: float) -> None:
        """Subtract the call of a row, and forget its id, where no other version of it was read."""
        key = self._memory.key(known.version_seed, row[_REQUEST])
        call = self._calls.get(key)
        if call is None or call.told != _ALONE or (call.until, *call.usage) != (moment, _output(row)):
            return
        self._ledger.take_back(call)
        self._calls.drop(key)
        self._memory.forget_call(key, row[_REQUEST], known.place.id_seed)

    def _met(self, key: int, call: OpenCall, known: Known) -> bool:
        """Note that an earlier version of a call came; where no later one names a model, it does. Returns whether
        it did."""
        is_named = call.model == UNKNOWN_MODEL and known.model != UNKNOWN_MODEL
        if is_named:
            self._ledger.rename(call, known.model, known.place.key[2])
        if is_named or call.told:
            call.told = 0
            self._calls.put(key, call, call.until)
        return is_named

    def _count(self, key: int, call: OpenCall, row: Row, moment: float) -> None:
        call.usage = (_output(row),)
        self._ledger.add(call, row, moment)
        self._calls.put(key, call, moment)


def version_kind(system: str, operation: Operation) -> Kind:
    """Return the kind of calls with versions."""
    return system, operation, "version"


def _output(row: Row) -> float:
    known = row[_OUTPUT]
    return -1 if known is None else float(known)
