"""Finds costs of the same day or month as the tokens and calls that are mapped. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import loose_rank, word_set, words_of

_PERIODS = word_set("today day daily month monthly week weekly year")


def costs_of_period(draft: Draft) -> list[Path]:
    """Return the paths whose names say a cost of a period, where all that is mapped of calls is of the same one:
    `cost_today` beside `requests_today`, and not beside the tokens of a single call."""
    counted = [
        path for name in ("inferences", "input_tokens", "output_tokens") for path in draft.paths.get(name, ())
    ]
    if "inferences" not in draft.paths or not counted:
        return []
    shared = _PERIODS.intersection(*(words_of(path[-1]) for path in counted))
    if len(shared) != 1:
        return []
    return [
        path
        for path in draft.columns.of
        if shared == _PERIODS.intersection(words_of(path[-1])) and draft.is_free(path) and _is_cost(path)
    ]


def _is_cost(path: Path) -> bool:
    rest = [word for word in words_of(path[-1]) if word not in _PERIODS]
    return bool(rest) and loose_rank("cost_usd", (*path[:-1], "_".join(rest))) is not None
