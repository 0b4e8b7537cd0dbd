"""Proposes a pattern for lines of a program that tell what a model answered, and which models failed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.zones import notes_on_naive

_START = rf"{AT_FIRST}[^:\n]{{0,80}}?(?::[^:\n]{{0,40}}?)?(?<![^\W_])"
_WHO = r"(?:[Gg]enerated|GENERATED|LLM|llm|[Mm]odel|AI|[Aa]ssistant|[Bb]ot|Raw|GPT|ChatGPT|Claude|Gemini|Ollama)"
_WHAT = r"(?:SQL|query|code|text|[Aa]nswer|[Rr]esponse|[Rr]eply|[Oo]utput|[Cc]ompletion|summary|result|RESPONSE)"
_ANSWER = rf"{_WHO}(?: [A-Za-z]{{1,12}})? {_WHAT}(?: \([^()\n]{{0,40}}\))? ?:"
_FAILED = (
    r"(?:[Mm]odel|LLM|llm|[Pp]rovider)[ =:'\"]{1,3}(?P<model>[\w./:@-]{2,100}?)[:'\"]? +(?:has +)?"
    r"(?P<error>failed|errored|timed out|(?:is +)?unavailable|(?:is +)?rate[- ]limited|returned an? error)\b"
)
_ASK = re.compile(
    rf"{_START}(?:(?:[Uu]ser|USER|[Ff]ull|[Ff]inal|LLM|[Ss]ending|[Ii]nput) )?"
    r"(?:[Pp]rompt|PROMPT|[Qq]uestion|[Qq]uery|[Mm]essage|[Ii]nput)(?: \([^()\n]{0,40}\))? ?:"
)
PATTERN = rf"{_START}(?:{_ANSWER}|{_FAILED})"
_FEWEST, _MOSTLY = 2, 0.5


def answers_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of answers, and of failures by model; None where lines do not tell about as many
    questions as answers."""
    pattern = re.compile(PATTERN)
    found = [match for match in map(pattern.search, texts) if match is not None]
    failed = [match["model"] for match in found if match["error"]]
    number, asked = len(found) - len(failed), sum(_ASK.search(text) is not None for text in texts)
    if number < _FEWEST or not _MOSTLY * number <= asked <= number / _MOSTLY:
        return None
    if failed and not any(map(looks_like_model, failed)):
        return None
    counted = (
        f"inferences: each of the {number} lines of the sample that begin with what a model answered counts as one"
        f" call, empty ones too; {asked} lines tell what was asked"
    )
    notes = [counted, "input_tokens and output_tokens: no field tells them, and they stay unknown"]
    notes += notes_on_naive(match["time"] for match in found)
    fields: dict[str, object] = {"time": "time"}
    if failed:
        fields |= {"model": "model", "status": {"path": "error", "error": {"present": True}}}
        notes.append(
            f"status: the {len(failed)} lines that say that a model failed are taken for failed calls; were they"
            f" none, there would be {len(failed)} fewer errors"
        )
        notes.append(f"model: the {number} answers do not tell which model gave them, and count as unknown")
    else:
        notes.append("model: no line names one; all calls count under one that is unknown")
    return FieldGuess(fields, {}, tuple(notes), (), extras={"pattern": PATTERN})
