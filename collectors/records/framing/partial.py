"""Container logs: the runtime wraps each line of the application, and splits long ones into parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units, split_lines

_BLANK = b"\n\r\t "
_REACH = 1 << 20
"""The next part of a line must follow within so many bytes; runtimes split lines at 16 KiB."""


class Part(NamedTuple):
    """One line of a container log."""

    stream: str
    text: bytes
    ends: bool
    """Whether the application's line ends with this part."""
    time: str | None


class _Run(Struct):
    """The parts found so far of one line of the application."""

    start: int
    """Offset of the first part in the chunk."""
    end: int
    """Offset behind the latest part."""
    index: int
    """Index of the first part's line."""
    parts: list[Part]


class Wrapping:
    """Joins the parts of lines of each stream, also when streams interleave. Each subclass is for one runtime."""

    by_newline = False
    documents = False
    _invalid = ""

    def part(self, line: bytes) -> Part | None:
        """Parse one line of the file; return None when the runtime did not write it."""
        raise NotImplementedError

    def _is_whole(self, data: bytes) -> bool:
        """Whether a quick check shows that no line of `data` is a part; False when it cannot tell."""
        raise NotImplementedError

    def complete(self, data: bytes, final: bool) -> int:
        """Return the position behind the last newline, or before the first part of a line that is not complete."""
        cut = data.rfind(b"\n") + 1
        if final or self._is_whole(data[:cut]) or not data[:cut].strip(_BLANK):
            return cut
        closed: list[tuple[int, int]] = []
        open_runs: dict[str, _Run] = {}
        for run, is_closed in self._runs(data[:cut], open_runs):
            if is_closed:
                closed.append((run.start, run.end))
        for run in open_runs.values():
            if len(data) - run.end <= _REACH:
                cut = min(cut, run.start)
        while through := [start for start, end in closed if start < cut < end]:
            cut = min(through)
        return cut

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next newline."""
        end = data.find(b"\n") + 1
        return (end, True) if end else (len(data), False)

    def count(self, data: bytes) -> int:
        """Newlines."""
        return data.count(b"\n")

    def split(self, data: bytes) -> Units:
        """Return the lines of the application."""
        if not data.strip(_BLANK):
            return Units([], [], ignored=len(split_lines(data)), times=[])
        return self.unwrap(Units(split_lines(data)))

    def unwrap(self, outer: Units) -> Units:
        """Return the lines of the application inside the records of another wrapper."""
        inner = self._whole_lines(outer)
        return self._join(outer) if inner is None else inner

    def _whole_lines(self, outer: Units) -> Units | None:
        """As `unwrap`, but quickly, for lines none of which is a part; None when one is."""
        inner = Units([], [], list(outer.refused), outer.ignored)
        lines: list[int] = []
        times: list[str | None] = []
        for index, line in enumerate(outer.units):
            part = self.part(line) if line else None
            if part is None:
                if line.strip(b"\0\r "):
                    inner.refused.append((outer.line_of(index), Result.INVALID_LINE, self._invalid))
                else:
                    inner.ignored += 1
            elif not part.ends:
                return None
            elif part.text.strip():
                inner.units.append(part.text)
                lines.append(outer.line_of(index))
                times.append(part.time)
            else:
                inner.ignored += 1
        inner.lines, inner.times = lines, times
        return inner

    def _join(self, outer: Units) -> Units:
        inner = Units([], ignored=outer.ignored)
        found: list[tuple[int, bytes, str | None]] = []
        open_runs: dict[str, _Run] = {}
        # Each with its newline, without which a blank last one would be none.
        runs = self._runs(b"\n".join([*outer.units, b""]), open_runs, inner)
        for run in (*(run for run, _ in runs), *open_runs.values()):
            text = b"".join(part.text for part in run.parts)
            if text.strip():
                found.append((run.index, text, run.parts[-1].time))
            else:
                inner.ignored += 1
        found.sort(key=lambda entry: entry[0])
        inner.units = [text for _, text, _ in found]
        inner.lines = [outer.line_of(index) for index, _, _ in found]
        inner.times = [time for _, _, time in found]
        inner.refused = [
            *outer.refused,
            *((outer.line_of(index), result, detail) for index, result, detail in inner.refused),
        ]
        return inner

    def _runs(
        self, data: bytes, open_runs: dict[str, _Run], refuse: Units | None = None
    ) -> Iterator[tuple[_Run, bool]]:
        """Yield each run that ended, and whether its last part was found; unfinished ones stay in `open_runs`."""
        at = 0
        for index, line in enumerate(split_lines(data)):
            start, at = at, at + len(line) + 1
            if not line.strip(b"\0\r "):
                if refuse is not None:
                    refuse.ignored += 1
                continue
            part = self.part(line)
            if part is None:
                if refuse is not None:
                    refuse.refused.append((index, Result.INVALID_LINE, self._invalid))
                continue
            run = open_runs.pop(part.stream, None)
            if run is not None and start - run.end > _REACH:
                yield run, False
                run = None
            if run is None:
                run = _Run(start, at, index, [])
            run.parts.append(part)
            run.end = at
            if part.ends:
                yield run, True
            else:
                open_runs[part.stream] = run


class Cri(Wrapping):
    """The CRI format of container runtimes in Kubernetes: `time stream P|F text`."""

    _invalid = "not a line of a container runtime"
    _LINE = re.compile(rb"\0*(\S+) (stdout|stderr) ([PF])(?::\S*)? ?(.*)", re.DOTALL)

    def part(self, line: bytes) -> Part | None:
        """Read one line."""
        match = self._LINE.fullmatch(line)
        if match is None:
            return None
        time, stream, tag, text = match.groups()
        return Part(stream.decode(), text, tag == b"F", time.decode(errors="replace"))

    def _is_whole(self, data: bytes) -> bool:
        return b" stdout P" not in data and b" stderr P" not in data


class _Entry(msgspec.Struct, gc=False):
    log: str
    stream: str = ""
    time: str | None = None


class Docker(Wrapping):
    """Docker's json-file format: objects with `log`, `stream` and `time`; a part has no newline at its end."""

    _invalid = "not an entry of Docker's json-file"
    _decoder = msgspec.json.Decoder(_Entry)

    def part(self, line: bytes) -> Part | None:
        """Read one line."""
        try:
            entry = self._decoder.decode(line.lstrip(b"\0"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        text = entry.log.encode(errors="surrogatepass")
        ends = text.endswith(b"\n")
        return Part(entry.stream, text[:-1] if ends else text, ends, entry.time)

    def _is_whole(self, data: bytes) -> bool:
        return data.count(b'\\n","stream":"') == data.count(b"\n")
