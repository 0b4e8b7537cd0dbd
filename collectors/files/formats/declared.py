"""A format that is mostly data: where each value is, in which unit, and what the producer's words mean.

The declaration is compiled into the same typed structs that read a field map, so that a named format decodes as
fast as a mapped one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from collectors.files.fields import FIELDS, RARE, parse_path
from collectors.files.formats.interface import Framing, Parsed, Reader
from collectors.files.formats.jsonl import TEXT, TYPES, Shape, explain
from collectors.files.framing.values import VALUES
from collectors.interface import MALFORMED, Result

Paths = str | tuple[str, ...]
"""One path, or several of which the first that holds a value wins."""

Finish = Callable[[list[Any], Mapping[str, Any]], Result | None]
"""Completes a row (see `PLACE`) from the extras of its record, in place. Gives what the record is instead of a
call: `NOT_A_CALL` or `IGNORED`; `PART` for a part of a streamed call, which carries the id of the call; a
malformed result to refuse it; None for a call of its own."""

PLACE: Mapping[str, int] = {name: index for index, name in enumerate((*FIELDS, *RARE))}
"""Where `finish` finds each field in a row."""

BLANK: frozenset[Any] = frozenset({"", "None", "none", "null"})
"""What producers write for no text."""

_TEXTS = tuple(PLACE[name] for name in ("model", "request_id", "operation", "status", "trace_id", "finish_reason"))
_INPUT, _CACHED, _WRITTEN = PLACE["input_tokens"], PLACE["cached_input_tokens"], PLACE["cache_write_tokens"]
_OUTPUT, _REASONING = PLACE["output_tokens"], PLACE["reasoning_tokens"]
_TIME, _REQUEST = PLACE["time"], PLACE["request_id"]
_WIDTH = len(PLACE)


@dataclass(frozen=True)
class Declaration:
    """What is known of a producer's records."""

    name: str
    recognise: Callable[[Any], int]
    """How sure it is that a record, as `json.loads` gives it, is one of its own: from 0, not at all, to 100."""
    fields: Mapping[str, Paths]
    names: Mapping[str, Paths] = field(default_factory=dict)
    """Friendly names for the system template. Anything else in a template is a path into the record."""
    extras: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """What `finish` needs beyond the fields: name, path and the type to decode it as."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """Types of fields where the producer writes something else than most."""
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """From the producer's unit to ours, by field or friendly name; never called with None, and never fails."""
    words: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    """By field: the producer's words, and ours for them. A `Result` instead of a word ends the record as `finish`
    does."""
    in_text: tuple[str, ...] = ()
    """Objects that may also be JSON inside a string."""
    cached_in_input: bool = True
    """False: tokens read from and written to a prompt cache are added to the input."""
    reasoning_in_output: bool = True
    """False: reasoning tokens are added to the output."""
    nested: str | None = None
    """A key under which one document may hold many records."""
    finish: Finish | None = None
    framing: Framing = VALUES

    def build(self, template: Sequence[str]) -> Reader:
        """The reader of these records.

        Raises:
            ValueError: a part of the template is no path.
        """
        return Declared(self, template)


