"""Tells requests to a program that asks a model for the answer, by the path of each. Pure."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import LATENCY, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_PATHS = ("path", "url", "uri", "endpoint", "route", "requestpath", "requesturi", "api", "handler")
_GENERATES = word_set(
    "generate generation chat ask llm completion completions complete infer inference summarize summarise rag"
    " prompt generative"
)
"""Words in the paths of requests that only a model answers."""
_SECONDS = word_set("s sec secs seconds")
_SHORTEST, _MOST_SECONDS = 0.3, 180.0
_MOSTLY, _FEWEST, _MOST_PATHS = 0.9, 2, 30


def endpoints_of(columns: Columns, spell: Callable[[Path], str]) -> Kinds | None:
    """Return the requests whose path says that something is generated, where these take as long as models do; None
    where there are none."""
    for path, column in columns.of.items():
        if not is_called(_PATHS, path[-1:]) or columns.share(path) < _MOSTLY:
            continue
        paths = list(dict.fromkeys(column.values))
        if len(paths) > _MOST_PATHS or not all(isinstance(it, str) and it.startswith("/") for it in paths):
            continue
        asking = [it for it in paths if not _GENERATES.isdisjoint(words_of(str(it)))]
        kept = [at for at, value in column.by_record.items() if value in asking]
        if len(kept) < _FEWEST or not is_slow(columns, set(kept)):
            continue
        if len(kept) == len(columns):
            return Kinds(range(len(columns)), sign=(path,))
        out = len(columns) - len(kept)
        words: Scalar | list[Scalar] = asking[0] if len(asking) == 1 else asking
        note = (
            f"only: {out} records whose {spell(path)} is not {', '.join(map(str, asking))} are left out, as"
            f" requests that need no model; were they calls, there would be {out} more inferences"
        )
        return Kinds(kept, {path: words}, notes=(note,), sign=(path,))
    return None


def is_slow(columns: Columns, kept: set[int]) -> bool:
    """Whether a duration says that most of some records took as long as a model needs for an answer."""
    for path, column in columns.of.items():
        own = frozenset(words_of(path[-1]))
        took = [number for at, number in column.numbers.items() if at in kept]
        if not own & LATENCY or not column.is_numeric or len(took) < _MOSTLY * len(kept):
            continue
        in_seconds = bool(own & _SECONDS) or (max(took) < _MOST_SECONDS and "ms" not in own)
        return median(took) >= (_SHORTEST if in_seconds else _SHORTEST * 1000)
    return False
