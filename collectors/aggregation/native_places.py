"""Says once, for each combination of names that the compiled helper finds, where its records are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.batch_loops import NAMING
from leverwatch.collectors.aggregation.cells import Group
from leverwatch.collectors.aggregation.counting_rule import JUDGES
from leverwatch.collectors.aggregation.native_rows import EVERYTHING, Agreed, Told, agreed
from leverwatch.collectors.aggregation.native_scanned import Scanned
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX, field_indexes, template_slice
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.interface import Parsed, Piece, Row
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.systems import NoSystem
from leverwatch.collectors.records.vocabulary import CallStatus

COUNTS, ODD, LEFT_OUT, REFUSED, NO_CALL = 1, 2, 3, 4, 5
"""What is known of a time or of the names of a record."""
_NO_CALLS = {Result.NOT_A_CALL: 1}
_TIME = FIELD_INDEX["time"]
_NOBODY_KNOWS = (-1, -1, -1)
_A_ROW = {0: Piece.ROW}
Attribute = Callable[
    [str | None, str | None, object, object, object, tuple[object, ...]],
    tuple[Group, CallStatus, int, int, int] | Refusal,
]
"""Returns group and outcome of a record, and the seeds of the keys of records, of ids alone and of traces; or why
it is refused, given its model, operation, status, cache hit, tier and template values."""


WholeCall = Callable[[Row, str, CallStatus], int | None]
"""Returns the seed of the keys of calls of which a row of a system, with an outcome, tells all; None when another
row of the call can say more."""


class Places:
    """Tells a tally where records are counted; `attribute` finds their groups, and `read` makes rows of one that
    was found. `tested` is as `Template.only_tested`. Without `whole_call`, rows of calls are left to Python."""

    def __init__(
        self,
        plan: Plan,
        tally: _native.Tally,
        attribute: Attribute,
        read: Callable[[bytes, Scanned], Parsed],
        tested: Mapping[str, tuple[ValueTest, ...]],
        whole_call: WholeCall | None,
    ) -> None:
        self._whole_call = whole_call
        self._plan, self._tally, self._attribute, self._read, self._tested = plan, tally, attribute, read, tested
        fields = field_indexes(has_extended=plan.has_extended)
        self._naming = tuple(map(fields.get, NAMING))
        self._judged = tuple((fields.get(name), judge) for name, judge in JUDGES.items())
        self._template = template_slice(has_extended=plan.has_extended)
        self.groups: dict[Group, int] = {}
        """The groups that records are counted in, and their numbers."""
        self.refusals: dict[int, Refusal] = {}
        """By the number of a combination, why its records are refused."""

    def forget(self) -> None:
        """Forget all groups and refusals, as the tally does."""
        self.groups, self.refusals = {}, {}

    def tell(self, at: int, found: Scanned, index: int) -> None:
        """Say what becomes of the records with the names of one, given its index."""
        unit = found.record(index)
        parsed = self._read(unit, found)
        beside = self._take_time(found, index, parsed)
        told: Agreed | None = None
        rule = self._plan.rule
        if (
            rule is not None
            and not beside
            and not rule.needs
            and parsed == Parsed(passed=_NO_CALLS, lines=[], seen=parsed.seen)
        ):
            self._tally.set_place(at, NO_CALL, 0, 0, 0, 0, 0, _NOBODY_KNOWS)
            return
        if len(parsed.rows) == 1 and not parsed.unreadable and self._is_whole(parsed) and not parsed.refused:
            told = EVERYTHING
            if self._plan.rule is not None:
                told = agreed(self._plan, self._told(found, index), parsed, unit)
        if told is None:
            # Each record with these values goes to Python, which notes what cannot be read.
            self._tally.set_place(at, ODD, 0, 0, 0, 0, 0, _NOBODY_KNOWS)
            return
        row = parsed.rows[0]
        model, operation, status, hit, tier = [None if it is None else row[it] for it in self._naming]
        place = self._attribute(model, operation, status, hit, tier, row[self._template])
        if len(place) == 2 and self._plan.lines is not None and isinstance(place[1], NoSystem) and self._tested:
            # What is said of it has values that the helper left out.
            self._tally.set_place(at, ODD, 0, 0, 0, 0, 0, _NOBODY_KNOWS)
            return
        if len(place) == 2:
            self.refusals[at] = place
            self._tally.set_place(at, REFUSED, 0, 0, 0, 0, 0, _NOBODY_KNOWS)
            return
        group, outcome, seed, id_seed, trace_seed = place
        call_seed = self._whole_call(row, group[0], outcome) if parsed.pieces and self._whole_call else 0
        if call_seed is None:
            self._tally.set_place(at, ODD, 0, 0, 0, 0, 0, _NOBODY_KNOWS)
            return
        number = self.groups.setdefault(group, len(self.groups))
        invalid, schema, truncated = [
            -1 if it is None or row[it] is None else _bit(judge(row[it])) for it, judge in self._judged
        ]
        self._tally.set_place(
            at, COUNTS, number, outcome, seed, id_seed, trace_seed, (invalid, schema, truncated), told.kept,
            told.suffix, told.parts, bool(parsed.pieces), call_seed,
        )  # fmt: skip

    def _is_whole(self, parsed: Parsed) -> bool:
        """Whether a record is a call, or one of the rows of a call that may be told as a whole."""
        return not parsed.pieces or (self._whole_call is not None and parsed.pieces == _A_ROW)

    def _take_time(self, found: Scanned, index: int, parsed: Parsed) -> bool:
        """Fill in the time that stood beside a record without one, as the helper did. Returns whether it did."""
        if not self._plan.wrappers or (not parsed.rows and parsed.seen):
            return False
        parsed.rows = [
            row if row[_TIME] is not None else (*row[:_TIME], self._told(found, index).time, *row[_TIME + 1 :])
            for row in parsed.rows
        ]
        return not parsed.rows

    def _told(self, found: Scanned, index: int) -> Told:
        *spans, numbers = found.scan.told(index)
        time, request, trace = (bytes(found.data[start:end]).decode() for start, end in spans)
        return Told(time if self._plan.iso is None else self._plan.iso(time), request, trace, numbers)


def _bit(value: bool | None) -> int:
    return -1 if value is None else int(value)