class Declared:
    """Reads the records of a declaration."""

    has_rare = True
    reads_text = False

    def __init__(self, declaration: Declaration, template: Sequence[str]) -> None:
        self.framing = declaration.framing
        self._declaration = declaration
        wanted: list[tuple[str, tuple[str, ...], Any]] = []
        self._alternatives: list[tuple[int, tuple[int, ...]]] = []
        entries: list[tuple[str, Paths, Any]] = [
            (name, declaration.fields.get(name, ()), self._type(name)) for name in PLACE
        ]
        entries += [(f"{{{part}}}", declaration.names.get(part, part), TEXT) for part in template]
        order = [name for name, _, _ in entries]
        for place, (name, paths, kind) in enumerate(entries):
            known = (paths,) if isinstance(paths, str) else paths
            names = [name, *(f"{name} {number}" for number in range(1, len(known)))]
            wanted += [(other, parse_path(path), kind) for other, path in zip(names, known, strict=False)]
            if len(known) > 1:
                self._alternatives.append((place, tuple(range(len(order), len(order) + len(known) - 1))))
            order += names[1:]
        self._extras = {name: len(order) + index for index, name in enumerate(declaration.extras)}
        order += [f"extra {name}" for name in declaration.extras]
        wanted += [(f"extra {name}", parse_path(path), kind) for name, (path, kind) in declaration.extras.items()]
        # A value that is also part of the template keeps the stricter type.
        wanted.sort(key=lambda entry: entry[2] is TEXT)
        self._row_width = _WIDTH + len(template)
        self._texts = (*_TEXTS, *range(_WIDTH, self._row_width))
        self._convert = [
            (place, declaration.convert[name])
            for place, name in enumerate((*PLACE, *template))
            if name in declaration.convert and (place < _WIDTH or name in declaration.names)
        ]
        self._words = [(PLACE[name], words) for name, words in declaration.words.items()]
        shape = Shape(wanted, frozenset(map(parse_path, declaration.in_text)))
        self._fast, self._safe = shape.getters(order)
        record: Any = shape.struct
        self._decode_one: Callable[[Any], Any] = msgspec.json.Decoder(record, strict=False).decode
        self._document: Any = None
        if declaration.nested is not None:
            key = declaration.nested
            self._document = msgspec.defstruct(
                "Document", [("nested", list[msgspec.Raw] | None, None)], rename={"nested": key}, gc=False
            )
            record = msgspec.defstruct(
                "Records", [("nested", list[shape.struct] | None, None)],  # type: ignore[name-defined]  # made above
                rename={"nested": key}, bases=(shape.struct,), gc=False, frozen=True,
            )  # fmt: skip
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(record, strict=False).decode

    def _type(self, name: str) -> Any:
        return self._declaration.types.get(name, TYPES[name])

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Decode all records at once, and one by one when one of them is bad."""
        try:
            records = list(map(self._decode, units))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(units)
        if self._document is None:
            return self._rows(records, None)
        lines: list[int] = []
        flat: list[Any] = []
        for line, record in enumerate(records):
            inner = [record] if record.nested is None else record.nested
            flat += inner
            lines += [line] * len(inner)
        return self._rows(flat, lines)

    def _one_by_one(self, units: Sequence[bytes]) -> Parsed:
        records: list[Any] = []
        lines: list[int] = []
        ignored = 0
        refused: list[tuple[int, Result, str]] = []
        for line, unit in enumerate(units):
            text = unit.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0").strip()
            if not text:
                ignored += 1
                continue
            for part in self._parts(text):
                try:
                    records.append(self._decode_one(part))
                except msgspec.ValidationError as error:
                    refused.append((line, *explain(error)))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    refused.append((line, Result.INVALID_LINE, "not one JSON object"))
                else:
                    lines.append(line)
        parsed = self._rows(records, lines)
        parsed.refused = [*refused, *parsed.refused]
        parsed.ignored = ignored
        return parsed

    def _parts(self, text: bytes) -> Sequence[Any]:
        """The records inside a document, or the text itself."""
        if self._document is None:
            return (text,)
        try:
            nested = msgspec.json.decode(text, type=self._document).nested
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return (text,)
        return (text,) if nested is None else nested

    def _rows(self, records: Sequence[Any], lines: Sequence[int] | None) -> Parsed:
        try:
            values = list(map(self._fast, records))
        except AttributeError:  # an object on the way to a value is null
            values = list(map(self._safe, records))
        parsed = Parsed(lines=[])
        kept = parsed.lines
        parts: list[int] = []
        for index, record in enumerate(values):
            row, result = self._row(record)
            if result is None or (result is Result.PART and row[_REQUEST] is not None):
                if result is not None:
                    parts.append(len(parsed.rows))
                parsed.rows.append(_ordered(row))
                if kept is not None:
                    kept.append(index if lines is None else lines[index])
            elif result in MALFORMED:
                line = index if lines is None else lines[index]
                parsed.refused.append((line, result, "no record of this format"))
            else:
                parsed.passed[result] = parsed.passed.get(result, 0) + 1
                if row[_TIME] is not None:
                    parsed.seen.append(row[_TIME])
        parsed.parts = frozenset(parts)
        return parsed

    def _row(self, values: tuple[Any, ...]) -> tuple[list[Any], Result | None]:
        row = list(values[: self._row_width])
        for place in self._texts:
            if row[place] in BLANK:
                row[place] = None
        for place, others in self._alternatives:
            if row[place] is None:
                for other in others:
                    if values[other] is not None and values[other] not in BLANK:
                        row[place] = values[other]
                        break
        result = None
        for place, words in self._words:
            word = row[place]
            if word in words:
                row[place] = words[word]
                if isinstance(words[word], Result):
                    row[place], result = None, words[word]
        for place, convert in self._convert:
            if row[place] is not None:
                row[place] = convert(row[place])
        if result is None and self._declaration.finish is not None:
            extras = {name: values[place] for name, place in self._extras.items()}
            result = self._declaration.finish(row, extras)
        if row[_INPUT] is not None and not self._declaration.cached_in_input:
            row[_INPUT] += (row[_CACHED] or 0) + (row[_WRITTEN] or 0)
        if row[_OUTPUT] is not None and not self._declaration.reasoning_in_output:
            row[_OUTPUT] += row[_REASONING] or 0
        return row, result


_COMMON = len(FIELDS)


def _ordered(row: list[Any]) -> tuple[Any, ...]:
    """Fields, template, rare fields: the order that all rows have."""
    return (*row[:_COMMON], *row[_WIDTH:], *row[_COMMON:_WIDTH])


def one_of(*keys: str) -> Callable[[Any], int]:
    """Recognise a record that has all of these keys."""

    def recognise(record: Any) -> int:
        return 90 if isinstance(record, Mapping) and all(key in record for key in keys) else 0

    return recognise
