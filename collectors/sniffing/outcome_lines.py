"""Proposes a pattern for lines that name an operation of a model and how it ended, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from leverwatch.collectors.records.vocabulary import CallStatus, operation_of, status_of
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.zones import notes_on_naive

_OPERATIONS = r"(?i:embeddings?|generation|completions?|chat completion|chat_completion|rerank|moderation|llm)"
_OUTCOMES = (
    r"(?i:success|succeeded|successful|completed|complete|ok|failed|failure|fail|error|timeout|cancelled|canceled"
    r"|aborted|blocked|rejected)"
)
_TELLS = (
    rf"{AT_FIRST}[^\n]{{0,80}}?(?<![^\W_])(?P<operation>{_OPERATIONS})(?: (?:request|call|api))?[ :_=|-]{{1,3}}"
    rf"(?P<status>{_OUTCOMES})(?![^\W_])"
)
_PROVIDERS = (
    r"(?:OpenAI|openai|Anthropic|anthropic|Claude|claude|Gemini|gemini|Ollama|ollama|Mistral|mistral|Groq|groq"
    r"|Cohere|OpenRouter|openrouter|DeepSeek|deepseek|Bedrock|bedrock|ChatGPT|GPT|gpt|LLM|llm)"
)
_ABOUT = "request|call|query|prompt|completion|generation|generated|generating|response|summarized|translated"
# What a client of HTTP logs is told by its address, and may be of files or models.
_REQUESTS = (
    rf"{AT_FIRST}(?![^\n]{{0,200}}://)(?=[^\n]{{0,100}}?(?<![^\W_]){_PROVIDERS}(?![^\W_]))"
    rf"(?=[^\n]{{0,100}}?(?<![^\W_])(?i:{_ABOUT})(?![^\W_]))"
    rf"[^\n]{{0,120}}?(?<![^\W_])(?P<status>{_OUTCOMES})(?:fully)?(?![^\W_])"
)
_SURE = frozenset({"embedding", "embeddings", "completion", "completions", "llm", "chat completion"})
_FEWEST, _MOSTLY = 3, 0.5


def outcomes_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of lines such as `Generation Success` or `Request 3 to Gemini API failed`; None where
    they are few, or may be of anything."""
    return _of_operations(texts) or _of_providers(texts)


def _of_providers(texts: Sequence[str]) -> FieldGuess | None:
    """Return the same of lines that name who serves models, a request and how it ended, in one form for those that
    succeeded: of several forms, each may be of the same requests."""
    found = [match for match in map(re.compile(_REQUESTS).search, texts) if match is not None]
    good = [match for match in found if status_of(match["status"]) is CallStatus.SUCCESS]
    forms = {re.sub(r"\d+", "0", re.sub(AT_FIRST, "", match.string)).strip() for match in good}
    if len(good) < _FEWEST or not _are_alike(forms):
        return None
    notes = [
        (
            f"inferences: each of the {len(good)} lines of the sample that say that a request to who serves models"
            " succeeded counts as one call; if other lines tell of more, or several of one, there are others"
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        "model: no line names one; all calls count under one that is unknown",
    ]
    failed = len(found) - len(good)
    if failed:
        notes.append(f"status: {failed} such lines are taken for failed calls by their word")
    notes += notes_on_naive(match["time"] for match in found)
    return FieldGuess({"time": "time", "status": "status"}, {}, tuple(notes), (), extras={"pattern": _REQUESTS})


def _are_alike(forms: Collection[str]) -> bool:
    """Whether lines are of one form, with another word at one place at most."""
    words = [it.split() for it in forms]
    if len({*map(len, words)}) > 1:
        return False
    return sum(len({*column}) > 1 for column in zip(*words, strict=True)) <= 1


def _of_operations(texts: Sequence[str]) -> FieldGuess | None:
    pattern = re.compile(_TELLS)
    found = [match for match in map(pattern.search, texts) if match is not None]
    names = {match["operation"].lower() for match in found}
    # What answers have in further lines begins with no time.
    dated = sum(re.match(AT_FIRST, it) is not None for it in texts)
    if len(found) < max(_FEWEST, _MOSTLY * dated) or not names & _SURE:
        return None
    if any(operation_of(it) is None for it in names):
        return None
    failed = sum(status_of(match["status"]) is CallStatus.ERROR for match in found)
    notes = [
        (
            f"inferences: each of the {len(found)} lines of the sample that name an operation and how it ended"
            " counts as one call of a model; if some are something else, or several calls each, there are others"
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        "model: no line names one; all calls count under one that is unknown",
    ]
    if failed:
        notes.append(f"status: {failed} of these lines are taken for failed calls by their word")
    notes += notes_on_naive(match["time"] for match in found)
    fields = {"time": "time", "operation": "operation", "status": "status"}
    return FieldGuess(fields, {}, tuple(notes), (), extras={"pattern": _TELLS})
