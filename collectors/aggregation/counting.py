"""Counts the records of chunks: those that are plain with the compiled helper, and the others in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leverwatch.collectors.aggregation.blanks import between_blanks
from leverwatch.collectors.aggregation.chunk import Chunk, moved, renumbered, unreadable_of
from leverwatch.collectors.aggregation.compiled import IS_COMPILED, name_finder
from leverwatch.collectors.aggregation.config import CountingConfig
from leverwatch.collectors.aggregation.continued import parse_behind
from leverwatch.collectors.aggregation.counted import Counted as Counted
from leverwatch.collectors.aggregation.day_filter import Window
from leverwatch.collectors.aggregation.headers import Headers
from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.noted_lines import LineTexts
from leverwatch.collectors.aggregation.noting import Noting
from leverwatch.collectors.aggregation.partial_lines import PartialLines
from leverwatch.collectors.aggregation.pipeline import assemble
from leverwatch.collectors.aggregation.refusals import REFUSED, Mixed, Refusals, Settled, mixed
from leverwatch.collectors.aggregation.results import Results
from leverwatch.collectors.aggregation.rollup import lines_of
from leverwatch.collectors.aggregation.scan_pool import ScanPool
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed, RecordFormat
from leverwatch.collectors.records.path_words import PathValues
from leverwatch.collectors.records.timestamps import zone_named

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counter import NativeCounter
    from leverwatch.collectors.aggregation.native_counts import Counts
    from leverwatch.collectors.aggregation.native_scanned import Scanned
    from leverwatch.collectors.records.formats.span_lines import CallLines


class Counting:
    """Counts the chunks of one source, and keeps what became of their records."""

    def __init__(
        self, config: CountingConfig, now: Callable[[], datetime], *, compiled: bool = IS_COMPILED
    ) -> None:
        parts = assemble(config, now, compiled=compiled)
        self._format, self._rollup = parts.format, parts.rollup
        self._ids = (parts.calls,) if parts.seen is None else (parts.seen, parts.calls)
        self._open_calls, self._counters = parts.open_calls, parts.counters
        self._records = self._format if isinstance(self._format, RecordFormat) else None
        self._zone = zone_named(config.timezone)
        self._plain = parts.plain
        self._scanning: ScanPool | None = None
        self._source = config.name
        self.window: Window | None = None
        """The days that a backfill with a range counts; None: all days."""
        self.known: KnownRecords | None = None
        """The records of the document that is being read; None for what only grows."""
        self.again = False
        """Whether records come that were refused, and tallied, before."""
        self.settled: Settled | None = None
        """Which records of the one line that comes were not refused before; None: all of them were."""
        self.on_refused: Callable[[Refusals], None] | None = None
        """Is told the refused records of each chunk."""
        self._results = Results()
        self._partials = PartialLines()
        self._stored_ids: Mapping[str, bytes] = {}
        self._before = b""
        self.wants_header = self._format.wants_header
        self.headers = Headers(config.name, self._format, name_finder(compiled=compiled))
        self.framing = self._format.framing

    def _parse(self, data: bytes, header: bytes | None) -> Parsed:
        return parse_behind(self._format, self._before, data, header)

    def _enter(self, lines: Lines) -> None:
        self._before = lines.before
        if isinstance(self._format, PathValues):
            self._format.enter(lines.origin or lines.path)

    def _count_plain(self, plain: NativeCounter, lines: Lines, found: Scanned | None) -> int:
        if found is None:
            chunk, _ = self._count_rows(bytes(lines.data), lines.header)
            self._count_chunk(lines, chunk)
            return plain.lines(lines.data)
        if found.rows is not None and not found.is_divided:
            return self._count_spans(plain, lines, found)
        read = self._results.read + found.lines
        chunks: list[Chunk] = []
        others: list[int] = []
        ranges: list[tuple[int, int]] = []
        noting = Noting(self.known)

        def odd(first: int, behind: int, data: bytes) -> bool:
            noting.begin()
            chunk, _ = self._count_rows(data, lines.header)
            chunks.append(moved(chunk, found.line(first)))
            others.append(behind - first)
            ranges.append((first, others[-1]))
            noting.end(first, behind)
            return bool(self._open_calls.versions)

        counts = plain.count(found, self._rollup.limit(), self.window, odd, notes=noting.is_on)
        noting.note(
            found,
            counts,
            partial(self._format.parse, header=lines.header),
            self._rows_of if plain.is_table else None,
        )
        # A line of declared records may hold several, and what is no row or is wrapped may be several lines.
        results = self._results
        by_records = plain.is_declared or plain.is_table or found.outer is not None
        results.read = results.read + found.lines - sum(others) if by_records else read
        results.tallies[Result.DUPLICATE] += counts.repeated
        settled = self.window is not None and self.window.before is not None
        results.tallies[Result.OUT_OF_RANGE] += counts.left_out
        for result, number in ((Result.FILTERED, counts.filtered), (Result.NOT_A_CALL, counts.no_calls)):
            results.tallies[Result.OUT_OF_RANGE if settled else result] += number
        refused = [(found.line(index), result, detail) for index, result, detail in counts.refused]
        chunks.append(Chunk(counts.counted, counts.nothing, refused))
        whole = Chunk(
            sum(chunk.counted for chunk in chunks),
            sum(chunk.ignored for chunk in chunks),
            sorted(other for chunk in chunks for other in chunk.others),
            [value for chunk in chunks for value in chunk.unreadable],
            {line: it for chunk in chunks for line, it in chunk.mixed.items()},
        )
        if found.is_divided:
            alone = [line for first, number in ranges for line in range(first, first + number)]
            native = sorted({*range(found.lines)}.difference(alone, counts.passed)) if counts.refused else []
            both = _mixed(found, native, counts)
            spans = {found.outer_line(line) for line in alone if not found.is_whole_line(line)}
            whole = renumbered(whole, found.outer_line)
            # Of a trace of which some was read here and some there nobody can tell which are which.
            unclear = {line: None for line, result, _ in whole.others if result in REFUSED and line in spans}
            self._count_chunk(lines, replace(whole, mixed={**whole.mixed, **both, **unclear}))
            return found.outer_line(found.lines - 1) + 1 if found.lines else 0
        self._count_chunk(lines, whole)
        return found.lines

    def _rows_of(self, data: bytes) -> list[bytes]:
        """Return the rows of a stretch of a table that the helper counted, without their newlines."""
        return list(self.framing.split(data).units)

    def _count_spans(self, plain: NativeCounter, lines: Lines, found: Scanned) -> int:
        """Count spans, all of them with the helper or all of them in Python: they may tell of one call."""
        limit, observed = self._rollup.limit(), self._rollup.observed
        told = None if self.window is not None else plain.outline(found, limit)
        if told is None or not observed.sleeps(told[1]):
            plain.leave(found)
            return self._count_plain(plain, lines, None)
        calls, outline = told
        counts = plain.count(found, limit, None, _none_left, notes=False)
        left = dict.fromkeys(counts.again, Result.DUPLICATE)
        left |= {line: result for line, result, _ in counts.refused}
        others = dict(zip(calls.places(left), left.values(), strict=True))
        out = frozenset(place for place, result in others.items() if result is not Result.UNATTRIBUTED)
        observed.slept(outline, calls.some, calls.number, out)
        if self.known is not None and not self.known.idle:
            self.known.note_lines([], calls.number, partial(_texts, calls), others, calls.read, exact=True)
        results = self._results
        results.read += found.lines
        results.tallies[Result.DUPLICATE] += counts.repeated
        results.tallies[Result.NOT_A_CALL] += counts.no_calls
        both = _mixed(found, calls.lines() if counts.refused else [], counts)
        refused = [(found.outer_line(line), result, detail) for line, result, detail in counts.refused]
        self._count_chunk(lines, Chunk(counts.counted, 0, refused, mixed=both))
        return found.newlines

    def _count_rows(self, data: bytes, header: bytes | None) -> tuple[Chunk, int | None]:
        """Count records in Python. Returns the results and, when it is known, the number of lines."""
        if not self.framing.by_newline:
            return self._count_stretch(data, header)
        whole, known = Chunk(0, 0, []), None
        for first, stretch, blank in between_blanks(data):
            if stretch is data:
                return self._count_stretch(data, header)
            chunk, _ = self._count_stretch(stretch, header) if stretch else (Chunk(0, 0, []), None)
            self._results.read += blank
            chunk = moved(chunk, first)
            whole = Chunk(
                whole.counted + chunk.counted,
                whole.ignored + chunk.ignored + blank,
                whole.others + chunk.others,
                whole.unreadable + chunk.unreadable,
                {**whole.mixed, **chunk.mixed},
            )
        return whole, known

    def _count_stretch(self, data: bytes, header: bytes | None) -> tuple[Chunk, int | None]:
        known: int | None = None
        known_records = None if self.known is None or self.known.idle else self.known
        settled = self.settled
        if self._records is not None and self.window is None and known_records is None and settled is None:
            parsed = self._records.records(data)
            known = len(parsed.rows) if parsed.lines is None else None
            self._results.saw(parsed)
            places = parsed.lines
            counted, others = self._rollup.add_records(parsed.rows, self._records.layout)
        else:
            parsed = self._parse(data, header)
            if settled is not None:
                parsed = settled.left_of(parsed)
            self._results.saw(parsed)
            places = parsed.lines
            if self.window is not None:
                self._results.tallies[Result.OUT_OF_RANGE] += self.window.keep(parsed)
            if known_records is not None:
                self._results.tallies[Result.DUPLICATE] += known_records.keep(parsed, self._rollup.take_back)
            if self._counters is not None:
                self._counters.again = self.again
            counted, others = self._rollup.add(parsed.rows, parsed.pieces, parsed.observed, parsed.sessions)
            if self._counters is not None:
                parsed.unreadable += self._counters.take_forgotten()
            if known_records is not None:
                known_records.note_added(parsed.rows, parsed.pieces, others)
        self._results.tallies.update(parsed.passed)
        self._rollup.saw(parsed.seen)
        unreadable = unreadable_of(parsed, others) if parsed.unreadable else []
        rows = lines_of(others, parsed.lines)
        if settled is None:
            both = mixed(places, parsed.lines, parsed.refused, others)
        else:
            both = settled.after(parsed.refused, others)
        return Chunk(counted, parsed.ignored, [*parsed.refused, *rows], unreadable, both), known

    def _count_chunk(self, lines: Lines, chunk: Chunk) -> None:
        refused = [other for other in chunk.others if other[1] in REFUSED]
        if refused and lines.key and self.on_refused is not None:
            settled = chunk.counted > 0 or len(refused) < len(chunk.others)
            self.on_refused(Refusals(lines, refused, chunk.mixed, settled))
        if self.again:
            self._results.read -= len(refused) + chunk.ignored
            chunk = replace(chunk, ignored=0, others=[it for it in chunk.others if it[1] not in REFUSED])
        self._results.add(lines, chunk)


def _mixed(found: Scanned, rows: Sequence[int], counts: Counts) -> Mixed:
    """Return the lines of the log that have both refused and other records; `rows` are the lines of them all."""
    if not any(result in REFUSED for _, result, _ in counts.refused):
        return {}
    at = {line: place for place, line in enumerate(rows)}
    lines = [found.outer_line(line) for line in rows]
    left = [(at[line], result, detail) for line, result, detail in counts.refused]
    left += [(at[line], Result.DUPLICATE, "") for line in counts.again]
    return mixed(lines, lines, (), sorted(left))


def _texts(calls: CallLines, first: int, behind: int) -> LineTexts:
    return LineTexts(calls.text(first, behind), behind - first)


def _none_left(_first: int, _behind: int, _data: bytes) -> bool:
    raise AssertionError("all spans were seen to be plain")
