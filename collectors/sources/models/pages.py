"""Parses one page of a model list: bytes in, models and the position of the next page out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import msgspec

from leverwatch.collectors.interface import ModelShutdown
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.records.decode import BadInput, convert, decode
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.outline import VALUE, Each, Wanted, outline

MOST_MODELS = 10_000
"""The largest number of models in a whole list; providers have hundreds."""
_LARGEST_ENTRY = 64 << 10
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)


class NotAModelList(Exception):
    """The response is not a page of a model list."""


@dataclass(frozen=True, slots=True)
class Page:
    """The contents of one page."""

    models: tuple[ModelShutdown, ...]
    undated: int
    """How many models have an unreadable shutdown date or name."""
    after: str | None
    """The last model of the page, from which the next page goes on; None on the last page."""
    left: int = 0
    """How many models were left out because of the limit."""


class _Model(msgspec.Struct):
    id: str
    shutdown_date: Any = None


class _Answer(msgspec.Struct):
    data: list[Any]
    has_more: bool | None = None
    last_id: str | None = None


class _Models:
    """Collects the models of a page while it is read; an invalid entry is counted and left out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.listed: list[ModelShutdown] = []
        self.undated = self.left = 0
        self.last: str | None = None

    def add(self, _: str | int, text: bytes | None) -> None:
        """Add one entry, given as JSON text; None for one that is too large."""
        if len(self.listed) + self.undated >= self._most:
            self.left += 1
            return
        try:
            model = self._model(text)
            day = None if model.shutdown_date is None else _day(model.shutdown_date)
        except (BadInput, ValueError):
            self.undated += 1
            return
        if is_usable(model.id):
            self.listed.append(ModelShutdown(model.id, day))
        else:
            self.undated += 1

    def _model(self, text: bytes | None) -> _Model:
        model = decode(text or b"", _Model)
        self.last = model.id
        return model


def parse_page(body: bytes, most: int = MOST_MODELS) -> Page:
    """Read `{"data": [{"id": ..., "shutdown_date": "YYYY-MM-DD" | null}, ...], "has_more": ..., "last_id": ...}`.

    Args:
        body: the answer.
        most: how many models to read; all others are only counted.

    Raises:
        NotAModelList: it is something else.
    """
    models = _Models(most)
    wanted: Wanted = {"data": Each(models.add, _LARGEST_ENTRY), "has_more": VALUE, "last_id": VALUE}
    try:
        answer = convert(outline(BytesIO(body), wanted), prepared(_Answer))
    except BadInput:
        # Without a cause: the error might quote the answer.
        raise NotAModelList from None
    after = None
    if answer.has_more and not models.left:
        after = answer.last_id or models.last
        if after is not None and not is_usable(after):
            raise NotAModelList
    return Page(tuple(models.listed), models.undated, after, models.left)


def _day(value: object) -> date:
    """Return the UTC day of a date such as `2027-01-14`, or of a time.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(value, str):
        raise ValueError("no date")  # noqa: TRY004 - one kind of error for every unreadable date
    day = date.fromisoformat(value.strip()[:10])
    if not _FIRST <= day <= _LAST:
        raise ValueError("no day of any model")
    return day
