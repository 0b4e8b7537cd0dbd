"""Widens a pattern of lines of calls by those that name a model and tell of a failure instead of tokens. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leverwatch.collectors.sniffing.models import looks_like_model

TIMED = re.compile(r"^\^(?:\\.|[^\\()|])*\(\?P<time>(?:[^()\\]|\\.|\([^()]*\)|\[[^\]]*\])*?\)(?![?*+{])")
_CODE = r"(?:http|status|code)(?:[ _]?code)?(?:/\d\.\d)?\"?[ :=]{1,3}[45]\d\d"
_WORDS = (
    r"(?:failed|failure|fail|error|exception|timed out|timeout|rate[- ]limit(?:ed)?|overloaded|unavailable|refused"
    r"|throttled|rejected|fehlgeschlagen|echec|échec|error al|falló|falhou|fallito|失败|失敗)"
)
FAILED = rf"(?:(?i:{_CODE}|{_WORDS})|[A-Z]\w{{2,40}}(?:Error|Exception))"
"""What a failed request is told by: its code, a word, or the class of what was thrown."""
_NAMELESS = (
    r"(?=[^\n]{0,160}?(?<![^\W_])(?i:failed|fail|error|exception)(?![^\W_]))"
    rf"[^\n]{{0,160}}?(?<![^\W_])(?P<error>(?i:{_CODE}))(?![^\W_])"
)
"""A failure with its code, of a log whose calls name no model."""
_FAR, _MOST = 400, 0.5


@dataclass(frozen=True, slots=True)
class WithFailures:
    """A pattern that fits failed calls too."""

    pattern: str
    failed: int
    """The number of lines that it fits beside those that it did."""


def with_failures(texts: Sequence[str], pattern: str, models: Sequence[str]) -> WithFailures | None:
    """Return the pattern with groups `failed_model` and `error`; None where no other line begins with a time,
    names a model like those of the calls, and speaks of a failure, or where more lines do than there are calls.
    Where no call names a model, such a line tells the code of a failed request.

    Args:
        texts: the lines.
        pattern: fits those of calls, and has a group for the time at the start of a line.
        models: what it finds for the model.
    """
    time = TIMED.match(pattern)
    families = sorted({re.escape(re.split(r"[-.:/\d]", it)[0]) for it in models if looks_like_model(it)})
    if time is None or not all(families) or bool(models) > bool(families):
        return None
    model = rf"(?<![\w./:-])(?P<failed_model>(?:{'|'.join(families)})[-.:/\d][\w.:/@-]{{0,80}}\w)"
    fails = rf"(?=[^\n]{{0,{_FAR}}}?(?<![^\W_])(?P<error>{FAILED})(?![^\W_]))[^\n]{{0,{_FAR}}}?{model}"
    fails = fails if families else _NAMELESS
    wide = f"{time[0]}(?:{pattern[time.end() :]}|{fails})"
    try:
        search, before = re.compile(wide).search, re.compile(pattern).search
    except re.error:
        return None
    calls = [before(text) for text in texts]
    more = [match for text, call in zip(texts, calls, strict=True) if call is None and (match := search(text))]
    fitting = sum(call is not None for call in calls)
    if not more or len(more) > _MOST * fitting:
        return None
    same = all(call is None or (match := search(text)) is None or match["error"] is None or call["time"] is None
               for text, call in zip(texts, calls, strict=True))  # fmt: skip
    return WithFailures(wide, len(more)) if same else None
