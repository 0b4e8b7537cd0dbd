"""The amounts of each call as a field map reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from leverwatch.collectors.records.tokens import WHOLES
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.moments import readable
from leverwatch.collectors.sniffing.name_words import words_of

_MS = {"s": 1000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
_MINUTES = frozenset({"minutes", "minute", "mins", "minuten"})
PARTS = ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


def amounts(draft: Draft, name: str) -> dict[int, float]:
    """Return the numbers of a field by record: the first that tells, or a sum where the map has one.

    Nothing where the field is not mapped, or is a counter whose increase is the number.
    """
    setting = draft.settings.get(name)
    if setting is None or (isinstance(setting, dict) and "of_session" in setting):
        return {}
    spelled = setting.get("path") if isinstance(setting, dict) else setting
    numbers = "counts" if name != "cost_usd" else "numbers"
    columns: list[Mapping[int, float]] = [
        getattr(draft.columns.of[path], numbers) for path in draft.paths[name] if path in draft.columns.of
    ]
    if not columns:
        return {}
    is_sum = isinstance(spelled, list) and any(str(it).startswith("+") for it in spelled)
    if is_sum:
        return {at: sum(column.get(at, 0.0) for column in columns) for at in columns[0]}
    return {at: number for column in reversed(columns) for at, number in column.items()}


def with_beside(draft: Draft, whole: str) -> dict[int, float]:
    """Return the tokens of a whole by record, with the parts that stand beside it."""
    found = amounts(draft, whole)
    for part in WHOLES.get(whole, ()):
        setting = draft.settings.get(part)
        if isinstance(setting, dict) and setting.get("stands") == "beside":
            more = amounts(draft, part)
            found = {at: number + more.get(at, 0.0) for at, number in found.items()}
    return found


def times(draft: Draft) -> dict[int, datetime]:
    """Return the time of each call that can be read."""
    column = draft.column("time")
    if column is None:
        return {}
    setting = draft.settings["time"]
    format_ = setting.get("format") if isinstance(setting, dict) else None
    if format_ is not None and len(draft.paths["time"]) > 1:
        second = draft.columns.of[draft.paths["time"][1]].by_record
        values: dict[int, object] = {
            at: f"{value} {second[at]}" for at, value in column.by_record.items() if at in second
        }
    else:
        values = {**column.by_record}
    read = {at: readable(value, format_) for at, value in values.items()}
    return {at: time for at, time in read.items() if time is not None}


def latencies(draft: Draft) -> dict[int, float]:
    """Return how long each record lasted in milliseconds, by the field that is mapped or a name in minutes."""
    column = draft.column("latency_ms")
    if column is not None:
        return dict(column.numbers)
    column, setting = draft.column("latency"), draft.settings.get("latency")
    if column is not None and isinstance(setting, dict) and setting.get("unit") in _MS:
        return {at: number * _MS[setting["unit"]] for at, number in column.numbers.items()}
    for path, other in draft.columns.of.items():
        if _MINUTES.intersection(words_of(path[-1])) and other.is_numeric and draft.is_free(path):
            return {at: number * 60_000 for at, number in other.numbers.items()}
    return {}


def has_times_of_day(found: Mapping[int, datetime]) -> bool:
    """Whether times tell more than a day or an hour."""
    return any(time.minute or time.second or time.microsecond for time in found.values())


def stands_for_many(draft: Draft) -> bool:
    """Whether a record says how many calls it stands for."""
    return "inferences" in draft.paths


def are_days(draft: Draft) -> bool:
    """Whether the times are written as days alone."""
    column = draft.column("time")
    return (
        column is not None
        and len(draft.paths["time"]) == 1
        and all(isinstance(it, str) and ":" not in it and not it.strip().isdecimal() for it in column.values)
        and not has_times_of_day(times(draft))
    )
