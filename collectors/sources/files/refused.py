"""Remembers which ranges of each file were refused, under the state key `refused/<id of the checkpoint>`."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.collectors.aggregation.refusals import Place, Settled
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.interface import Problem, Result
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.stored_state import Kind, entries, same

PREFIX = "refused/"
MOST = 1000
"""The largest number of ranges of one file."""
_DAY = 86400.0
_start = attrgetter("start")


class RefusedRange(msgspec.Struct, frozen=True):
    """Neighbouring records of which each was refused."""

    start: int
    end: int
    """In bytes of the text; both are ends of records."""
    lines: int
    """The number of lines before `start`."""
    records: int
    settings: str
    """The digest of the settings under which they were refused."""
    again: float
    """When they may count under the same settings, in seconds since the epoch; 0: never."""
    of: int = 0
    """The number of all records of the line that is the range; 0: the range has refused ones only."""
    done: tuple[int, ...] = ()
    """The indices of those of them that were not refused."""

    @property
    def settled(self) -> Settled | None:
        """The other records of the line that is the range; None: there are none."""
        return Settled(self.of, self.done) if self.of else None


class StoredRefused(Struct, frozen=True):
    """What was refused of one file."""

    ranges: tuple[RefusedRange, ...]
    full: bool
    """Whether there was more than can be remembered."""
    said: bool
    """Whether it was said that the file is gone."""


class _Version1(msgspec.Struct, forbid_unknown_fields=True):
    ranges: list[dict[str, msgspec.Raw]]
    full: msgspec.Raw
    said: msgspec.Raw


def _with_others(body: bytes) -> bytes:
    """The upgrade to version 2: a line was remembered only when all of its records were refused."""
    stored = msgspec.json.decode(body, type=prepared(_Version1))
    stored.ranges = [{**one, "of": msgspec.Raw(b"0"), "done": msgspec.Raw(b"[]")} for one in stored.ranges]
    return msgspec.json.encode(stored)


REFUSED_RANGES: Kind[StoredRefused] = Kind(
    name="list of the refused ranges of a file",
    key=PREFIX,
    encode=msgspec.json.Encoder().encode,
    decode=exact_decoder(StoredRefused),
    upgrades=(same, _with_others),
    is_json=True,
)


def settings_digest(config: FilesConfig) -> str:
    """Return a digest of everything that decides whether a record can be read."""
    parts = (
        # Without a filter the digest is that of the releases that knew none.
        config.format.model_dump_json(
            exclude={it for it in ("only", "without") if getattr(config.format, it) is None}
        ),
        config.system,
        config.timezone,
        str(config.future_tolerance.total_seconds()),
        # Without one the digest is that of the releases that knew none.
        *(() if config.path_pattern is None else (config.path_pattern,)),
        *(f"{model}\0{operation}" for model, operation in sorted(config.operations.items())),
    )
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


class _File(Struct):
    """The refused ranges of one file, ascending."""

    kept: list[RefusedRange] = field(default_factory=list)
    reading: list[RefusedRange] = field(default_factory=list)
    """Those that are being read again, without what is done."""
    full: bool = False
    said: bool = False


class RefusedRanges:
    """The refused ranges of all files of a source, as they are and as they are stored.

    `settings` is the digest of the present settings, `now` returns the time in seconds since the epoch.
    """

    def __init__(
        self,
        stored: Mapping[str, StoredRefused] = MappingProxyType({}),
        settings: str = "",
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._settings, self._now = settings, now
        self._files = {key: _File(list(it.ranges), [], it.full, it.said) for key, it in stored.items()}
        self._touched: set[str] = set()
        self._stored = set(stored)
        self._asked = False
        self._problems: list[Problem] = []

    def start(self, *, asked: bool) -> None:
        """Begin a run; `asked`: it reads everything again that was ever refused."""
        self._asked = asked
        for file in self._files.values():
            # What an earlier run could not finish is as it was.
            file.kept = sorted((*file.kept, *file.reading), key=_start)
            file.reading = []

    def note(self, key: str, path: str, at: int, first_line: int, places: list[Place]) -> None:
        """Remember refused records of a file; `at` and `first_line` say where the chunk with them begins."""
        file = self._files.setdefault(key, _File())
        self._touched.add(key)
        # Where the last record has no end, the chunk may have got one.
        most = file.reading[0].end if file.reading else None
        for place in places:
            start, end = at + place.start, at + place.end
            end = end if most is None else min(end, most)
            again = self._now() + _DAY if place.future else 0.0
            line = first_line - 1 + place.line
            made = RefusedRange(start, end, line, place.records, self._settings, again)
            if place.settled is not None:
                made = replace(made, of=place.settled.records, done=place.settled.done)
            index = bisect(file.kept, start, key=_start)
            before = file.kept[index - 1] if index else None
            alike = before is not None and before.settings == made.settings
            alone = made.of or (before is not None and before.of)
            if before is not None and before.end == start and alike and not alone:
                times = [it for it in (before.again, again) if it]
                joined = replace(
                    before, end=end, records=before.records + made.records, again=min(times, default=0.0)
                )
                file.kept[index - 1] = joined
            elif len(file.kept) < MOST:
                file.kept.insert(index, made)
            elif not file.full:
                file.full = True
                detail = f"more than {MOST:_} places were refused; what comes after is not read again"
                self._problems.append(Problem(f"{path}:{made.lines + 1}", Result.INVALID_LINE, detail))

    def due(self, key: str) -> list[RefusedRange]:
        """Return the ranges of a file that may have another result by now."""
        file = self._files.get(key)
        return [] if file is None else [it for it in file.kept if self._is_due(it)]

    def _is_due(self, one: RefusedRange) -> bool:
        return self._asked or one.settings != self._settings or 0 < one.again <= self._now()

    def take(self, key: str) -> list[RefusedRange]:
        """Return what is `due`; until it is `done` it stays stored."""
        due = self.due(key)
        if due:
            file = self._files[key]
            file.kept = [it for it in file.kept if not self._is_due(it)]
            file.reading, file.full, file.said = list(due), False, False
            self._touched.add(key)
        return due

    def done(self, key: str, end: int, lines: int) -> None:
        """Note that the ranges that are read again are read up to an offset, with so many lines before it."""
        reading = self._files[key].reading
        if reading and end > reading[0].start:
            self._touched.add(key)
            reading[:1] = [replace(reading[0], start=end, lines=lines)] if end < reading[0].end else []

    def clip(self, key: str, end: int) -> None:
        """Forget what lies behind an offset, as it will be read as new."""
        file = self._files.get(key)
        if file is not None and any(it.end > end for it in file.kept):
            file.kept = [replace(it, end=min(it.end, end)) for it in file.kept if it.start < end]
            self._touched.add(key)

    def gone(self, key: str) -> int:
        """Note that a file is gone. Returns how many records of it would be read again; 0 after the first call."""
        records = sum(it.records for it in self.due(key))
        file = self._files.get(key)
        if file is None or file.said or not records:
            return 0
        file.said = True
        self._touched.add(key)
        return records

    def drop(self, key: str) -> None:
        """Forget everything of a file."""
        if self._files.pop(key, None) is not None:
            self._touched.add(key)

    def take_problems(self) -> tuple[Problem, ...]:
        """Return what has to be said, once."""
        problems, self._problems = tuple(self._problems), []
        return problems

    def take_changes(self) -> dict[str, bytes | None]:
        """Return the changes since the last call; the caller has to store them."""
        changes: dict[str, bytes | None] = {}
        for key in sorted(self._touched):
            file = self._files.get(key)
            ranges = () if file is None else tuple(sorted((*file.kept, *file.reading), key=_start))
            if file is not None and ranges:
                stored = StoredRefused(ranges, file.full, file.said)
                changes[PREFIX + key] = REFUSED_RANGES.dumps(stored)
                self._stored.add(key)
            elif key in self._stored:
                changes[PREFIX + key] = None
                self._stored.discard(key)
        self._touched.clear()
        return changes


def decode_refused(source: str, stored: Mapping[str, bytes]) -> dict[str, StoredRefused]:
    """Return the refused ranges of a source, by id of the checkpoint.

    Raises:
        SourceRefused: a stored value is unreadable or of a newer version.
    """
    return {key.removeprefix(PREFIX): it for key, it in entries(source, stored, REFUSED_RANGES)}
