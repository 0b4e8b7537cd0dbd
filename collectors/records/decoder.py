"""Combines a format with the framing and the wrappers of its configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.field_rows import Entries, FieldRows, paths_of
from leverwatch.collectors.records.fields import FIELDS, PromptPath, Template
from leverwatch.collectors.records.filtered import FilteredLines, FilteredMap, FilteredReader, filtered
from leverwatch.collectors.records.format_config import (
    CsvFormat,
    ExportFormat,
    FileFormat,
    JsonlFormat,
    LinesFormat,
    LogfmtFormat,
    NamedFormat,
)
from leverwatch.collectors.records.formats.declared import Declared
from leverwatch.collectors.records.formats.delimited import Delimited
from leverwatch.collectors.records.formats.exports import EXPORTS, LITELLM_SPEND, Exported, SpendTable
from leverwatch.collectors.records.formats.interface import (
    Format,
    Framing,
    Grouping,
    Parsed,
    Reader,
    Repeats,
    Units,
)
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.formats.line_plan import line_plan
from leverwatch.collectors.records.formats.mapped import MappedCsv, MappedJson
from leverwatch.collectors.records.formats.plain import (
    OF_CRI,
    OF_DOCKER,
    OF_PREFIX,
    OF_STRING,
    OfSpans,
    Plan,
    Unwrapped,
)
from leverwatch.collectors.records.formats.plan import plan_of
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.formats.rewritten import Rewriting
from leverwatch.collectors.records.framing.blocks import Blocks
from leverwatch.collectors.records.framing.columns import Columns
from leverwatch.collectors.records.framing.journal import Journal, journal_fields
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.partial import Cri, Docker
from leverwatch.collectors.records.framing.python_text import Python
from leverwatch.collectors.records.framing.registry import CONTAINERS, FRAMINGS
from leverwatch.collectors.records.framing.values import VALUES, ValueFraming
from leverwatch.collectors.records.framing.wrappers import JsonString, Prefix, Wrapper
from leverwatch.collectors.records.path_words import PathValues, is_path_word, of_record
from leverwatch.collectors.records.prompt_versions import PromptVersions
from leverwatch.collectors.records.shapes.lines import PatternLines
from leverwatch.collectors.records.shapes.logfmt import Logfmt
from leverwatch.collectors.records.shapes.opened import Opened
from leverwatch.collectors.records.shapes.pairs import Pairs
from leverwatch.collectors.records.shapes.spread import Spread

_Own = JsonlFormat | LogfmtFormat | LinesFormat
_TIME, _RATE = FIELDS.index("time"), FIELDS.index("sample_rate")


class GroupFraming:
    """A framing that keeps records which belong together in one chunk, on top of another framing."""

    by_newline = False

    def __init__(self, inner: Framing, wrappers: Sequence[Wrapper], reader: Grouping) -> None:
        self._inner, self._wrappers, self._reader = inner, wrappers, reader
        self.skip, self.split, self.count = inner.skip, inner.split, inner.count
        self.documents = inner.documents

    def has_groups(self, data: bytes) -> bool:
        """Return whether records of these may belong together."""
        return self._reader.group_marker in data

    def goes_on(self, data: bytes) -> bool:
        """Return whether what comes first belongs to a group that began before `data`."""
        return self._reader.goes_on(data)

    def complete(self, data: bytes, final: bool) -> int:
        """As the other framing, but ending before the first record of a group that is not complete yet."""
        cut = self._inner.complete(data, final)
        return cut if final else self._before_group(data, cut)

    def settled(self, data: bytes, final: bool) -> int:
        """As `complete`, but ending before the first record of a group whose end is missing also when `final`: it
        may come all the same."""
        cut = self.complete(data, final)
        return self._before_group(data, cut) if self._reader.has_ends else cut

    def _before_group(self, data: bytes, cut: int) -> int:
        if self._reader.group_marker not in data[:cut]:
            return cut
        units = self._inner.split(data[:cut])
        for wrapper in self._wrappers:
            units = wrapper.unwrap(units)
        first = self._reader.open_from(units.units)
        if first is None:
            return cut
        at = 0
        if units.starts is not None:
            at = units.starts[first]
        else:
            for _ in range(units.line_of(first)):
                at = data.find(b"\n", at) + 1
        return self._inner.complete(data[:at], final=False)


class Decoder:
    """A format made of a framing, wrappers (the outermost first) and the reader of the records inside."""

    wants_header = False

    def __init__(
        self,
        reader: Reader,
        framing: Framing,
        wrappers: Sequence[Wrapper],
        sample_rate: float | None = None,
        keeps: FilteredReader | None = None,
    ) -> None:
        self._reader, self._wrappers, self._framing = reader, tuple(wrappers), framing
        self._sample_rate, self._filtered = sample_rate, keeps
        self.framing: Framing = framing
        """The framing by which a file is cut into chunks."""
        if isinstance(reader, Grouping):
            self.framing = GroupFraming(framing, self._wrappers, reader)
        self.has_extended = reader.has_extended
        self.known = reader.known | ({"sample_rate"} if sample_rate is not None else set())
        self.repeats = reader.repeats

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain records; None when it cannot."""
        around = unwrapped(self._framing, self._wrappers)
        if around is None or self._sample_rate is not None:
            return None
        plan = self._plan()
        if plan is None:
            return None
        by_line = plan.by_line or self._framing is not VALUES or bool(around)
        by_brace = bool(around) and self._framing is VALUES
        tests = () if self._filtered is None else self._filtered.tests
        return replace(plan, tests=tests, wrappers=around, by_line=by_line, by_brace=by_brace)

    def _plan(self) -> Plan | None:
        reader = self._reader
        if isinstance(reader, Rewriting) and reader.lines is not None:
            told = reader.declared
            is_bare = self._framing is LINES and not self._wrappers
            return line_plan(told.declaration, reader.lines, told.template, reader.read) if is_bare else None
        if isinstance(reader, JsonLines | MappedJson):
            return None if self._framing is VALUES and not self._wrappers else reader.plan()
        if isinstance(reader, OfSpans):
            is_bare = self._framing is VALUES and not self._wrappers and self._filtered is None
            return reader.plan() if is_bare else None
        declared = reader.declared if isinstance(reader, Rewriting) else reader
        return (
            plan_of(declared.declaration, declared.template, reader.read)
            if isinstance(declared, Declared)
            else None
        )

    def check_header(self, line: bytes) -> tuple[str, ...]:  # noqa: ARG002 no format with readers has a header
        """Return nothing, as these formats have no header."""
        return ()

    def parse(self, data: bytes, header: bytes | None) -> Parsed:  # noqa: ARG002 as above
        """Split the data into records, remove their wrappers, and read them."""
        units = self._framing.split(data)
        parsed = self._read(units)
        if (
            units.lines is None
            and isinstance(self._framing, ValueFraming)
            and any(result is Result.INVALID_LINE for _, result, _ in parsed.refused)
        ):
            # What is no record as a line may still hold several.
            parsed = self._read(self._framing.split_values(data))
        return parsed

    def _read(self, units: Units) -> Parsed:
        for wrapper in self._wrappers:
            units = wrapper.unwrap(units)
        parsed = (self._filtered or self._reader).read(units.units)
        if units.times is not None:
            _fill_times(parsed, units.times)
        if self._sample_rate is not None:
            parsed.rows = [
                (*row[:_RATE], row[_RATE] or self._sample_rate, *row[_RATE + 1 :]) for row in parsed.rows
            ]
        if units.lines is not None:
            lines = units.lines
            parsed.lines = lines if parsed.lines is None else [lines[index] for index in parsed.lines]
            parsed.refused = [(lines[index], result, detail) for index, result, detail in parsed.refused]
        parsed.refused = sorted([*units.refused, *parsed.refused], key=lambda refusal: refusal[0])
        parsed.ignored += units.ignored
        return parsed


