"""Writes a YAML document as JSON, so that one parser reads both.

What tools write is a JSON document in another dress: anchors where an object is met again, and no own types.
Events are read one at a time, as a tree of nodes would take a hundred times the size of the file.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import yaml

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LARGEST = 64 << 20
"""Of the JSON text in bytes, with what anchors repeat."""
_DEEPEST = 200
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {word: word.lower().encode() for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_PLAIN = "tag:yaml.org,2002:str"


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun."""

    is_mapping: bool
    anchor: str | None
    start: int
    parts: int = 0


class _Writer:
    """The JSON text that is being made."""

    def __init__(self) -> None:
        self.text = bytearray()
        self._open: list[_Open] = []
        self._anchors: dict[str, bytes] = {}

    def event(self, event: Any) -> None:
        """Write what an event means.

        Raises:
            BadInput: the document cannot be JSON, or is too large.
        """
        if isinstance(event, yaml.ScalarEvent):
            self._separate()
            start = len(self.text)
            self.text += self._scalar(event)
            self._name(event.anchor, start)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._separate()
            if self._is_key or len(self._open) == _DEEPEST:
                raise BadInput(Result.INVALID_LINE, "is nested too deeply, or has a key that is no text")
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(is_mapping, event.anchor, len(self.text)))
            self.text += b"{" if is_mapping else b"["
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            ended = self._open.pop()
            self.text += b"}" if ended.is_mapping else b"]"
            self._name(ended.anchor, ended.start)
        elif isinstance(event, yaml.AliasEvent):
            self._separate()
            if event.anchor not in self._anchors:
                raise BadInput(Result.INVALID_LINE, "refers to something that is not there")
            self.text += self._anchors[event.anchor]
        if len(self.text) > _LARGEST:
            raise BadInput(Result.INVALID_LINE, f"is larger than {_LARGEST >> 20} MiB as JSON")

    def _separate(self) -> None:
        if self._open:
            around = self._open[-1]
            if around.parts:
                self.text += b":" if around.is_mapping and around.parts % 2 else b","
            around.parts += 1

    @property
    def _is_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_mapping and self._open[-1].parts % 2 == 1

    def _name(self, anchor: str | None, start: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = bytes(self.text[start:])

    def _scalar(self, event: Any) -> bytes:
        text: str = event.value
        if not self._is_key and not event.style and event.implicit[0] and event.tag in {None, _PLAIN}:
            if text in _NULLS:
                return b"null"
            if text in _BOOLEANS:
                return _BOOLEANS[text]
            if _NUMBER.fullmatch(text):
                return text.encode()
        return json.dumps(text).encode()


def as_json(data: BinaryIO) -> BinaryIO:
    """Return the first document of a YAML file as JSON.

    Raises:
        BadInput: it is no YAML, or nothing that could be JSON.
    """
    writer = _Writer()
    try:
        for event in _first_document(yaml.parse(data, Loader=_LOADER)):
            writer.event(event)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise BadInput(Result.INVALID_LINE, "is not YAML") from error
    return io.BytesIO(bytes(writer.text) or b"null")


def _first_document(events: Any) -> Iterator[Any]:
    for event in events:
        if isinstance(event, yaml.DocumentEndEvent):
            return
        yield event
