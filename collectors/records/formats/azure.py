"""Diagnostic logs of Azure: the gateway of API Management, and Azure OpenAI itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import MAX_COUNT, Piece
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.plain import TOTAL, Plainly
from leverwatch.collectors.records.formats.routes import kind_of_model, route
from leverwatch.collectors.records.formats.rows import settle_tokens
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.tokens import Stands

_MODEL, _OPERATION = FIELD_INDEX["model"], FIELD_INDEX["operation"]
_REQUEST, _LATENCY, _FINISH = FIELD_INDEX["request_id"], FIELD_INDEX["latency_ms"], FIELD_INDEX["finish_reason"]
_USAGE_NAMES = {
    "input_tokens": ("prompt_tokens", "input_tokens"),
    "cached_input_tokens": ("cached_tokens", "cache_read_input_tokens"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_input_tokens"),
    "output_tokens": ("completion_tokens", "output_tokens"),
    "reasoning_tokens": ("reasoning_tokens",),
}
_USAGE = {FIELD_INDEX[name]: names for name, names in _USAGE_NAMES.items()}
_LONGEST_MODEL = 200
_CLAUDE = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens"})
"""Names of Anthropic's, which has these tokens beside the input."""
_INPUT, _OUTPUT = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_EPOCH_TICKS = 621_355_968_000_000_000
"""Ticks of 100 ns from the year 1 to 1970."""
_LAST_TICKS = 3_155_378_976_000_000_000
"""Ticks of 100 ns from the year 1 to the year 10000."""
_Duration = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)] | None
# A quote inside a text of the body is escaped, so that these keys are none of an answer's words.
_USAGE_TEXT = re.compile(r'(?<!\\)"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')
_MODEL_TEXT = re.compile(r'(?<!\\)"model"\s*:\s*"([^"\\]{1,200})"')
_FINISH_TEXT = re.compile(r'(?<!\\)"finish_reason"\s*:\s*"([^"\\]{1,50})"')
_OPERATIONS = (
    (re.compile(r"^(?:list|get|delete|cancel)|_(?:list|get|delete|cancel)$"), None),
    (re.compile(r"completions|responses?_create|create_?response|messages_create"), "chat"),
    (re.compile(r"embeddings"), "embeddings"),
    (re.compile(r"imagegenerations|images"), "image"),
    (re.compile(r"audio|speech|transcriptions|translations"), "audio"),
)


@recall(1024)
def _operation(name: str | None) -> str | None:
    """Return the operation that an operation name of Azure OpenAI means; None when it calls no model."""
    word = (name or "").lower()
    return next((operation for pattern, operation in _OPERATIONS if pattern.search(word)), None)


def _from_ticks(value: Any) -> Any:
    if isinstance(value, int) and _EPOCH_TICKS < value < _LAST_TICKS:
        return (value - _EPOCH_TICKS) / 10_000_000
    return value


def _duration(row: list[Any], start: object = None, end: object = None) -> None:
    """Replace a negative latency, which Azure has been seen to write, by the time from start to end, or by
    None."""
    if row[_LATENCY] is not None and row[_LATENCY] < 0:
        row[_LATENCY] = None
        if isinstance(start, int) and isinstance(end, int) and 0 < start <= end < _LAST_TICKS:
            row[_LATENCY] = (end - start) / 10_000


def _found(pattern: re.Pattern[str], start: str, text: str) -> Iterator[str]:
    """Yield what `findall` does for a pattern that begins with `start`, but faster, by searching `start` first."""
    at = text.find(start)
    while at >= 0:
        match = pattern.match(text, at)
        if match:
            yield match[1]
        at = text.find(start, match.end() if match else at + 1)


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Body(msgspec.Struct, gc=False):
    model: str | None = None
    usage: dict[str, Any] | None = None
    choices: list[_Choice] = []


_decode_body = msgspec.json.Decoder(_Body).decode


