"""Exports of Langfuse: observations in lists and lines, and traces with their observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT, Piece, Repeats
from leverwatch.collectors.records.formats.plain import ADDS, CLASS, CLOSED, NAME, TOTAL, Plainly
from leverwatch.collectors.records.formats.rewritten import Rewritten, with_keys
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.timestamps import elapsed_ms

_TIME, _LATENCY, _OPERATION = FIELD_INDEX["time"], FIELD_INDEX["latency_ms"], FIELD_INDEX["operation"]
_INPUT, _OUTPUT, _COST = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"], FIELD_INDEX["cost_usd"]
_CACHED, _WRITTEN = FIELD_INDEX["cached_input_tokens"], FIELD_INDEX["cache_write_tokens"]
_REASONING = FIELD_INDEX["reasoning_tokens"]
_Amounts = dict[str, Annotated[float, msgspec.Meta(ge=0, le=MAX_COUNT, multiple_of=1)] | None] | None
_Costs = dict[str, Annotated[float, msgspec.Meta(ge=0, le=MAX_AMOUNT)] | None] | None
_OPERATIONS = {"GENERATION": "generation", "EMBEDDING": "embedding"}
_TRACE_NAME = "leverwatch trace name"


_PARTS_FIRST = (
    "reasoning_tokens", "cache_write_tokens", "cached_input_tokens", "output_tokens", "input_tokens",
)  # fmt: skip
_TOTALS = {"total": "input_tokens"}


class _Trace(msgspec.Struct, gc=False):
    name: str | None = None


class _Document(msgspec.Struct, gc=False):
    name: str | None = None
    trace: _Trace | None = None
    observations: list[msgspec.Raw] | None = None
    data: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Document).decode


def _observations(unit: bytes) -> Sequence[bytes] | None:
    """Return the observations of a trace, with the name of the trace added, or those of a page of the API."""
    if b'"observations"' not in unit and b'"data"' not in unit:
        return (unit,)
    try:
        document = _decode(unit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if document.observations is None:
        return (unit,) if document.data is None else [bytes(one) for one in document.data]
    found = [bytes(one) for one in document.observations]
    name = document.trace.name if document.trace is not None else document.name
    if name is None:
        return found
    return [with_keys(one, {_TRACE_NAME: msgspec.json.encode(name)}) if one[:1] == b"{" else one for one in found]


def _finish(
    row: list[Any],
    kind: str | None,
    end: str | None,
    end_snake: str | None,
    details: _Amounts,
    details_snake: _Amounts,
    costs: _Costs,
    costs_snake: _Costs,
    usage: Mapping[str, Any] | None,
) -> Result | Piece | None:
    operation = _OPERATIONS.get(kind or "")
    if operation is None:
        return Result.NOT_A_CALL
    row[_OPERATION] = operation
    _read_usage(row, details or details_snake or {}, usage or {})
    costs = costs or costs_snake or {}
    # A cost of zero without details is what an observation of an unknown price has.
    row[_COST] = costs["total"] if costs.get("total") is not None else row[_COST] or None
    ended = end or end_snake
    if not ended:
        # It was exported while it ran, and its end is told by a later export.
        row[_LATENCY] = None
        return Piece.OPEN
    row[_LATENCY] = elapsed_ms(row[_TIME], ended)
    return None


def _read_usage(row: list[Any], details: Mapping[str, Any], usage: Mapping[str, Any]) -> None:
    known = details
    if None in details.values():
        known = {name: value for name, value in details.items() if value is not None}
    if not known and str(usage.get("unit") or "TOKENS").upper() == "TOKENS":
        named = {name: usage.get(name) for name in ("input", "output", "total")}
        known = {
            name: value
            for name, value in named.items()
            if isinstance(value, float | int) and 0 <= value <= MAX_COUNT and value == int(value)
        }
        if not any(known.values()):
            # What an observation of unknown usage has.
            known = {}
    sums: dict[int, float] = {}
    for name, value in known.items():
        for place in _places(name):
            sums[place] = sums.get(place, 0) + value
    output, taken = sums.get(_OUTPUT), sums.get(_INPUT)
    if "total" in known and (output is not None or taken is None):
        # The parts of the input are kept apart and need not all be named; the total has them all.
        taken = max(known["total"] - (output or 0), taken or 0)
    row[_OUTPUT], row[_INPUT] = output, taken
    row[_CACHED], row[_WRITTEN] = sums.get(_CACHED), sums.get(_WRITTEN)
    row[_REASONING] = sums.get(_REASONING)


@recall(1024)
def _places(name: str) -> tuple[int, ...]:
    """Return the indexes of the fields that an amount of usage counts for, by its name."""
    is_write = "creation" in name or "write" in name
    belongs = {
        _OUTPUT: "output" in name,
        _INPUT: "input" in name,
        _CACHED: "cache" in name and not is_write,
        _WRITTEN: "cache" in name and is_write,
        _REASONING: "reasoning" in name,
    }
    return tuple(place for place, does in belongs.items() if does)


def _field_of(name: str) -> str:
    """Return the field that an amount of usage helps to tell, by its name; empty when it tells none."""
    places = _places(name)
    return next((field for field in _PARTS_FIRST if FIELD_INDEX[field] in places), _TOTALS.get(name, ""))


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    if isinstance(record.get("observations"), list) and ("trace" in record or "projectId" in record):
        return 90
    page = record.get("data")
    one = page[0] if isinstance(page, list) and page else record
    if not isinstance(one, Mapping) or "type" not in one:
        return 0
    names = one.keys()
    return 90 if {"traceId", "startTime"} <= names or {"trace_id", "start_time", "usage_details"} <= names else 0


LANGFUSE = Rewritten(
    Declaration(
        name="langfuse",
        recognise=_recognise,
        fields={
            "time": ("startTime", "start_time"),
            "model": ("model", "providedModelName", "provided_model_name"),
            "request_id": ("id", "span_id"),
            "operation": (),
            "status": "level",
            "input_tokens": (),
            "cached_input_tokens": (),
            "cache_write_tokens": (),
            "output_tokens": (),
            "reasoning_tokens": (),
            "latency_ms": (),
            "cost_usd": ("totalCost", "calculatedTotalCost", "total_cost"),
            "trace_id": ("traceId", "trace_id"),
        },
        names={
            "trace": ("traceName", "trace_name", _TRACE_NAME),
            "project": ("projectId", "project_id"),
            "prompt": ("promptName", "prompt_name"),
        },
        extras={
            "kind": ("type", str | None),
            "end": ("endTime", str | None),
            "end_snake": ("end_time", str | None),
            "details": ("usageDetails", _Amounts),
            "details_snake": ("usage_details", _Amounts),
            "costs": ("costDetails", _Costs),
            "costs_snake": ("cost_details", _Costs),
            "usage": ("usage", dict[str, float | str | None] | None),
        },
        completes={
            **dict.fromkeys(("end", "end_snake"), "latency_ms"),
            **dict.fromkeys(("details", "details_snake", "usage"), "input_tokens"),
            **dict.fromkeys(("costs", "costs_snake"), "cost_usd"),
        },
        entries={
            **dict.fromkeys(("details", "details_snake", "usage"), _field_of),
            **dict.fromkeys(("costs", "costs_snake"), lambda name: "cost_usd" if name == "total" else ""),
        },
        words={
            "status": {"ERROR": "error", "DEFAULT": "success", "DEBUG": "success", "WARNING": "success"},
        },
        documents=("observations", "data"),
        repeats=Repeats.VERSIONS,
        finish=_finish,
        plainly=Plainly(
            absent=("observations", "data", "end_time", "usage_details", "cost_details"),
            further=(
                ("usageDetails", CLOSED, 0),
                ("usageDetails.input", "input_tokens", 0),
                ("usageDetails.output", "output_tokens", 0),
                ("usageDetails.total", TOTAL, 0),
                ("usageDetails.input_cached_tokens", "cached_input_tokens", 0),
                ("usageDetails.input_cached_tokens", "input_tokens", ADDS),
                ("usageDetails.output_reasoning_tokens", "reasoning_tokens", 0),
                ("usageDetails.output_reasoning_tokens", "output_tokens", ADDS),
                ("costDetails", CLOSED, 0),
                ("costDetails.total", "cost_usd", 0),
                *((f"costDetails.{key}", CLASS, 0) for key in ("total", "input", "output")),
                ("usage", CLOSED, 0),
                ("usage.unit", NAME, 0),
                *((f"usage.{key}", CLASS, 1) for key in ("total", "input", "output")),
            ),
            within_extras=frozenset({"details", "costs", "usage"}),
            ended="end",
            summed=True,
        ),
    ),
    _observations,
)
