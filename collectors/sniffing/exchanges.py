"""Tells calls of events that name neither models nor tokens: pairs of a request and its response. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.questions import says_texts
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of

_ASKED = word_set("request requested prompt query question ask asked anfrage solicitud requete pregunta")
_SURELY_ASKED = word_set("request requested asked anfrage solicitud requete")
_ANSWERED = word_set(
    "response responded completion answer answered reply replied result antwort respuesta reponse risposta"
)
_FAILED = word_set("error failed failure timeout exception fehler erreur fallo")
_OF_MODELS = PROVIDERS | word_set(
    "chat chatbot ai prompt prompts completion completions assistant agent bot conversation gpt intent"
)
"""Words that say that what is asked is a model, where requests of websites have events as well."""
_FEWEST, _ALIKE, _MOST_KINDS = 3, 0.75, 40
_LOOKED_AT, _LONGEST = 500, 2000


def exchanges_of(columns: Columns, spell: Callable[[Path], str]) -> Kinds | None:
    """Return the responses to requests with texts, with the errors in their place; None where events are no such
    pairs, or nothing speaks of a model."""
    for path, column in columns.of.items():
        words = list(dict.fromkeys(column.values))
        if not 2 <= len(words) <= _MOST_KINDS or not all(isinstance(it, str) and is_word(it) for it in words):
            continue
        asked = [it for it in words if _is_side(it, _ASKED, _ANSWERED | _FAILED)]
        said = [it for it in words if _is_side(it, _ANSWERED, _SURELY_ASKED | _FAILED)]
        # Of what is made of one response, such as what is read from it, the most frequent is one a call.
        answers = {it: max(own, key=partial(_closeness, column, it))
                   for it in asked if (own := [at for at in said if _rest(it) <= _rest(at)])}  # fmt: skip
        asked, answered = [*answers], list(dict.fromkeys(answers.values()))
        failed = [it for it in words if kind_of(it) is Kind.BAD and _rest(it) in map(_rest, asked)]
        begun, ended, wrong = (_at(column, it) for it in (asked, answered, failed))
        if len(ended) < _FEWEST or not _ALIKE <= len(begun) / (len(ended) + len(wrong)) <= 1 / _ALIKE:
            continue
        if not says_texts(columns, begun) or not _speaks_of_models(columns, path, words):
            continue
        name, others = spell(path), len(columns) - len(ended) - len(wrong)
        notes = [
            (
                f"only: {others} records whose {name} is none of {_named([*answered, *failed])} are left out, as"
                f" what happened around the calls; were they calls, there would be {others} more inferences"
            )
        ]
        if failed:
            notes.append(f"status: {name} tells it: {_named(failed)} are failed calls")
        kept = sorted({*ended, *wrong})
        values = [*answered, *failed]
        status = (path, {"success": answered, "error": failed}) if failed else None
        only = {path: values[0] if len(values) == 1 else values}
        return Kinds(kept, only, status=status, notes=tuple(notes), sign=(path,))
    return None


def _at(column: Column, words: Sequence[Scalar]) -> list[int]:
    return [at for at, value in column.by_record.items() if value in words]


def _named(words: Sequence[Scalar]) -> str:
    return ", ".join(map(str, words))


def _is_side(value: Scalar, own: frozenset[str], other: frozenset[str]) -> bool:
    words = frozenset(words_of(str(value)))
    return bool(words & own) and not words & other


def _closeness(column: Column, asked: Scalar, answered: Scalar) -> tuple[bool, int]:
    return _rest(asked) == _rest(answered), column.values.count(answered)


def _rest(value: Scalar) -> frozenset[str]:
    return frozenset(words_of(str(value))) - _ASKED - _ANSWERED - _FAILED


def _speaks_of_models(columns: Columns, path: Path, words: Sequence[Scalar]) -> bool:
    """Whether a kind of event, a name of a field or an error speaks of a model."""
    if any(not _OF_MODELS.isdisjoint(words_of(str(it))) for it in words):
        return True
    if any(not _OF_MODELS.isdisjoint(words_of(key)) for it in columns.of for key in it if it != path):
        return True
    texts = (it for column in columns.of.values() for it in column.texts[:_LOOKED_AT] if len(it) <= _LONGEST)
    return any(not PROVIDERS.isdisjoint(words_of(word)) for text in texts for word in text.split())
