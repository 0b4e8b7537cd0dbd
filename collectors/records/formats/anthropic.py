"""Anthropic's own objects: messages, the events of a streamed message, the results of a batch, and the lines of a
Claude Code transcript, which have messages inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Parsed, Piece, Reader, Repeats
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.lenient import sound
from leverwatch.collectors.records.service_tiers import Tier
from leverwatch.collectors.records.tokens import Stands

_OPERATION, _STATUS, _FINISH = FIELD_INDEX["operation"], FIELD_INDEX["status"], FIELD_INDEX["finish_reason"]
_INPUT, _OUTPUT = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_TIER, _FAST = FIELD_INDEX["tier"], Tier.FAST.value
_CACHED, _WRITTEN = FIELD_INDEX["cached_input_tokens"], FIELD_INDEX["cache_write_tokens"]
_CALLS = frozenset({"message", "completion"})
_INSIDE = frozenset({"content_block_start", "content_block_delta", "content_block_stop", "ping"})
_EVENTS = _INSIDE | {"message_start", "message_delta", "message_stop"}
_PARTS = _EVENTS - {"ping"}
_INNER_EVENT = re.compile(rb'"type\\*":\s*\\*"(?:message_delta|message_stop|content_block_)')
_OUTCOMES = frozenset({"succeeded", "errored", "canceled", "expired"})


_LINE = "assistant"
"""The type of the lines of a transcript that have messages."""
_LINE_KEYS = frozenset({"type", "uuid", "sessionId"})
_NO_MODEL = "<synthetic>"
"""The model of a message that Claude Code wrote itself."""


class _Iteration(msgspec.Struct, gc=False):
    type: str | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    cache_read_input_tokens: float | None = None
    cache_creation_input_tokens: float | None = None


def _finish(
    row: list[Any],
    kind: str | None,
    result: object,
    model: str | None,
    failed: bool | None,
    speed: str | None,
    iterations: list[_Iteration] | None,
) -> Result | None:
    if speed is not None and speed == _FAST:
        row[_TIER] = _FAST
    if result is not None:
        row[_OPERATION], row[_TIER] = "message", Tier.BATCH.value
    elif kind == "error" or failed:
        row[_STATUS] = "error"
    elif kind not in _CALLS:
        return Result.MISSING_FIELD if kind is None else Result.NOT_A_CALL
    elif model == _NO_MODEL:
        return Result.NOT_A_CALL
    for one in iterations or ():
        if one.type == "compaction":
            # The totals leave out what it took to sum up the context.
            _add(row, _INPUT, one.input_tokens)
            _add(row, _OUTPUT, one.output_tokens)
            _add(row, _CACHED, one.cache_read_input_tokens)
            _add(row, _WRITTEN, one.cache_creation_input_tokens)
    return None


def _add(row: list[Any], place: int, number: float | None) -> None:
    if number and number > 0:
        row[place] = (row[place] or 0) + number


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    kind, result = record.get("type"), record.get("result")
    outcome = result.get("type") if isinstance(result, Mapping) else None
    if "custom_id" in record and isinstance(outcome, str) and outcome in _OUTCOMES:
        return 95
    if kind == "message" and "usage" in record:
        return 95
    if isinstance(kind, str) and kind in _EVENTS:
        return 90
    if record.keys() >= _LINE_KEYS:
        message = record.get("message")
        return 95 if kind == _LINE and isinstance(message, Mapping) and "usage" in message else 60
    return 50 if kind == "error" and isinstance(record.get("error"), Mapping) else 0


class _Delta(msgspec.Struct, gc=False):
    stop_reason: str | None = None


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    message: dict[str, msgspec.Raw] | None = None
    delta: _Delta | None = None
    usage: dict[str, msgspec.Raw] | None = None
    error: dict[str, msgspec.Raw] | str | None = None


class _Stop(msgspec.Struct, gc=False):
    stop_reason: str | msgspec.UnsetType | None = msgspec.UNSET


_event = msgspec.json.Decoder(_Event)
_stop = msgspec.json.Decoder(_Stop)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_usage = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def _event_of(unit: bytes) -> tuple[_Event, bytes]:
    """Return an event and its text, of which what JSON has not is mended; an empty event for what is none."""
    try:
        return _event.decode(unit), unit
    except msgspec.ValidationError:
        return _Event(), unit
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = sound(unit)
        return _event.decode(text), text
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Event(), unit


def _joined(outer: dict[str, msgspec.Raw], message: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the fields of a message with those beside it, without what was said."""
    fields = outer | message
    for said in ("message", "content"):
        fields.pop(said, None)
    return fields


