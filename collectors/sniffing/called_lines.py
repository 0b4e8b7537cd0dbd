"""Proposes a pattern for lines of text that say which model a program calls, and nothing of what it took. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import words_of

_CALLS = (
    r"(?:[Cc]all(?:ing|ed|s)?|[Aa]sk(?:ing|ed)|[Ii]nvok(?:ing|ed)|[Qq]uery(?:ing)|[Qq]ueried|[Pp]rompt(?:ing|ed)"
    r"|[Ss](?:ending|ent) (?:a )?(?:request|prompt|message|query)s? to|[Rr]equest(?:ing)?(?: sent)? to"
    r"|[Gg]enerat(?:ing|ed) with|[Rr]esponse from|[Aa]nswer(?:ed)? (?:from|by))"
)
_FAILED = r"(?:[Ff]ailed|FAILED|[Ee]rror(?:ed)?|ERROR|[Ff]ailure|[Tt]imed out|[Tt]imeout|[Rr]efused|[Rr]ejected)"
_START = re.compile(rf"{AT_FIRST}[^\n]{{0,120}}?(?<![^\W_])(?P<call>{_CALLS})(?![^\W_])")
_NAME = re.compile(r"(?<![\w./:-])[A-Za-z][\w.:/@-]{2,80}\w")
_IN_BRACKETS = r" ?[:=]? ?\((?P<model>[^|;\n]{2,80}?)\)\s*(?:[|;]|$)"
_LABELLED = re.compile(
    rf"{AT_FIRST}[^\n]{{0,400}}?(?<![^\W_])"
    rf"(?P<label>(?:[Aa][Ii] |LLM )?(?:LLM|llm|[Mm]odell?|MODEL|[Ee]ngine)){_IN_BRACKETS}"
)
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


def labelled_in(texts: Sequence[str]) -> str | None:
    """Return a pattern of lines that begin with a time and have a model in brackets behind a label for it, between
    other labels; None where most lines with a time have none, or no value looks like a model."""
    timed = [text for text in texts if re.match(AT_FIRST, text)]
    found = [match for text in timed if (match := _LABELLED.match(text)) is not None]
    labels = {match["label"] for match in found}
    named = [match["model"] for match in found]
    known = sum(looks_like_model(it) or not PROVIDERS.isdisjoint(words_of(it)) for it in named)
    if len(labels) != 1 or len(found) < _FEWEST or 2 * len(found) < len(timed) or 2 * known < len(found):
        return None
    return rf"{AT_FIRST}[^\n]{{0,400}}?(?<![^\W_]){re.escape(labels.pop())}{_IN_BRACKETS}"
