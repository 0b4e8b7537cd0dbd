"""One page of a model list: bytes in, models and the address of the next page out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from collectors.interface import ModelShutdown

_LONGEST = 200


class NotAModelList(Exception):
    """The answer is no page of a model list."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer has."""

    models: tuple[ModelShutdown, ...]
    undated: int
    """Models whose shutdown date, or whose name, cannot be read."""
    after: str | None
    """The last model of the page when there are more pages."""


class _Model(msgspec.Struct):
    id: str
    shutdown_date: Any = None


class _Answer(msgspec.Struct):
    data: list[_Model]
    has_more: bool | None = None
    last_id: str | None = None


def parse_page(body: bytes) -> Page:
    """Read `{"data": [{"id": ..., "shutdown_date": "YYYY-MM-DD" | null}, ...], "has_more": ..., "last_id": ...}`.

    Raises:
        NotAModelList: it is something else.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Without a cause: the error might quote the answer.
        raise NotAModelList from None
    models, undated = [], 0
    for model in answer.data:
        try:
            day = None if model.shutdown_date is None else _day(model.shutdown_date)
        except ValueError:
            undated += 1
            continue
        if not model.id.strip() or len(model.id) > _LONGEST or not model.id.isprintable():
            undated += 1
            continue
        models.append(ModelShutdown(model.id, day))
    after = None
    if answer.has_more and answer.data:
        after = answer.last_id or answer.data[-1].id
    return Page(tuple(models), undated, after)


def _day(value: object) -> date:
    """The UTC day of `2027-01-14` or of a time on it."""
    if not isinstance(value, str):
        raise ValueError("no date")  # noqa: TRY004 - one kind of error for every unreadable date
    return date.fromisoformat(value.strip()[:10])
