"""Adds rows up by system, model, operation and UTC day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from xxhash import xxh3_64_intdigest

from collectors.files.dedupe import SeenIds
from collectors.files.fields import FIELDS
from collectors.files.formats.interface import Row
from collectors.files.times import parse_time
from collectors.files.words import Outcome, is_cache_hit, operation_of, outcome_of
from collectors.interface import UNKNOWN_MODEL, Operation, Result, UsageRow

Key = tuple[str, str, Operation, date]
"""System, model, operation, UTC day."""

COLUMNS: tuple[str, ...] = (
    "inferences", "errors", "cache_hits", "attempts", "input_tokens", "cached_input_tokens", "output_tokens",
    "unknown_input", "unknown_cached", "unknown_output", "cost_usd", "unpriced", "latency_ms", "unknown_latency",
)  # fmt: skip
"""The counts of a `UsageRow`, in the order of a cell."""

_TEMPLATE = len(FIELDS)
_NO_ID = frozenset({"", "none", "null"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rollup:
    """The counts of one source since the last `take`.

    `system_of` names a row's system from its template values (None: unattributed), `zone` is what a time without a
    zone means, `now` the clock, and `seen` what removes duplicates (None: nothing does).
    """

    def __init__(
        self,
        system_of: Callable[[tuple[object, ...]], str | None],
        zone: tzinfo,
        now: Callable[[], datetime],
        future_tolerance: timedelta,
        seen: SeenIds | None,
    ) -> None:
        self._system_of, self._zone, self._now, self._tolerance = system_of, zone, now, future_tolerance
        self._seen = seen
        self._slot_seconds = seen.slot_seconds if seen else 3600
        self._minutes: dict[str, tuple[date, int]] = {}
        self._operations: dict[str | None, Operation | None] = {}
        self._seeds: dict[tuple[str, Operation, Outcome], int] = {}
        self.cells: dict[Key, list[float]] = {}
        self.days: set[date] = set()
        self.newest: datetime | None = None

    def add(self, rows: Sequence[Row]) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows; gives how many were counted, and index, result and detail of each that was not."""
        counted = 0
        others: list[tuple[int, Result, str]] = []
        limit = self._now() + self._tolerance
        for index, row in enumerate(rows):
            refused = self._add(row, limit, 1.0)
            if refused is None:
                counted += 1
            else:
                others.append((index, *refused))
        return counted, others

    def take_back(self, row: Row) -> None:
        """Subtract exactly what `add` counted for a row, and forget its request id."""
        self._add(row, datetime.max.replace(tzinfo=UTC), -1.0)

    def _add(self, row: Row, limit: datetime, sign: float) -> tuple[Result, str] | None:
        (
            time, model, request_id, operation_word, status, input_tokens, cached_tokens, output_tokens, cost,
            latency, _trace, inferences, rate, hit, attempts,
        ) = row[:_TEMPLATE]  # fmt: skip
        if time is None:
            return Result.MISSING_FIELD, "no time"
        moment = parse_time(time, self._zone)
        if moment is None:
            return Result.BAD_TIME, "not a time that an inference can have"
        if moment > limit:
            return Result.FUTURE, "later than the clock"
        day = moment.date()
        self.days.add(day)
        try:
            operation = self._operations[operation_word]
        except KeyError:
            operation = self._operations.setdefault(operation_word, operation_of(operation_word))
        if operation is None:
            return Result.UNKNOWN_OPERATION, "an operation of no known kind"
        outcome = Outcome.SUCCESS if status is None else outcome_of(status)
        if outcome is None:
            return Result.UNKNOWN_STATUS, "neither a success nor an error"
        system = self._system_of(row[_TEMPLATE:])
        if system is None:
            return Result.UNATTRIBUTED, "names no system"
        if outcome is Outcome.SUCCESS and hit is not None and is_cache_hit(hit):
            outcome = Outcome.CACHE_HIT
        if (
            self._seen is not None
            and request_id is not None
            and not self._is_new(request_id, (system, operation, outcome), moment, sign)
        ):
            return Result.DUPLICATE, "request id seen before"
        key = (system, model or UNKNOWN_MODEL, operation, day)
        cell = self.cells.get(key)
        if cell is None:
            self.cells[key] = cell = [0.0] * len(COLUMNS)
        scale = sign if rate is None else sign / rate
        weight = scale if inferences is None else scale * inferences
        if outcome is Outcome.SUCCESS:
            cell[0] += weight
            cell[3] += weight if attempts is None else scale * attempts
            if input_tokens is None:
                cell[7] += weight
            else:
                cell[4] += scale * input_tokens
            if cached_tokens is None:
                cell[8] += weight
            else:
                cell[5] += scale * cached_tokens
            if output_tokens is None:
                cell[9] += weight
            else:
                cell[6] += scale * output_tokens
            if cost is None:
                cell[11] += weight
            else:
                cell[10] += scale * cost
            if latency is None:
                cell[13] += weight
            else:
                cell[12] += scale * latency
        elif outcome is Outcome.ERROR:
            cell[1] += weight
            cell[3] += weight if attempts is None else scale * attempts
            if cost is not None:
                cell[10] += scale * cost
        else:
            cell[2] += weight
        if self.newest is None or moment > self.newest:
            self.newest = moment
        return None

    def _is_new(
        self, request_id: str | int, kind: tuple[str, Operation, Outcome], moment: datetime, sign: float
    ) -> bool:
        text = str(request_id).strip()
        if self._seen is None or text.lower() in _NO_ID:
            return True
        # A failed attempt and the retry that succeeded may share an id, and so may two systems: all of them count.
        seed = self._seeds.get(kind)
        if seed is None:
            self._seeds[kind] = seed = xxh3_64_intdigest("\0".join(str(part) for part in kind).encode())
        identity = xxh3_64_intdigest(text.encode(errors="surrogatepass"), seed)
        if sign < 0:
            self._seen.forget(identity)
            return True
        return self._seen.add(identity, int((moment - _EPOCH).total_seconds()) // self._slot_seconds)

    def take(self) -> tuple[tuple[UsageRow, ...], frozenset[date], datetime | None]:
        """Everything since the last call: rows of usage, days seen, time of the newest counted record."""
        usage = tuple(UsageRow(*key, *cell) for key, cell in self.cells.items() if any(cell))
        taken = (usage, frozenset(self.days), self.newest)
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget what was added."""
        self.cells, self.days, self.newest = {}, set(), None


def lines_of(
    rows: Iterable[tuple[int, Result, str]], lines: Sequence[int] | None
) -> list[tuple[int, Result, str]]:
    """The same refusals with the index of their line instead of that of their row."""
    return [(index if lines is None else lines[index], result, detail) for index, result, detail in rows]
