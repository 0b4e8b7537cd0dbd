"""Anthropic's own objects: messages, the events of a streamed message, and the results of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Parsed, Reader
from leverwatch.collectors.records.tokens import Stands

_OPERATION, _STATUS = FIELD_INDEX["operation"], FIELD_INDEX["status"]
_CALLS = frozenset({"message", "completion"})
_INSIDE = frozenset({"content_block_start", "content_block_delta", "content_block_stop", "ping"})
_EVENTS = _INSIDE | {"message_start", "message_delta", "message_stop"}
_PARTS = _EVENTS - {"ping"}
_OUTCOMES = frozenset({"succeeded", "errored", "canceled", "expired"})


def _finish(row: list[Any], *, kind: str | None, result: object) -> Result | None:
    if result is not None:
        row[_OPERATION] = "message"
    elif kind == "error":
        row[_STATUS] = "error"
    elif kind not in _CALLS:
        return Result.MISSING_FIELD if kind is None else Result.NOT_A_CALL
    return None


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    kind, result = record.get("type"), record.get("result")
    if "custom_id" in record and isinstance(result, Mapping) and result.get("type") in _OUTCOMES:
        return 95
    if kind == "message" and "usage" in record:
        return 95
    if kind in _EVENTS:
        return 90
    return 50 if kind == "error" and isinstance(record.get("error"), Mapping) else 0


class _Delta(msgspec.Struct, gc=False):
    stop_reason: str | None = None


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    message: dict[str, msgspec.Raw] | None = None
    delta: _Delta | None = None
    usage: dict[str, msgspec.Raw] | None = None
    error: dict[str, msgspec.Raw] | str | None = None


_event = msgspec.json.Decoder(_Event)
_usage = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


class _Message:
    """A message that is being streamed."""

    def __init__(self, line: int, start: dict[str, msgspec.Raw]) -> None:
        self.line = line
        self._fields = {key: value for key, value in start.items() if key != "content"}
        self._usage = _usage.decode(start["usage"]) or {} if "usage" in start else {}
        # What the start says of the output is not the end of it.
        self._usage.pop("output_tokens", None)

    def add(self, event: _Event) -> None:
        """Add the values of a later event."""
        self._usage |= {key: value for key, value in (event.usage or {}).items() if bytes(value) != b"null"}
        if event.delta is not None and event.delta.stop_reason is not None:
            self._fields["stop_reason"] = msgspec.Raw(msgspec.json.encode(event.delta.stop_reason))

    def text(self, kind: str) -> bytes:
        """Return the message as JSON, as if it had not been streamed."""
        return msgspec.json.encode(self._fields | {"type": kind, "usage": self._usage})


class Anthropic(Declared):
    """Reads messages. The events of a streamed message are joined first, as only the first one has its id."""

    group_marker = b"message_start"

    def __init__(self, declaration: Declaration, template: Sequence[str]) -> None:
        super().__init__(declaration, template)
        self._kind_of = self.getter("extra kind 0")

    def open_from(self, units: Sequence[bytes]) -> int | None:
        """Return the index of the first event of a message that is not complete yet; None when there is none."""
        for index in range(len(units) - 1, -1, -1):
            kind = self._kind(units[index])
            if kind == "message_stop":
                return None
            if kind == "message_start":
                return index
        return None

    def _kind(self, unit: bytes) -> str | None:
        try:
            return _event.decode(unit).type if b'"message_' in unit else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read messages. A streamed message must be in the units from its first event to its last."""
        records = self.decode(units)
        if records is not None and _PARTS.isdisjoint(map(self._kind_of, records)):
            return self.rows(records)
        texts: list[bytes] = []
        lines: list[int] = []
        refused: list[tuple[int, Result, str]] = []
        parts = 0
        running: _Message | None = None

        def end(kind: str) -> None:
            nonlocal running
            if running is not None:
                texts.append(running.text(kind))
                lines.append(running.line)
                running = None

        for line, unit in enumerate(units):
            try:
                event = _event.decode(unit)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                event = _Event()
            if event.type == "message_start" and event.message is not None:
                end("message")
                try:
                    running = _Message(line, event.message)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    refused.append((line, Result.MISTYPED_FIELD, "message.usage: expected an object"))
                continue
            if event.type == "message_delta" and running is not None:
                running.add(event)
            if event.type in _EVENTS or (event.type == "error" and running is not None):
                parts += 1
                if event.type in ("message_stop", "error"):
                    end("message" if event.type == "message_stop" else "error")
                continue
            texts.append(unit)
            lines.append(line)
        end("message")
        parsed = super().read(texts)
        kept = range(len(texts)) if parsed.lines is None else parsed.lines
        parsed.lines = [lines[index] for index in kept]
        refused += ((lines[index], result, detail) for index, result, detail in parsed.refused)
        parsed.refused = refused
        if parts:
            parsed.passed[Result.PART] = parsed.passed.get(Result.PART, 0) + parts
        return parsed


@dataclass(frozen=True)
class _Declaration(Declaration):
    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader.

        Raises:
            ValueError: a placeholder of the system template is not a valid path.
        """
        return Anthropic(self, template)


def _paths(key: str) -> tuple[str, ...]:
    return key, f"result.message.{key}"


ANTHROPIC = _Declaration(
    name="anthropic",
    recognise=_recognise,
    fields={
        "time": ("created_at", "timestamp", "time", "ts"),
        "model": _paths("model"),
        "request_id": (*_paths("id"), "request_id"),
        "operation": (),
        "status": "result.type",
        "input_tokens": _paths("usage.input_tokens"),
        "cached_input_tokens": _paths("usage.cache_read_input_tokens"),
        "cache_write_tokens": _paths("usage.cache_creation_input_tokens"),
        "output_tokens": _paths("usage.output_tokens"),
        "finish_reason": _paths("stop_reason"),
    },
    names={"model": _paths("model")},
    extras={"kind": ("type", str | None), "result": ("result.type", str | int | bool | None)},
    cached=Stands.BESIDE,
    finish=_finish,
)