def unwrapped(framing: Framing, wrappers: Sequence[Wrapper]) -> tuple[Unwrapped, ...] | None:
    """Return what the helper has to take off every line, the outermost first; None when it cannot."""
    found: list[Unwrapped] = []
    if isinstance(framing, Cri | Docker):
        found.append((OF_CRI if isinstance(framing, Cri) else OF_DOCKER, True, ()))
    elif framing is not LINES and framing is not VALUES:
        return None
    for wrapper in wrappers:
        if isinstance(wrapper, JsonString):
            found.append((OF_STRING, wrapper.any_text, tuple(name.encode() for name in wrapper.fields)))
        elif isinstance(wrapper, Prefix) and framing is not VALUES:
            found.append((OF_PREFIX, True, ()))
        else:
            return None
    return tuple(found)


def _fill_times(parsed: Parsed, times: Sequence[str | None]) -> None:
    for index, row in enumerate(parsed.rows):
        if row[_TIME] is None:
            time = times[index if parsed.lines is None else parsed.lines[index]]
            parsed.rows[index] = (*row[:_TIME], time, *row[_TIME + 1 :])


def _plain(entries: Entries) -> dict[str, str] | None:
    """Return the path of each field; None when more is said of one, or several are told together."""
    rows = FieldRows(entries, 0)
    return rows.plain if rows.plain.keys() == entries.keys() else None


def build_format(
    settings: FileFormat,
    template: tuple[str, ...],
    prompt: Template | None = None,
    pattern: re.Pattern[str] | None = None,
) -> Format:
    """Return the format that a configuration describes; `template` has the placeholders of the system template.

    With a `prompt`, rows have the version of the prompt behind the values of `template`. Words of the path are
    filled in by `PathValues`; some of them are the groups of `pattern`.

    Raises:
        ValueError: two of the mapped fields exclude each other, or a placeholder is not a valid path.
    """
    if any(map(is_path_word, template)):
        own = tuple(it for it in template if not is_path_word(it))
        return PathValues(build_format(settings, own, prompt), template, pattern)
    return _of_records(settings, tuple(map(of_record, template)), prompt)


