"""The roll-up in plain words, a record at a time: what the generated loops must give, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import UNKNOWN_MODEL, Operation, Result
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, operation_of, status_of

_TOKENS = (
    "input_tokens", "cached_input_tokens", "output_tokens", "cache_write_tokens", "reasoning_tokens",
    "static_input_tokens",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_OR_NOT = (
    ("input_tokens", "unknown_input"),
    ("cached_input_tokens", "unknown_cached"),
    ("output_tokens", "unknown_output"),
    ("cost_usd", "unpriced"),
    ("latency_ms", "unknown_latency"),
)
_PARTS = {"input_tokens": ("cached_input_tokens", "cache_write_tokens"), "output_tokens": ("reasoning_tokens",)}


@dataclass
class Reference:
    """Counts values that were read from records; duplicates as `collectors/aggregation/dedupe.py` defines them."""

    system_of: Callable[[tuple[object, ...]], str | None]
    zone: tzinfo
    limit: datetime
    slot_seconds: int
    span: int | None
    """Slots; None without removal of duplicates."""
    cells: dict[tuple[str, str, Operation, date], dict[str, float]] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    newest: datetime | None = None
    seen: dict[tuple[object, ...], int] = field(default_factory=dict)
    by_record: bool = False
    """Whether records with the same id that say something else are other calls."""

    def add(self, values: Mapping[str, Any], template: tuple[object, ...]) -> Result:
        """Count one record."""
        if values.get("time") is None:
            return Result.MISSING_FIELD
        moment = parse_time(values["time"], self.zone)
        if moment is None:
            return Result.BAD_TIME
        if moment > self.limit:
            return Result.FUTURE
        self.days.add(moment.date())
        operation = operation_of(values.get("operation"))
        if operation is None:
            return Result.UNKNOWN_OPERATION
        outcome = status_of(values.get("status"))
        if outcome is None:
            return Result.UNKNOWN_STATUS
        system = self.system_of(template)
        if system is None:
            return Result.UNATTRIBUTED
        if outcome is CallStatus.SUCCESS and is_cache_hit(values.get("cache_hit")):
            outcome = CallStatus.CACHE_HIT
        kind: tuple[object, ...] = (system, operation, outcome)
        if self.by_record:
            told = (values.get(name) for name in _TOKENS)
            kind = (*kind, values.get("model") or UNKNOWN_MODEL, moment.replace(microsecond=0), *told)
            kind = (*kind, moment.microsecond // 1000)
        if not self._is_new(values.get("request_id"), kind, moment):
            return Result.DUPLICATE
        key = (system, values.get("model") or UNKNOWN_MODEL, operation, moment.date())
        self._count(self.cells.setdefault(key, dict.fromkeys(COLUMNS, 0.0)), outcome, values)
        self.newest = max(moment, self.newest or moment)
        return Result.COUNTED

    @staticmethod
    def _count(cell: dict[str, float], outcome: CallStatus, values: Mapping[str, Any]) -> None:
        if values.get("cost_usd") == 0 and (values.get("input_tokens") or values.get("output_tokens")):
            values = {**values, "cost_usd": None}  # what a producer writes that does not know the price
        rate, number, attempts = values.get("sample_rate"), values.get("inferences"), values.get("attempts")
        scale = 1.0 if rate is None else 1.0 / rate
        weight = scale if number is None else scale * number
        if outcome is CallStatus.CACHE_HIT:
            cell["cache_hits"] += weight
            return
        cell["attempts"] += weight if attempts is None else scale * attempts
        if outcome is CallStatus.ERROR:
            cell["errors"] += weight
            if values.get("cost_usd") is not None:
                cell["cost_usd"] += scale * values["cost_usd"]
            return
        cell["inferences"] += weight
        stored: dict[str, float] = {}
        for name, unknown in _KNOWN_OR_NOT:
            told = values.get(name)
            if told is None:
                cell[unknown] += weight
                continue
            beside = sum(values.get(part) or 0 for part in _PARTS.get(name, ()))
            stored[name] = told + beside if beside > told else told
            cell[name] += scale * stored[name]
        if values.get("cost_usd") is not None:
            for name in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"):
                cell[f"costed_{name}"] += scale * stored.get(name, 0)
        elif values.get("input_tokens") is None:
            cell["uncosted_input"] += weight
        elif values.get("output_tokens") is None:
            cell["uncosted_output"] += weight

    def _is_new(self, request_id: object, kind: tuple[object, ...], moment: datetime) -> bool:
        text = str(request_id).strip()
        if self.span is None or text.lower() in {"", "none", "null"}:
            return True
        slot = (moment - _EPOCH) // timedelta(seconds=self.slot_seconds)
        known = self.seen.get((*kind, text))
        if known is not None and abs(known - slot) <= self.span:
            return False
        self.seen[*kind, text] = slot if known is None else max(slot, known)
        return True
