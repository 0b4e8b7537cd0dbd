"""Generates the reference of all settings in Markdown from the JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from leverwatch.agent.config.generated_part import with_part
from leverwatch.agent.config.schema import branches, follow, json_schema
from leverwatch.collectors.config import Duration
from leverwatch.collectors.registry import SourceType

BEGIN = "<!-- settings: generated, do not edit -->"
END = "<!-- settings: end -->"

_RANGES = (
    ("exclusiveMinimum", "more than"),
    ("minimum", "at least"),
    ("exclusiveMaximum", "less than"),
    ("maximum", "at most"),
)
_FORMATS = {"date": "day", "path": "path"}
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


@cache
def _duration_pattern() -> str:
    pattern: str = TypeAdapter(Duration).json_schema()["pattern"]
    return pattern


def render_reference(types: Mapping[str, SourceType] | None = None) -> str:
    """Return a Markdown table for every section: path, type, default and meaning of each setting."""
    schema = json_schema(types)
    sections = list(_Reference(schema).section("", schema))
    return "\n\n".join(sections) + "\n"


def with_reference(page: str, types: Mapping[str, SourceType] | None = None) -> str:
    """Return the page `docs/configuration.md` with its generated part replaced.

    Raises:
        ValueError: the page lacks the marks of the generated part.
    """
    return with_part(page, BEGIN, END, render_reference(types))


class _Reference:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.written: dict[str, str] = {}

    def section(self, path: str, node: Mapping[str, Any]) -> Iterator[str]:
        """Yield a heading and a table for the mapping at `path`, then those of the mappings inside it."""
        rows, inner = [], []
        for key, value in node["properties"].items():
            dotted = f"{path}.{key}" if path else key
            for suffix, part in self._mappings(value):
                inner.append((dotted + suffix, part))
            rows.append(self._row(dotted, value, required=key in node.get("required", ())))
        tag = node["properties"].get("type", {}).get("const")
        heading = f"`{path}`" + (f" with `type: {tag}`" if tag else "") if path else "Top level"
        about = f"{_one_line(node['description'])}\n\n" if node.get("description") else ""
        table = ["| Setting | Type | Default | Meaning |", "|---|---|---|---|", *rows]
        yield f"### {heading}\n\n{about}" + "\n".join(table)
        for dotted, part in inner:
            name = part.get("title", dotted)
            if name not in self.written:
                self.written[name] = dotted
                yield from self.section(dotted, part)

    def _mappings(self, node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the mappings with settings of their own that a value can have, and their paths within it."""
        for branch in branches(self.schema, node):
            if "properties" in branch:
                yield "", branch
            elif "items" in branch:
                yield from ((f"[]{suffix}", part) for suffix, part in self._mappings(branch["items"]))
            else:
                yield from ((f".<name>{suffix}", part) for suffix, part in self._free_keys(branch))

    def _free_keys(self, branch: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for part in self._values(branch):
            yield from self._mappings(part)

    def _values(self, branch: Mapping[str, Any]) -> list[Any]:
        parts = [*branch.get("patternProperties", {}).values(), branch.get("additionalProperties")]
        return [part for part in parts if isinstance(part, dict)]

    def _row(self, dotted: str, node: Mapping[str, Any], *, required: bool) -> str:
        target = follow(self.schema, node)
        meaning = _one_line(node.get("description") or target.get("description", ""))
        if "const" in target and not meaning:
            meaning = "Chooses the settings of this table."
        examples = [example for example in node.get("examples", ()) if example != node.get("default")]
        if examples:
            meaning += " Example: " + ", ".join(f"`{_written(example)}`" for example in examples) + "."
        cells = (f"`{dotted}`", self._type(node), _default(node, required=required), meaning)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    def _type(self, node: Mapping[str, Any]) -> str:
        words = dict.fromkeys(self._word(part) for part in branches(self.schema, node))
        return " or ".join(word for word in words if word)

    def _word(self, node: Mapping[str, Any]) -> str:
        if "const" in node:
            return f"`{node['const']}`"
        if "enum" in node:
            return ", ".join(f"`{choice}`" for choice in node["enum"])
        kind = node.get("type")
        if kind == "array":
            return f"list of {self._type(node['items'])}"
        if kind == "object":
            values = self._values(node)
            return f"mapping of name to {self._type(values[0])}" if values else "mapping"
        if kind == "string" and node.get("pattern") == _duration_pattern():
            return "duration"
        if kind == "string" and node.get("pattern", "").startswith("^[0-9]"):
            # The same number, written with underscores.
            return ""
        limits = [f"{words} {node[key]:g}" for key, words in _RANGES if key in node]
        word = _FORMATS.get(node.get("format", ""), _TYPES.get(str(kind), ""))
        return f"{word}, {' and '.join(limits)}" if limits else word


def _default(node: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    default = node.get("default")
    return "" if default in (None, {}, []) else f"`{_written(default)}`"


def _written(value: Any) -> str:
    """Return a value in YAML's flow style, on one line."""
    if isinstance(value, str):
        return value
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
