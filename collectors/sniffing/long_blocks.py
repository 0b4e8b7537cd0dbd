"""Proposes a pattern for records over many lines, few of which tell numbers beside texts of people. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.blocks import SEPARATOR
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import TIME, parts_of, tells
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.text_lines import lines_in

_TIMED = re.compile(rf"^\W{{0,8}}(?:[A-Za-z]+\W{{1,4}}){{0,3}}(?:{TIME})\W{{0,2}}")
_LABEL = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2}(?= ?[:=])")
_BETWEEN, _ANY = r"\s*+\|\s*+", r".*?\|\s*+"
_LONGEST, _MOSTLY = 200, 0.9


def long_blocks_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a pattern with a field map for records that begin with a time, and of which some lines have the same
    name and tokens, a cost or a model behind it in nearly all; None where they are no such records.

    Args:
        texts: the lines of each record, with the separator between them.
    """
    told = [*map(_told, texts)]
    if sum(it is not None for it in told) < len(texts):
        return None
    number = Counter(label for it in told if it is not None for label in it[1])
    usual = {label for label, often in number.items() if often >= _MOSTLY * len(texts)}
    short = [
        SEPARATOR.join([it[0].strip(), *(line for label, line in it[1].items() if label in usual)])
        for it in told
        if it is not None
    ]
    found = lines_in(Units([text.encode() for text in short])) if usual else None
    pattern = None if found is None else found.extras.get("pattern")
    if found is None or not isinstance(pattern, str) or _BETWEEN not in pattern:
        return None
    wide = pattern.replace(_BETWEEN, _ANY)
    before, after = re.compile(pattern), re.compile(wide)
    # What stands between may have lines of the same beginning.
    if any(_groups(before, one) != _groups(after, all_) for one, all_ in zip(short, texts, strict=True)):
        return None
    return replace(found, extras={**found.extras, "pattern": wide})


def _told(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the beginning of a record up to its time, and its lines that tell something by their names."""
    first, *lines = text.split(SEPARATOR)
    begins = _TIMED.match(first)
    if begins is None:
        return None
    named: dict[str, str] = {}
    for line in lines:
        label = _LABEL.match(line)
        if label is not None and len(line) <= _LONGEST and (tells(parts_of(line)) or _names_model(line)):
            named[label[0]] = line
    return begins[0], named


def _names_model(line: str) -> bool:
    value = re.split(r" ?[:=]\s*", line, maxsplit=1)[-1].strip()
    return " " not in value and looks_like_model(value)


def _groups(pattern: re.Pattern[str], text: str) -> dict[str, str | None] | None:
    match = pattern.search(text)
    return None if match is None else match.groupdict()
