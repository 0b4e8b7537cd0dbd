"""Reads what is new in one file, in parts that can be committed one after the other."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from msgspec.structs import replace

from leverwatch.collectors.interface import EvalResult, Problem, Result
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.regular import open_descriptor
from leverwatch.collectors.sources.evals.attribute import Attribution
from leverwatch.collectors.sources.evals.formats.detect import is_lines, parser_of
from leverwatch.collectors.sources.evals.formats.interface import (
    MOST_METRICS,
    MOST_RESULTS,
    Entry,
    NotFinished,
    RawResult,
)
from leverwatch.collectors.sources.evals.formats.own import parse_line
from leverwatch.collectors.sources.evals.formats.promptfoo import parse_lines
from leverwatch.collectors.sources.evals.positions import (
    Prefix,
    ResultFilePosition,
    content_digest,
    known_prefix,
    pieces,
)

_LARGEST = 256 << 20
_LONGEST_LINE = 1 << 20
_MOST_LINES = 2_000_000
_LINES_A_BATCH = 10_000
"""How many lines are committed together."""
_SETTLED = timedelta(seconds=60)
"""A file that was changed within this time may be incomplete; an error in it is not reported yet."""
_COARSEST_CLOCK_NS = 2_000_000_000
_MOST_PROBLEMS = 20
_LONGEST_REFUSAL = 300


class Later(Exception):
    """The file is still being written, or changed while it was read; it has to be read again later."""


class Stopped(Exception):
    """Reading was interrupted because the agent stops."""


@dataclass(slots=True)
class Reading:
    """The results, counts and problems of one file, or of a part of it."""

    results: list[EvalResult] = field(default_factory=list)
    tallies: Counter[Result] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, place: str, problem: BadInput) -> None:
        """Count a problem at a place, and keep it for the log if it is one of the first."""
        self.tallies[problem.result] += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(place, problem.result, str(problem)))


class _Interruptible(io.FileIO):
    """A file that stops reading between two pieces when the agent stops, as a large one may take a minute."""

    def __init__(self, path: str, stopping: Callable[[], bool]) -> None:
        super().__init__(path, opener=open_descriptor)
        self._stopping = stopping

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]  # as it is called
        if self._stopping():
            raise Stopped
        return super().readinto(buffer)


class ResultFileReader:
    """Reads files with the settings of a source; `settings` is their digest, `scores` names columns of tables."""

    def __init__(
        self,
        wanted: str,
        settings: str,
        attribution: Attribution,
        stopping: Callable[[], bool],
        scores: Collection[str] = (),
    ) -> None:
        self._wanted, self._settings, self._scores = wanted, settings, scores
        self._attribution, self._stopping = attribution, stopping

    def read(
        self, found: Found, files: Mapping[str, ResultFilePosition], now: datetime
    ) -> Iterator[tuple[ResultFilePosition, Reading]]:
        """Yield what is new in a file, each part with the state that marks it as read; nothing for a file that may
        still be written.

        Raises:
            OSError: the file cannot be read.
            Stopped: the agent stops. Parts that were yielded are complete.
        """
        known = files.get(found.path)
        if known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns):
            return
        with _Interruptible(found.path, self._stopping) as raw:
            found = _as_it_is(raw, found)
            if found.size > _LARGEST:
                reading = Reading()
                reading.problem(
                    found.path,
                    BadInput(Result.INVALID_LINE, f"is larger than {_LARGEST >> 20} MiB and was not read"),
                )
                yield replace(self._state(found, now, "", 0), refused=_refused(reading)), reading
                return
            file = io.BufferedReader(raw)
            parts = self._lines if is_lines(found.path, self._wanted, file) else self._document
            for state, reading in parts(file, found, files, now):
                if state != known or reading.tallies:
                    yield state, reading

    def _state(
        self, found: Found, now: datetime, content: str, offset: int, *, waiting: bool = False
    ) -> ResultFilePosition:
        racy = now.timestamp() * 1e9 - found.mtime_ns < _COARSEST_CLOCK_NS
        written = -1 if racy or waiting else found.mtime_ns
        return ResultFilePosition(found.path, found.size, written, content, offset, self._settings, "")

    def _document(
        self, file: BinaryIO, found: Found, files: Mapping[str, ResultFilePosition], now: datetime
    ) -> Iterator[tuple[ResultFilePosition, Reading]]:
        content = content_digest(file, found.size)
        state, reading = self._state(found, now, content, found.size), Reading()
        known = files.get(found.path)
        if known is not None and known.digest == content:
            yield replace(state, refused=known.refused), reading
            return
        if any(other.digest == content for other in files.values()):
            reading.tallies[Result.DUPLICATE] += 1
            yield state, reading
            return
        try:
            self._results(file, found, now, reading)
        except Later:
            return
        yield replace(state, refused=_refused(reading)), reading

    def _results(self, file: BinaryIO, found: Found, now: datetime, reading: Reading) -> None:
        take = _Take(self._attribution, found, now, MOST_RESULTS)
        file.seek(0)
        try:
            parser = parser_of(found.path, self._wanted, file, self._scores)
            file.seek(0)
            if parser is parse_lines and _is_young(found, now):
                raise Later  # rows may be added to it, which would make other shares
            for entry in parser(file):
                take(entry, reading)
        except NotFinished as reason:
            # Nothing of such a file counts, and whoever waits for its results is told why.
            reading.results.clear()
            reading.tallies.clear()
            reading.problem(found.path, BadInput(Result.IGNORED, f"has no results: {reason}"))
        except BadInput as problem:
            if _is_young(found, now):
                raise Later from problem
            # Nothing of a document that is broken counts.
            reading.results.clear()
            reading.tallies.clear()
            reading.problem(found.path, problem)
        if _as_it_is(file, found) != found:
            raise Later

    def _lines(
        self, file: BinaryIO, found: Found, files: Mapping[str, ResultFilePosition], now: datetime
    ) -> Iterator[tuple[ResultFilePosition, Reading]]:
        """Yield the new lines of a file in parts, from the position up to which it was read before."""
        prefix = known_prefix(file, found.size, files.values())
        lines = _Lines(file, found.size, prefix, waits=_is_young(found, now))
        take, reading = _Take(self._attribution, found, now), Reading()
        known = files.get(found.path)
        refused = known.refused if known is not None and 0 < known.offset == prefix.offset else ""
        for number, line in lines:
            if line is None:
                take((number, BadInput(Result.INVALID_LINE, f"is longer than {_LONGEST_LINE >> 20} MiB")), reading)
            elif (result := parse_line(line)) is not None:
                take((number, result), reading)
            if sum(reading.tallies.values()) >= _LINES_A_BATCH:
                refused = refused or _refused(reading)
                state = self._state(found, now, lines.digest, lines.offset, waiting=True)
                yield replace(state, refused=refused), reading
                reading = Reading()
        left = lines.rest()
        if left:
            reason = f"is beyond line {_MOST_LINES:_} and was not read, nor is any after it; begin another file"
            reading.problem(f"{found.path}:{lines.number + 1}", BadInput(Result.INVALID_LINE, reason))
            reading.tallies[Result.INVALID_LINE] += left - 1
        # An unterminated last line is waited for, so the file must not look as if nothing could be new in it.
        waiting = lines.offset < found.size
        state = self._state(found, now, lines.digest, lines.offset, waiting=waiting)
        yield replace(state, refused=refused or _refused(reading)), reading


class _Take:
    """Turns the entries of one file into results, up to the limit of results in a file."""

    def __init__(self, attribution: Attribution, found: Found, now: datetime, most: int | None = None) -> None:
        self._attribution, self._path, self._now, self._most = attribution, found.path, now, most
        self._written = datetime.fromtimestamp(found.mtime_ns / 1e9, UTC)
        self._metrics: set[str] = set()

    def __call__(self, entry: Entry, reading: Reading) -> None:
        line, found = entry
        try:
            result = self._result(found, len(reading.results))
        except BadInput as problem:
            place = self._path
            reading.problem(place if line is None else f"{place}:{line}", problem)
        else:
            reading.results.append(result)
            reading.tallies[Result.COUNTED] += 1

    def _result(self, found: RawResult | BadInput, before: int) -> EvalResult:
        if isinstance(found, BadInput):
            raise found
        result = self._attribution.result(found, self._path, self._now, self._written)
        if result.metric not in self._metrics:
            if len(self._metrics) == MOST_METRICS:
                raise BadInput(Result.INVALID_LINE, f"has more than {MOST_METRICS:_} different metrics")
            self._metrics.add(result.metric)
        if self._most is not None and before >= self._most:
            raise BadInput(Result.INVALID_LINE, f"has more than {self._most:_} results")
        return result


class _Lines:
    """Iterates over the lines of a file from the position up to which it was read before; None for a too long
    line."""

    def __init__(self, file: BinaryIO, size: int, prefix: Prefix, *, waits: bool) -> None:
        self._file, self._size, self._waits = file, size, waits
        self._running = prefix.running
        self.number = prefix.lines
        """Number of the last line."""
        self.offset = prefix.offset
        """Offset at which the next line begins."""

    @property
    def digest(self) -> str:
        """Digest of everything before `offset`."""
        return self._running.hexdigest()

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines with their numbers, up to the limit; not a last line that may still be written."""
        self._file.seek(self.offset)
        while self.offset < self._size and self.number < _MOST_LINES:
            running, end, line = self._running.copy(), self.offset, b""
            while end < self._size and not line.endswith(b"\n"):
                long = end > self.offset
                line = self._file.readline(min(_LONGEST_LINE, self._size - end))
                if not line:
                    return
                running.update(line)
                end += len(line)
            if self._waits and not line.endswith(b"\n"):
                return
            self._running, self.offset = running, end
            self.number += 1
            yield self.number, None if long else line

    def rest(self) -> int:
        """Skip the lines beyond the limit, and return how many they are."""
        if self.number < _MOST_LINES:
            return 0
        lines, end, ahead = 0, self.offset, self._running.copy()
        self._file.seek(self.offset)
        for piece in pieces(self._file, self._size):
            whole = piece.rfind(b"\n") + 1
            ahead.update(piece[:whole])
            if whole:
                lines += piece.count(b"\n") if piece.strip() else 0
                self._running, self.offset = ahead.copy(), end + whole
            ahead.update(piece[whole:])
            end += len(piece)
        if end > self.offset and not self._waits:
            self._running, self.offset = ahead, end
            lines += 1
        return lines


def _refused(reading: Reading) -> str:
    """The first thing that was refused of a file and why, as it is shown; else the first that was left out."""
    if not reading.problems:
        return ""
    first = next((it for it in reading.problems if Result(it.reason) is not Result.IGNORED), reading.problems[0])
    line = first.place.rpartition(":")[2]
    place = f"line {line}: " if line.isdecimal() else ""
    return f"{Result(first.reason).value}: {place}{first.detail}"[:_LONGEST_REFUSAL]


def _is_young(found: Found, now: datetime) -> bool:
    return abs(now.timestamp() - found.mtime_ns / 1e9) < _SETTLED.total_seconds()


def _as_it_is(file: BinaryIO | io.FileIO, found: Found) -> Found:
    status = os.fstat(file.fileno())
    return replace(found, size=status.st_size, mtime_ns=status.st_mtime_ns)
