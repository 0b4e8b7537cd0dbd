"""Counts streamed calls, of which each part is a record: the first one counts the call, later ones tell more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

from leverwatch.collectors.aggregation.ledger import SEEN_BEFORE, Known, Ledger, Memory
from leverwatch.collectors.aggregation.open_calls import Group, OpenCall, OpenCalls
from leverwatch.collectors.aggregation.stream_runs import Runs
from leverwatch.collectors.counted_fields import told_together
from leverwatch.collectors.interface import UNKNOWN_MODEL, Result
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.fields import FIELD_INDEX, field_indexes
from leverwatch.collectors.records.formats.interface import Piece, Row
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.service_tiers import told_tier
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit

_REQUEST, _HIT = FIELD_INDEX["request_id"], FIELD_INDEX["cache_hit"]
_ASPECTS = told_together()
"""The fields that the parts of a streamed call tell together; each is counted once for a call."""
_USAGE = tuple(_ASPECTS).index("usage")
_TELLS_USAGE = 1 << _USAGE
_ALL_TOLD = (1 << len(_ASPECTS)) - 1
_A_DAY = timedelta(days=1)
_SILENCE = 600.0
"""Seconds after which another chunk without an id is of another stream."""
_OWN_IDS = 2
"""So many single chunks before an end that has an id of its own too show that every chunk has one."""
_MOST_GROUPS = 1_000
COUNTED_BEFORE: Refusal = (Result.PART, "part of a call that is counted")
_Found = tuple[Refusal | None, bool]
"""The result of a part that is not counted itself, and whether a count changed."""


def _telling(aspects: Sequence[Sequence[int]]) -> Callable[[Row], int]:
    """Return the function that returns the bits of the aspects of which a row tells something."""
    code = Code()
    code.add(0, "def telling(r):", "    told = 0")
    for at, places in enumerate(aspects):
        if places:
            code.add(1, f"if {' or '.join(f'r[{place}] is not None' for place in places)}: told |= {1 << at}")
    code.add(1, "return told")
    made: Callable[[Row], int] = code.compile("telling")
    return made


class StreamParts:
    """The rule of streamed calls.

    A call counts when its first part is read, with what that tells, and each later part adds what it tells in the
    same cell. A usage with more output replaces one with less. A part whose time is after the end of its stream is
    of another call, as its server uses ids again. Where every chunk has an id of its own, or none, a call is what
    has an end.
    """

    def __init__(
        self, ledger: Ledger, memory: Memory, calls: OpenCalls, known: Collection[str], *, has_extended: bool
    ) -> None:
        self._ledger, self._memory, self._calls = ledger, memory, calls
        place = field_indexes(has_extended=has_extended)
        self._names = [
            tuple(
                it for at, names in enumerate(_ASPECTS.values()) if told & 1 << at for it in names if it in place
            )
            for told in range(_ALL_TOLD + 1)
        ]
        """By the bits of aspects, the fields of these."""
        self._aspects = [tuple(place[name] for name in names if name in place) for names in _ASPECTS.values()]
        self._told = tuple(at for places in self._aspects for at in places)
        self._tell = itemgetter(*self._told)
        self._nothing = (None,) * len(self._told)
        self._usage = self._aspects[_USAGE]
        self._usage_of: Callable[[Row], tuple[float | None, ...]] = itemgetter(*self._usage)
        self._output = FIELD_INDEX["output_tokens"]
        self._telling = _telling(self._aspects)
        told = enumerate(_ASPECTS.values())
        self._can_tell = sum(1 << at for at, names in told if not set(names).isdisjoint(known))
        """The bits of the aspects that rows can tell."""
        self._runs = Runs(self._aspects, _USAGE, self._telling, has_extended=has_extended)
        self._last: tuple[str | None, int, int] = (None, 0, 0)
        """The id of the last part, the seed of its key, and that key."""
        self._own_ids: dict[Group, None] = {}
        """Groups whose chunks have been seen to have an id each."""
        self.told_nothing: Row | None = None
        """The row of the last part if it told nothing new: neither does another one like it."""

    def add(self, row: Row, known: Known, moment: float, piece: Piece) -> _Found:
        """Count a part."""
        id_ = row[_REQUEST]
        self.told_nothing = None
        if id_ is None:
            return self._nameless(row, known, moment, piece)
        last, seed, key = self._last
        if last != id_ or seed != known.stream_seed:
            key = self._memory.key(known.stream_seed, id_)
            self._last = (id_ if type(id_) is str else None, known.stream_seed, key)
        call, series = self._calls.get(key), ""
        if call is not None:
            if self._is_plain(call, row, known, moment, piece):
                self.told_nothing = row
                return COUNTED_BEFORE, False
            if self._is_next(call, moment, piece):
                call, series = None, str(int(moment))
            elif call.series and moment < call.begun:
                return COUNTED_BEFORE, False  # of an earlier stream with the same id
        if call is None:
            return self._first(key, series, row, known, moment, piece)
        was_alone, had_ended, until = call.alone, call.ended, call.until
        is_counted = bool(call.counts)
        has_result = is_counted or call.tallied
        if not is_counted and had_ended and piece is Piece.REST:
            return COUNTED_BEFORE, False  # again what was given to another call
        call.alone = False
        if was_alone:
            self._own_ids.pop(call.group, None)
        changed = self._later(call, row, known, moment, piece)
        if changed or was_alone or call.ended is not had_ended or call.until != until:
            self._calls.put(key, call, moment)
        if is_counted and not changed and self._is_plain(call, row, known, moment, piece):
            self.told_nothing = row
        return (COUNTED_BEFORE if has_result else None), changed

    def add_run(
        self,
        rows: Sequence[Row],
        pieces: Mapping[int, Piece],
        start: int,
        know: Callable[[Row], Known | Refusal],
        moment: float,
    ) -> tuple[int, Refusal | None, bool] | None:
        """Count the parts of a new call that follow each other from an index on; `know` says where a row counts.

        Returns the index behind the last one, the result of the first one as `add` does, and whether a count
        changed; all others are parts of a call that is counted. None when they are to be counted one by one.
        """
        run = self._runs.find(rows, pieces, start)
        # A length that only the last part tells may have another price.
        known = None if run is None else know(run.row)
        if run is None or not isinstance(known, Known) or known.place.outcome is CallStatus.ERROR:
            return None
        if self._own_ids and known.group in self._own_ids:
            return None
        key = self._memory.key(known.stream_seed, run.row[_REQUEST])
        if self._calls.get(key) is not None:
            return None
        self.told_nothing = None
        return run.end, *self._first(key, "", run.row, known, moment, run.piece)

    def _is_plain(self, call: OpenCall, row: Row, known: Known, moment: float, piece: Piece) -> bool:
        """Return whether a part is one of the many that say nothing new."""
        return (
            call.until == moment
            and not call.alone
            and (piece is Piece.CHUNK or piece is Piece.PART)
            and known.place.outcome is not CallStatus.ERROR
            and self._tell(row) == self._nothing
            and bool(call.counts)
        )

    @staticmethod
    def _is_next(call: OpenCall, moment: float, piece: Piece) -> bool:
        """Return whether a part is of another stream than the call whose id it has."""
        if not call.ended or moment <= call.until:
            return False
        return piece is not Piece.REST or bool(call.told & _TELLS_USAGE)

    def _first(self, key: int, series: str, row: Row, known: Known, moment: float, piece: Piece) -> _Found:
        id_, seconds = row[_REQUEST], int(moment)
        name = f"{id_}\0{series}" if series else id_
        is_new = (
            self._memory.remember(known.stream, name, seconds)
            if series
            else self._memory.remember_key(key, seconds)
        )
        if not is_new:
            old = self._before_upgrade(row, known, moment)
            if old is None:
                return COUNTED_BEFORE, False
            changed = self._later(old, row, known, moment, piece)
            self._calls.put(key, old, moment)
            return COUNTED_BEFORE, changed
        if series:
            self._memory.remember(known.stream, id_, seconds)
        call = known.call(moment, series=series)
        if piece is Piece.REST and (found := self._calls.waiting(call.group)) is not None:
            # Should other chunks have its id too, it was of a stream of its own, which counts then.
            call.ended = True
            self._calls.put(key, call, moment)
            return self._settle(*found, row, known, moment)
        if not self._memory.remember_request(name, known.place.id_seed, seconds):
            return SEEN_BEFORE, False
        if piece is Piece.ROW and self.tells_all(row, call.outcome):
            # No other row of it can say more.
            self._ledger.count(self._bare(row) if call.outcome is CallStatus.ERROR else row, known.place, moment)
            return None, True
        if piece is Piece.END:
            self._withdraw_alone(call.group)
        elif piece is Piece.CHUNK and not series:
            call.alone = True
            if self._own_ids and call.group in self._own_ids:
                self._calls.put(key, call, moment)
                return COUNTED_BEFORE, False
        self._start(call, row, moment, piece)
        call.waits = piece is Piece.END and not series and not call.told & _TELLS_USAGE
        self._calls.put(key, call, moment)
        return None, True

    def tells_all(self, row: Row, outcome: CallStatus) -> bool:
        """Return whether a row tells everything that rows of its format can tell of a call."""
        return outcome is CallStatus.ERROR or (
            row[self._output] is not None and not self._can_tell & ~self._telling(row)
        )

    def _before_upgrade(self, row: Row, known: Known, moment: float) -> OpenCall | None:
        """Return a call of which an older version of this program stored no more than hashes: of its cell, and of
        what was told. None when it stored none."""
        system, operation, _ = known.stream
        id_, seconds = row[_REQUEST], int(moment)
        for day in (known.day, known.day - _A_DAY):
            for model in (known.model, UNKNOWN_MODEL):
                if self._memory.remembers((system, operation, "cell", model, day), id_, seconds):
                    call = replace(known, model=model, day=day).call(moment)
                    call.operation = known.operation  # no name of a model told another one
                    # Whatever this part says: a call that had failed told everything.
                    call.outcome = CallStatus.CACHE_HIT if is_cache_hit(row[_HIT]) else CallStatus.SUCCESS
                    call.tier = ""  # no other one was told apart
                    counts = self._ledger.counts(self._bare(row), call.system, call.outcome, moment)
                    call.counts = tuple(counts)
                    told = (self._memory.remembers((system, operation, it), id_, seconds) for it in _ASPECTS)
                    call.told = sum(is_told << at for at, is_told in enumerate(told))
                    return call
        return None

    def _withdraw_alone(self, group: Group) -> None:
        """Take back the calls of which a single chunk was read: they are chunks of the stream that ends now, or
        count again with their second one."""
        alone = self._calls.alone(group)
        for key, other in alone:
            other.tallied = other.tallied or bool(other.counts)
            self._ledger.take_back(other)
            other.told, other.usage = 0, ()
            self._calls.put(key, other, other.until)
        if len(alone) >= _OWN_IDS:
            if len(self._own_ids) > _MOST_GROUPS:
                self._own_ids.clear()
            self._own_ids[group] = None

    def _nameless(self, row: Row, known: Known, moment: float, piece: Piece) -> _Found:
        """Count a chunk without an id: one stream at a time runs, and each end is that of a call."""
        running = self._memory.key(self._memory.seed((*known.stream, "nameless")), known.model)
        call = self._calls.get(running)
        if call is not None and moment - call.until > _SILENCE:
            call = None
        if piece is Piece.REST and (found := self._calls.waiting(known.call(moment).group)) is not None:
            return self._settle(*found, row, known, moment)
        result: _Found = (COUNTED_BEFORE, True)
        if call is None:
            call, result = known.call(moment), (None, True)
            self._start(call, row, moment, piece)
        else:
            self._later(call, row, known, moment, piece)
        if piece is Piece.CHUNK:
            self._calls.put(running, call, moment)
            return result
        self._calls.drop(running)
        if not call.told & _TELLS_USAGE:
            call.waits = True
            self._calls.put(self._calls.free(running), call, moment)
        return result

    def _settle(self, key: int, call: OpenCall, row: Row, known: Known, moment: float) -> _Found:
        """Add the usage that came under another id to the call that waited for it."""
        call.waits = False
        self._tell_more(call, row, known, moment)
        self._calls.put(key, call, moment)
        return COUNTED_BEFORE, True

    def _start(self, call: OpenCall, row: Row, moment: float, piece: Piece) -> None:
        failed = call.outcome is CallStatus.ERROR
        self._ledger.add(call, self._bare(row) if failed else row, moment)
        call.told = _ALL_TOLD if failed else self._telling(row)
        if call.told & _TELLS_USAGE and not failed:
            call.usage = self._usage_of(row)
        call.ended = piece in (Piece.END, Piece.REST, Piece.DONE)

    def _later(self, call: OpenCall, row: Row, known: Known, moment: float, piece: Piece) -> bool:
        """Add what a later part tells. Returns whether a count changed."""
        call.begun, call.until = min(call.begun, moment), max(call.until, moment)
        call.ended = call.ended or piece in (Piece.END, Piece.REST, Piece.DONE)
        if not call.counts:
            call.outcome, call.tier = known.place.outcome, known.place.tier
            self._start(call, row, moment, piece)
            return True
        if known.place.outcome is not CallStatus.ERROR:
            changed = self._tell_more(call, row, known, moment)
        elif changed := not call.told & _TELLS_USAGE:
            # It failed before a part gave its usage; until now it was an inference.
            self._ledger.take_back(call)
            call.outcome, call.told = CallStatus.ERROR, _ALL_TOLD
            self._ledger.add(call, self._bare(row), moment)
        if call.told & _TELLS_USAGE:
            call.waits = False
        return changed

    def _tell_more(self, call: OpenCall, row: Row, known: Known, moment: float) -> bool:
        if call.outcome is CallStatus.ERROR:
            return False
        new = self._telling(row) & ~call.told
        old: list[Any] | None = None
        if row[self._output] is not None and call.told & _TELLS_USAGE and self._is_more(row, call.usage):
            new |= _TELLS_USAGE
            old = self._bare(row)
            for place, value in zip(self._usage, call.usage, strict=False):
                old[place] = value
        if not new:
            return False
        call.told |= new
        if new & _TELLS_USAGE:
            call.usage = self._usage_of(row)
            self._ledger.move(call, told_tier(call.tier, known.place.tier))
        self._ledger.change(call, row, moment, self._names[new], old)
        return True

    def _is_more(self, row: Row, usage: tuple[float | None, ...]) -> bool:
        if not usage:
            return False  # told before an upgrade, and not stored then
        new, old = row[self._output], usage[self._usage.index(self._output)]
        return new is not None and (old is None or new > old)

    def _bare(self, row: Row) -> list[Any]:
        """Return the row without any of the values that parts tell: it only counts as a call."""
        bare = list(row)
        for at in self._told:
            bare[at] = None
        return bare
