"""JSON lines, decoded into structs that are compiled from the field map."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from io import BytesIO
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS, Path, PromptPath, parse_path
from leverwatch.collectors.records.formats.interface import (
    MAX_AMOUNT,
    MAX_COUNT,
    MIN_RATE,
    Framing,
    Parsed,
    Repeats,
    Row,
    split_lines,
)
from leverwatch.collectors.records.formats.open_rows import with_versions
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.layout import Layout, Steps
from leverwatch.collectors.records.lenient import LISTED, OPTIONAL, Lenient, Refused
from leverwatch.collectors.records.mistyped import NO_JSON
from leverwatch.collectors.records.systems import ListPath

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_Amount = Annotated[float, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
_Calls = Annotated[float, msgspec.Meta(ge=0, le=MAX_AMOUNT, multiple_of=1)]
"""A number of calls: a share of one is no count, and a sample has a rate of its own."""
TYPES: Mapping[str, Any] = {
    **dict.fromkeys(amounts(), _Amount | None),
    **dict.fromkeys(amounts(Unit.TOKENS), _Count | None),
    "time": str | int | float | None,
    "model": str | None,
    "request_id": str | int | None,
    "operation": str | None,
    "status": str | int | bool | None,
    "trace_id": str | int | None,
    "inferences": _Calls | None,
    "sample_rate": Annotated[float, msgspec.Meta(ge=MIN_RATE, le=1)] | None,
    "cache_hit": str | int | bool | None,
    "tier": str | int | float | bool | None,
    "attempts": _Calls | None,
    "errors": _Calls | None,
    "valid": str | int | bool | None,
    "schema_mode": str | int | bool | None,
    "finish_reason": str | None,
}
"""The types that the value of each field may have."""
TEXT = str | int | float | bool | None
_BOM = b"\xef\xbb\xbf"
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def type_of(placeholder: str) -> Any:
    """Return the type of the value that a placeholder of a template stands for."""
    if isinstance(placeholder, ListPath):
        return LISTED
    return Any if isinstance(placeholder, PromptPath) else TEXT


class JsonLines:
    """Reads JSON lines by a field map; `template` are the paths of the system template.

    `told` has, by its place in the template, the field of each value there that is unknown when it cannot be read;
    any other one refuses its record.
    """

    wants_header = False
    reads_text = False
    framing: Framing = LINES

    def __init__(
        self,
        fields: Mapping[str, str],
        template: tuple[str, ...],
        repeats: Repeats = Repeats.CALLS,
        told: Mapping[int, str] | None = None,
    ) -> None:
        self.repeats = repeats
        wanted = [
            (name, parse_path(fields[name]), TYPES[name]) for name in (*FIELDS, *EXTENDED_FIELDS) if name in fields
        ]
        wanted += [(f"template {index}", parse_path(path), type_of(path)) for index, path in enumerate(template)]
        tree = Shape(wanted)
        self.has_extended = any(name in fields for name in EXTENDED_FIELDS)
        self.known = frozenset(fields)
        extended = EXTENDED_FIELDS if self.has_extended else ()
        order = [*FIELDS, *(f"template {index}" for index in range(len(template))), *extended]
        self.record = tree.struct
        """The struct that a line is decoded into."""
        self.layout = Layout(
            {name: tree.steps[name] for name in (*FIELDS, *EXTENDED_FIELDS) if name in fields},
            tuple(tree.steps[f"template {index}"] for index in range(len(template))),
        )
        self.paths = {name: path for name, path, _ in wanted}
        """The path of each mapped field, and of each value of the template by its name in `template_paths`."""
        self._fast, self._safe = tree.getters(order)
        optional = {f"template {index}": name for index, name in (told or {}).items()}
        self._lenient = tree.lenient({name: name for name in self.known & OPTIONAL} | optional)
        # strict=False takes "7" and 7.0 for 7, as producers write them; a boolean is still no number.
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.record, strict=False).decode

    def plan(self) -> Plan:
        """Return what the compiled helper needs to count plain lines."""
        paths = ((tuple(key.encode() for key in path), name, 0) for name, path in self.paths.items())
        return Plan(tuple(paths), self.read, self.has_extended)

    def check_header(self, line: bytes) -> tuple[str, ...]:  # noqa: ARG002 a JSON log has no header
        """Return nothing, as JSON lines have no header."""
        return ()

    def parse(self, data: bytes, header: bytes | None) -> Parsed:  # noqa: ARG002 a JSON log has no header
        """Decode every line separately, so that two objects on a line, or one over two lines, are refused."""
        return self.read(split_lines(data))

    def records(self, data: bytes) -> Parsed:
        """As `parse`, but `rows` has decoded records of the layout instead of rows."""
        try:
            return Parsed(list(map(self._decode, BytesIO(data))))
        except _BAD:
            return self._one_by_one(split_lines(data))

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Decode records that are separate texts."""
        parsed = self.decoded(units)
        parsed.rows = self._rows(parsed.rows)
        return with_versions(parsed) if self.repeats is Repeats.VERSIONS else parsed

    def decoded(self, units: Sequence[bytes]) -> Parsed:
        """As `read`, but `rows` has decoded records of the layout instead of rows."""
        try:
            return Parsed(list(map(self._decode, units)))
        except _BAD:
            return self._one_by_one(units)

    def _rows(self, records: list[Any]) -> list[Row]:
        try:
            return list(map(self._fast, records))
        except AttributeError:  # an object on the way to a value is null
            return list(map(self._safe, records))

    def _one_by_one(self, lines: Sequence[bytes]) -> Parsed:
        indices: list[int] = []
        parsed = Parsed(lines=indices)
        for index, line in enumerate(lines):
            # A file copied and truncated under a writer that does not append has a hole of NULs at its start.
            text = line.removeprefix(_BOM).lstrip(b"\0").strip()
            if not text:
                parsed.ignored += 1
                continue
            try:
                parsed.rows.append(self._decode(text))
            except _BAD:
                try:
                    read = self._lenient.read(text)
                    record = read.decoded(self._decode)
                except Refused as refused:
                    parsed.refused.append((index, refused.result, refused.detail))
                    continue
                parsed.unreadable += ((len(parsed.rows), *wrong) for wrong in read.unreadable)
                parsed.rows.append(record)
            indices.append(index)
        return parsed


