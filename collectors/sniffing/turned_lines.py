"""Proposes a pattern for lines that tell in turn that a model is asked, and that it answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.calls_alone import PROVIDERS, is_provider
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.started import in_turn
from leverwatch.collectors.sniffing.zones import notes_on_naive

_ASKS = ("invoke", "invoking", "request", "requesting", "sending", "calling", "asking", "prompt", "query", "call")
_ANSWERS = ("response", "responded", "answer", "answered", "reply", "replied", "received", "completed", "finished")
_LONG = 4
_CHATS = word_set("chat llm gpt completion ai")
_SERVING = tuple(it for it in PROVIDERS if len(it) >= _LONG)
_WORD = re.compile(r"[A-Za-z][\w-]{2,60}")
_TIMED = re.compile(AT_FIRST)
_FEWEST, _MOSTLY, _ALIKE, _FAR = 3, 0.5, 0.75, 100


def turned_in(texts: Sequence[str], fewest: int = _FEWEST) -> FieldGuess | None:
    """Return a field map of the answers; None where they are fewer than so many, do not follow what was asked, or
    they speak neither of a chat nor of who serves models."""
    timed = [(text, match.end()) for text in texts if (match := _TIMED.match(text)) is not None]
    said = [[it.lower() for it in _WORD.findall(text[end : end + _FAR])] for text, end in timed]
    for answer in _ANSWERS:
        ended = [at for at, words in enumerate(said) if answer in words]
        if len(ended) < max(fewest, _FEWEST):
            continue
        named = [_WORD.findall(timed[at][0]) for at in ended]
        served = any(it in timed[at][0].lower() for at in ended for it in _SERVING)
        about = sum(any(is_provider(it) or not _CHATS.isdisjoint(words_of(it)) for it in words) for words in named)
        for ask in _ASKS:
            begun = [at for at, words in enumerate(said) if ask in words and answer not in words]
            both = len(begun) + len(ended)
            if not begun or not _ALIKE <= len(begun) / len(ended) <= 1 / _ALIKE or both < _MOSTLY * len(timed):
                continue
            if served and about >= _MOSTLY * len(ended) and in_turn(begun, ended):
                return _map([timed[at][0] for at in ended], ask, answer, len(begun))
    return None


def _map(ended: Sequence[str], ask: str, answer: str, begun: int) -> FieldGuess:
    pattern = rf"{AT_FIRST}[^\n]{{0,{_FAR}}}?(?<![^\W_])(?i:(?P<answer>{answer}))(?![^\W_])"
    matches = [match for match in map(re.compile(pattern).search, ended) if match is not None]
    notes = [
        (
            f"inferences: each of the {len(matches)} lines of the sample with {answer} counts as one call, as"
            f" {begun} lines with {ask} tell in turn what was asked; if a program answers, and no model, there are"
            " fewer"
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        "model: no field names one; all calls count under one that is unknown",
    ]
    silent = begun - len(matches)
    if silent > 0:
        notes.append(
            f"status: {silent} lines with {ask} have no answer, and are not counted; were they failed calls, there"
            f" would be {silent} errors"
        )
    notes += notes_on_naive(match["time"] for match in matches)
    return FieldGuess({"time": "time"}, {}, tuple(notes), (), extras={"pattern": pattern})
