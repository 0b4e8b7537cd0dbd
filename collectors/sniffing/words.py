"""What the words in a log mean: outcomes, kinds of records and operations, beyond those every format reads.

Pure.
"""

from __future__ import annotations

import re
from enum import StrEnum

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.vocabulary import CallStatus, operation_of, status_of
from leverwatch.collectors.sniffing.name_words import word_set, words_of

_GOOD = word_set(
    "ok success succeeded successful done finished finish complete completed completion passed delivered answered"
    " accepted good fine erfolg erfolgreich fertig ja reussi succes termine exito correcto hecho sent received"
    " response responded end ended stop 200 yes wahr vrai verdadero verdadeiro vero si sim oui tak evet sucesso"
    " successo riuscito concluido completato gelukt sukces basarili berhasil"
)
_BAD = word_set(
    "error errors err failed failure fail fault exception timeout timedout refused rejected denied blocked aborted"
    " cancelled canceled cancel overloaded ratelimit ratelimited limited throttled unavailable crash crashed bad"
    " falsch faux falso ko expired invalid fehler fehlgeschlagen fehlgeschlag abgebrochen abgelehnt nein echec"
    " erreur echoue refuse"
    " annule"
    " nao nie hayir falhou falha erro errore fallito mislukt hata gagal"
    " fallo fallido rechazado broken lost killed exceeded unauthorized forbidden overflow dropped 429 500 502 503"
)
_PENDING = word_set(
    "skipped skip pending queued started start running begin begun scheduled disabled noop dry dryrun ignored"
    " processing progress created waiting uebersprungen ignore omitido"
)
_CACHED = word_set("cached hit cache")
_DERIVED = word_set(
    "summary summaries total totals aggregate aggregated rollup daily checkpoint heartbeat snapshot cumulative"
    " report"
    " stats statistics overall flush summe gesamt session"
)
_PARTS = word_set("chunk chunks delta partial token stream streaming")
_ASKED = word_set("request requested requesting req call calling sending prompt send submit submitted")
_RETRY = word_set("retry retrying retried attempt backoff fallback")
_SECOND = word_set("fallback")
YES = word_set("yes y si sí sim oui ja tak да 是 はい 예 네 evet ya kyllä igen ano")
NO = word_set("no n non nein nee nej não nao nie нет 否 いいえ 아니오 아니요 hayir tidak ei nem ne")
"""Answers to a question that the name of a field asks."""
_NOT = word_set("not no non un without")
_LANGUAGES = word_set("ko si")
"""Words that beside others are codes of languages, as in `tts_ko`."""
_FILLING = word_set("on event handle handler callback was has is log")
_OPERATION_WORDS = (
    (Operation.EMBEDDING, word_set("embed embedding embeddings embedder embedded vectorize")),
    (Operation.RERANK, word_set("rerank reranker reranking ranking rank")),
    (Operation.IMAGE, word_set("image images imagen picture dalle")),
    (Operation.AUDIO, word_set("audio speech tts stt asr transcribe transcription whisper voice transcriptions")),
    (Operation.MODERATION, word_set("moderation moderations moderate guard")),
    (Operation.TOOL, word_set("tool tools function")),
    (
        Operation.GENERATION,
        word_set("chat completion completions generate generation generations text message messages responses llm"
             " converse"
             " summarize answer inference reply complete vision multimodal vlm caption captioning"),
    ),
)  # fmt: skip
_MODEL_WORDS = (
    (Operation.EMBEDDING, word_set("embed embedding embeddings ada bge gte e5 minilm voyage")),
    (Operation.RERANK, word_set("rerank reranker")),
    (Operation.IMAGE, word_set("dalle dall image imagen flux diffusion sdxl")),
    (Operation.AUDIO, word_set("whisper tts transcribe audio speech")),
    (Operation.MODERATION, word_set("moderation")),
)
_SHORT = re.compile(r"[\w.:/-]{1,48}")


class Kind(StrEnum):
    """What the word for an outcome or a kind of record says of the record."""

    GOOD = "a call that succeeded"
    BAD = "a call that failed"
    PENDING = "no call that ended"
    CACHED = "an answer from a cache"
    DERIVED = "a sum of other records"
    PART = "a part of a call"
    ASKED = "a call that began"
    RETRY = "a call that is tried again"


_KINDS = (
    (Kind.DERIVED, _DERIVED), (Kind.RETRY, _RETRY), (Kind.BAD, _BAD), (Kind.PENDING, _PENDING),
    (Kind.PART, _PARTS), (Kind.CACHED, _CACHED), (Kind.GOOD, _GOOD), (Kind.ASKED, _ASKED),
)  # fmt: skip


def is_word(value: object) -> bool:
    """Whether a value is short and without blanks, as words of a program and no texts of people are."""
    return isinstance(value, bool | int) or (
        isinstance(value, str) and _SHORT.fullmatch(value.strip()) is not None
    )


def outcome_of(value: object) -> CallStatus | None:
    """Return the outcome that a word means, those of other languages included; None if unknown."""
    if isinstance(value, float):
        return None
    known = status_of(value)
    if known is not None:
        return known
    kind = kind_of(value)
    return {Kind.GOOD: CallStatus.SUCCESS, Kind.BAD: CallStatus.ERROR}.get(kind) if kind is not None else None


def kind_of(value: object) -> Kind | None:
    """Return what the words of a value say of a record; None when they say nothing that is known."""
    found = frozenset(words_of(str(value))) if isinstance(value, str) and len(value) <= 64 else frozenset()
    if found & _NOT:
        return None
    if len(found) > 1:
        found -= _LANGUAGES
    if found & _SECOND and found & _BAD:
        return Kind.BAD  # what was tried in the place of another one failed as well
    return next((kind for kind, words in _KINDS if found & words), None)


def subject_of(value: object) -> frozenset[str]:
    """Return the words of a value that say not what became of it: `llm` of `on_llm_error` and `llm.finished`."""
    found = frozenset(words_of(value)) if isinstance(value, str) and len(value) <= 64 else frozenset()
    return found.difference(_FILLING, *(words for _, words in _KINDS))


def operation_named(model: object) -> Operation | None:
    """Return the operation of a model that its name says is no generation; None for all others."""
    found = frozenset(words_of(str(model))) if isinstance(model, str) and len(model) <= 200 else frozenset()
    return next((operation for operation, words in _MODEL_WORDS if found & words), None)


def operation_like(value: object) -> Operation | None:
    """Return the operation that the words of a value mean; None when they mean none that is known."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    known = operation_of(value)
    if known is not None:
        return known
    found = frozenset(words_of(value))
    return next((operation for operation, words in _OPERATION_WORDS if found & words), None)
