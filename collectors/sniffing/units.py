"""Finds durations, and the units that they are in. Pure."""

from __future__ import annotations

from statistics import median

from leverwatch.collectors.records.durations import milliseconds_of
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.timestamps import elapsed_ms
from leverwatch.collectors.sniffing.columns import MOSTLY, Column
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
_ALSO_WORDS = frozenset({"s", "second", "us", "nano", "micro", "milli"})
"""Units that are words for other things too."""
_SAYS_MODEL = frozenset({"llm", "model", "openai", "anthropic", "inference", "completion", "generation", "ai"})
_SAYS_CALL = _SAYS_MODEL | {"api", "call", "request", "response", "t", "time", "chat", "dt", "total"}
_SHORTEST, _LONGEST = 0.03, 400.0
"""Seconds that the middle call of a log takes."""
_TOO_SLOW, _TOO_LONG, _TOO_FAST = 0.5, 300.0, 20_000.0
"""Output tokens a second, and seconds, beyond which a call of a log hardly is."""
_FEWEST = 5
_SLOWEST, _FASTEST = 1.0, 2000.0
"""Output tokens a second of the middle call of a log."""


def set_latency(draft: Draft, ends: list[tuple[Path, Path]]) -> None:
    """Map the duration of a call, with its unit; `ends` are starts and ends of calls."""
    exact = [path for path in draft.named("latency_ms") if draft.columns.of[path].is_numeric]
    loose = [path for path in draft.columns.of if _may_last(path) and draft.is_free(path)]
    found = [path for path in dict.fromkeys((*exact, *loose)) if draft.columns.of[path].is_numeric]
    found = [path for path in found if min(draft.columns.of[path].numbers.values(), default=0) >= 0]
    if not found:
        _set_texts(draft, loose)
        return
    found.sort(key=lambda path: not _is_of_model(draft, path))
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
    if proven is None and named is not None:
        unit = _by_size_against_name(draft, path, column, named)
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
    _compare(draft, path, found)
    draft.others["latency_ms"] = tuple(it for it in found[1:] if it not in draft.paths.get("latency_ms", ()))[
        :MOST_OTHERS
    ]


def _by_size_against_name(draft: Draft, path: Path, column: Column, named: str) -> str:
    """Return the unit of a name, or where it can hardly be that, the only one by which calls are as usual."""
    output = draft.column("output_tokens")
    numbers = [number for number in column.numbers.values() if number > 0]
    rates = [
        output.counts[at] / number
        for at, number in column.numbers.items()
        if output is not None and number > 0 and output.counts.get(at, 0) > 0
    ]
    if len(numbers) < _FEWEST or not rates:
        return named
    rate, lasts = median(rates) / SECONDS[named], median(numbers) * SECONDS[named]
    if (rate >= _TOO_SLOW or lasts <= _TOO_LONG) and rate <= _TOO_FAST:
        return named
    likely = [unit for unit in _likely(draft, column) if unit != named]
    unit = likely[0] if len(likely) == 1 else named
    draft.doubt(
        "latency",
        f"{draft.spell(path)} is named {named}, by which the middle call took {lasts:.3g} s, for {rate:,.4g}"
        f" tokens a second; it is taken as {unit}",
    )
    return unit


def _may_last(path: Path) -> bool:
    """Whether a name is that of a duration, or of nothing but a unit of one: `llm.ms`, `api_secs`."""
    own = words_of(path[-1])
    bare = bool(own) and own[-1] in _UNIT_OF and own[-1] not in _ALSO_WORDS and _SAYS_CALL.issuperset(own[:-1])
    return is_called(DURATIONS, path) or bare


def _is_of_model(draft: Draft, path: Path) -> bool:
    """Whether a duration is that of the model, by its name or the object it is in, and not of what is around."""
    words = {word for key in path for word in words_of(key)}
    tokens = draft.first("output_tokens") or draft.first("input_tokens") or ()
    beside = len(path) > 1 and path[:-1] in (tokens[:-1], (draft.first("model") or ())[:-1])
    return beside or not _SAYS_MODEL.isdisjoint(words)


def _compare(draft: Draft, taken: Path, found: list[Path]) -> None:
    """Say which other duration of a call there is, that differs."""
    own = draft.columns.of[taken].numbers
    for path in found:
        other = draft.columns.of[path].numbers
        both = own.keys() & other.keys()
        if path == taken or not any(own[at] != other[at] for at in both):
            continue
        text = f"taken from {draft.spell(taken)}; {draft.spell(path)} is another duration"
        if _is_of_model(draft, taken) and not _is_of_model(draft, path):
            draft.prove("latency", f"{text}, and not that of the model by its name")
        else:
            draft.doubt("latency", text)
        return


def _set_texts(draft: Draft, named: list[Path]) -> None:
    """Map durations that are texts with their unit, such as `1.2s` and `812ms`."""
    texts = [path for path in named if not all(map(is_time, draft.columns.of[path].values))]
    texts.sort(key=lambda path: not _is_of_model(draft, path))
    for path in texts:
        values = draft.columns.of[path].texts
        read = sum(milliseconds_of(value) is not None for value in values)
        if values and read >= MOSTLY * len(values):
            draft.set("latency", {"path": draft.spell(path), "unit": "text"}, path)
            draft.prove("latency", f"{draft.spell(path)} has durations that say their unit")
            return
    if texts:
        draft.doubt("latency", f"{draft.spell(texts[0])} may be it; its values are no plain numbers: not mapped")


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


def settled_numerals(draft: Draft, name: str, path: Path, column: Column) -> dict[str, str | bool]:
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
