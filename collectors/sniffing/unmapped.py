"""What of a log a field map leaves out, and what a log lacks that gives none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.belonging import belongs
from leverwatch.collectors.sniffing.columns import Column, Columns, Record, dotted, leaves
from leverwatch.collectors.sniffing.draft import Draft, fits
from leverwatch.collectors.sniffing.field_names import is_called, is_plain, is_time, rank
from leverwatch.collectors.sniffing.moments import moments_of
from leverwatch.collectors.sniffing.name_words import TOKEN, words_of
from leverwatch.collectors.sniffing.not_usage import is_list_of_models, is_no_usage, said_of_models

_MOST_NUMBERS = 40
_CALLS = ("calls", "requests", "steps", "generations", "responses", "attempts", "llmcalls", "messages", "usage",
          "usages", "events", "items", "results", "data", "models", "spans", "turns", "records")  # fmt: skip


def unmapped_numbers(draft: Draft) -> tuple[str, ...]:
    """Return the paths with numbers that are not mapped, each with the range of its values."""
    taken = {path for paths in draft.paths.values() for path in paths}
    return ranges(
        [it for path, it in draft.columns.of.items() if path not in taken and it.is_numeric and it.numbers],
        draft.spell,
    )


def ranges(columns: Sequence[Column], spell: Callable[[Path], str] = dotted) -> tuple[str, ...]:
    """Return the paths of columns of numbers, each with the range of its values."""
    found = []
    for column in columns:
        low, high = min(column.numbers.values()), max(column.numbers.values())
        range_ = _number(low) if low == high else f"{_number(low)} to {_number(high)}"
        found.append(f"{spell(column.path)} ({range_})")
    more = len(found) - _MOST_NUMBERS
    return (*found[:_MOST_NUMBERS], *([f"and {more} more"] if more > 0 else []))


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def arrays_of_calls(values: Sequence[Any]) -> dict[Path, tuple[int, int]]:
    """Return the arrays whose items tell tokens or models: in how many records, and with how many items in all."""
    found: dict[Path, tuple[int, int]] = {}
    for value in values:
        for path, items in _arrays(value, ()):
            told = [leaves(item) for item in items if isinstance(item, dict)]
            if any(_tells_tokens(it) for it in told):
                records, number = found.get(path, (0, 0))
                found[path] = (records + 1, number + len(told))
    return found


def _arrays(value: Any, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    if isinstance(value, dict) and len(path) < 8:
        for key, inner in value.items():
            if isinstance(inner, list):
                if is_plain((*path, str(key))):
                    yield (*path, str(key)), inner
            else:
                yield from _arrays(inner, (*path, str(key)))


def _tells_tokens(record: Record) -> bool:
    return any(
        rank(name, path) is not None and isinstance(value, int | float) and not isinstance(value, bool)
        and TOKEN.intersection(word for key in path for word in words_of(key))
        for path, value in record.items()
        for name in ("input_tokens", "output_tokens")
    )  # fmt: skip


def found_and_missing(records: Sequence[Record], spell: Callable[[Path], str]) -> str | None:
    """Return what of a call was found where no field map could be made, and what is missing; None: no records."""
    if not records:
        return None
    columns = Columns(records)
    found, missing = [], []
    for name, label in (
        ("time", "time"), ("model", "model"), ("input_tokens", "tokens"), ("output_tokens", "tokens"),
        ("status", "status"),
    ):  # fmt: skip
        paths = [path for path in columns.of if _tells(name, path, columns)]
        if paths:
            found.append(f"{label} found in {', '.join(map(spell, paths[:3]))}")
        elif label != "status" and label not in missing:
            missing.append(label)
    missing = [label for label in missing if not any(it.startswith(f"{label} found") for it in found)]
    parts = [*found, *([", ".join(f"no {label}" for label in missing)] if missing else [])]
    totals = [path for path in columns.of if is_called(("totaltokens", "tokens"), path)]
    if totals and "tokens" in missing:
        parts.append(f"{spell(totals[0])} is not split into input and output")
    models = tuple(path for path in columns.of if _tells("model", path, columns))
    times = tuple(path for path in columns.of if _tells("time", path, columns))
    if is_list_of_models({"time": times, "model": models}, columns):
        parts.append(
            f"one record for each model, with the day in {spell(times[0])} from which on something holds of it:"
            " this is no usage log"
        )
    elif models and "tokens" in missing and is_no_usage(frozenset({"model"}), columns):
        parts.append(
            f"{', '.join(map(spell, said_of_models(columns)[:4]))} are limits, prices or scores of models by their"
            " names: this is no usage log"
        )
    elif models and "tokens" in missing and belongs({"model": models}, columns) is False:
        parts.append(
            "no finish reason, no latency and no operation is found either, and no name in"
            f" {', '.join(map(spell, models[:3]))} looks like a model of a provider: this is no usage log"
        )
    return "; ".join(dict.fromkeys(parts))


def _tells(name: str, path: Path, columns: Columns) -> bool:
    column = columns.of[path]
    if name == "time":
        named = rank(name, path) is not None or all(isinstance(value, str) for value in column.values)
        return named and (
            all(is_time(value) for value in column.values) or moments_of(column.values, day_first=True) is not None
        )
    return rank(name, path) is not None and fits(name, column)
