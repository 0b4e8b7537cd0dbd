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

_ASKS = ("invoke", "invoking", "request", "requesting", "sending", "calling", "asking", "prompt", "query")
_ANSWERS = ("response", "responded", "answer", "answered", "reply", "replied", "received", "completed", "finished")
_ENDED = word_set("ok success successful succeeded done failed error")
_LONG = 4
_CHATS = word_set("chat llm gpt completion ai")
_SERVING = tuple(it for it in PROVIDERS if len(it) >= _LONG)
_WORD = re.compile(r"[A-Za-z][\w-]{2,60}")
_TIMED = re.compile(AT_FIRST)
_FEWEST, _MOSTLY, _OFTEN, _ALIKE, _FAR = 3, 0.5, 0.4, 0.75, 100


def turned_in(texts: Sequence[str], fewest: int = _FEWEST) -> FieldGuess | None:
    """Return a field map of the answers; None where they are fewer than so many, do not follow what was asked, or
    they speak neither of a chat nor of who serves models."""
    timed = [(text, match.end()) for text in texts if (match := _TIMED.match(text)) is not None]
    told = [_WORD.findall(text[end : end + _FAR]) for text, end in timed]
    for shape in (str.upper, str.lower):
        # What is written in capitals is no word of a sentence.
        said = told if shape is str.upper else [[it.lower() for it in words] for words in told]
        for answer in map(shape, _ANSWERS):
            ended = [at for at, words in enumerate(said) if answer in words]
            if len(ended) < max(fewest, _FEWEST) or not _of_models([timed[at][0] for at in ended]):
                continue
            for ask in map(shape, _ASKS):
                begun = [at for at, it in enumerate(said) if ask in it and answer not in it and not _has_ended(it)]
                both = len(begun) + len(ended)
                if not begun or not _ALIKE <= len(begun) / len(ended) <= 1 / _ALIKE or both < _OFTEN * len(timed):
                    continue
                if in_turn(begun, ended):
                    return _map([timed[at][0] for at in ended], ask, answer, len(begun))
    return None


def _has_ended(words: Sequence[str]) -> bool:
    return not _ENDED.isdisjoint(it.lower() for it in words)


def _of_models(lines: Sequence[str]) -> bool:
    """Whether a line names who serves models, and most speak of that or of a chat."""
    named = [_WORD.findall(line) for line in lines]
    served = any(it in line.lower() for line in lines for it in _SERVING) or any("llm" in it for it in named)
    about = sum(any(is_provider(it) or not _CHATS.isdisjoint(words_of(it)) for it in words) for words in named)
    return served and about >= _MOSTLY * len(lines)


def _map(ended: Sequence[str], ask: str, answer: str, begun: int) -> FieldGuess:
    word = answer if answer.isupper() else f"(?i:{answer})"
    pattern = rf"{AT_FIRST}[^\n]{{0,{_FAR}}}?(?<![^\W_])(?P<answer>{word})(?![^\W_])"
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
