"""Finds blocks of lines that begin with a time, and have a question and its answer below it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from leverwatch.collectors.sniffing.calls_alone import ANSWERING, ASKING

HEADER = (
    r"^\W{0,8}(?:(?:[Tt]ime|[Tt]imestamp|TIMESTAMP|[Dd]ate|Datum|Zeit|Fecha)\W{1,4})?"
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)\W{0,8}$"
)
"""A line with nothing but a time."""
_LABEL = re.compile(r"^\W{0,4}(?:(?:[A-Za-z]{1,20}) )?(?P<label>[A-Za-z]{1,20})[ *\])]{0,4}:")
_FEWEST, _MOSTLY = 2, 0.8


def blocks_in(texts: Sequence[str]) -> list[dict[str, str]] | None:
    """Return the time, the question and the answer of each block; None where most blocks have not both."""
    header = re.compile(HEADER)
    found = [(at, match["time"]) for at, text in enumerate(texts) if (match := header.match(text))]
    if len(found) < _FEWEST:
        return None
    records = []
    for (at, time), (end, _) in pairwise([*found, (len(texts), "")]):
        labels = [match["label"].lower() for text in texts[at + 1 : end] if (match := _LABEL.match(text))]
        asked = next((number for number, it in enumerate(labels) if it in ASKING), None)
        answers = [number for number, it in enumerate(labels) if it in ANSWERING]
        if asked is None or len(answers) != 1 or answers[0] < asked:
            continue
        records.append({"time": time, "question": "of a block", "answer": "of a block"})
    return records if len(records) >= _MOSTLY * len(found) else None
