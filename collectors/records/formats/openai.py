"""OpenAI's own objects: chat completions, Responses, stream chunks and events, and the output of the Batch API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, islice
from operator import itemgetter, ne
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX, template_slice
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Parsed, Piece, Reader, Row
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.service_tiers import Tier


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    index: Any = None
    """Only compared: one that is no number must not cost the record."""


_Choices = list[_Choice] | None
_Error = dict[str, msgspec.Raw] | str | None
_OPERATION, _STATUS, _FINISH = FIELD_INDEX["operation"], FIELD_INDEX["status"], FIELD_INDEX["finish_reason"]
_TIER = FIELD_INDEX["tier"]
_REQUEST, _INPUT, _OUTPUT = (
    FIELD_INDEX["request_id"],
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["output_tokens"],
)
_USAGE = tuple(
    FIELD_INDEX[name]
    for name in (
        "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
    )
)  # fmt: skip
_OPERATIONS = {
    "chat.completion": "chat",
    "chat.completion.chunk": "chat",
    "text_completion": "text_completion",
    "response": "responses",
    "response.compaction": "responses",
}
_STREAMED = frozenset({"chat.completion.chunk", "text_completion"})
"""Objects that may be chunks of a stream. A `text_completion` may also be a whole call."""
_TEMPLATE = template_slice(has_extended=True)
_TEXTS = frozenset({str, type(None)})
_A_STREAM = 8
"""So few records are not looked at for what repeats."""
_NOT_FINAL = frozenset({"queued", "in_progress"})
_FINAL = frozenset({"response.completed", "response.failed", "response.incomplete"})


def _finish(
    row: list[Any],
    kind: str | None,
    event: str | None,
    of_event: str | None,
    of_body: str | None,
    custom_id: object,
    choices: _Choices,
    body_choices: _Choices,
    body_data: object,
    body_results: object,
    error: object,
    body_error: object,
) -> Result | Piece | None:
    is_event = event is not None and event.startswith("response.")
    if is_event and of_event is None:
        # Most events of a stream carry neither the response nor its id.
        row[_REQUEST] = None
        return Result.PART
    kind = of_body or of_event or kind
    if kind == "" and not choices:
        # Azure starts a stream with the verdict of its content filter, in a chunk without id and time.
        row[_REQUEST] = None
        return Result.PART
    is_batch = custom_id is not None
    if is_batch:
        # The body is that of the call alone, which does not know of the batch.
        row[_TIER] = Tier.BATCH.value
    failed = error is not None or body_error is not None
    if kind == "list" and row[_INPUT] is not None:
        row[_OPERATION] = "embeddings"
    elif kind in _OPERATIONS:
        row[_OPERATION] = _OPERATIONS[kind]
    elif kind is not None:
        return Result.NOT_A_CALL
    elif not failed and not is_batch and choices is None:
        return Result.MISSING_FIELD
    elif is_batch and body_data is not None:
        row[_OPERATION] = "image"
    elif is_batch and body_results is not None:
        row[_OPERATION] = "moderation"
    choices = choices or body_choices
    if choices and row[_FINISH] is None:
        row[_FINISH] = choices[0].finish_reason
    if failed:
        row[_STATUS] = "error"
    elif row[_STATUS] == "incomplete":
        # The model ran and what it wrote is billed; the finish reason says what stopped it.
        row[_STATUS] = "success"
    if is_event:
        if row[_STATUS] in _NOT_FINAL:
            row[_STATUS] = None
        return Piece.DONE if event in _FINAL else Piece.PART
    if kind == "response" and not is_batch and row[_STATUS] in _NOT_FINAL:
        # Asked for while it is made: it counts when it is done.
        return Result.NOT_A_CALL
    return _chunk(row, choices) if kind in _STREAMED and not is_batch else None


def _chunk(row: list[Any], choices: _Choices) -> Result | Piece:
    """Return which part of a stream a chunk is."""
    tells_usage = row[_INPUT] is not None or row[_OUTPUT] is not None
    if not choices:
        if tells_usage:
            return Piece.REST
        return Result.PART if row[_REQUEST] is None else Piece.CHUNK
    if tells_usage and not row[_INPUT] and not row[_OUTPUT]:
        # What some servers write in every chunk but the one that tells the usage.
        for place in _USAGE:
            row[place] = None
    for choice in choices:
        # Each of several choices has an end of its own.
        if choice.finish_reason and choice.index in (0, None):
            return Piece.END
    return Piece.CHUNK


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    kind = record.get("object")
    if isinstance(kind, str) and kind in _OPERATIONS and "id" in record:
        return 95
    if "custom_id" in record and "response" in record:
        return 95
    if str(record.get("type", "")).startswith("response."):
        return 90
    return 40 if record.get("object") == "list" and "usage" in record else 0


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    response: dict[str, msgspec.Raw] | None = None


_event = msgspec.json.Decoder(_Event)
_IS_ERROR = (b'"type":"error"', b'"type": "error"')


def _with_errors(units: Sequence[bytes]) -> Sequence[bytes]:
    """Return the records with each event `error`, which names no response, as the end of the one before it."""
    found = []
    running: dict[str, msgspec.Raw] | None = None
    for unit in units:
        try:
            event = _event.decode(unit)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            event = _Event()
        if event.response is not None:
            running = None if event.type in _FINAL else event.response
        elif event.type == "error" and running is not None:
            failed = running | {"status": msgspec.Raw(b'"failed"')}
            found.append(msgspec.json.encode({"type": "response.failed", "response": failed}))
            running = None
            continue
        found.append(unit)
    return found


class OpenAI(Declared):
    """Reads objects, chunks and events. An event `error` belongs to the response whose events come before it."""

    def __init__(self, declaration: Declaration, template: Sequence[str]) -> None:
        super().__init__(declaration, template)
        self._event_of, self._kind_of = self.getter("extra event 0"), self.getter("extra kind 0")

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read records; the events of a response must be among them for its `error` to be known as that."""
        records = self.decode(units)
        if records is not None and "error" not in set(map(self._event_of, records)):
            return self.rows(records)
        if records is not None or any(mark in unit for unit in units for mark in _IS_ERROR):
            units = _with_errors(units)
        return super().read(units)

    def rows(self, records: Sequence[Any]) -> Parsed:
        """Turn decoded records into rows. Most chunks of a stream differ in nothing but their text."""
        if len(records) < _A_STREAM or self._kind_of(records[0]) not in _STREAMED:
            return super().rows(records)
        starts = [True, *map(ne, islice(records, 1, None), records)]
        parsed = super().rows(list(compress(records, starts)))
        if parsed.lines is not None or not _are_of_texts(parsed.rows):
            return super().rows(records)
        places = [number - 1 for number in accumulate(starts)]
        pieces = parsed.pieces
        return Parsed(
            rows=[parsed.rows[place] for place in places],
            pieces={at: pieces[place] for at, place in enumerate(places) if place in pieces},
        )


