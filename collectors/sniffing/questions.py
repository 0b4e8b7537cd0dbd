"""Finds what a model was asked and what it answered: texts, or how long they were. Pure.

The words of a name tell, in any order and with others beside them: `user_query`, `LLM Response`, `len(antwort)`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.name_words import LATENCY, TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_ASKED = word_set(
    "question questions query queries prompt prompts instruction instructions utterance frage anfrage pregunta"
    " consulta domanda vraag pergunta soru pytanie zapytanie dotaz otazka fraga sporsmal kysymys kerdes pertanyaan"
    " requete anweisung eingabeaufforderung"
)
_ANSWERED = word_set(
    "answer answers response responses reply replies completion completions generation antwort antworten respuesta"
    " risposta antwoord resposta reponse cevap yanit odpowiedz odpoved svar vastaus valasz jawaban antwoorden"
)
_SIDES = (word_set("input in message msg said"), word_set("output out message msg text"))
"""Words that are of what was asked or answered beside one for who asked or answered."""
_WHO = (word_set("user human customer visitor nutzer benutzer usuario"),
        word_set("ai llm bot model assistant agent gpt chatbot chatgpt gemini claude generated"))  # fmt: skip
_LENGTH = word_set(
    "len length lengths chars char characters character size words word wordcount charcount zeichen lange laenge"
    " longitud longueur lunghezza tamanho lengte dlugosc uzunluk letters count"
)
_PLAIN = (frozenset({"input", "message", "msg", "q", "text", "user", "request", "in"}),
          frozenset({"output", "a", "bot", "assistant", "ai", "llm", "out", "result"}))  # fmt: skip
"""Names, of no other word than these, of texts of which only both together tell."""
_INPUTS = word_set("input inputs request payload prompt")
_ASKING = word_set("messages prompt prompts conversation history user")
"""Words within an object of what went in, which only models are given."""
_ANSWERS = _ANSWERED - word_set("response responses reply replies reponse completion completions generation")
_OF_TEXT = word_set("chars char characters character words word wordcount charcount zeichen")
"""Words of lengths that only texts have."""
_SURE = word_set("prompt prompts llm ai gpt chatbot assistant gemini claude chatgpt generated completion utterance"
                 " eingabeaufforderung")  # fmt: skip
"""Words that speak of a model, where queries and responses of databases and websites have lengths as well."""
_HOLDERS = word_set("text content preview length len chars value body snippet excerpt")
_NONE = word_set(
    "time times timestamp at ms s sec seconds status code id ids token tokens type format header headers cost"
    " price latency duration model url uri schema name version rate hash score scores rating number quality"
    " template language lang category source sources per max min limit avg average mean error errors params"
    " parameters tool plan bytes embedding valid ok success"
)
_SAID = word_set("text content message msg body said utterance texto texte nachricht mensaje")
_QUESTIONS = word_set(
    "question questions prompt prompts utterance frage pregunta domanda vraag pergunta fraga kysymys"
)
_PROMPTS = word_set("prompt prompts query question messages instruction")
_ASKS_IN_WORDS = _ASKED | word_set("input text message request natural nl user")
_STATEMENT = re.compile(
    r"\W*(?:sql\b\s*)?(?:SELECT\s|WITH\s+\w+\s+AS\b|MATCH\s*\(|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)",
    re.IGNORECASE,
)
_GENERATED = word_set("generation generate generating llm answer answering completion inference")
_TIMED = word_set("ms s sec secs seconds time")
_MOST_SECONDS, _SHORTEST = 180.0, 0.3
"""Seconds that an answer hardly takes longer than, so that greater numbers are milliseconds; and the median from
which on a model answers."""
_OFTEN, _MOSTLY = 0.5, 0.9
_MOST_BESIDE = 5
"""Columns of a log of nothing but questions: when, who, where and what."""
_LOOKED_AT = 200


def asked_and_answered(columns: Columns) -> tuple[Path, ...] | None:
    """Return the paths of what was asked and answered, as texts or by their lengths; that of a prompt alone, which
    nothing but a model is given; None where there is neither."""
    texts = [_best(columns, side, _is_text) or _plain(columns, side) for side in (0, 1)]
    lengths = [_best(columns, side, _is_length) for side in (0, 1)]
    asked, answered = texts[0] or lengths[0], texts[1] or lengths[1]
    beneath = None if answered is None else _beneath(columns)
    if beneath is not None and answered is not None and texts[1]:
        return beneath, answered
    if asked is not None and answered is not None and asked != answered:
        both = frozenset((*_words(asked), *_words(answered)))
        if (texts[0] and texts[1]) or both & (_SURE | word_set("question questions frage pregunta domanda")):
            return asked, answered
        if both & _ANSWERS or (texts[0] and _OF_TEXT.intersection(words_of(answered[-1]))):
            return asked, answered
    written = _written_for(columns)
    if written is not None:
        return written
    alone = _best(columns, 0, _is_text)
    took = None if alone is None else _took(columns, alone)
    if alone is not None and took is not None:
        return alone, took
    if alone is not None and _are_questions_alone(columns, alone):
        return (alone,)
    is_prompt = alone is not None and not frozenset(_words(alone)).isdisjoint({"prompt", "prompts"})
    return (alone,) if alone is not None and is_prompt and columns.share(alone) >= _MOSTLY else None


def _are_questions_alone(columns: Columns, asked: Path) -> bool:
    """Whether records have a question in words, most of them another one, and nothing beside it that is counted or
    measured, as how many results a search had."""
    values = columns.of[asked].values
    return (
        not _QUESTIONS.isdisjoint(_words(asked))
        and columns.share(asked) >= _MOSTLY
        and 2 * len(set(values)) > len(values)
        and 2 * sum(len(str(it).split()) > 2 for it in values) > len(values)
        and len(columns.of) <= _MOST_BESIDE
        and not any(it.is_numeric and not _is_when(path) for path, it in columns.of.items())
    )


def _is_when(path: Path) -> bool:
    return rank("time", path) is not None


def is_statement(text: object) -> bool:
    """Whether a text is a statement of a language of databases."""
    return isinstance(text, str) and _STATEMENT.match(text) is not None


def _written_for(columns: Columns) -> tuple[Path, Path] | None:
    """Return the path of what was asked in words, and that of the statement of a language of databases for it."""
    asked = [
        path for path, column in columns.of.items()
        if columns.share(path) >= _MOSTLY and _is_text(column) and not any(map(is_statement, column.values))
        and not _ASKS_IN_WORDS.isdisjoint(words_of(path[-1]))
    ]  # fmt: skip
    for path, column in columns.of.items():
        if not asked or path in asked or columns.share(path) < _OFTEN or not _is_text(column):
            continue
        if sum(map(is_statement, column.values)) >= _MOSTLY * len(column.values):
            return asked[0], path
    return None


def asks_something_else(
    columns: Columns, ids: Mapping[int, Scalar], one: Collection[int], other: Collection[int]
) -> bool:
    """Whether records with the same id have another prompt each, as texts or digests, and so is a call."""
    for path, column in columns.of.items():
        own = frozenset(words_of(path[-1]))
        if not own & _PROMPTS or own & TOKEN or own & {"id", "version", "name", "template"} or column.is_numeric:
            continue
        asked = [{str(ids[at]): column.by_record.get(at) for at in it if at in ids} for it in (one, other)]
        both = [it for it in asked[0].keys() & asked[1].keys() if asked[0][it] and asked[1][it]]
        if both and sum(asked[0][it] != asked[1][it] for it in both) >= _MOSTLY * len(both):
            return True
    return False


def answer_of(columns: Columns) -> Path | None:
    """Return the path of the texts that answer what was asked."""
    return _best(columns, 1, _is_text)


def _took(columns: Columns, asked: Path) -> Path | None:
    """Return the duration of what answers a question: by a name that is of generation alone, or as long as models
    need for an answer; queries of databases take as long."""
    if columns.share(asked) < _MOSTLY:
        return None
    is_question = not _QUESTIONS.isdisjoint(_words(asked))
    timed = {
        path: frozenset(words_of(path[-1])) for path, column in columns.of.items()
        if column.is_numeric and columns.share(path) >= _MOSTLY
    }  # fmt: skip
    generated = generated_in(columns)
    if generated is not None:
        return generated
    for path, own in timed.items():
        column = columns.of[path]
        in_seconds = max(column.numbers.values()) < _MOST_SECONDS and "ms" not in own
        slow = median(column.numbers.values()) >= (_SHORTEST if in_seconds else _SHORTEST * 1000)
        if is_question and slow and own & LATENCY:
            return path
    return None


def generated_in(columns: Columns) -> Path | None:
    """Return the path of the time that generating took by its name, where nearly all records have a question."""
    asked = _best(columns, 0, _is_text)
    if asked is None or columns.share(asked) < _MOSTLY:
        return None
    for path, column in columns.of.items():
        own = frozenset(words_of(path[-1]))
        if own & _GENERATED and own & (LATENCY | _TIMED) and column.is_numeric and columns.share(path) >= _MOSTLY:
            return path
    return None


def has_sentences(columns: Columns) -> bool:
    """Whether nearly all records have a text of what somebody said."""
    return any(
        columns.share(path) >= _MOSTLY and _is_text(column) and not _SAID.isdisjoint(words_of(path[-1]))
        for path, column in columns.of.items()
    )


def says_texts(columns: Columns, records: Sequence[int]) -> bool:
    """Whether nearly all of some records have a text of what somebody said or asked."""
    some = set(records)
    return any(
        len(some.intersection(column.at)) >= _MOSTLY * len(some) and _is_text(column)
        and not (_SAID | _ASKED | _PLAIN[0]).isdisjoint(words_of(path[-1]))
        for path, column in columns.of.items()
    )  # fmt: skip


def asks(columns: Columns) -> bool:
    """Whether nearly every record has what was asked as a text, most of them another one: a row is then a call."""
    path = _best(columns, 0, _is_text)
    if path is None or columns.share(path) < _MOSTLY:
        return False
    values = columns.of[path].values
    return 2 * len(set(values)) > len(values)


def _best(columns: Columns, side: int, fits: object) -> Path | None:
    found = [
        path
        for path, column in columns.of.items()
        if columns.share(path) >= _OFTEN and callable(fits) and fits(column) and _is_of(path, side)
    ]
    return min(found, key=lambda path: (len(path), len(_words(path))), default=None)


def _plain(columns: Columns, side: int) -> Path | None:
    """Return a path with a name of one word, whose values are mostly sentences."""
    for path, column in columns.of.items():
        if columns.share(path) < _OFTEN or not _is_text(column) or len(words_of(path[-1])) != 1:
            continue
        many = sum(len(str(it).split()) > 1 for it in column.values[:_LOOKED_AT])
        if _PLAIN[side].issuperset(words_of(path[-1])) and many >= _OFTEN * len(column.values[:_LOOKED_AT]):
            return path
    return None


def _beneath(columns: Columns) -> Path | None:
    """Return a path that tells of messages or a prompt within an object of what went in."""
    for path in columns.of:
        own = frozenset(words_of(path[-1]))
        is_inside = len(path) > 1 and _INPUTS.issuperset(words_of(path[0]))
        if is_inside and own & _ASKING and not own & TOKEN and columns.share(path) >= _OFTEN:
            return path
    return None


def _is_of(path: Path, side: int) -> bool:
    own = frozenset(_words(path))
    if own & _NONE:
        return False
    named = bool(own & (_ASKED, _ANSWERED)[side]) and not own & (_ANSWERED, _ASKED)[side]
    return named or bool(own & _SIDES[side] and own & _WHO[side])


def _words(path: Path) -> tuple[str, ...]:
    own = words_of(path[-1])
    return (*words_of(path[-2]), *own) if len(path) > 1 and _HOLDERS.issuperset(own) else own


def _is_text(column: Column) -> bool:
    """Whether values are what people and models write: some of them have several words."""
    texts = column.values[:_LOOKED_AT]
    return all(isinstance(it, str) for it in texts) and any(len(str(it).split()) > 1 for it in texts)


def _is_length(column: Column) -> bool:
    """Whether values are numbers of characters or words by their name, and whole."""
    if _LENGTH.isdisjoint(words_of(column.path[-1])) or not column.is_numeric:
        return False
    return all(number >= 0 and number.is_integer() for number in column.numbers.values())


def is_asked(column: Column) -> bool:
    """Whether a column has what was asked, as texts, or how much was to be looked up for it."""
    return _is_of(column.path, 0) and all(isinstance(it, str) for it in column.values)
