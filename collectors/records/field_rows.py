"""Makes rows of the raw values that a field map reads: sums, constants, units and words are decided here. Pure.

A format reads the fields that are single paths itself. The raw values of all others follow the values of the
system template in its rows, and are turned into fields here, before anything else sees a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from leverwatch.collectors.records.field_loops import FillRow, compile_fill
from leverwatch.collectors.records.field_specs import WHOLE_OF, FieldSpec
from leverwatch.collectors.records.field_values import Mistyped, Words, Written, number_reader
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELD_INDEX, FIELDS
from leverwatch.collectors.records.formats.interface import MAX_COUNT, Row
from leverwatch.collectors.records.lenient import OPTIONAL
from leverwatch.collectors.records.tokens import add_beside

Entries = Mapping[str, "str | FieldSpec"]
"""The entries of a field map by field: a path, or what is said of the field."""
_FAILED_OF = frozenset({"inferences", "errors"})
_TAKEN, _GIVEN = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_NUMBER, _FAILED, _TRIES = (FIELD_INDEX[name] for name in ("inferences", "errors", "attempts"))


Unreadable = tuple[tuple[str, str], ...]
"""Field and reason of each value of a record that cannot be read."""


class FieldRows:
    """The fields of a map that are more than a single path each; so many template values, `own`, are before their
    raw values. `written` is how numbers are written of which the map says nothing."""

    def __init__(self, entries: Entries, own: int, written: Written | None = None) -> None:
        both = entries.keys() >= _FAILED_OF
        self.plain: dict[str, str] = {}
        """The path of each field that the format reads itself."""
        self.rich: dict[str, FieldSpec] = {}
        for name, entry in entries.items():
            if isinstance(entry, str) and not (both and name in _FAILED_OF):
                self.plain[name] = entry
            else:
                self.rich[name] = FieldSpec((entry,)) if isinstance(entry, str) else entry
        self.tells_failed = both
        self.known = frozenset((*entries, *(["attempts"] if both else [])))
        """The fields that rows may have a value for."""
        self.has_extended = not self.known.isdisjoint(EXTENDED_FIELDS)
        self._beside = [(name, WHOLE_OF[name]) for name, spec in self.rich.items() if spec.is_beside]
        self.counters = counters_of(entries)
        """The fields whose values are counters that only grow."""
        self.raw: list[str] = []
        """The paths of the raw values."""
        self.told: dict[int, str] = {}
        """By raw value, the field that is unknown without it, with a `+` for a part of a sum. A raw value that is
        not here refuses its record when it cannot be read."""
        self.meant: dict[int, tuple[Words, ...]] = {}
        """By raw value, the words that the map gives a meaning, whatever they mean elsewhere."""
        start = len(FIELDS) + own
        self._readers = []
        for name, spec in self.rich.items():
            at = len(self.raw)
            self.raw += spec.paths
            if spec.words:
                self.meant |= dict.fromkeys(range(at, len(self.raw)), spec.words)
            place = FIELD_INDEX[name]
            self._readers.append(
                (name, place, slice(start + at, start + len(self.raw)), spec.reader(name, written))
            )
            if name in OPTIONAL:
                self.told |= dict.fromkeys(range(at, len(self.raw)), f"+{name}" if spec.is_sum else name)
        self._written = written
        self._totals: dict[str, int] = {}
        for name, spec in self.rich.items():
            if spec.total is not None:
                self.told[len(self.raw)] = ""
                self._totals[name] = start + len(self.raw)
                self.raw.append(spec.total)
        self._sessions = []
        for path in _sessions_of(entries).values():
            self.told[len(self.raw)] = ""
            self._sessions.append(start + len(self.raw))
            self.raw.append(path)
        self._start, self._end = start, start + len(self.raw)
        self._inner_extended = not self.plain.keys().isdisjoint(EXTENDED_FIELDS)
        self._rest = () if self._inner_extended or not self.has_extended else (None,) * len(EXTENDED_FIELDS)

    @cached_property
    def _fill(self) -> FillRow:
        # Made for the first record: a configuration is checked without one.
        places = ((name, self.rich[name], it.start) for name, _, it, _ in self._readers)
        return compile_fill(places, self._written)

    def made(self, row: Row, unread: Collection[str] = ()) -> tuple[Row, Unreadable]:
        """Return the row of a record, and what cannot be read of it; `unread` are those of `told` that could not
        be read before.

        Raises:
            Mistyped: what says whether or how often the record counts cannot be read.
        """
        made = [*row[: self._start], *row[self._end :], *self._rest]
        wrong: list[tuple[str, str]] = []
        try:
            self._fill(row, made)
        except Mistyped:
            self._fill_one_by_one(row, made, wrong)
        if unread or self._beside:
            inside = self._inside(row, made) if self._totals else ()
            self._take_in(made, wrong, unread, inside)
        if self.tells_failed:
            _take_failed_apart(made)
        return tuple(made), tuple(wrong)

    def _fill_one_by_one(self, row: Row, made: list[Any], wrong: list[tuple[str, str]]) -> None:
        for name, place, values, read in self._readers:
            try:
                made[place] = read(row[values])
            except Mistyped as error:
                if name not in OPTIONAL:
                    raise
                made[place] = None
                wrong.append((name, str(error)))

    def _inside(self, row: Row, made: Sequence[Any]) -> Collection[str]:
        """Return the parts that the wholes of a record include, as its total is these alone."""
        taken, given = made[_TAKEN], made[_GIVEN]
        if taken is None or given is None:
            return ()
        read = number_reader(self._written)
        return [name for name, at in self._totals.items() if _read(read, row[at]) == taken + given]

    def _take_in(
        self, row: list[Any], wrong: list[tuple[str, str]], unread: Collection[str], inside: Collection[str]
    ) -> None:
        """Add the parts that stand beside their wholes to these, and leave those unknown of which a part is
        unreadable."""
        lost = {name.removeprefix("+") for name in unread if name.startswith("+")}
        lost |= {whole for part, whole in self._beside if part in unread or any(it[0] == part for it in wrong)}
        for name in lost:
            row[FIELD_INDEX[name]] = None
        for part, whole in self._beside:
            if part in inside:
                continue
            place = FIELD_INDEX[whole]
            total = add_beside(row[place], row[FIELD_INDEX[part]])
            if total is not None and total > MAX_COUNT:
                total = None
                wrong.append((whole, "the sum: expected a whole number from 0 to 2**53"))
            row[place] = total

    def needed(self, lacking: Collection[str], template: Collection[str]) -> set[str]:
        """Return those of the paths that are lacking without which a record cannot be read: all but the ones that
        have an alternative."""
        needed = {*self.plain.values(), *template}
        for spec in self.rich.values():
            alternatives = set() if spec.is_sum else {*spec.paths}.difference(lacking)
            needed |= alternatives or {*spec.paths}
        needed |= set(self.raw[len(self.raw) - len(self._sessions) :])
        return needed.intersection(lacking)

    def sessions(self, row: Row) -> tuple[str | None, ...]:
        """Return the session of each counter of a row that is not made yet; None where the record tells none."""
        return tuple(_session(row[at]) for at in self._sessions)


def _read(read: Callable[[Any], float | None], value: Any) -> float | None:
    try:
        return None if value is None or (isinstance(value, str) and not value.strip()) else read(value)
    except Mistyped:
        return None


def _session(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _take_failed_apart(row: list[Any]) -> None:
    """Make a row that says how many of its calls failed one of the others, which tells the failed ones as errors.

    Raises:
        Mistyped: more calls failed than there were, or a part of one.
    """
    failed = row[_FAILED]
    if failed is None:
        return
    calls = 1 if row[_NUMBER] is None else row[_NUMBER]
    if failed > calls or failed != int(failed):
        raise Mistyped("errors: expected a whole number of at most the inferences of the record")
    if row[_TRIES] is None:
        row[_TRIES] = calls
    row[_NUMBER] = calls - failed


def counters_of(entries: Entries) -> tuple[str, ...]:
    """Return the fields of a map whose values only grow within a session."""
    return tuple(_sessions_of(entries))


def _sessions_of(entries: Entries) -> dict[str, str]:
    """Return the path of the session of each such field."""
    rich = {name: entry for name, entry in entries.items() if not isinstance(entry, str)}
    found = {name: spec.session for name, spec in rich.items() if spec.session is not None}
    if found.keys() >= _FAILED_OF and "attempts" not in entries:
        # They are all calls, the failed ones too, and grow as these do.
        found["attempts"] = found["inferences"]
    return found


def paths_of(entries: Entries) -> Iterable[str]:
    """Yield every path that a field map reads."""
    for entry in entries.values():
        if isinstance(entry, str):
            yield entry
        else:
            yield from entry.paths
            yield from (it for it in (entry.session, entry.total) if it is not None)