class Shape:
    """A tree of structs with only the wanted values of a record, so that all others are skipped undecoded.

    Objects at the paths `in_text` may also be JSON text inside a string.
    """

    def __init__(self, wanted: list[tuple[str, Path, Any]], in_text: frozenset[Path] = frozenset()) -> None:
        self._in_text = in_text
        self._leaves: dict[Path, tuple[tuple[str, ...], Any]] = {}
        self.steps: dict[str, Steps] = {}
        tree: dict[str, Any] = {}
        for name, path, kind in wanted:
            node: Any = tree
            for key in path[:-1]:
                node = node.setdefault(key, {}) if isinstance(node, dict) else None
            leaf = node.get(path[-1], ((), kind)) if isinstance(node, dict) else None
            if leaf is None or isinstance(leaf, dict):
                raise ValueError(f"{'.'.join(path)}: one mapped path goes through another mapped value")
            names, known = leaf
            if known != kind and kind is not TEXT and kind is not LISTED and kind is not Any:
                raise ValueError(f"{'.'.join(path)}: mapped to two fields of different types")
            # A template field that is also a mapped one keeps the stricter type of the two.
            node[path[-1]] = ((*names, name), known)
        self.struct = self._build(tree, (), ())

    def _build(self, tree: Mapping[str, Any], prefix: tuple[str, ...], path: Path) -> type[msgspec.Struct]:
        fields: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        texts: dict[str, Callable[[str], Any]] = {}
        for index, (key, node) in enumerate(tree.items()):
            attribute = f"f{index}"
            rename[attribute] = key
            if isinstance(node, dict):
                inner = self._build(node, (*prefix, attribute), (*path, key))
                kind: Any = inner | None
                if (*path, key) in self._in_text:
                    texts[attribute] = msgspec.json.Decoder(kind, strict=False).decode
                    kind = inner | str | None
                fields.append((attribute, kind, inner()))
                continue
            names, kind = node
            self._leaves[*path, key] = node
            for name in names:
                self.steps[name] = (*prefix, attribute)
            fields.append((attribute, kind, None))
        namespace: dict[str, Any] = {"unmapped": None}
        if texts:
            namespace["__post_init__"] = _opener(texts)
        # gc=False: these structs cannot form cycles, and the collector would visit a million of them.
        return msgspec.defstruct("Record", fields, rename=rename, frozen=True, gc=False, namespace=namespace)

    def lenient(
        self,
        fields: Mapping[str, str],
        mapped: Collection[str] | None = None,
        entries: Mapping[str, Callable[[str], str]] | None = None,
    ) -> Lenient:
        """Return a reader of records that the struct refuses; the arguments are as for `Lenient`."""
        return Lenient(self._leaves, fields, self.steps if mapped is None else mapped, self._in_text, entries)

    def getters(self, order: list[str]) -> tuple[Callable[[Any], Row], Callable[[Any], Row]]:
        """Return two functions that make a row of a record: a fast one that raises when an object on a path is
        null, and one that does not.
        """
        paths = [self.steps.get(name, ("unmapped",)) for name in order]

        def safe(record: Any) -> Row:
            return tuple(_walk(record, path) for path in paths)

        return attrgetter(*(".".join(path) for path in paths)), safe


def _opener(texts: Mapping[str, Callable[[str], Any]]) -> Callable[[Any], None]:
    def open_texts(record: Any) -> None:
        for attribute, decode in texts.items():
            value = getattr(record, attribute)
            if type(value) is str:
                try:
                    value = decode(value) if value else None
                except msgspec.ValidationError as error:
                    raise ValueError(str(error)) from error
                except (msgspec.DecodeError, RecursionError) as error:
                    raise ValueError(NO_JSON) from error
                msgspec.structs.force_setattr(record, attribute, value)

    return open_texts


def _walk(value: Any, path: tuple[str, ...]) -> Any:
    for attribute in path:
        if value is None:
            return None
        value = getattr(value, attribute)
    return value
