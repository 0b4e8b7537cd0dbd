"""Invented spans in the JSON form of OTLP."""

from __future__ import annotations

from typing import Any

from tests.collectors.records.formats.records import NOW

START = NOW * 10**9
_ids = iter(range(1, 10**6))


def value(it: Any) -> dict[str, Any]:
    if isinstance(it, bool):
        return {"boolValue": it}
    if isinstance(it, int):
        return {"intValue": str(it)}
    if isinstance(it, float):
        return {"doubleValue": it}
    if isinstance(it, list):
        return {"arrayValue": {"values": [value(inner) for inner in it]}}
    return {"stringValue": it}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(it)} for key, it in values.items()]


def span(attributes_: dict[str, Any], **values: Any) -> dict[str, Any]:
    number = next(_ids)
    return {
        "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": "canary", "kind": 3,
        "startTimeUnixNano": str(START + number * 10**9), "endTimeUnixNano": str(START + number * 10**9 + 10**9),
        "attributes": attributes(attributes_), "status": {},
    } | values  # fmt: skip


def export(scope: str, *spans: Any) -> dict[str, Any]:
    resource = {"attributes": attributes({"service.name": "bot"})}
    return {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}]}]
    }


def phoenix(kind: str, attributes_: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A span as the API of Phoenix returns it."""
    number = next(_ids)
    return {
        "id": f"canary{number}", "name": "canary", "span_kind": kind, "parent_id": None,
        "context": {"trace_id": f"{number:032x}", "span_id": f"{number:016x}"},
        "start_time": f"2026-03-10T08:00:{number % 60:02d}+00:00", "status_code": "UNSET", "status_message": "",
        "end_time": f"2026-03-10T08:00:{number % 60:02d}.750000+00:00", "attributes": attributes_, "events": [],
    } | values  # fmt: skip
