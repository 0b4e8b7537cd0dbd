"""Counts lines in memory until the sums are drained into a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leverwatch.collectors.aggregation.counted import Counted as Counted
from leverwatch.collectors.aggregation.counting import Counting
from leverwatch.collectors.aggregation.day_filter import EVER, Days, Window
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.observed import Report
from leverwatch.collectors.aggregation.partial_lines import partial_key, whole_rows
from leverwatch.collectors.aggregation.pipeline import IDS
from leverwatch.collectors.aggregation.refusals import REFUSED
from leverwatch.collectors.aggregation.scan_pool import ScanPool
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.quoted import QuotedFraming
from leverwatch.collectors.stored_state import check_versions

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counter import NativeCounter


class Ingest(Counting):
    """Decodes the lines of one source, finds their systems, removes duplicates and adds up the rest."""

    @property
    def reads_documents(self) -> bool:
        """Whether a file may be written anew with other bytes before the records that were counted."""
        return self.wants_header or self.framing.documents

    @property
    def takes_views(self) -> bool:
        """Whether `add`, or `add_lines` for longer records, takes a view of memory that is reused later."""
        return self._plain is not None

    @property
    def takes_lines(self) -> bool:
        """Whether `add_lines` counts lines of which most are records, or have one inside."""
        framing = self.framing
        unwraps = self._plain is not None and self._plain.unwraps
        return framing.by_newline or framing.documents or isinstance(framing, QuotedFraming) or unwraps

    @property
    def holds(self) -> int:
        """The number of most recent chunks that threads may still be reading."""
        return 0 if self._scanning is None else self._scanning.ahead

    @property
    def groups(self) -> int:
        """The number of cells in memory."""
        return self._rollup.groups + (self._plain.groups if self._plain else 0)

    def use_workers(self, number: int) -> None:
        """Parse plain lines in so many threads from now on; 0: in the caller's thread."""
        self._stop_workers()
        plain = self._plain
        if number and plain is not None and not (plain.is_declared or plain.is_table):
            self._scanning = ScanPool(
                plain.scan, number, lambda lines, found: self._count_plain(plain, lines, found)
            )

    def finish(self) -> None:
        """Wait until everything that was added is counted."""
        if self._scanning is not None:
            self._scanning.finish()

    def _stop_workers(self) -> None:
        if self._scanning is not None:
            self._scanning.stop()
            self._scanning = None

    @property
    def observers(self) -> Report:
        """The instrumentations that calls were seen by since the last `load`, and what was joined."""
        return self._rollup.observed.report

    @property
    def records(self) -> int:
        """Lines since the last drain."""
        return self._results.tallies.total()

    @property
    def counted(self) -> int:
        """Those of them that count."""
        return self._results.tallies[Result.COUNTED]

    @property
    def refused(self) -> int:
        """Those of them that could count under other settings."""
        return sum(self._results.tallies[result] for result in REFUSED)

    def keep(self, days: Days | None, before: Days | None = None) -> Window | None:
        """Count only these days from now on (None: all of them). Returns what was set before.

        Raises:
            SourceRefused: days are left out of counters that grow from record to record.
        """
        if days not in (None, EVER) and self._counters is not None:
            raise SourceRefused(
                f"source {self._source}: a field of_session counts how much it grew since the record before, so"
                " that no days can be left out: backfill without --since and --until"
            )
        previous, self.window = self.window, None if days is None else Window(days, self._zone, before)
        return previous

    def pin(self, moments: Iterable[int]) -> None:
        """Keep the request ids around these times, in seconds since the epoch."""
        pinned = frozenset(moments)
        for seen in self._ids:
            seen.pin(pinned)

    def load(self, state: Mapping[str, bytes]) -> None:
        """Forget what was not committed, and restore the rest from the state of the source.

        The request ids are restored when they are needed: that takes longer than all else a run does that finds
        nothing new. So `restore_ids`, `add` and `retract` may raise the same.

        Raises:
            SourceRefused: a value of the state is unreadable or of a newer version.
        """
        self._stop_workers()
        self.known = None
        self._rollup.clear()
        if self._plain is not None:
            self._plain.clear()
        self._results.clear()
        self._partials.load(state, self._source)
        for seen in self._ids:
            seen.load({}, self._source)
        for kind in IDS:
            check_versions(self._source, state, kind)
        self._stored_ids = {key: state[key] for kind in IDS for key in kind.keys_of(state)}
        self._rollup.observed.load(state, self._source)
        self._open_calls.load(state, self._source)
        if self._counters is not None:
            self._counters.load(state, self._source)

    def restore_ids(self) -> None:
        """Restore the request ids now, when that was not done since `load`.

        Raises:
            SourceRefused: a value of the state is unreadable or of a newer version.
        """
        if self._stored_ids:
            for seen in self._ids:
                seen.load(self._stored_ids, self._source)
            self._stored_ids = {}

    def add(self, lines: Lines, *, may_go_on: bool = False) -> int | None:
        """Count records. Nothing of a chunk is counted before all of it is decoded.

        `may_go_on`: the last record has no end, and is remembered so that `retract` can take it back. Of lines
        that end with newlines this is seen.

        Returns the number of lines when it is known; else None, as counting newlines takes half as long as
        decoding long lines.
        """
        self.restore_ids()
        self._enter(lines)
        if self._plain is None or not self._are_plain(self._plain, lines, may_go_on=may_go_on):
            self.finish()
            chunk, known = self._count_rows(bytes(lines.data), lines.header)
            self._count_chunk(lines, chunk)
            open_end = may_go_on or (self.framing.by_newline and lines.data[-1:] != b"\n")
            if chunk.counted and open_end and self.settled is None:
                self._partials.remember(partial_key(lines), 1)
            return known
        if self._scanning is not None and self.window is None and (self.known is None or self.known.idle):
            self._scanning.submit(lines)
            return self._plain.lines(lines.data)
        self.finish()
        return self._count_plain(self._plain, lines, self._plain.scan(lines.data, lines.header))

    def add_lines(self, lines: Lines) -> int | None:
        """Count lines if each is a record. Returns how many; None, and counts nothing, if `add` is to be asked."""
        self.restore_ids()
        self._enter(lines)
        if self._plain is None or not self._are_plain(self._plain, lines):
            return None
        found = self._plain.scan(lines.data)
        return None if found is None or not found.is_whole else self._count_plain(self._plain, lines, found)

    def add_rows(self, lines: Lines) -> tuple[int, int] | None:
        """Count the whole rows that lines begin with. Returns bytes and lines of them.

        Returns None, and counts nothing, if `add` is to be asked.
        """
        plain = self._plain
        if plain is None or not plain.is_table or not self._are_plain(plain, lines):
            return None
        self.restore_ids()
        self._enter(lines)
        found = plain.begun(lines.data, lines.header)
        if found is None:
            return None
        size = len(found.data)
        self._count_plain(plain, replace(lines, data=found.data), found)
        return size, found.newlines

    def _are_plain(self, plain: NativeCounter, lines: Lines, *, may_go_on: bool = False) -> bool:
        """Whether the helper may look at these lines."""
        if may_go_on and plain.is_table:  # it cannot take back what it counted
            return False
        if self._compares:
            return False
        may_differ = self._open_calls.versions > 0 or self._rollup.observed.is_awake
        return not (self.settled or lines.before) and plain.takes(lines.data, may_differ)

    @property
    def _compares(self) -> bool:
        """Whether records are compared with those of an earlier version, or left out before they are noted."""
        known = self.known
        return known is not None and not known.idle and (self.window is not None or not known.only_notes)

    def readable(self, lines: Lines) -> bool:
        """Return whether lines can be decoded as records, without counting them."""
        self._enter(lines)
        parsed = self._parse(bytes(lines.data), lines.header)
        return bool(parsed.rows or parsed.passed)

    def refuse(self, result: Result, place: str, detail: str) -> None:
        """Count the result of a record that was not given to `add`, and note it as a problem."""
        self._results.read += 1
        if self.window is None or self.window.before is None:
            self._results.refuse(result, place, detail)
        else:
            self._results.tallies[Result.OUT_OF_RANGE] += 1

    def ignore(self, lines: int = 1) -> None:
        """Count lines that are by design no records."""
        self._results.read += lines
        self._results.tallies[Result.IGNORED] += lines

    def retract(self, lines: Lines) -> None:
        """Take back what `add` counted for one line without an end; do nothing when it was not counted."""
        key = partial_key(lines)
        self._enter(lines)
        if self.known is not None:
            self.known.forget(self._parse(bytes(lines.data), lines.header).rows)
        if not self._partials.knows(key):
            return
        self._take_back(lines)
        self._partials.remember(key, -1)

    def take_back(self, lines: Lines) -> None:
        """Take back one line of which the caller knows that it was counted."""
        self._enter(lines)
        if self.known is not None:
            self.known.forget(self._parse(bytes(lines.data), lines.header).rows)
        self._take_back(lines)

    def _take_back(self, lines: Lines) -> None:
        self.restore_ids()
        self.finish()
        parsed = self._parse(bytes(lines.data), lines.header)
        if parsed.observed is not None:
            self._rollup.observed.release(parsed.observed, len(parsed.rows))
        for row, sessions, is_version in whole_rows(parsed):
            if is_version:
                self._rollup.take_version_back(row)
            else:
                self._rollup.take_back(row, sessions)

    def drain(self) -> Counted:
        """Return what was counted since the last drain, and reset the sums."""
        self.finish()
        if self._plain is not None:
            self._rollup.merge(*self._plain.take())
        prompts = self._rollup.take_prompts()
        tiers = self._rollup.take_tiers()
        usage, days, newest = self._rollup.take()
        state = self._partials.changes()
        if not self._stored_ids:
            for seen in self._ids:
                state.update(seen.changes())
        state.update(self._rollup.observed.changes())
        state.update(self._open_calls.changes())
        if self._counters is not None:
            state.update(self._counters.changes())
        results = self._results
        tallies = {result: number for result, number in results.tallies.items() if number}
        problems, unreadable = tuple(results.problems), dict(results.unreadable)
        counted = Counted(
            usage, tallies, days, newest, problems, state, results.read, unreadable, prompts, tiers,
            results.unattributed.take(),
        )  # fmt: skip
        results.clear()
        return counted
