"""Finds the time of a call, and how it is written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.sniffing.columns import MOSTLY, Column
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft
from leverwatch.collectors.sniffing.field_names import is_time, rank
from leverwatch.collectors.sniffing.moments import Moments, moments_of, readable
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.stamps import set_stamp
from leverwatch.collectors.sniffing.zones import NO_ZONE, zone_of_name

_DATED = frozenset("-:")
"""A date as text has one of these; a number has none."""
_ELSEWHERE = timezone(timedelta(hours=1))
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M:%S %p", "%I:%M %p")
_ENDS = frozenset({"end", "ended", "finished", "completed", "done", "ende", "fin", "stop", "stopped"})
_STARTS = frozenset({"start", "started", "begin", "begun", "created", "requested", "beginn", "debut"})
_YEARS = (2015, 2040)
_SHEETS = (30_000, 60_000)
"""Between these numbers are the days that spreadsheets count from 1900 on."""
_DAY_FIRST = word_set(
    "eingabe ausgabe uhrzeit modell kosten datum anfrage entree sortie modele jetons cout heure entrada salida"
    " saida modelo coste costo fecha hora ingresso uscita modello invoer uitvoer tijd wejsciowe wyjsciowe"
)
"""Words of languages in which a date begins with its day."""


def set_time(draft: Draft, clock: str | None, *, day_first: bool) -> None:
    """Map the time; `clock` is one that a wrapper tells, `day_first` whether the day stands before the month."""
    found: dict[Path, Moments | None] = {}
    day_first = day_first or _names_of_lands_with_days_first(draft)
    for path in draft.named("time"):
        column = draft.columns.of[path]
        if _is_plain(column):
            found[path] = None
        elif (moments := moments_of(column.values, day_first=day_first)) is not None:
            found[path] = moments
    by_value = not found
    if by_value:
        for path, column in draft.columns.of.items():
            moments = None if all(map(_is_date, column.values)) else moments_of(column.values, day_first=day_first)
            if moments is not None or all(map(_is_date, column.values)):
                found[path] = moments
        if not found and clock is None:
            found = {path: None for path, column in draft.columns.of.items() if _is_epoch(column)}
    if found:
        if by_value:
            draft.doubt("time", "chosen by its values, for no name tells")
        _set(draft, found)
    elif (
        clock is not None and draft.is_free(("time",)) and not any(path[0] == "time" for path in draft.columns.of)
    ):
        draft.set("time", "time", ("time",))
        draft.doubt("time", "no record has one, and that of its wrapper serves")
        if _is_naive(clock):
            draft.doubt("time", NO_ZONE)
    elif clock is None:
        set_stamp(draft)


def _names_of_lands_with_days_first(draft: Draft) -> bool:
    """Whether a name is of a language whose dates begin with the day."""
    return any(not _DAY_FIRST.isdisjoint(words_of(key)) for path in draft.columns.of for key in path)


def _is_plain(column: Column) -> bool:
    return sum(map(is_time, column.values)) >= len(column.values) * MOSTLY


def _is_date(value: Scalar) -> bool:
    return isinstance(value, str) and not _DATED.isdisjoint(value) and is_time(value)


def _is_epoch(column: Column) -> bool:
    """Whether numbers are times of our years that do not go back, as nothing but a time is."""
    times = [readable(value, None) for value in column.values if not isinstance(value, bool)]
    known = [time for time in times if time is not None and _YEARS[0] <= time.year <= _YEARS[1]]
    back = sum(later < earlier for earlier, later in pairwise(known))
    return len(known) == len(column.values) and back <= len(known) / 4


def _set(draft: Draft, found: dict[Path, Moments | None]) -> None:
    # A time of day is in more of the times than a day alone is.
    paths = list(found)
    path = next((it for it in paths if not _is_day(draft, it, found[it])), paths[0])
    if rank("time", paths[0]) is not None and paths[0][:-1] != path[:-1]:
        path = paths[0]
    spelled, moments = draft.spell(path), found[path]
    gaps = [it for it in paths if it != path and found[it] is None and moments is None]
    missing = set(range(len(draft.columns))) - set(draft.columns.of[path].at)
    filling = [it for it in gaps if missing & set(draft.columns.of[it].at)]
    of_day = _time_of_day(draft, path) if _is_day(draft, path, moments) else None
    if of_day is not None:
        clock, form = of_day
        day = moments.format if moments is not None else "%Y-%m-%d"
        draft.set("time", {"path": [spelled, f"+{draft.spell(clock)}"], "format": f"{day} {form}"}, path, clock)
    elif moments is not None:
        draft.set("time", {"path": spelled, "format": moments.format}, path)
    else:
        names = [spelled, *map(draft.spell, filling)]
        draft.set("time", names[0] if len(names) == 1 else names, path, *filling)
        if filling:
            draft.doubt("time", f"{', '.join(names)}: the first that tells, as not all records have {spelled}")
    draft.others["time"] = tuple(it for it in paths if it not in draft.paths["time"])[:MOST_OTHERS]
    _doubt(draft, path, moments, found)


def _doubt(draft: Draft, path: Path, moments: Moments | None, found: dict[Path, Moments | None]) -> None:
    column, spelled = draft.columns.of[path], draft.spell(path)
    form = None if moments is None else moments.format
    if moments is not None and moments.other is not None:
        draft.doubt(
            "time",
            f"{spelled} is read as {moments.format}; {moments.other} reads all of it too, and moves calls to other"
            " days",
        )
    zoneless = (
        "%z" not in form
        if form is not None
        else any(_is_date(time) and _is_naive(str(time)) for time in column.values)
    )
    if zoneless and "utc" not in words_of(path[-1]):
        draft.doubt("time", zone_of_name(words_of(path[-1])))
    for other in draft.others["time"]:
        days = _other_days(column, form, draft.columns.of[other], found[other])
        if days:
            draft.doubt("time", f"by {draft.spell(other)} {days} records of the sample are on other days")
    unread = sum(readable(value, form) is None for value in column.values)
    if unread:
        draft.doubt("time", f"{unread} values of {spelled} in the sample are no times that can be read")


def _other_days(column: Column, form: str | None, other: Column, moments: Moments | None) -> int:
    second = other.by_record
    number = 0
    for at, value in column.by_record.items():
        if at in second:
            one, two = readable(value, form), readable(second[at], None if moments is None else moments.format)
            number += one is not None and two is not None and one.date() != two.date()
    return number


def _is_naive(text: str) -> bool:
    return parse_time(text, UTC) != parse_time(text, _ELSEWHERE)


def _is_day(draft: Draft, path: Path, moments: Moments | None) -> bool:
    """Whether the values tell days without a time of day."""
    if moments is not None:
        return "%H" not in moments.format and "%I" not in moments.format
    return all(isinstance(value, str) and len(value.strip()) == len("2026-03-10") and "-" in value
               for value in draft.columns.of[path].values)  # fmt: skip


def _time_of_day(draft: Draft, day: Path) -> tuple[Path, str] | None:
    """Return the path beside a day that tells the time of day, and its format; None when there is none."""
    for path, column in draft.columns.of.items():
        if path == day or path[:-1] != day[:-1] or not all(isinstance(value, str) for value in column.values):
            continue
        if len(column.at) < MOSTLY * len(draft.columns.of[day].at):
            continue
        form = next((it for it in _CLOCKS if _all_read(column.values, it)), None)
        if form is not None:
            return path, form
    return None


def _all_read(values: Sequence[Any], form: str) -> bool:
    try:
        for value in values[:500]:
            datetime.strptime(value.strip(), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def spans_of_calls(columns: Any) -> list[tuple[Path, Path]]:
    """Return pairs of paths to the start and the end of a call."""
    times = [
        path for path, column in columns.of.items()
        if _is_plain(column) and (rank("time", path) is not None or (_STARTS | _ENDS) & set(words_of(path[-1])))
    ]  # fmt: skip
    ends = [path for path in times if not _ENDS.isdisjoint(words_of(path[-1]))]
    return [(start, end) for end in ends for start in times if start not in ends and start[:-1] == end[:-1]]


def sheet_days(column: Column) -> bool:
    """Whether numbers are days as spreadsheets count them, which no setting reads."""
    numbers = column.numbers.values()
    return bool(numbers) and all(_SHEETS[0] < number < _SHEETS[1] for number in numbers)
