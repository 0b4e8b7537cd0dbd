"""Finds the events of calls among the steps that a program logs, by the word for them alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.endpoints import is_slow
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of

_NAMES = (
    "event", "eventtype", "eventname", "type", "kind", "name", "stage", "step", "phase", "action", "node",
    "component", "span", "spanname", "spantype", "operation", "op", "task",
)  # fmt: skip
_OF_MODELS = word_set("llm genai completion inference")
_MADE = word_set("generation generate generated")
"""Words that are of a model where others are of steps that need none, and of one of its tasks elsewhere."""
_STEPS = word_set("retrieval retrieve retrieved retriever search rerank reranking embed embedding vector lookup")
_AROUND = word_set(
    "call calls called chat model response answer done end ended finished complete completed success invoke"
    " invoked invocation query output final text step node"
)
"""Words that beside those for a model say nothing else."""
_TOOLS = ("tool", "toolname", "handler", "route")
"""Names of what a program answered with, one of which is the model."""
_CHATS = word_set("chat stream streaming message completion reply response answer")
_FEWEST, _MOST_KINDS, _MOSTLY = 2, 20, 0.75


def called_events_of(columns: Columns, spell: Callable[[Path], str]) -> Kinds | None:
    """Return the events that one word says are calls of a model, among others; None where there are none."""
    found = event_of_calls(columns)
    if found is None:
        return None
    path, word = found
    kept = [at for at, value in columns.of[path].by_record.items() if value == word]
    out = len(columns) - len(kept)
    note = (
        f"only: {out} records whose {spell(path)} is not {word} are left out, as other steps; were they calls,"
        f" there would be {out} more inferences"
    )
    return Kinds(kept, {path: word}, notes=(note,), sign=(path,))


def event_of_calls(columns: Columns) -> tuple[Path, Scalar] | None:
    """Return the field that tells events apart, and its one word for calls of a model; None if there is none."""
    for path, column in columns.of.items():
        words = list(dict.fromkeys(column.values))
        if not is_called((*_NAMES, *_TOOLS), path[-1:]) or columns.share(path) < _MOSTLY:
            continue
        if not 2 <= len(words) <= _MOST_KINDS or not all(isinstance(it, str) and is_word(it) for it in words):
            continue
        looks_up = any(not _STEPS.isdisjoint(words_of(str(it))) for it in words)
        calls = [it for it in words if _is_call(it, _OF_MODELS | _MADE if looks_up else _OF_MODELS)]
        if is_called(_TOOLS, path[-1:]):
            calls = [it for it in words if str(it).lower() == "llm"]
        elif not calls:
            calls = [it for it in words if _is_slow_chat(columns, path, it)]
        about = [it for it in words if "llm" in words_of(str(it))]
        if len(calls) == 1 and set(about) <= set(calls) and _often(column.values, calls[0]):
            return path, calls[0]
    return None


def _is_slow_chat(columns: Columns, path: Path, word: Scalar) -> bool:
    """Whether a word is of a chat, and its records alone took as long as a model needs."""
    if not _CHATS.issuperset(words_of(str(word))) or "chat" not in words_of(str(word)):
        return False
    at = {it for it, value in columns.of[path].by_record.items() if value == word}
    return is_slow(columns, at) and not is_slow(columns, set(range(len(columns))) - at)


def _often(values: Sequence[Scalar], word: Scalar) -> bool:
    return sum(it == word for it in values) >= _FEWEST


def _is_call(word: Scalar, of_models: frozenset[str]) -> bool:
    said = frozenset(words_of(str(word)))
    is_call = bool(said & of_models) and said <= of_models | _AROUND
    return is_call and kind_of(word) in (None, Kind.GOOD, Kind.ASKED)
