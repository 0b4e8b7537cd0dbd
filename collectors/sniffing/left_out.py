"""Says which lines of a text are not counted though they look like calls, or like calls that failed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Format
from leverwatch.collectors.sniffing.calls_alone import is_provider
from leverwatch.collectors.sniffing.failed_lines import FAILED
from leverwatch.collectors.sniffing.line_tokens import TIME
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.started import in_turn

_TIMED = re.compile(rf"^[^\n]{{0,60}}?(?:{TIME}|\d\d:\d\d:\d\d)")
_FAILS = re.compile(rf"(?<![^\W_])(?:{FAILED}|(?i:retry|retrying|retried)|429|529)(?![^\W_])")
_OBJECT = re.compile(rb"\s*\[?\s*\{\s*\"")
_WORD = re.compile(r"[^\W\d_][\w-]{1,60}")
_CALLS = frozenset({"completion", "completions", "llm", "chat"})
_FAR, _SHARE, _FEWEST, _ALIKE = 300, 0.05, 3, 0.75


def left_out(format_: Format, data: bytes, notes: Sequence[str]) -> list[str]:
    """Return the same doubts of the first bytes of a log, as a format reads them; none about what is said already,
    and none of a log whose lines are objects, which have names for what they tell.

    Args:
        format_: reads the log.
        data: its first bytes.
        notes: what is said of it.
    """
    lines = data.splitlines(keepends=True)
    if 2 * sum(_OBJECT.match(line) is not None for line in lines) > len(lines):
        return []
    parsed = format_.parse(data, None)
    counted = range(len(parsed.rows)) if parsed.lines is None else parsed.lines
    models = {name for row in parsed.rows if isinstance(name := row[FIELD_INDEX["model"]], str) and name}
    told = notes_on_left_out([line.decode(errors="replace") for line in lines], counted, models)
    said = {it.partition(":")[0] for it in notes if "other lines" in it or "other records" in it}
    return [it for it in told if it.partition(":")[0] not in said]


def notes_on_left_out(lines: Sequence[str], counted: Collection[int], models: Collection[str]) -> list[str]:
    """Return doubts about lines that are not counted: those that tell of a failure of a model or of a call, and
    those that name a model of calls and do not begin or end these.

    Args:
        lines: all lines.
        counted: the indexes of those that are calls.
        models: what the calls name.
    """
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, models))})(?![\w.-])") if models else None
    kept = set(counted)
    failed, others = [], []
    for at, line in enumerate(lines):
        start = line[:_FAR]
        if at in kept or not _TIMED.match(start):
            continue
        names = named is not None and named.search(start) is not None
        if (names or _speaks_of_calls(start)) and _FAILS.search(start):
            failed.append(at)
        elif names:
            others.append(at)
    notes = []
    if failed:
        notes.append(
            f"status: {len(failed)} other lines tell of an error beside a model or a call, and are not counted;"
            f" were they failed calls, there would be {len(failed)} more errors"
        )
    if len(others) >= max(_FEWEST, _SHARE * len(kept)) and not _are_sides(others, sorted(kept)):
        notes.append(
            f"inferences: {len(others)} other lines name a model of the calls, and are not counted; were they"
            f" calls, there would be {len(others)} more"
        )
    return notes


def _are_sides(others: Sequence[int], kept: Sequence[int]) -> bool:
    """Whether lines begin the calls that others end, or end those that others begin."""
    if not _ALIKE <= len(others) / max(len(kept), 1) <= 1 / _ALIKE:
        return False
    return in_turn(others, kept) or in_turn(kept, others)


def _speaks_of_calls(text: str) -> bool:
    return any(is_provider(word) or not _CALLS.isdisjoint(words_of(word)) for word in _WORD.findall(text))
