"""Reads values.yaml with its comments: the description, section and schema of every value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_SECTION = re.compile(r"# == (.+) ==")
_SCHEMA = re.compile(r"\s*# @schema (.+)")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the chart, or a mapping of them."""

    path: tuple[str, ...]
    default: Any
    about: str
    """The comment above it; empty for a mapping without one."""
    schema: dict[str, Any]
    """The schema in its `@schema` comment."""
    section: str
    children: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """The path with dots between the keys."""
        return ".".join(self.path)


def parse_values(text: str) -> tuple[Value, ...]:
    """Return the top-level values in the order of the file.

    Raises:
        ValueError: a value has no description, or an `@schema` line is no mapping.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise TypeError("values.yaml must be a mapping")
    return tuple(_children(node, (), text.splitlines()))


def walk(values: Sequence[Value]) -> Iterator[Value]:
    """Yield every value; a mapping comes before its contents."""
    for value in values:
        yield value
        yield from walk(value.children)


def _children(node: yaml.MappingNode, path: tuple[str, ...], lines: Sequence[str]) -> Iterator[Value]:
    for key, inner in node.value:
        about, schema = _comment(lines, key.start_mark.line)
        place = (*path, key.value)
        # A mapping whose keys the schema leaves open is one value.
        closed = isinstance(inner, yaml.MappingNode) and inner.value and not schema
        children = tuple(_children(inner, place, lines)) if closed else ()
        if not about and not children:
            raise ValueError(f"values.yaml:{key.start_mark.line + 1}: {'.'.join(place)} has no description")
        default = yaml.safe_load(yaml.serialize(inner))
        yield Value(place, default, about, schema, _section(lines, key.start_mark.line), children)


def _comment(lines: Sequence[str], line: int) -> tuple[str, dict[str, Any]]:
    words: list[str] = []
    schema: dict[str, Any] = {}
    for above in reversed(lines[:line]):
        if not above.lstrip().startswith("#"):
            break
        if found := _SCHEMA.fullmatch(above):
            schema = yaml.safe_load(found[1])
            if not isinstance(schema, dict):
                raise TypeError(f"values.yaml: not a mapping: {above.strip()}")
        else:
            words.insert(0, above.lstrip().removeprefix("#").strip())
    return " ".join(words), schema


def _section(lines: Sequence[str], line: int) -> str:
    titles = (found[1] for above in reversed(lines[:line]) if (found := _SECTION.fullmatch(above)))
    return next(titles, "")
