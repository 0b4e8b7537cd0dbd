"""JSON lines, decoded into structs that are compiled from the field map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from collectors.files.fields import FIELDS, Path, parse_path
from collectors.files.formats.interface import MAX_COUNT, Parsed, Row, split_lines
from collectors.interface import Result

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
_TYPES: Mapping[str, Any] = {
    "time": str | int | float | None,
    "model": str | None,
    "request_id": str | int | None,
    "operation": str | None,
    "status": str | int | bool | None,
    "input_tokens": _Count | None,
    "cached_input_tokens": _Count | None,
    "output_tokens": _Count | None,
    "cost_usd": _Amount | None,
    "latency_ms": _Amount | None,
    "trace_id": str | int | None,
    "inferences": _Amount | None,
    "sample_rate": Annotated[float, msgspec.Meta(gt=0, le=1)] | None,
    "cache_hit": str | int | bool | None,
    "attempts": _Amount | None,
}
_TEXT = str | int | float | bool | None
_BOM = b"\xef\xbb\xbf"


class JsonLines:
    """Reads JSON lines by a field map; `template` are the paths of the system template."""

    wants_header = False

    def __init__(self, fields: Mapping[str, str], template: tuple[str, ...]) -> None:
        wanted = [(name, parse_path(fields[name]), _TYPES[name]) for name in FIELDS if name in fields]
        wanted += [(f"template {index}", parse_path(path), _TEXT) for index, path in enumerate(template)]
        self._shape = _Shape(wanted)
        order = [*FIELDS, *(f"template {index}" for index in range(len(template)))]
        self.record = self._shape.struct
        """What a line is decoded into."""
        self._fast, self._safe = self._shape.getters(order)
        # strict=False takes "7" and 7.0 for 7, as producers write them; a boolean is still no number.
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.record, strict=False).decode

    def check_header(self, line: bytes) -> tuple[str, ...]:  # noqa: ARG002 a JSON log has no header
        """Nothing to check."""
        return ()

    def parse(self, data: bytes, header: bytes | None) -> Parsed:  # noqa: ARG002 a JSON log has no header
        """Decode every line on its own: two objects on a line, or one over two lines, must not pass as records."""
        lines = split_lines(data)
        try:
            records = list(map(self._decode, lines))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(lines)
        return Parsed(self._rows(records))

    def _rows(self, records: list[Any]) -> list[Row]:
        try:
            return list(map(self._fast, records))
        except AttributeError:  # an object on the way to a value is null
            return list(map(self._safe, records))

    def _one_by_one(self, lines: list[bytes]) -> Parsed:
        parsed, records = Parsed(lines=[]), []
        indices = parsed.lines
        for index, line in enumerate(lines):
            # A file copied and truncated under a writer that does not append has a hole of NULs at its start.
            text = line.removeprefix(_BOM).lstrip(b"\0").strip()
            if not text:
                parsed.ignored += 1
                continue
            try:
                records.append(self._decode(text))
            except msgspec.ValidationError as error:
                parsed.refused.append((index, *self._explain(error)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                parsed.refused.append((index, Result.INVALID_LINE, "not one JSON object"))
            else:
                if indices is not None:
                    indices.append(index)
        parsed.rows = self._rows(records)
        return parsed

    def _explain(self, error: msgspec.ValidationError) -> tuple[Result, str]:
        # msgspec names types and the place, never the value: "Expected `int`, got `array` - at `$.usage.input`".
        reason, _, place = str(error).partition(" - at ")
        path = place.strip("`").removeprefix("$").lstrip(".")
        if not path:
            return Result.INVALID_LINE, "not one JSON object"
        return Result.MISTYPED_FIELD, f"{path}: {reason[:1].lower()}{reason[1:]}"


class _Shape:
    """A tree of structs that has exactly the wanted values of a record, and skips all others undecoded."""

    def __init__(self, wanted: list[tuple[str, Path, Any]]) -> None:
        self._attributes: dict[str, tuple[str, ...]] = {}
        tree: dict[str, Any] = {}
        for name, path, kind in wanted:
            node: Any = tree
            for key in path[:-1]:
                node = node.setdefault(key, {}) if isinstance(node, dict) else None
            leaf = node.get(path[-1], ((), kind)) if isinstance(node, dict) else None
            if leaf is None or isinstance(leaf, dict):
                raise ValueError(f"{'.'.join(path)}: one mapped path goes through another mapped value")
            names, known = leaf
            if known != kind and kind is not _TEXT:
                raise ValueError(f"{'.'.join(path)}: mapped to two fields of different types")
            # A template field that is also a mapped one keeps the stricter type of the two.
            node[path[-1]] = ((*names, name), known)
        self.struct = self._build(tree, ())

    def _build(self, tree: Mapping[str, Any], prefix: tuple[str, ...]) -> type[msgspec.Struct]:
        fields: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        for index, (key, node) in enumerate(tree.items()):
            attribute = f"f{index}"
            rename[attribute] = key
            if isinstance(node, dict):
                inner = self._build(node, (*prefix, attribute))
                fields.append((attribute, inner | None, inner()))
                continue
            names, kind = node
            for name in names:
                self._attributes[name] = (*prefix, attribute)
            fields.append((attribute, kind, None))
        # gc=False: these structs cannot form cycles, and the collector would visit a million of them.
        return msgspec.defstruct(
            "Record", fields, rename=rename, frozen=True, gc=False, namespace={"unmapped": None}
        )

    def getters(self, order: list[str]) -> tuple[Callable[[Any], Row], Callable[[Any], Row]]:
        """Two ways to read a row: a fast one that fails on a null on the way, and one that never does."""
        paths = [self._attributes.get(name, ("unmapped",)) for name in order]

        def safe(record: Any) -> Row:
            return tuple(_walk(record, path) for path in paths)

        return attrgetter(*(".".join(path) for path in paths)), safe


def _walk(value: Any, path: tuple[str, ...]) -> Any:
    for attribute in path:
        if value is None:
            return None
        value = getattr(value, attribute)
    return value