def _message_in(line: bytes) -> bytes:
    """Return the message of a line of a transcript, with the fields beside it; any other line as it is."""
    if b'"assistant"' not in line:
        return line
    try:
        outer = _object.decode(line)
        if bytes(outer["type"]) != b'"assistant"':
            return line
        message = _object.decode(outer["message"])
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line
    return msgspec.json.encode(_joined(outer, message) | {"type": "message"})


def _is_open(text: bytes) -> bool:
    """Return whether a message says that it has not stopped yet."""
    try:
        return _stop.decode(text).stop_reason is None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


class _Message:
    """A message that is being streamed."""

    def __init__(self, line: int, event: dict[str, msgspec.Raw], start: dict[str, msgspec.Raw]) -> None:
        self.line = line
        self._fields = _joined(event, start)
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
    has_ends = True

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

    def goes_on(self, data: bytes) -> bool:
        """Return whether there are events of a message before any message begins."""
        inside = _INNER_EVENT.search(data)
        return inside is not None and self.group_marker not in data[: inside.start()]

    def _kind(self, unit: bytes) -> str | None:
        return _event_of(unit)[0].type if b'"message_' in unit else None

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read messages. A streamed message must be in the units from its first event to its last."""
        records = self.decode(units)
        kinds = None if records is None else set(map(self._kind_of, records))
        if kinds is None or _LINE in kinds:
            units = [_message_in(unit) for unit in units]
            records = self.decode(units)
        if records is not None and kinds is not None and _PARTS.isdisjoint(kinds):
            return self._with_open(self.rows(records), units)
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

        known = [None] * len(units) if records is None else map(self._kind_of, records)
        for line, (unit, kind) in enumerate(zip(units, known, strict=True)):
            if kind in _INSIDE:
                parts += 1  # most events of a stream
                continue
            if kind == "message_stop":
                parts += 1
                end("message")
                continue
            event, text = _event_of(unit)
            if event.type == "message_start" and event.message is not None:
                end("message")
                try:
                    running = _Message(line, _object.decode(text), event.message)
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
        parsed = self._with_open(super().read(texts), texts)
        kept = range(len(texts)) if parsed.lines is None else parsed.lines
        parsed.lines = [lines[index] for index in kept]
        refused += ((lines[index], result, detail) for index, result, detail in parsed.refused)
        parsed.refused = refused
        if parts:
            parsed.passed[Result.PART] = parsed.passed.get(Result.PART, 0) + parts
        return parsed

    @staticmethod
    def _with_open(parsed: Parsed, texts: Sequence[bytes]) -> Parsed:
        """Mark the messages that are not complete: a later record with the id of one says more."""
        for index, row in enumerate(parsed.rows):
            if row[_FINISH] is None and row[_STATUS] is None:
                text = texts[index if parsed.lines is None else parsed.lines[index]]
                if _is_open(text):
                    parsed.pieces[index] = Piece.OPEN
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
        "cache_write_1h_tokens": _paths("usage.cache_creation.ephemeral_1h_input_tokens"),
        "tier": _paths("usage.service_tier"),
        "output_tokens": _paths("usage.output_tokens"),
        "reasoning_tokens": _paths("usage.output_tokens_details.thinking_tokens"),
        "finish_reason": _paths("stop_reason"),
    },
    names={"model": _paths("model")},
    extras={
        "kind": ("type", str | None),
        "result": ("result.type", str | int | bool | None),
        "model": ("model", str | None),
        "failed": ("isApiErrorMessage", bool | None),
        "speed": (_paths("usage.speed"), str | None),
        "iterations": (_paths("usage.iterations"), list[_Iteration] | None),
    },
    completes={"speed": "tier", "iterations": "+input_tokens"},
    cached=Stands.BESIDE,
    repeats=Repeats.VERSIONS,
    finish=_finish,
    plainly=Plainly(absent=("message", *_paths("usage.iterations")), marker=Anthropic.group_marker),
)