def _whole(body: str) -> _Body | None:
    """Return a body that is a whole answer; None for any other one."""
    if not body.startswith("{"):
        return None
    try:
        found = _decode_body(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if found.usage is not None and found.model and len(found.model) <= _LONGEST_MODEL else None


def _read_body(row: list[Any], body: str) -> None:
    """Set usage, model and finish reason of a row from a body, which may be an event stream and incomplete."""
    whole = _whole(body)
    if whole is not None and whole.usage is not None:
        _read_usage(row, [whole.usage])
        row[_MODEL] = row[_MODEL] or whole.model
        row[_FINISH] = next((it.finish_reason for it in reversed(whole.choices) if it.finish_reason), None)
        return
    found = []
    for text in _found(_USAGE_TEXT, '"usage"', body):
        try:
            found.append(msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError):
            continue
    _read_usage(row, found)
    row[_MODEL] = row[_MODEL] or next(_found(_MODEL_TEXT, '"model"', body), None)
    finish = list(_found(_FINISH_TEXT, '"finish_reason"', body))
    row[_FINISH] = finish[-1] if finish else None


def _read_usage(row: list[Any], told: Sequence[Mapping[str, Any]]) -> None:
    flat: dict[str, Any] = {}
    for usage in told:
        # What comes later in a stream is newer, and may say less: the events of Claude tell the input first.
        inner = [usage]
        for part in inner:
            for name, value in part.items():
                if value is not None:
                    flat[name] = value
                    if part is usage and type(value) is dict:
                        inner.append(value)
    for place, names in _USAGE.items():
        if row[place] is not None:
            continue
        for name in names:
            count = flat.get(name)
            if type(count) is int and 0 <= count <= MAX_COUNT and (row[place] is None or count > row[place]):
                row[place] = count
    of_claude = "input_tokens" in flat and not _CLAUDE.isdisjoint(flat)
    settle_tokens(row, Stands.BESIDE if of_claude else Stands.INSIDE, Stands.INSIDE, flat.get("total_tokens"))


def _finish_gateway(
    row: list[Any],
    of_model: int | None,
    url: str | None,
    url_row: str | None,
    method: str | None,
    method_row: str | None,
    name: str | None,
    name_row: str | None,
    body: str | None,
    body_row: str | None,
) -> Result | Piece:
    _duration(row)
    if of_model is not None:
        row[_OPERATION] = kind_of_model(row[_MODEL]) or "chat"
    else:
        url, method, body = url or url_row, method or method_row, body or body_row
        found = route(url) if url else None
        operation = found.operation if found is not None else _operation(name or name_row)
        if operation is None or method not in {"POST", None}:
            return Result.NOT_A_CALL
        row[_OPERATION] = operation
        if body:
            _read_body(row, body)
        row[_MODEL] = row[_MODEL] or (found.model if found is not None else None)
    if row[_INPUT] == 0 and not row[_OUTPUT]:
        # The usage stands in one of the rows of a call, and zeros in the others.
        row[_INPUT] = row[_OUTPUT] = None
    return Piece.ROW


def _finish_openai(
    row: list[Any], category: str | None, operation: str | None, start: object, end: object
) -> Result | None:
    if category not in {"RequestResponse", None}:
        return Result.NOT_A_CALL
    _duration(row, start, end)
    row[_OPERATION] = _operation(operation)
    return Result.NOT_A_CALL if row[_OPERATION] is None else None


def _categories(record: Any) -> set[Any]:
    if not isinstance(record, Mapping):
        return set()
    rows = record.get("records")
    rows = [record, *rows] if isinstance(rows, list) else [record]
    told = (row.get("category", row.get("Type")) for row in rows if isinstance(row, Mapping))
    return {category for category in told if isinstance(category, str)}


def _recognise_gateway(record: Any) -> int:
    if any("Gateway" in str(category) for category in _categories(record)):
        return 95
    known = isinstance(record, Mapping) and {"CorrelationId", "SequenceNumber", "DeploymentName"} <= record.keys()
    return 90 if known else 0


def _recognise_openai(record: Any) -> int:
    return 95 if "RequestResponse" in map(str, _categories(record)) else 0


class _Properties(msgspec.Struct, gc=False):
    body: str | None = msgspec.field(default=None, name="backendResponseBody")


class _Bodies(msgspec.Struct, gc=False):
    properties: _Properties | None = None
    row: str | None = msgspec.field(default=None, name="BackendResponseBody")


_bodies = msgspec.json.Decoder(_Bodies).decode


def _is_plain(record: bytes) -> bool:
    """Whether records with the names of one are read from what is in a body by its place, if there is one."""
    try:
        found = _bodies(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    bodies = [body for body in (found.properties and found.properties.body, found.row) if body]
    return not bodies or (len(bodies) == 1 and (_whole(bodies[0]) is not None or _says_nothing(bodies[0])))


def _says_nothing(body: str) -> bool:
    # Of these the helper knows that they are nowhere in a body. One that has another key of them is searched.
    return not any(word in body for word in ('"usage"', '"model"', '"choices"', '"finish_reason"'))


def _in_bodies(path: str) -> tuple[str, ...]:
    return tuple(f"{body}.{path}" for body in _BODIES)


def _cased(name: str) -> tuple[str, str]:
    """Return the paths of a value in a diagnostic record and in a row of Log Analytics."""
    return f"properties.{name[0].lower()}{name[1:]}", name


_BODIES = ("properties.backendResponseBody", "BackendResponseBody")
_OF_CHAT = {
    "usage.prompt_tokens": "input_tokens",
    "usage.completion_tokens": "output_tokens",
    "usage.prompt_tokens_details.cached_tokens": "cached_input_tokens",
    "usage.completion_tokens_details.reasoning_tokens": "reasoning_tokens",
    "usage.total_tokens": TOTAL,
}
"""Where plain bodies tell their usage, and nowhere else: as most do that are no streams."""
_OBJECTS = ("usage", "usage.prompt_tokens_details", "usage.completion_tokens_details")
_ELSEWHERE = tuple(
    path
    for part in _OBJECTS
    for name in dict.fromkeys((*(it for names in _USAGE_NAMES.values() for it in names), "total_tokens"))
    if (path := f"{part}.{name}") not in _OF_CHAT
)
AZURE_APIM = Declaration(
    name="azure-apim",
    recognise=_recognise_gateway,
    fields={
        "time": ("time", "TimeGenerated"),
        "model": (*_cased("ModelName"), *_cased("DeploymentName")),
        "operation": (),
        "request_id": ("correlationId", "CorrelationId", *_cased("RequestId")),
        "status": ("properties.responseCode", "ResponseCode", "isRequestSuccess", "IsRequestSuccess"),
        "input_tokens": _cased("PromptTokens"),
        "cached_input_tokens": (),
        "cache_write_tokens": (),
        "output_tokens": _cased("CompletionTokens"),
        "reasoning_tokens": (),
        "latency_ms": ("durationMs", "TotalTime"),
        "cache_hit": ("properties.cache", "Cache"),
        "finish_reason": (),
    },
    names={
        "api": _cased("ApiId"),
        "product": _cased("ProductId"),
        "subscription": _cased("ApimSubscriptionId"),
        "deployment": _cased("DeploymentName"),
    },
    extras={
        "of_model": ((*_cased("SequenceNumber"), *_cased("TotalTokens")), int | None),
        "url": ("properties.backendUrl", str | None),
        "url_row": ("BackendUrl", str | None),
        "method": ("properties.backendMethod", str | None),
        "method_row": ("BackendMethod", str | None),
        "name": ("properties.operationId", str | None),
        "name_row": ("OperationId", str | None),
        "body": ("properties.backendResponseBody", str | None),
        "body_row": ("BackendResponseBody", str | None),
    },
    types={"latency_ms": _Duration},
    in_text=("properties",),
    nested="records",
    finish=_finish_gateway,
    plainly=Plainly(
        # Rows that have these tell the tokens, and others of the same call the rest.
        absent=(
            *_cased("SequenceNumber"),
            *_cased("TotalTokens"),
            *_cased("PromptTokens"),
            *_cased("CompletionTokens"),
            *(path for inner in _ELSEWHERE for path in _in_bodies(inner)),
        ),
        inside=dict.fromkeys(
            ("body", "body_row"), ((b"model",), (b"usage",), (b"choices", True, b"finish_reason"))
        ),
        further=tuple((path, told, 0) for inner, told in _OF_CHAT.items() for path in _in_bodies(inner)),
        bodies=_BODIES,
        flat=_in_bodies("usage"),
        rows=True,
        accepts=_is_plain,
    ),
)
AZURE_OPENAI = Declaration(
    name="azure-openai",
    recognise=_recognise_openai,
    fields={
        "time": ("time", "properties.requestTime"),
        "model": ("properties.modelName", "properties.modelDeploymentName"),
        "operation": (),
        "request_id": "correlationId",
        "status": "resultSignature",
        "latency_ms": "durationMs",
    },
    names={"deployment": "properties.modelDeploymentName", "resource": "resourceId", "region": "location"},
    extras={
        "category": ("category", str | None),
        "operation": ("operationName", str | None),
        "start": ("properties.requestTime", TYPES["time"]),
        "end": ("properties.responseTime", TYPES["time"]),
    },
    completes={"start": "latency_ms", "end": "latency_ms"},
    types={"latency_ms": _Duration},
    convert={"time": _from_ticks, "resource": lambda path: str(path).rpartition("/")[2].lower()},
    in_text=("properties",),
    nested="records",
    finish=_finish_openai,
    plainly=Plainly(unread=frozenset({"start", "end"}), text_time=True),
)
