"""Finds times that stand within other values, as in the ids of runs. Pure."""

from __future__ import annotations

import re
from typing import Any

from leverwatch.collectors.records.time_forms import ANY, bare, has_stars, inside
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.moments import readable
from leverwatch.collectors.sniffing.zones import NO_ZONE

_STAMP = re.compile(
    r"(?<!\d)(?P<date>20\d\d(?P<of_date>[-_.]?)\d\d(?P=of_date)\d\d)(?P<joint>[T_ -]?)"
    r"(?P<clock>\d\d(?P<of_clock>[-_:.]?)\d\d(?P=of_clock)\d\d)(?P<zone>Z|[+-]\d\d:?\d\d)?(?!\d)",
    re.ASCII,
)
_MOSTLY = 0.95


def set_stamp(draft: Draft) -> None:
    """Map a time within the values of a field, where a log has no other one."""
    for path, column in draft.columns.of.items():
        form = _form(column)
        if form is None or draft.columns.share(path) < _MOSTLY:
            continue
        spelled = draft.spell(path)
        draft.set("time", {"path": spelled, "format": form}, path)
        if len(set(column.values)) < len(column.values):
            draft.doubt(
                "time",
                f"only {spelled} has one, within it, and several records have the same: it may be when a run of"
                " calls began, and calls after midnight then count on the day before",
            )
        else:
            draft.doubt("time", f"only {spelled} has one, within it: taken by its figures")
        if "%z" not in form:
            draft.doubt("time", NO_ZONE)
        return


def is_stamp(setting: Any) -> bool:
    """Whether a setting of the time is that of one within another value."""
    return isinstance(setting, dict) and has_stars(str(setting.get("format", "")))


def _form(column: Column) -> str | None:
    first = column.values[0]
    match = _STAMP.search(first) if isinstance(first, str) else None
    if match is None:
        return None
    date, clock = match["of_date"], match["of_clock"]
    form = (
        f"{ANY if match.start() else ''}%Y{date}%m{date}%d{match['joint']}%H{clock}%M{clock}%S"
        f"{'%z' if match['zone'] else ''}{ANY if match.end() < len(str(first)) else ''}"
    )
    if form == bare(form):
        return None  # nothing is around it, and it is read as a time or is none
    told = sum(_reads(value, form) for value in column.values)
    return form if told >= _MOSTLY * len(column.values) else None


def _reads(value: object, form: str) -> bool:
    text = inside(value, form) if isinstance(value, str) else None
    return text is not None and readable(text, bare(form)) is not None