def _are_of_texts(rows: Sequence[Row]) -> bool:
    """Whether what equals one of these rows is the same row: 1, 1.0 and True are equal, but not as texts."""
    places = (_STATUS, *range(len(rows[0]))[_TEMPLATE]) if rows else ()
    return all(_TEXTS.issuperset(map(type, map(itemgetter(place), rows))) for place in places)


@dataclass(frozen=True)
class _Declaration(Declaration):
    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader.

        Raises:
            ValueError: a placeholder of the system template is not a valid path.
        """
        return OpenAI(self, template)


def _paths(*keys: str) -> tuple[str, ...]:
    return tuple(prefix + key for prefix in ("response.body.", "", "response.") for key in keys)


OPENAI = _Declaration(
    name="openai",
    recognise=_recognise,
    fields={
        "time": _paths("created", "created_at"),
        "model": _paths("model"),
        "request_id": _paths("id"),
        "operation": (),
        "status": ("response.status_code", "response.body.status", "status", "response.status"),
        "input_tokens": _paths("usage.prompt_tokens", "usage.input_tokens"),
        "cached_input_tokens": _paths(
            "usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens"
        ),
        "cache_write_tokens": _paths(
            "usage.prompt_tokens_details.cache_write_tokens", "usage.input_tokens_details.cache_write_tokens"
        ),
        "output_tokens": _paths("usage.completion_tokens", "usage.output_tokens"),
        "reasoning_tokens": _paths(
            "usage.completion_tokens_details.reasoning_tokens", "usage.output_tokens_details.reasoning_tokens"
        ),
        "schema_mode": _paths("text.format.type"),
        "tier": _paths("service_tier"),
        "finish_reason": _paths("incomplete_details.reason"),
    },
    names={"model": _paths("model"), "service_tier": _paths("service_tier")},
    extras={
        "kind": ("object", str | None),
        "event": ("type", str | None),
        "of_event": ("response.object", str | None),
        "of_body": ("response.body.object", str | None),
        "custom_id": ("custom_id", str | int | None),
        "choices": ("choices", _Choices),
        "body_choices": ("response.body.choices", _Choices),
        "body_data": ("response.body.data", list[msgspec.Raw] | None),
        "body_results": ("response.body.results", list[msgspec.Raw] | None),
        "error": ("error", _Error),
        "body_error": ("response.body.error", _Error),
    },
    total=_paths("usage.total_tokens"),
    finish=_finish,
    plainly=Plainly(
        absent=("custom_id",),
        marker=b'"chat.completion.chunk"',
        alone=("type", "response"),
        inside={"choices": ((True, b"finish_reason"), (True, b"index"))},
    ),
)
