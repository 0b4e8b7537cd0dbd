"""Tells requests that ask no model, such as for a list of models, by their method and path. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_METHODS = ("method", "httpmethod", "requestmethod", "verb")
_PATHS = ("path", "url", "uri", "endpoint", "route", "requestpath", "requesturi", "request_path")
_NO_METHOD = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_NO_PATH = word_set(
    "models model health healthz healthcheck livez readyz ready live ping metrics favicon version tags status info"
    " docs openapi"
)
_DIGITS = word_set("v1 v2 v3 api ico txt json")


@dataclass(frozen=True, slots=True)
class NoCalls:
    """Records of requests that are no calls."""

    path: Path
    values: tuple[Scalar, ...]
    at: frozenset[int]
    is_proven: bool
    """Whether none of them names a model or has tokens."""


def no_calls(columns: Columns, kept: Sequence[int]) -> Iterator[NoCalls]:
    """Yield the requests that ask no model by their method, or else by their path."""
    asks = _asks(columns)
    for path, column in columns.of.items():
        is_method = is_called(_METHODS, path[-1:])
        if not is_method and not is_called(_PATHS, path[-1:]):
            continue
        of = {at: value for at, value in column.by_record.items() if isinstance(value, str)}
        says_none = _is_no_method if is_method else _is_no_path
        values = [value for value in dict.fromkeys(of.values()) if says_none(value)]
        at = frozenset(it for it in kept if of.get(it) in values)
        if not at or len(at) == len(kept):
            continue
        yield NoCalls(path, tuple(values), at, not at & asks)
        return


def _asks(columns: Columns) -> set[int]:
    """Return the records that name a model, or have tokens that are more than none."""
    found: set[int] = set()
    for path, column in columns.of.items():
        if rank("model", path) is not None:
            found.update(at for at, it in column.by_record.items() if str(it).strip().lower() not in _NOTHING)
        elif not TOKEN.isdisjoint(word for key in path for word in words_of(key)):
            found.update(at for at, number in column.counts.items() if number > 0)
    return found


_NOTHING = frozenset({"", "-", "n/a", "na", "none", "null", "unknown", "?"})


def _is_no_method(value: str) -> bool:
    return value.strip().upper() in _NO_METHOD


def _is_no_path(value: str) -> bool:
    segments = [it for it in value.split("?")[0].split("/") if it]
    if "//" in value or not value.startswith("/"):
        return False
    words = {word for it in segments for word in words_of(it)}
    return words <= _NO_PATH | _DIGITS and (not segments or bool(words & _NO_PATH))
