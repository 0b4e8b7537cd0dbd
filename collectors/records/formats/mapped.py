"""Field maps that say more of a field than a single path, on top of what reads the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Protocol

from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.field_rows import Entries, FieldRows
from leverwatch.collectors.records.field_values import Mistyped, Written
from leverwatch.collectors.records.fields import PromptPath
from leverwatch.collectors.records.filters import Filter
from leverwatch.collectors.records.formats.delimited import NO_COLUMN, Delimited
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Repeats
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.formats.mapped_plan import is_plain, latency_in, places_of, plan_of
from leverwatch.collectors.records.formats.open_rows import with_versions
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.formats.table_header import Dialect

_NOTHING: Mapping[str, str] = {}


class _Inner(Protocol):
    """What reads the plain fields and the raw values."""

    wants_header: bool
    framing: Framing

    def parse(self, data: bytes, header: bytes | None) -> Parsed: ...

    def check_header(self, line: bytes) -> tuple[str, ...]: ...


class _Mapped:
    """The rows of another format with the fields that a map makes of its raw values."""

    _inner: _Inner

    def __init__(self, fields: FieldRows, repeats: Repeats) -> None:
        self._fields = fields
        self.repeats = repeats
        self.known, self.has_extended = fields.known, fields.has_extended

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """As the format that reads the records."""
        return self._inner.check_header(line)

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole records; see `Format`."""
        return self._made(self._inner.parse(data, header))

    def _made(self, read: Parsed) -> Parsed:
        lines: list[int] = []
        parsed = Parsed(
            lines=lines, refused=read.refused, ignored=read.ignored, passed=read.passed, seen=read.seen
        )
        fields, made, put, note = self._fields, self._fields.made, parsed.rows.append, lines.append
        sessions: list[tuple[str | None, ...]] | None = [] if fields.counters else None
        unread: dict[int, dict[str, str]] = {}
        for at, name, why in read.unreadable:
            unread.setdefault(at, {})[name] = why
        places = range(len(read.rows)) if read.lines is None else read.lines
        for index, (line, raw) in enumerate(zip(places, read.rows, strict=True)):
            before = unread.get(index, _NOTHING)
            try:
                row, wrong = made(raw, before)
            except Mistyped as error:
                parsed.refused.append((line, Result.MISTYPED_FIELD, str(error)))
                continue
            if before or wrong:
                told = {name.removeprefix("+"): why for name, why in before.items()} | dict(wrong)
                parsed.unreadable += ((len(lines), name, why) for name, why in told.items() if name)
            put(row)
            note(line)
            if sessions is not None:
                sessions.append(fields.sessions(raw))
        parsed.refused.sort(key=itemgetter(0))
        parsed.sessions = sessions
        return with_versions(parsed) if self.repeats is Repeats.VERSIONS else parsed


class MappedJson(_Mapped):
    """JSON, read by such a field map; `template` are the paths of the system template."""

    wants_header = False
    reads_text = False

    def __init__(self, entries: Entries, template: tuple[str, ...], repeats: Repeats = Repeats.CALLS) -> None:
        fields = FieldRows(entries, len(template))
        super().__init__(fields, repeats)
        own = len(template)
        told = {own + at: name for at, name in fields.told.items()}
        # A raw value may have any type: what is wrong with it is said of its field.
        self._inner: JsonLines = JsonLines(fields.plain, (*template, *map(PromptPath, fields.raw)), told=told)
        self.framing = self._inner.framing
        self._template = template

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain lines; None when it cannot."""
        return None if self.repeats is Repeats.VERSIONS else plan_of(self._fields, self._template, self.read)

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Decode records that are separate texts."""
        return self._made(self._inner.read(units))


def _column(path: str) -> tuple[bytes, ...]:
    return (path.encode(),)


class MappedCsv(_Mapped):
    """CSV, read by such a field map; `template` are the columns of the system template."""

    wants_header = True

    def __init__(
        self,
        entries: Entries,
        template: tuple[str, ...],
        repeats: Repeats = Repeats.CALLS,
        dialect: Dialect = Dialect(),  # noqa: B008 - it never changes
        chosen: Filter | None = None,
    ) -> None:
        own_signs = dialect.decimal != "." or dialect.thousands
        fields = FieldRows(
            entries, len(template), Written(dialect.decimal, dialect.thousands) if own_signs else None
        )
        super().__init__(fields, repeats)
        self._inner: Delimited = Delimited(
            fields.plain, (*template, *fields.raw), dialect.delimiter, dialect=dialect, chosen=chosen,
            time=fields.rich.get("time"), told={len(template) + at: name for at, name in fields.told.items()},
            meant={len(template) + at: words for at, words in fields.meant.items()},
        )  # fmt: skip
        self.framing, self.table = self._inner.framing, self._inner.table
        self._template = template
        tested = () if chosen is None else tuple(column for column, _, _ in chosen.tests)
        self._others = (*template, *tested, *dialect.objects)

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain rows; None when it cannot."""
        fields, table = self._fields, self._inner.as_table()
        if table is None or self.repeats is Repeats.VERSIONS or not is_plain(fields):
            return None
        if any(spec.words for name, spec in fields.rich.items() if name == "request_id"):
            return None
        paths = tuple(places_of(fields, self._template, _column))
        plan = self._inner.planned(paths, replace(table, parse=self.parse))
        return replace(plan, has_extended=self.has_extended, latency_in=latency_in(fields))

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """As the format that reads the records; of columns of which the first that tells counts, one is enough."""
        wrong = self._inner.check_header(line)
        lacking = {message.removeprefix(NO_COLUMN) for message in wrong if message.startswith(NO_COLUMN)}
        return tuple(
            message for message in wrong
            if message.removeprefix(NO_COLUMN) not in lacking - self._fields.needed(lacking, self._others)
        )  # fmt: skip
