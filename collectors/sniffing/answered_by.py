"""Tells answers of a model from those that a program had ready, by a word for where each came from. Pure."""

from __future__ import annotations

from collections.abc import Callable

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.questions import answer_of
from leverwatch.collectors.sniffing.words import is_word

_NAMES = word_set(
    "source responder answerer handler engine origin backend method mode provider route router strategy quelle"
    " fuente fonte by via type kind"
)
"""Words in names of what says where an answer came from."""
_MODELS = PROVIDERS | word_set("ai ki ia llm genai model models gen generated generative rag neural chatbot")
_READY = word_set(
    "csv cache cached faq faqs db database sql rule rules rulebased static template templates local keyword"
    " keywords regex manual human agent kb none canned predefined hardcoded intent intents default fallback"
    " lookup file json table offline stored memory greeting smalltalk pattern match exact search index"
)
"""Words for where answers come from that no model writes."""
_FEWEST, _MOSTLY, _MOST_WORDS = 2, 0.9, 12


def answered_by(columns: Columns, spell: Callable[[Path], str]) -> Kinds | None:
    """Return the records whose answer a model wrote by such a word; None where no field says so, or some words of
    it say neither that nor that the answer was ready."""
    if answer_of(columns) is None:
        return None
    for path, column in columns.of.items():
        if _NAMES.isdisjoint(words_of(path[-1])) or columns.share(path) < _MOSTLY:
            continue
        words = list(dict.fromkeys(column.values))
        if len(words) > _MOST_WORDS or not all(isinstance(it, str) and is_word(it) for it in words):
            continue
        given = [it for it in words if _is_any(it, _MODELS)]
        ready = [it for it in words if it not in given and _is_any(it, _READY)]
        kept = [at for at, value in column.by_record.items() if value in given]
        if not given or len(given) + len(ready) < len(words) or len(kept) < _FEWEST:
            continue
        if not ready:
            return Kinds(range(len(columns)), sign=(path,))
        out = len(columns) - len(kept)
        note = (
            f"only: {out} records whose {spell(path)} is not {', '.join(map(str, given))} are left out, as answers"
            f" that were ready; were they calls, there would be {out} more inferences"
        )
        return Kinds(kept, {path: given[0] if len(given) == 1 else given}, notes=(note,), sign=(path,))
    return None


def _is_any(value: Scalar, words: frozenset[str]) -> bool:
    return not words.isdisjoint(words_of(str(value)))
