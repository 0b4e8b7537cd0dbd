"""One call as the logs of several producers tell it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FIELDS = {
    "time": "ts",
    "request_id": "id",
    "status": "status",
    "input_tokens": "usage.in",
    "output_tokens": "usage.out",
}
COLUMNS = {
    "time": "ts",
    "request_id": "id",
    "status": "status",
    "input_tokens": "tokens_in",
    "output_tokens": "tokens_out",
}


@dataclass(frozen=True)
class Call:
    """What a log says of one call."""

    at: datetime
    system: str
    id: str
    succeeded: bool
    input: int
    output: int


@dataclass(frozen=True)
class Dialect:
    """How a log is written, and how a source is told to read it."""

    settings: Mapping[str, Any]
    """`format` and `system` of the source."""
    encode: Callable[[Call], bytes]
    """One record, with its newline."""
    dress: Callable[[bytes, random.Random], bytes] = lambda line, _: line
    """What a container runtime makes of a line."""
    header: bytes = b""
    """The first line of every file."""
    broken: bytes = b'{"broken": \n'
    """A line that is no record."""


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _mapped(call: Call) -> bytes:
    return _json(
        {
            "ts": call.at.isoformat(),
            "app": call.system,
            "id": call.id,
            "status": "success" if call.succeeded else "error",
            "usage": {"in": call.input, "out": call.output},
        }
    )


def _row(call: Call) -> bytes:
    status = "success" if call.succeeded else "error"
    values = f"{call.at.isoformat()},{call.system},{call.id},{status},{call.input},{call.output}"
    # A text of several lines, of which a part may be written when an agent looks.
    said = f'"two lines\nof ""{call.id}"", and more\r\n"' if call.input % 3 else "one"
    return f"{values},{said}\n".encode()


def _payload(call: Call) -> bytes:
    return _json(
        {
            "id": call.id,
            "call_type": "acompletion",
            "status": "success" if call.succeeded else "failure",
            "prompt_tokens": call.input,
            "completion_tokens": call.output,
            "startTime": call.at.timestamp(),
            "endTime": call.at.timestamp() + 1,
            "model": "m",
            "metadata": {"user_api_key_team_alias": call.system},
        }
    )


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for key, value in values.items()
    ]


def _span(call: Call) -> bytes:
    start = int(call.at.timestamp()) * 1_000_000_000
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": "m",
        "gen_ai.response.id": call.id,
        "gen_ai.usage.input_tokens": call.input,
        "gen_ai.usage.output_tokens": call.output,
    }
    number = int(call.id.lstrip("r"))
    span = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "chat m",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 1_000_000_000),
        "attributes": _attributes(attributes),
        "status": {} if call.succeeded else {"code": 2},
    }
    resource = {"attributes": _attributes({"service.name": call.system})}
    return _json({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})


def completion(call: Call) -> bytes:
    """A call of OpenAI's API that was not streamed."""
    return _json(
        {
            "id": call.id,
            "object": "chat.completion",
            "created": int(call.at.timestamp()),
            "model": "m",
            "metadata": {"app": call.system},
            "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": call.input, "completion_tokens": call.output},
        }
    )


def chunk(call: Call, *, last: bool) -> bytes:
    """A part of a streamed call; the last one tells the usage."""
    delta = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
    return _json(
        {
            "id": call.id,
            "object": "chat.completion.chunk",
            "created": int(call.at.timestamp()),
            "model": "m",
            "metadata": {"app": call.system},
            "choices": [] if last else [delta],
            "usage": {"prompt_tokens": call.input, "completion_tokens": call.output} if last else None,
        }
    )


def _docker(line: bytes, chance: random.Random) -> bytes:
    """As Docker's json-file keeps it: a long line comes in several entries."""
    cut = chance.randrange(1, len(line) - 1) if chance.random() < 0.1 else 0
    pieces = [line[:cut], line[cut:]] if cut else [line]
    entry = {"stream": "stdout", "time": "2026-01-01T00:00:00Z"}
    return b"".join(json.dumps({"log": piece.decode(), **entry}).encode() + b"\n" for piece in pieces)


def _cri(line: bytes, chance: random.Random) -> bytes:
    """As containerd keeps it: a long line comes in parts."""
    cut = chance.randrange(1, len(line) - 1) if chance.random() < 0.1 else 0
    start = b"2026-01-01T00:00:00.0Z stdout "
    return (start + b"P " + line[:cut] + b"\n" if cut else b"") + start + b"F " + line[cut:]


def _by_fields(**more: Any) -> dict[str, Any]:
    return {"format": {"type": "jsonl", "fields": FIELDS, **more}, "system": "{app}"}


DIALECTS: Mapping[str, Dialect] = {
    "plain": Dialect(_by_fields(), _mapped),
    "docker": Dialect(_by_fields(wrap="docker"), _mapped, dress=_docker),
    "cri": Dialect(_by_fields(wrap="cri"), _mapped, dress=_cri),
    "csv": Dialect(
        {"format": {"type": "csv", "fields": COLUMNS}, "system": "{app}"},
        _row,
        header=b"ts,app,id,status,tokens_in,tokens_out,said\n",
        broken=b"too,few\n",
    ),
    "litellm": Dialect({"format": "litellm", "system": "{user_api_key_team_alias}"}, _payload),
    "otlp": Dialect({"format": "otlp", "system": "{service.name}"}, _span),
    "openai": Dialect({"format": "openai", "system": "{metadata.app}"}, completion),
    "history": Dialect(_by_fields(), _mapped),
}
"""By the name of the source that reads them. `history` is the one that archives are backfilled into."""
