"""Proposes a pattern for lines with two numbers of tokens behind each name, the last ones their sums. Pure.

As in `plan=810/42 talk=90/8 all=900/50`: what went into a model, and what came out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.line_tokens import USUAL_TIME

_BETWEEN = r"\s?(?:/|→|->|\+)\s?"
_PAIR = re.compile(
    rf"(?<![\w/])(?P<name>[A-Za-z]\w{{0,30}})\s?[=:]\s?(?P<one>\d{{1,9}}){_BETWEEN}(?P<two>\d{{1,9}})(?![\w/])"
)
_TIME = rf"^\W{{0,3}}(?P<time>{USUAL_TIME}|\d{{4}}-\d\d-\d\d)(?!\d)"
_STATUS = r"(?:outcome|status|result)[=:]\s?(?P<status>\w+)"
_MODEL = r"model[=:]\s?(?P<model>[\w.:/@-]+)"
_FEWEST, _MOSTLY = 3, 0.9


def number_pairs_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of such lines; None where most have no such sum, or more comes out than goes in."""
    timed = [text for text in texts if re.match(_TIME, text)]
    told = [[(it["name"], int(it["one"]), int(it["two"])) for it in _PAIR.finditer(text)] for text in timed]
    sums = [_sum(it) for it in told]
    (name, number), *_ = Counter(it[0] for it in sums if it is not None).most_common(1) or [("", 0)]
    of_name = [it for it in sums if it is not None and it[0] == name]
    if number < max(_FEWEST, _MOSTLY * len(timed)) or sum(it[1] for it in of_name) <= sum(it[2] for it in of_name):
        return None
    pattern = (
        rf"{_TIME}(?=(?:[^\n]*?\b{_STATUS})?)(?=(?:[^\n]*?\b{_MODEL})?)[^\n]*?(?<![\w/]){re.escape(name)}\s?[=:]\s?"
        rf"(?P<input_tokens>\d{{1,9}}){_BETWEEN}(?P<output_tokens>\d{{1,9}})(?![\w/])"
    )
    found = [match.groupdict() for text in texts if (match := re.search(pattern, text)) is not None]
    fields = propose([leaves({key: it for key, it in one.items() if it}) for one in found], day_first=False)
    if fields is None or not {"input_tokens", "output_tokens"} <= fields.fields.keys():
        return None
    several = sum(len(it) > 2 for it in told)
    every = sum(max(len(it) - 1, 0) for it in told)
    counted = (
        f"inferences: each of the {len(found)} lines of the sample with {name} counts as one call, and {several}"
        f" have parts of which that is the sum; were each part a call, there would be {every}"
    )
    sides = (
        f"input_tokens: the first of the two numbers of {name} is taken for it, and the second one for"
        " output_tokens, as the larger one and the smaller one. Is that right?"
    )
    notes = (counted, sides)
    return FieldGuess(fields.fields, {}, (*notes, *fields.notes), (), fields.repeats, fields.only, fields.excluded,
                      extras={"pattern": pattern})  # fmt: skip


def _sum(pairs: Sequence[tuple[str, int, int]]) -> tuple[str, int, int] | None:
    """Return the last pair, where both of its numbers are the sums of those before."""
    *parts, last = pairs or [("", 0, 0)]
    if len(parts) < 2:
        return None
    are_sums = last[1] == sum(it[1] for it in parts) and last[2] == sum(it[2] for it in parts)
    return last if are_sums else None
