"""Finds durations, and the units that they are in. Pure."""

from __future__ import annotations

from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.timestamps import elapsed_ms
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.counters import counter_of, session_keys
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, first_that_tells
from leverwatch.collectors.sniffing.field_names import DURATIONS, is_called, is_time
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.numerals import PLAIN, Numerals

_UNITS = {
    "s": "s sec secs second seconds sek sekunden secondes segundos seconde sekunde segundo",
    "ms": "ms msec millis milli millisecond milliseconds millisekunden",
    "us": "us usec micros micro microsecond microseconds µs",
    "ns": "ns nsec nanos nano nanosecond nanoseconds",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SHORTEST, _LONGEST = 0.03, 400.0
"""Seconds that the middle call of a log takes."""
_SLOWEST, _FASTEST = 1.0, 2000.0
"""Output tokens a second of the middle call of a log."""


def set_latency(draft: Draft, ends: list[tuple[Path, Path]]) -> None:
    """Map the duration of a call, with its unit; `ends` are starts and ends of calls."""
    exact = [path for path in draft.named("latency_ms") if draft.columns.of[path].is_numeric]
    loose = [path for path in draft.columns.of if is_called(DURATIONS, path) and draft.is_free(path)]
    found = [path for path in dict.fromkeys((*exact, *loose)) if draft.columns.of[path].is_numeric]
    found = [path for path in found if min(draft.columns.of[path].numbers.values(), default=0) >= 0]
    if not found:
        texts = [
            path for path, column in draft.columns.of.items()
            if is_called(DURATIONS, path) and draft.is_free(path) and not any(map(is_time, column.values))
        ]  # fmt: skip
        if texts:
            draft.doubt(
                "latency", f"{draft.spell(texts[0])} may be it; its values are no plain numbers: not mapped"
            )
        return
    path = found[0]
    column = draft.columns.of[path]
    if (
        counter_of(draft.columns, column, session_keys(draft.columns)) is not None
        and len(column.numbers) > MOST_OTHERS
    ):
        draft.doubt("latency", f"{draft.spell(path)} only grows, so it is no duration of a call: not mapped")
        draft.settled.add(path)
        return
    named = _unit_named(path)
    proven = _proven(draft, column, ends)
    unit = proven or named
    if unit is None:
        likely = _likely(draft, column)
        if len(likely) != 1:
            draft.doubt(
                "latency",
                f"{draft.spell(path)} may be it; its unit is not known"
                f"{', it could be ' + ' or '.join(likely) if likely else ''}: not mapped",
            )
            draft.settled.add(path)
            return
        (unit,) = likely
        draft.doubt("latency", f"{draft.spell(path)} is taken as {unit}, by its size; nothing names its unit")
    elif proven is not None and named is not None and proven != named:
        unit = proven
        draft.doubt(
            "latency", f"{draft.spell(path)} is named {named}, and is {proven} by the times of start and end"
        )
    else:
        why = "by the times of start and end" if proven else "by its name"
        draft.prove("latency", f"{draft.spell(path)} is in {unit} {why}")
    numerals = settled_numerals(draft, "latency", path, column)
    if unit == "ms" and not numerals:
        chosen = first_that_tells(draft, [it for it in found if _unit_named(it) == "ms" or it == path], _numbers)
        spelled = [draft.spell(it) for it in chosen]
        draft.set("latency_ms", spelled[0] if len(spelled) == 1 else spelled, *chosen)
    else:
        draft.set("latency", {"path": draft.spell(path), "unit": unit, **numerals}, path)
    draft.others["latency_ms"] = tuple(it for it in found[1:] if it not in draft.paths.get("latency_ms", ()))[
        :MOST_OTHERS
    ]


def _numbers(column: Column) -> dict[int, float]:
    return column.numbers


def _unit_named(path: Path) -> str | None:
    own = words_of(path[-1].replace("µ", "u"))
    for word in reversed(own):
        if word in _UNIT_OF:
            return _UNIT_OF[word]
    joined = "".join(own)
    for ending in ("milliseconds", "millis", "seconds", "ms"):
        if joined.endswith(ending):
            return _UNIT_OF[ending]
    return _UNIT_OF.get(words_of(path[-2])[-1]) if len(path) > 1 and words_of(path[-2]) else None


def _proven(draft: Draft, column: Column, ends: list[tuple[Path, Path]]) -> str | None:
    """Return the unit in which the durations are the times between start and end; None when none is."""
    for start, end in ends:
        first, last = draft.columns.of[start].by_record, draft.columns.of[end].by_record
        gaps = {at: elapsed_ms(first[at], last[at]) for at in column.numbers if at in first and at in last}
        known = {at: gap / 1000 for at, gap in gaps.items() if gap}
        if len(known) < 3:
            continue
        for unit, seconds in SECONDS.items():
            same = sum(abs(column.numbers[at] * seconds - gap) <= 0.1 * gap + 0.002 for at, gap in known.items())
            if same >= 0.8 * len(known):
                return unit
    return None


def _likely(draft: Draft, column: Column) -> list[str]:
    numbers = [number for number in column.numbers.values() if number > 0]
    if not numbers:
        return []
    middle = median(numbers)
    found = [unit for unit, seconds in SECONDS.items() if _SHORTEST <= middle * seconds <= _LONGEST]
    output = draft.column("output_tokens")
    if output is not None and len(found) > 1 and "of_session" not in str(draft.settings.get("output_tokens")):
        rates = [
            output.counts[at] / number
            for at, number in column.numbers.items()
            if number > 0 and output.counts.get(at, 0) > 0
        ]
        if rates:
            by_rate = [unit for unit in found if _SLOWEST <= median(rates) / SECONDS[unit] <= _FASTEST]
            found = by_rate or found
    fractions = any(not number.is_integer() for number in numbers)
    if len(found) > 1 and "s" in found and "ms" in found:
        return ["s"] if fractions and middle < 100 else found
    return found


def settled_numerals(draft: Draft, name: str, path: Path, column: Column) -> dict[str, str]:
    """Return the settings that say how the numbers of a field are written, and doubt them where others may be."""
    numerals = column.numerals
    if not numerals.is_sure:
        habit = draft.habit
        if habit is not None and habit.decimal != numerals.decimal:
            numerals = Numerals(habit.decimal, habit.thousands)
            column.__dict__["numerals"] = numerals
            column.__dict__.pop("numbers", None)
        elif habit is None:
            draft.doubt(
                name,
                f"the numbers of {draft.spell(path)} are read with the decimal sign {numerals.decimal!r}; it"
                " may be"
                " one between thousands",
            )
    return {} if numerals == PLAIN else numerals.settings
