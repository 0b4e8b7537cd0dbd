"""Finds the columns of a table whose cells are JSON objects, and what is inside of these. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.cell_objects import object_of
from leverwatch.collectors.sniffing.columns import dotted, leaves
from leverwatch.collectors.sniffing.numerals import Scalar

_SOME, _MANY, _MOSTLY = 0.05, 0.3, 0.9
"""The shares of objects in a column from which on it is looked at where no other has more, from which on they need
tell no tokens, and from which on other cells are broken."""


def paths_in(settings: object) -> tuple[str, ...]:
    """Return all names of columns in settings, and whatever other texts they have."""
    if isinstance(settings, Mapping):
        return (*(str(key) for key in settings), *(it for value in settings.values() for it in paths_in(value)))
    if isinstance(settings, list | tuple):
        return tuple(it for value in settings for it in paths_in(value))
    return (settings.removeprefix("+"),) if isinstance(settings, str) else ()


def object_columns(records: Sequence[Mapping[Path, Scalar]]) -> tuple[str, ...]:
    """Return the names of the columns whose cells are objects, as far as they have something."""
    found: dict[str, list[bool]] = {}
    for record in records:
        for path, cell in record.items():
            found.setdefault(path[0], []).append(str(cell)[:1] == "{" and bool(object_of(str(cell))))
    of_many = tuple(name for name, it in found.items() if sum(it) >= _MANY * len(it))
    return of_many or tuple(name for name, it in found.items() if sum(it) >= _SOME * len(it))


def with_inside(records: Sequence[Mapping[Path, Scalar]], columns: Sequence[str]) -> list[dict[Path, Scalar]]:
    """Return the records with what is inside of objects instead of these, under both names joined by a dot."""
    made = []
    for record in records:
        own = {path: cell for path, cell in record.items() if path[0] not in columns}
        for name in columns:
            inside = object_of(str(record.get((name,), ""))) or {}
            own |= {(f"{name}.{dotted(path)}",): value for path, value in leaves(inside).items()}
        made.append(own)
    return made


def among_texts(records: Sequence[Mapping[Path, Scalar]], columns: Sequence[str]) -> str | None:
    """Return the column in which many cells are objects and the others texts, as in a log with several kinds of
    lines; None when there is none."""
    for name in columns:
        cells = [str(record[name,]) for record in records if (name,) in record]
        if sum(object_of(cell) is not None for cell in cells) < _MOSTLY * len(cells):
            return name
    return None


def are_few(objects: int, records: int) -> bool:
    """Whether so few records have objects that these may be details, as of errors, and not the calls."""
    return objects < _MANY * records


def told_in_all(made: Sequence[Mapping[Path, Scalar]], column: str) -> str | None:
    """Return a column inside of the objects of one that all records tell; None when there is none."""
    inside = [[path for path in record if path[0].startswith(f"{column}.")] for record in made]
    return next((path[0] for path in inside[0] if all(path in it for it in inside)), None) if inside else None
