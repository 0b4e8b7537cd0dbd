"""Proposes a pattern for lines of text that tell what was asked and answered, each with its time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.calls_alone import ANSWERING, ASKING

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_START = rf"^\W{{0,3}}(?P<time>{_TIME})(?!\d)[^:\n]{{0,60}}?(?<![^\W_])"
_END = r"[ *\])]{0,4}[:>]"
_LINE = re.compile(rf"{_START}(?P<role>[A-Za-z]{{1,20}}){_END} *\S")
_LABEL = re.compile(rf"(?<![^\W_])(?P<role>[A-Za-z]{{1,20}}){_END}")
_FEWEST, _MOSTLY = 2, 0.5


def transcript_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of the time and of who speaks, or of both texts where a line has both; None where lines are
    no questions and answers in turn."""
    lines = [(match["role"], text[match.end("role") :]) for text in texts if (match := _LINE.match(text))]
    asked = [role for role, _ in lines if role.lower() in ASKING]
    answered = [role for role, _ in lines if role.lower() in ANSWERING]
    if len(asked) < _FEWEST or len(asked) + len(answered) < _MOSTLY * len(texts):
        return None
    if not answered:
        return _of_both(asked, [text for role, text in lines if role.lower() in ASKING])
    if len(answered) < _FEWEST or not _MOSTLY <= len(asked) / len(answered) <= 1 / _MOSTLY:
        return None
    names = "|".join(dict.fromkeys((*asked, *answered)))
    return rf"{_START}(?P<role>{names}){_END}"


def _of_both(asked: Sequence[str], texts: Sequence[str]) -> str | None:
    """Return a pattern of lines that have the answer behind the question."""
    found = [[it["role"] for it in _LABEL.finditer(text) if it["role"].lower() in ANSWERING][:1] for text in texts]
    answered = [role for it in found for role in it]
    if len(answered) < len(asked):
        return None
    before, behind = ("|".join(dict.fromkeys(it)) for it in (asked, answered))
    return rf"{_START}(?:{before}){_END}(?P<question>.+?)(?<![^\W_])(?:{behind}){_END}(?P<answer>.*)"
