"""Finds the calls of a run that has no times of their own: a list beside its sums, which proves itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leverwatch.collectors.sniffing.calls_alone import TOTALS
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.field_names import is_called, is_time, rank
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.places import Place

_FEWEST = 3
_MORE = word_set("total used sum all overall")
_CALLS = ("model", "input_tokens", "output_tokens", "inferences")
_Document = dict[str, Any]


def parts_of_runs(documents: Sequence[_Document], plain: FieldGuess | None) -> list[Place]:
    """Return the place of the calls of runs, where each run has a total of tokens alone, and a list of objects
    whose tokens are that total and whose number it tells as well; empty where a run may be one call."""
    if plain is None or not documents or any(name in plain.fields for name in _CALLS):
        return []
    lists = [key for key, it in documents[0].items() if isinstance(it, list) and len(it) >= _FEWEST]
    found = [key for key in lists if all(_proves(it, key) for it in documents)]
    if len(found) != 1:
        return []
    items = sum(len(it[found[0]]) for it in documents)
    return [Place((found[0],), (), items, len(documents), tells_tokens=False, is_summed=True)]


def _proves(document: _Document, key: str) -> bool:
    """Whether a document says how many objects there are in a list, and the sum of their tokens."""
    items = document.get(key)
    if not isinstance(items, list) or len(items) < _FEWEST or not all(isinstance(it, dict) for it in items):
        return False
    told = [list(_totals(it)) for it in items]
    if any(len(it) != 1 for it in told) or any(_has_time(it) for it in items):
        return False
    whole = [value for name, value in document.items() if name != key and _is_number(value)]
    return sum(number for it in told for number in it) in _totals(document) and len(items) in whole


def _totals(value: _Document) -> Iterator[float]:
    return (it for key, it in value.items() if _is_number(it) and _names_total(key))


def _names_total(key: str) -> bool:
    words = frozenset(words_of(key))
    return is_called(TOTALS, (key,)) or (not words.isdisjoint(TOKEN) and words <= TOKEN | _MORE)


def _has_time(value: _Document) -> bool:
    return any(rank("time", path) is not None and is_time(it) for path, it in leaves(value).items())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
