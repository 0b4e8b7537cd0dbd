"""Selects values of YAML, JSON and TOML by the path of their keys. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import yaml

from leverwatch.collectors.selection.names import glob_of
from leverwatch.collectors.selection.selector import Part, Unparsable

_MOST_VISITS = 100_000
"""Values that are looked at in one document, in which an alias may stand for any number of them."""
_LARGEST_VALUE = 5 * 1024 * 1024
_MERGE = "<<"
_INDEX = re.compile(r"\[(\d+|\*)\]")
# Without the C library PyYAML has the slow loader only. Neither makes anything but texts, lists and mappings.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def key_steps(path: str) -> tuple[str, ...]:
    r"""Return the steps of a path such as `prompts.*.system` or `messages[0].content`; `\.` is no end of one.

    Raises:
        ValueError: a step is empty.
    """
    steps = tuple(
        step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", _INDEX.sub(r".\1", path).removeprefix("."))
    )
    if not all(steps):
        raise ValueError("a path of keys has no empty part")
    return steps


@cache
def _step(step: str) -> re.Pattern[str]:
    return re.compile(glob_of(step, ".*"), re.DOTALL)


def keyed_texts(text: str, language: str, paths: Sequence[str]) -> Iterator[Part]:
    """Yield the values of the paths, in their order. A list or mapping is one text; its keys have no order.

    Raises:
        Unparsable: it is no document of this language, or too deeply made of itself.
    """
    documents = _read(text, language)
    for path in paths:
        search = _Search()
        for document in documents:
            yield from search.found(document, key_steps(path), "")


class _Search:
    def __init__(self) -> None:
        self._visits = 0
        self._merges: dict[int, dict[Any, Any]] = {}

    def found(self, value: Any, steps: tuple[str, ...], label: str) -> Iterator[Part]:
        self._visits += 1
        if self._visits > _MOST_VISITS:
            raise Unparsable("aliases that repeat too much")
        if not steps:
            if value is not None:
                yield Part(label, _text(value))
        elif steps[0] == "**":
            yield from self.found(value, steps[1:], label)
            for _, inner, name in self._items(value):
                yield from self.found(inner, steps, f"{label}{name}")
        else:
            for key, inner, name in self._items(value):
                if _step(steps[0]).fullmatch(key):
                    # Elements that any number stands for are one text: one more does not rename those behind it.
                    name = name if name[0] != "[" or steps[0] == key else "[]"
                    yield from self.found(inner, steps[1:], f"{label}{name}".lstrip("."))

    def _items(self, value: Any) -> Iterator[tuple[str, Any, str]]:
        """Yield the keys of a mapping or a list, with its values and their labels."""
        if isinstance(value, dict):
            yield from ((str(key), inner, f".{key}") for key, inner in self._merged(value).items())
        elif isinstance(value, list):
            yield from ((str(number), inner, f"[{number}]") for number, inner in enumerate(value))

    def _merged(self, value: dict[Any, Any]) -> dict[Any, Any]:
        """Return a mapping with what it takes over from others by the key `<<` of YAML, and has none of itself."""
        others = value.get(_MERGE)
        if not isinstance(others, dict | list):
            return value
        known = self._merges.get(id(value))
        if known is None:
            # What takes over from itself has nothing to take.
            self._merges[id(value)] = {}
            known = {key: inner for key, inner in value.items() if key != _MERGE}
            for other in others if isinstance(others, list) else [others]:
                if isinstance(other, dict):
                    known = {**self._merged(other), **known}
            self._merges[id(value)] = known
        return known


def _text(value: Any) -> str:
    if not isinstance(value, dict | list):
        return str(value)
    pieces = []
    size = 0
    try:
        for piece in json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str).iterencode(value):
            size += len(piece)
            if size > _LARGEST_VALUE:
                raise Unparsable("aliases that repeat too much")
            pieces.append(piece)
    except (ValueError, TypeError) as error:
        raise Unparsable("a value that is part of itself, or has no text") from error
    return "".join(pieces)


def _read(text: str, language: str) -> list[Any]:
    try:
        if language == "json":
            return [json.loads(text)]
        if language == "toml":
            return [tomllib.loads(text)]
        return list(yaml.load_all(text, Loader=_Loader))
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise Unparsable(f"not {language}") from error
