"""What a record of LiteLLM counts as: what was asked for, whether it was a call, and how many attempts it took."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.litellm_answers import (
    answer_of,
    answers_of_session,
    batch_of,
    has_text,
)
from leverwatch.collectors.records.formats.litellm_attempts import (
    HEALTH_CHECK,
    failed_before,
    hidden_of,
    is_client_gone,
    is_refused,
)
from leverwatch.collectors.records.formats.litellm_calls import Special, call_of, refused_path
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.routes import Route, route
from leverwatch.collectors.records.formats.rows import BLANK
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, status_of

_MODEL, _REQUEST, _STATUS, _OPERATION = (
    FIELD_INDEX["model"],
    FIELD_INDEX["request_id"],
    FIELD_INDEX["status"],
    FIELD_INDEX["operation"],
)
_INPUT, _CACHED, _OUTPUT = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["cached_input_tokens"],
    FIELD_INDEX["output_tokens"],
)
_WRITTEN, _REASONING = FIELD_INDEX["cache_write_tokens"], FIELD_INDEX["reasoning_tokens"]
_TIME, _COST, _LATENCY = FIELD_INDEX["time"], FIELD_INDEX["cost_usd"], FIELD_INDEX["latency_ms"]
_FINISH, _SCHEMA = FIELD_INDEX["finish_reason"], FIELD_INDEX["schema_mode"]
_HIT, _TRACE = FIELD_INDEX["cache_hit"], FIELD_INDEX["trace_id"]
_INFERENCES, _ERRORS, _ATTEMPTS = FIELD_INDEX["inferences"], FIELD_INDEX["errors"], FIELD_INDEX["attempts"]


@dataclass(slots=True)
class Told:
    """The values of a record that decide what it counts as."""

    response: msgspec.Raw | None
    parameters: msgspec.Raw | None
    provider: object
    key: object
    alias: object
    silent: object
    billed: object
    retries: object
    fallbacks: object
    group: object
    stream: object
    text: object
    """Output tokens that are text."""
    error: msgspec.Raw | None
    hidden: msgspec.Raw | None
    row_id: object
    """The id of a row of the spend log; a payload has none."""
    base: object
    """The address of the model server."""
    asked: object
    """The path of the request, which only a proxy has."""


_LOOK_UP = re.compile(
    r"/(?:responses|chat/completions|batches|files|threads|assistants|fine_tuning/jobs|models)/[^/]+/?$"
)
"""The address of something that is there already."""
_TELLS_WHEN_ASKED = frozenset({"openai", "azure", "hosted_vllm", "vllm", "openai_like", "custom_openai"})
"""Providers whose streams end without usage unless `include_usage` is set."""


def identity(given: object, call: object) -> object:
    """Return the request id: that of the server with LiteLLM's own, as those of some servers soon repeat."""
    if call is None or call == given or call in BLANK:
        return given
    return call if given is None else f"{given} {call}"


def bare_model(model: str | None, provider: object) -> str | None:
    """Return the name without LiteLLM's provider before it, which the same model has only behind a router."""
    if model is None or not isinstance(provider, str) or not model.startswith(provider):
        return model
    return model.removeprefix(provider + "/") or model


def complete(row: list[Any], told: Told) -> Result | None:
    """Fill in what a record counts as: its operation, attempts and errors.

    Returns `NOT_A_CALL` for one that is of no inference. The row has None for tokens and a cost that are unknown.
    """
    row[_MODEL] = _answering_model(row[_MODEL], told)
    result = _asked(row, told)
    if result is None:
        _attempts(row, told)
    return result


def _answering_model(model: str | None, told: Told) -> str | None:
    """Of a request to several models, the tokens and the cost are those of one that only the headers name."""
    if told.hidden is None or told.group is None:
        return model
    hidden = hidden_of(told.hidden)
    if hidden.additional_headers is None or hidden.additional_headers.model_group in {None, told.group}:
        return model
    return bare_model(hidden.litellm_model_name, told.provider) or model


def _asked(row: list[Any], told: Told) -> Result | None:
    """Find out what was asked for, and what came of it, where the type of call does not say it."""
    word = row[_OPERATION]
    if word is None:
        return None
    if word.startswith("/"):
        path = refused_path(word)
        if path is None:
            return Result.NOT_A_CALL
        row[_OPERATION], row[_MODEL] = path[0], row[_MODEL] or path[1]
        if status_of(row[_STATUS]) is CallStatus.ERROR:
            row[_ATTEMPTS] = 0
        return None
    call = call_of(word)
    if call is Special.PASSED_ON:
        return _passed_on(row, told)
    if call is Special.SESSION:
        return _session(row, told)
    if call is Special.BATCH:
        return _batch(row, told)
    if call is Special.CREATE:
        call = Special.MANAGED if row[_MODEL] is None else "completion"
    if call is Special.MANAGED:
        return Result.NOT_A_CALL
    if isinstance(call, str):
        row[_OPERATION] = call
    return None