def _of_records(settings: FileFormat, template: tuple[str, ...], prompt: Template | None) -> Format:
    if prompt is not None:
        inner = _of_records(settings, (*template, *map(PromptPath, prompt.paths)), None)
        return PromptVersions(inner, prompt, len(template))
    entries = {} if isinstance(settings, NamedFormat | ExportFormat) else settings.fields.entries()
    plain = _plain(entries)
    if isinstance(settings, CsvFormat):
        dialect, chosen = settings.dialect, settings.filter
        if plain is None:
            return MappedCsv(entries, template, settings.repeats, dialect, chosen)
        return Delimited(plain, template, settings.delimiter, settings.repeats, dialect, chosen)
    if isinstance(settings, ExportFormat):
        if settings.type == LITELLM_SPEND:
            return SpendTable(NAMED["litellm"].build(template), settings.delimiter, settings.filter)
        return Exported(EXPORTS[settings.type], template, settings.delimiter, settings.filter)
    reader: Reader
    if isinstance(settings, _Own):
        lines: JsonLines | MappedJson
        if plain is None:
            lines = MappedJson(entries, template, settings.repeats)
        else:
            lines = JsonLines(plain, template, settings.repeats)
        if _is_bare(settings) and settings.repeats is Repeats.CALLS:
            if settings.filter is None:
                return lines
            if isinstance(lines, JsonLines):
                return FilteredLines(lines, settings.filter)
            return FilteredMap(lines, settings.filter)
        reader = lines
    else:
        reader = NAMED[settings.type].build(template)
    rate = settings.sample_rate if isinstance(settings, NamedFormat) else None
    paths = template
    if isinstance(settings, _Own):
        paths = (*template, *paths_of(entries))
    if settings.filter is not None:
        paths = (*paths, *(path for path, _, _ in settings.filter.tests))
    return compose(
        reader,
        None if isinstance(settings, LogfmtFormat | LinesFormat) else settings.framing,
        settings.wrappers,
        settings.text_fields,
        rate,
        journal_fields(paths),
        filtered(reader, settings.filter, settings.type),
        _shapes(settings, paths),
        block=settings.block if isinstance(settings, LogfmtFormat | LinesFormat) else None,
    )


def _is_bare(settings: _Own) -> bool:
    """Whether each line is a record as its field map reads it."""
    if isinstance(settings, LogfmtFormat | LinesFormat):
        return False
    return not (settings.framing or settings.wrappers or settings.records or settings.pairs or settings.objects)


def _shapes(settings: _Own | NamedFormat, paths: Sequence[str]) -> list[Wrapper]:
    """Return what makes JSON objects of one call each of what is in the wrappers; `paths` are read of them."""
    if isinstance(settings, LogfmtFormat):
        return [Logfmt(settings.sign)]
    if isinstance(settings, LinesFormat):
        return [PatternLines(settings.pattern)]
    made: list[Wrapper] = []
    if isinstance(settings, JsonlFormat) and settings.objects:
        made.append(Opened(settings.objects))
    if isinstance(settings, JsonlFormat) and settings.record_places:
        made.append(Spread(settings.record_places, paths))
    if isinstance(settings, JsonlFormat) and settings.pair_paths:
        made.append(Pairs(settings.pair_paths))
    return made


def compose(
    reader: Reader,
    framing: str | None,
    names: Sequence[str],
    text_fields: Sequence[str] = (),
    sample_rate: float | None = None,
    of_journal: Sequence[str] = (),
    keeps: FilteredReader | None = None,
    shapes: Sequence[Wrapper] = (),
    block: str | None = None,
) -> Decoder:
    """Return a decoder for a reader, with the wrappers of the given names; `of_journal` is as for `Journal`,
    `keeps` reads only some of the records, `shapes` make them of what is in the wrappers, and `block` is as for
    `Blocks`."""
    chosen = reader.framing if framing is None else FRAMINGS[framing]
    if names and names[0] in {"prefix", "python"} and framing is None:
        chosen = LINES
    if block is not None:
        chosen = Blocks(block)
    wrappers: list[Wrapper] = []
    of_text = any(isinstance(it, Logfmt | PatternLines) for it in shapes)
    for name, inside in zip_longest(names, names[1:]):
        any_text = inside is not None or reader.reads_text or of_text
        if name == "journald":
            chosen = Journal(of_journal, any_text=any_text)
        elif name in CONTAINERS:
            chosen = CONTAINERS[name]
        elif name == "prefix":
            wrappers.append(Prefix())
        elif name == "python":
            wrappers.append(Python())
        elif name == "columns":
            wrappers.append(Columns())
        else:
            wrappers.append(JsonString(text_fields, any_text=any_text))
    return Decoder(reader, chosen, [*wrappers, *shapes], sample_rate, keeps)
