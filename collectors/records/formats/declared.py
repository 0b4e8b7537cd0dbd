"""Formats that are declared as data: the path of each value, its unit, and the meaning of the producer's words.

A declaration is compiled into typed structs, as a field map is, and into a function that turns these into rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

import msgspec

from leverwatch.collectors.interface import MALFORMED, Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELD_INDEX, FIELDS, Path, PromptPath, parse_path
from leverwatch.collectors.records.formats.interface import (
    NAMELESS,
    Framing,
    Parsed,
    Piece,
    Reader,
    Repeats,
    Row,
)
from leverwatch.collectors.records.formats.jsonl import TEXT, TYPES, Shape, type_of
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.formats.rows import MakeRows, TokenRule, Value, compile_rows
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.records.layout import Steps
from leverwatch.collectors.records.lenient import LISTED, OPTIONAL, Lenient, Read, Refused, parse
from leverwatch.collectors.records.tokens import Stands

Paths = str | tuple[str, ...]
"""One path, or several, of which the first with a value is used."""

Finish = Callable[..., Result | Piece | None]
"""Completes a row in place; it gets the row (indexes as in `FIELD_INDEX`) and the extras of its record by name.
Returns None when the record is a call; `NOT_A_CALL` or `IGNORED` when it is something else; `PART` or a `Piece`
when it is a part or a version of a call, with the id of that call in the row; or one of `MALFORMED` to refuse it.
The last part of a stream, which tells the usage, is a part too: as a call it would be a duplicate of the earlier
ones, and its tokens would not be counted."""

_TEXTS = frozenset({"model", "request_id", "operation", "status", "trace_id", "finish_reason", "tier"})
_PARTS = frozenset({"cached_input_tokens", "cache_write_tokens", "reasoning_tokens"})
_TOTAL = float | int | str | None
"""The type of a total. It only confirms: one that is no number must not cost the record."""
Unreadable = tuple[tuple[str, str], ...]
"""Field and reason of each value of a record that cannot be read."""
_NONE: Mapping[int, Unreadable] = {}
_TIME, _REQUEST = FIELD_INDEX["time"], FIELD_INDEX["request_id"]
_NAMELESS: Mapping[Piece, Result | None] = {
    Piece.OPEN: None, Piece.PART: Result.PART, Piece.DONE: Result.PART, Piece.ROW: None,
}  # fmt: skip
"""What a record is that should have an id, and has none."""


@dataclass(frozen=True)
class Declaration:
    """The declaration of a format."""

    name: str
    recognise: Callable[[Any], int]
    """Returns how likely a record, as `json.loads` gives it, is one of this format: 0 (not at all) to 100."""
    fields: Mapping[str, Paths]
    """The paths of each field that rows may have. An empty tuple: only `finish` fills the field in."""
    names: Mapping[str, Paths] = field(default_factory=dict)
    """Names that the system template may use; anything else in a template is a path into the record."""
    extras: Mapping[str, tuple[Paths, Any]] = field(default_factory=dict)
    """Further values that `finish` needs: by name, the path and the type to decode it as."""
    completes: Mapping[str, str] = field(default_factory=dict)
    """By extra, the field that it only helps to tell ("": none): one that cannot be read is unknown, and so is a
    field with a `+` before it, as the extra is a part of its sum. All other extras refuse the record."""
    entries: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """By extra that is an object, the field that an entry helps to tell by its key, as in `completes`."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """Types of fields that differ from `jsonl.TYPES`."""
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Functions that convert from the producer's unit, by field or template name; they are never called with None,
    and must not raise."""
    words: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    """By field: the producer's words and what they are replaced with. A `Result` has the same effect as when
    `finish` returns it."""
    in_text: tuple[str, ...] = ()
    """Keys of objects that may also be JSON text inside a string."""
    cached: Stands = Stands.INSIDE
    """Where tokens that are read from and written to a prompt cache stand, inside or beside the input tokens."""
    reasoning: Stands = Stands.INSIDE
    """Where reasoning tokens stand, inside or beside the output tokens."""
    total: Paths = ()
    """The paths of the producer's own sum of all tokens, which can prove where the parts stand."""
    repeats: Repeats = Repeats.CALLS
    """What a second record with the same request id is."""
    nested: str | None = None
    """A key under which one document may have many records."""
    documents: tuple[str, ...] = ()
    """Keys of documents that are not records themselves; something else takes the records out of them."""
    finish: Finish | None = None
    plainly: Plainly | None = None
    """What the compiled helper has to know to count plain records; None: it counts none of this format."""
    framing: Framing = VALUES

    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader for these records.

        Raises:
            ValueError: a placeholder of the system template is not a valid path.
        """
        return Declared(self, template)


class Declared:
    """Reads records by a declaration."""

    has_extended = True
    reads_text = False

    def __init__(self, declaration: Declaration, template: Sequence[str]) -> None:
        self.framing = declaration.framing
        self.known = frozenset(declaration.fields)
        self.repeats = declaration.repeats
        self.declaration, self.template = declaration, tuple(template)
        wanted: list[tuple[str, Path, Any]] = []

        def want(name: str, paths: Paths, kind: Any) -> list[str]:
            known = (paths,) if isinstance(paths, str) else paths
            names = [f"{name} {number}" for number in range(len(known))]
            wanted.extend((it, parse_path(path), kind) for it, path in zip(names, known, strict=True))
            return names

        fields = {name: want(name, declaration.fields.get(name, ()), self._type(name)) for name in FIELD_INDEX}
        parts = [want(f"{{{part}}}", declaration.names.get(part, part), type_of(part)) for part in template]
        extras = {name: want(f"extra {name}", paths, kind) for name, (paths, kind) in declaration.extras.items()}
        totals = want("total", declaration.total, _TOTAL)
        documents = want("document", declaration.documents, msgspec.Raw)
        # A value that is also part of the template keeps the stricter type.
        wanted.sort(key=lambda entry: (entry[2] is Any, entry[2] is TEXT or entry[2] is LISTED))
        shape = Shape(wanted, frozenset(map(parse_path, declaration.in_text)))
        optional = {one: name for name, names in fields.items() if name in OPTIONAL for one in names}
        mapped = frozenset(one for names in (*fields.values(), *parts) for one in names)
        optional |= dict.fromkeys(totals, "")
        optional |= {one: told for extra, told in declaration.completes.items() for one in extras[extra]}
        entries = {one: told for extra, told in declaration.entries.items() for one in extras[extra]}
        completing = (one for extra in declaration.completes for one in extras[extra])
        self._lenient: Lenient = shape.lenient(optional, mapped.union(completing), entries)

        def steps(names: Sequence[str]) -> tuple[Steps, ...]:
            return tuple(shape.steps[name] for name in names)

        def value(name: str) -> Value:
            words, convert = declaration.words.get(name), declaration.convert.get(name)
            return Value(steps(fields[name]), name in _TEXTS, words, convert, _may_be_text(self._type(name)))

        converts = [declaration.convert.get(part) if part in declaration.names else None for part in template]
        values = [
            *map(value, FIELDS),
            *(
                Value(steps(names), is_text=not isinstance(part, PromptPath), convert=convert)
                for part, names, convert in zip(template, parts, converts, strict=True)
            ),
            *map(value, EXTENDED_FIELDS),
        ]
        self._compile = partial(
            compile_rows, shape.struct, values, {name: steps(names) for name, names in extras.items()},
            declaration.finish, _token_rule(declaration, steps(totals)),
        )  # fmt: skip
        self._steps = shape.steps
        self._documents = [self.getter(name) for name in documents]
        self.has_documents = bool(documents)
        self._record_type = self._unit_type = shape.struct
        self._document: Any = None
        if declaration.nested is not None:
            key = declaration.nested
            self._document = msgspec.defstruct(
                "Document", [("nested", list[msgspec.Raw] | None, None)], rename={"nested": key}, gc=False
            )
            self._unit_type = msgspec.defstruct(
                "Records", [("nested", list[shape.struct] | None, None)],  # type: ignore[name-defined]  # made above
                rename={"nested": key}, bases=(shape.struct,), gc=False, frozen=True,
            )  # fmt: skip

    # What reads is made for the first record: a configuration is checked, and an idle source runs, without one.
    @cached_property
    def _make_rows(self) -> MakeRows:
        return self._compile()

    @cached_property
    def _decode_one(self) -> Callable[[Any], Any]:
        return msgspec.json.Decoder(self._record_type, strict=False).decode

    @cached_property
    def _decode(self) -> Callable[[bytes], Any]:
        return msgspec.json.Decoder(self._unit_type, strict=False).decode

    def _type(self, name: str) -> Any:
        return self.declaration.types.get(name, TYPES[name])

    def getter(self, name: str) -> Callable[[Any], Any]:
        """Return a function that reads a value at the top level of a decoded record."""
        (step,) = self._steps[name]
        return attrgetter(step)

    def decode(self, units: Sequence[bytes]) -> list[Any] | None:
        """Decode all units at once; return None when one is invalid or is a document of many records."""
        try:
            records = list(map(self._decode, units))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return None if any(any(map(get, records)) for get in self._documents) else records

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Decode all records at once, or one by one when that fails."""
        try:
            records = list(map(self._decode, units))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(units)
        return self.rows(records)

    def rows(self, records: Sequence[Any]) -> Parsed:
        """Turn decoded records into rows."""
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
        unreadable: dict[int, Unreadable] = {}
        for line, unit in enumerate(units):
            text = unit.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0").strip()
            if not text:
                ignored += 1
                continue
            for part in self._parts(text):
                try:
                    record = self._record(part, unreadable, len(records))
                except Refused as error:
                    refused.append((line, error.result, error.detail))
                else:
                    records.append(record)
                    lines.append(line)
        parsed = self._rows(records, lines, unreadable)
        parsed.refused = [*refused, *parsed.refused]
        parsed.ignored = ignored
        return parsed

    def _record(self, part: Any, unreadable: dict[int, Unreadable], place: int) -> Any:
        """Decode a record, which is text or was parsed leniently, or what is readable of it."""
        read: Read
        if isinstance(part, bytes | msgspec.Raw):
            try:
                return self._decode_one(part)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                read = self._lenient.read(bytes(part))
        else:
            read = self._lenient.read_value(part)
        record = read.decoded(self._decode_one)
        if read.unreadable:
            unreadable[place] = read.unreadable
        return record

    def _parts(self, text: bytes) -> Sequence[Any]:
        """Return the records inside a document, or the text itself when it is a record."""
        if self._document is None:
            return (text,)
        try:
            nested = msgspec.json.decode(text, type=self._document).nested
        except msgspec.ValidationError:
            return (text,)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._lenient_parts(text)
        return (text,) if nested is None else nested

    def _lenient_parts(self, text: bytes) -> Sequence[Any]:
        try:
            document = parse(text)
        except Refused:
            return (text,)
        nested = document.get(self.declaration.nested) if isinstance(document, dict) else None
        return nested if isinstance(nested, list) else (text,)

    def _rows(
        self,
        records: Sequence[Any],
        lines: Sequence[int] | None,
        unreadable: Mapping[int, Unreadable] = _NONE,
    ) -> Parsed:
        rows: list[Row] = []
        odd: dict[int, Result | Piece] = {}
        self._make_rows(records, rows, odd)
        if not unreadable and all(
            type(found) is Piece and rows[at][_REQUEST] is not None for at, found in odd.items()
        ):
            pieces: dict[int, Any] = odd
            return Parsed(rows=rows, lines=None if lines is None else list(lines), pieces=pieces)
        kept: list[int] = []
        parsed = Parsed(lines=kept)
        for index, row in enumerate(rows):
            found = odd.get(index)
            if unreadable and index in unreadable:
                row = _without_sums(row, unreadable[index])
            if found is None and not unreadable:
                parsed.rows.append(row)
                kept.append(index if lines is None else lines[index])
                continue
            if type(found) is Piece and row[_REQUEST] is not None and not unreadable:
                parsed.pieces[len(kept)] = found
                parsed.rows.append(row)
                kept.append(index if lines is None else lines[index])
                continue
            piece = Piece.PART if found is Result.PART else found
            result = found if isinstance(found, Result) else None
            if isinstance(piece, Piece):
                is_known = row[_REQUEST] is not None or piece in NAMELESS
                result = None if is_known else _NAMELESS[piece]
                if is_known:
                    parsed.pieces[len(kept)] = piece
            if result is None:
                if index in unreadable:
                    told = dict.fromkeys((name.removeprefix("+"), why) for name, why in unreadable[index])
                    parsed.unreadable += ((len(kept), *wrong) for wrong in told)
                parsed.rows.append(row)
                kept.append(index if lines is None else lines[index])
            elif result in MALFORMED:
                line = index if lines is None else lines[index]
                parsed.refused.append((line, result, "no record of this format"))
            else:
                parsed.passed[result] = parsed.passed.get(result, 0) + 1
                if row[_TIME] is not None:
                    parsed.seen.append(row[_TIME])
        return parsed


def _without_sums(row: tuple[Any, ...], wrong: Unreadable) -> tuple[Any, ...]:
    """Return a row without the fields of which a part cannot be read."""
    places = {FIELD_INDEX[name[1:]] % len(row) for name, _ in wrong if name.startswith("+")}
    return tuple(None if place in places else value for place, value in enumerate(row)) if places else row


def _may_be_text(kind: Any) -> bool:
    try:
        msgspec.convert("", kind)
    except msgspec.ValidationError:
        return False
    return True


def _token_rule(declaration: Declaration, total: tuple[Steps, ...]) -> TokenRule | None:
    if _PARTS.isdisjoint(declaration.fields):
        return None
    return TokenRule(declaration.cached, declaration.reasoning, total)
