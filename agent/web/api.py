"""The JSON documents of the API: all verdicts with their assessments."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import fields

from leverwatch.agent.framework.assessment import Assessment, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leverwatch.agent.snapshot import SystemsSnapshot, SystemView

_AT_ONCE = 100
"""Systems of a chunk."""


def systems_json(snapshot: SystemsSnapshot | None) -> bytes:
    """Return the document of `/api/v1/systems` as JSON, whole."""
    return b"".join(systems_chunks(snapshot))


def systems_chunks(snapshot: SystemsSnapshot | None) -> Iterator[bytes]:
    """Return the document of `/api/v1/systems` as JSON, in chunks of some systems each.

    Before the first evaluation `evaluated_at` is null and `systems` is empty. Unknown figures are null, days are
    ISO 8601 dates, and times have their zone.
    """
    document: dict[str, Any] = {"evaluated_at": None, "thresholds": None, "undeclared_dropped": 0, "systems": []}
    if snapshot is not None:
        document = {
            "evaluated_at": snapshot.evaluated_at,
            "thresholds": snapshot.settings,
            "undeclared_dropped": snapshot.undeclared_dropped,
            "systems": [],
        }
    # All objects of thousands of systems together would take many times their text.
    yield msgspec.json.encode(document).removesuffix(b"]}")
    views, between = iter(() if snapshot is None else snapshot.systems), b""
    while some := [_system(view) for view in islice(views, _AT_ONCE)]:
        yield between + msgspec.json.encode(some)[1:-1]
        between = b","
    yield b"]}\n"


def _system(view: SystemView) -> dict[str, Any]:
    verdict = view.verdict
    return {
        "system": view.system,
        "as_of": verdict.as_of,
        "in_configuration": view.declared,
        "declared_strategy": verdict.declared,
        "reviewed": None if view.reviewed is None else view.reviewed.date(),
        "recommended_strategy": verdict.strategy,
        "changed_on": verdict.changed_on,
        "declared_on": verdict.declared_on,
        "status": verdict.status,
        "mismatch": verdict.mismatch,
        "conflict": verdict.conflict,
        "held": verdict.held,
        "rule": verdict.rule,
        "reasons": verdict.reasons,
        "evidence": verdict.evidence,
        "volume": verdict.volume,
        "month_to_date_inferences": view.month_to_date_inferences,
        "last_calendar_month_inferences": view.last_month_inferences,
        "prompt_changes_per_week": verdict.changes_per_week,
        "prompt_frequency": verdict.frequency,
        "prompt_changes": view.prompt_changes,
        "last_prompt_change": view.last_prompt_change,
        "prompt_origin": view.prompt_origin,
        "prompt_divergence": view.prompt_divergence,
        "cross_checks": view.cross_checks,
        "assessment": None if view.assessment is None else assessment_values(view.assessment),
    }


def assessment_values(assessment: Assessment) -> dict[str, Any]:
    """Return the parts of an assessment by name. A part that failed is an object with the one key
    `unavailable`."""
    parts = {field.name: getattr(assessment, field.name) for field in fields(assessment)}
    return {
        name: {"unavailable": part.reason} if isinstance(part, Unavailable) else part
        for name, part in parts.items()
    }
