"""Proposes a pattern for lines of text that say which model a program calls, and nothing of what it took. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.models import looks_like_model

_CALLS = (
    r"(?:[Cc]all(?:ing|ed|s)?|[Aa]sk(?:ing|ed)|[Ii]nvok(?:ing|ed)|[Qq]uery(?:ing)|[Qq]ueried|[Pp]rompt(?:ing|ed)"
    r"|[Ss](?:ending|ent) (?:a )?(?:request|prompt|message|query)s? to|[Rr]equest(?:ing)?(?: sent)? to"
    r"|[Gg]enerat(?:ing|ed) with|[Rr]esponse from|[Aa]nswer(?:ed)? (?:from|by))"
)
_FAILED = r"(?:[Ff]ailed|FAILED|[Ee]rror(?:ed)?|ERROR|[Ff]ailure|[Tt]imed out|[Tt]imeout|[Rr]efused|[Rr]ejected)"
_START = re.compile(rf"{AT_FIRST}[^\n]{{0,120}}?(?<![^\W_])(?P<call>{_CALLS})(?![^\W_])")
_NAME = re.compile(r"(?<![\w./:-])[A-Za-z][\w.:/@-]{2,80}\w")
_FEWEST = 2


def called_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of lines that begin with a time and say that a model is called, by one word for it; None
    where there are none, or a call has two of them."""
    by_word: dict[str, set[str]] = {}
    number: dict[str, int] = {}
    for text in texts:
        match = _START.match(text)
        if match is None:
            continue
        name = next((it[0] for it in _NAME.finditer(text[match.end() :][:140]) if looks_like_model(it[0])), None)
        if name is not None:
            by_word.setdefault(match["call"], set()).add(name)
            number[match["call"]] = number.get(match["call"], 0) + 1
    if len(by_word) != 1:
        return None
    ((word, names),) = by_word.items()
    if number[word] < _FEWEST:
        return None
    # Whatever model is called later begins like one of these.
    first = "|".join(sorted({re.escape(re.split(r"[-.:/\d]", it)[0]) for it in names}))
    # What failed is said between that word and the model.
    return (
        rf"{AT_FIRST}[^\n]{{0,120}}?(?<![^\W_]){re.escape(word)}(?![^\W_])"
        rf"(?:[^\w\n]{{0,3}}(?P<error>{_FAILED})(?![^\W_]))?[^\n]{{0,60}}?"
        rf"(?<![\w./:-])(?P<model>(?:{first})[-.:/\d][\w.:/@-]{{0,80}}\w)"
    )