def _passed_on(row: list[Any], told: Told) -> Result | None:
    target = _target(told.base) or _target(told.asked)
    if row[_INPUT] is not None or row[_OUTPUT] is not None:
        row[_OPERATION] = "completion" if target is None else target.operation
        return None
    if row[_MODEL] == "unknown":
        row[_MODEL] = None if target is None else target.model
    if target is None and isinstance(told.base, str) and _LOOK_UP.search(told.base):
        return Result.NOT_A_CALL
    answer = answer_of(told.response)
    if answer is not None:
        row[_OPERATION] = answer.operation if target is None else target.operation
        row[_MODEL] = row[_MODEL] or answer.model
        row[_FINISH] = answer.finish_reason
        tokens = answer.tokens
        row[_INPUT], row[_OUTPUT], row[_CACHED] = tokens.input, tokens.output, tokens.cached
        row[_WRITTEN], row[_REASONING] = tokens.written, tokens.reasoning
    elif target is not None:
        row[_OPERATION] = target.operation
    elif has_text(told.response) and status_of(row[_STATUS]) is CallStatus.SUCCESS:
        return Result.NOT_A_CALL
    else:
        row[_OPERATION] = "other"
    return None


def _target(address: object) -> Route | None:
    return route(address) if isinstance(address, str) else None


def _session(row: list[Any], told: Told) -> Result | None:
    row[_OPERATION] = "completion"
    # It lasts as long as the client stays.
    answers = answers_of_session(told.response)
    if answers is None or status_of(row[_STATUS]) is not CallStatus.SUCCESS:
        return None
    row[_LATENCY] = None
    done, failed = answers
    if not done and not failed:
        return Result.NOT_A_CALL
    row[_INFERENCES], row[_ERRORS], row[_ATTEMPTS] = done, failed, done + failed
    return None


def _batch(row: list[Any], told: Told) -> Result | None:
    """A batch that is done counts with the calls in it; each look at it says the same, but for its own time."""
    batch = batch_of(told.response)
    if batch is None or row[_INPUT] is None or batch.request_counts is None:
        return Result.NOT_A_CALL
    done, failed = batch.request_counts.completed or 0, batch.request_counts.failed or 0
    endpoint = _target(batch.endpoint)
    models = set(hidden_of(told.hidden).batch_models or ()) - {None, ""}
    row[_OPERATION] = "completion" if endpoint is None else endpoint.operation
    row[_MODEL] = models.pop() if len(models) == 1 else row[_MODEL]
    row[_REQUEST], row[_TIME], row[_LATENCY], row[_TRACE] = batch.id, batch.created_at, None, None
    row[_INFERENCES], row[_ERRORS], row[_ATTEMPTS] = done, failed, done + failed
    return None


def _attempts(row: list[Any], told: Told) -> None:
    """Find out how many attempts a record is of, and how many of them failed."""
    if row[_ATTEMPTS] is not None or is_cache_hit(row[_HIT]):
        return
    failed = status_of(row[_STATUS]) is CallStatus.ERROR
    if told.billed is True:
        # A failed attempt of a request, for its cost: the row of the request itself has it among its attempts.
        row[_INFERENCES] = row[_ERRORS] = row[_ATTEMPTS] = 0
        return
    if failed:
        unused = row[_INPUT] is None and row[_OUTPUT] is None and row[_COST] is None
        if unused and is_refused(told.error, told.base, told.hidden):
            row[_ATTEMPTS] = 0
            return
    elif told.silent is True or HEALTH_CHECK in (told.key, told.alias):
        # A call that no application asked for: a copy of one, for another model, or a sign of life.
        row[_INFERENCES], row[_ATTEMPTS] = 0, 1
        _forget(row)
        row[_LATENCY] = row[_TRACE] = row[_SCHEMA] = None
        return
    elif is_client_gone(told.error) or _is_estimated(row, told):
        _forget(row)
        row[_COST] = None
    before = _failed_before(told)
    if before:
        row[_ERRORS], row[_ATTEMPTS] = before + int(failed), before + 1


def _is_estimated(row: list[Any], told: Told) -> bool:
    """Whether the tokens of a stream are LiteLLM's own count of its text: servers like OpenAI's tell none unasked.

    LiteLLM then makes up the details as well: all tokens are of text. No real answer has these.
    """
    if told.stream is not True or told.provider not in _TELLS_WHEN_ASKED or told.parameters is None:
        return False
    if row[_OUTPUT] is None or told.text != row[_OUTPUT] or row[_CACHED] is not None or row[_REASONING]:
        return False
    return row[_OPERATION] == "completion" and not peek(told.parameters, "stream_options", "include_usage")


def _forget(row: list[Any]) -> None:
    for place in (_INPUT, _CACHED, _WRITTEN, _OUTPUT, _REASONING, _FINISH):
        row[place] = None


def _failed_before(told: Told) -> int:
    """A row of the spend log is written once a request; all its failed attempts are in it.

    Of payloads, a proxy writes one for the first failure of a request and one for its success. Without a proxy
    each attempt has its own, and what the last one says of the others is not to be counted again.
    """
    if told.row_id is not None:
        return failed_before(told.retries, told.fallbacks)
    if (told.asked is None and told.key is None) or told.hidden is None:
        return 0
    if b"x-litellm-attempted" not in bytes(told.hidden):
        return 0
    headers = hidden_of(told.hidden).additional_headers
    if headers is None:
        return 0
    return max(0, failed_before(headers.attempted_retries, headers.attempted_fallbacks) - 1)
