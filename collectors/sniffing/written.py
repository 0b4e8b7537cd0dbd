"""Tells what models wrote, whatever a word on the record may mean of its operation. Pure."""

from __future__ import annotations

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import operation_like, operation_named

_NO_TEXTS = frozenset({Operation.RERANK, Operation.IMAGE, Operation.AUDIO, Operation.MODERATION})
"""Operations whose answers are no texts that a model wrote, and whose words may be those of tasks as well."""
_TO_TEXT = word_set("transcribe transcription transcriptions stt asr whisper")
"""Words for speech that becomes text."""
_ANSWERS = (
    "response", "answer", "reply", "completion", "output", "responsetext", "outputtext", "answertext", "content",
    "responsepreview", "outputpreview", "antwort", "reponse", "respuesta",
)  # fmt: skip
_MOSTLY = 0.8


def written_by_models(draft: Draft, path: Path) -> list[Scalar]:
    """Return the words of a column that are those of tasks, as `translation` and `ranking` may be: their records
    have output tokens, or an answer as text, and no model that its name says is of another kind."""
    column = draft.columns.of[path]
    answered, texts = _answered(draft), _texts(draft)
    other = {at for at, model in _models(draft).items() if operation_named(model) is not None}
    found: list[Scalar] = []
    for value in dict.fromkeys(column.values):
        at = {it for it, said in column.by_record.items() if said == value}
        if operation_like(value) not in _NO_TEXTS or at & other:
            continue
        hearing = not _TO_TEXT.isdisjoint(words_of(str(value)))
        wrote = answered or (texts if not hearing else set())
        if len(at & wrote) >= _MOSTLY * len(at):
            found.append(value)
    return found


def answered_by_models(draft: Draft, path: Path) -> list[Scalar]:
    """Return the words of a column whose records have output tokens, and no model that its name says is of another
    kind than a generator."""
    column, answered = draft.columns.of[path], _answered(draft)
    other = {at for at, model in _models(draft).items() if operation_named(model) is not None}
    found: list[Scalar] = []
    for value in dict.fromkeys(column.values):
        at = {it for it, said in column.by_record.items() if said == value}
        if len(at & answered) >= _MOSTLY * len(at) and not at & other:
            found.append(value)
    return found


def _answered(draft: Draft) -> set[int]:
    return {
        at
        for path, column in draft.columns.of.items()
        if rank("output_tokens", path) is not None
        for at, number in column.counts.items()
        if number > 0
    }


def _texts(draft: Draft) -> set[int]:
    return {
        at
        for path, column in draft.columns.of.items()
        if is_called(_ANSWERS, path[-1:])
        for at, text in column.by_record.items()
        if isinstance(text, str)
    }


def _models(draft: Draft) -> dict[int, Scalar]:
    return {
        at: value
        for path in draft.paths.get("model", ())
        for at, value in draft.columns.of[path].by_record.items()
    }
