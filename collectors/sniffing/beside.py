"""Proposes a field map for records with calls side by side, such as an embedding and an answer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.model_operations import operation_of_model
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.name_words import TOKEN, token_field, word_set, words_of
from leverwatch.collectors.sniffing.places import records_at, spell

_OTHERS = word_set("embedding embeddings embed embedder rerank reranker reranking ranker vector vectors retrieval")
_PARTS = word_set(
    "generator judge critic evaluator grader scorer drafter planner writer reviewer router classifier rewriter"
    " rewrite summarizer summariser verifier translator extractor answerer synthesizer researcher coder executor"
    " editor checker reranker simulator attacker target moderator orchestrator worker"
    " judging grading evaluation planning drafting review verification classification translation summarization"
)
"""Words for who has a part in one piece of work, each with a call of its own."""
_LOOKED_AT = 2000
_DEEPEST = 4
_OFTEN = 0.5
_Document = dict[str, Any]


def calls_beside(documents: Sequence[_Document], clock: str | None) -> FieldGuess | None:
    """Return a field map for records each of which has several objects with a model and tokens of their own; None
    when they do not, or when no map can tell these calls apart."""
    looked = documents[:_LOOKED_AT]
    seen = Counter(path for it in looked for path in _objects(it, ()))
    often = [path for path, number in seen.items() if number >= _OFTEN * len(looked)]
    paths = [path for path in often if not any(it != path and it[: len(path)] == path for it in often)]
    if len(paths) < 2 or not all(_is_known(looked, path) for path in paths):
        return None
    are_parts = any(_others(looked, path) for path in paths) or all(any(map(_is_part_key, it)) for it in paths)
    if not are_parts or _say_the_same(looked, paths):
        return None  # two objects may as well be what was asked for and what came of it
    named = all(_models(looked, path) for path in paths)
    maps = [_map_of([_without(it, paths, path) for it in documents], path, clock, named=named) for path in paths]
    made = [it for it in maps if it is not None]
    merged = merged_maps([it.fields for it in made]) if len(made) == len(paths) else None
    if merged is None:
        return None
    spelled = [spell(path) for path in paths]
    note = (
        f"inferences: {' and '.join(spelled)} {'name a model and' if named else 'tell'} tokens each, and count as"
        " a call each; were they"
        f" parts of one call, there would be one in each of {len(documents)} records"
    )
    return replace(
        made[0],
        fields=merged,
        others={},
        notes=tuple(dict.fromkeys((note, *(said for it in made for said in it.notes if not _is_gap(said))))),
        unmapped=tuple(dict.fromkeys(it for one in made for it in one.unmapped)),
        extras={"records": spelled},
    )


def _is_part_key(key: str) -> bool:
    """Whether the name of an object is that of one who has a part of its own in what is done."""
    return not _PARTS.isdisjoint(words_of(key))


def _is_gap(note: str) -> bool:
    """Whether a note says that some records have no output, which an embedding never has."""
    return note.startswith("output_tokens: no field")


def _objects(value: _Document, path: Path) -> Iterator[Path]:
    """Yield the paths of objects that have a model and a number of tokens of their own."""
    own = [(key, it) for key, it in value.items() if not isinstance(it, dict | list)]
    model = any(isinstance(it, str) and it and rank("model", (key,)) is not None for key, it in own)
    # One who has a part needs no model of his own where both sides of his call are told.
    sides = {token_field((key,)) for key, it in own if _is_tokens(((key,), it))}
    alone = sides >= {"input_tokens", "output_tokens"} and any(map(_is_part_key, path))
    if path and (alone or (model and any(_is_tokens(it) for it in leaves(value).items()))):
        yield path
    for key, inner in value.items():
        if isinstance(inner, dict) and len(path) < _DEEPEST:
            yield from _objects(inner, (*path, key))


def _is_tokens(entry: tuple[Path, Any]) -> bool:
    path, value = entry
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return token_field(path) is not None or _is_sum(path)


def _is_sum(path: Path) -> bool:
    own = set(words_of(path[-1]))
    return bool(own & TOKEN) and own <= TOKEN | {"total", "used", "n", "num", "count"}


def _is_known(documents: Sequence[_Document], path: Path) -> bool:
    """Whether the names of models say what an object is of that has a name of what is no generation."""
    models, others = _models(documents, path), _others(documents, path)
    named = any(not _OTHERS.isdisjoint(words_of(key)) for key in path)
    return others == models if named else not others or others == models


def _models(documents: Sequence[_Document], path: Path) -> set[str]:
    found = (leaves(made) for it in documents for made, _ in records_at(it, path, ()))
    return {str(value) for it in found for at, value in it.items() if _is_model(at, path)}


def _others(documents: Sequence[_Document], path: Path) -> set[str]:
    """Return the models of an object that generate nothing, by their names."""
    models = _models(documents, path)
    return {model for model in models if operation_of_model(model) not in (None, Operation.GENERATION)}


def _say_the_same(documents: Sequence[_Document], paths: Sequence[Path]) -> bool:
    """Whether most records have a number of tokens in one object that is in another one too."""
    same = 0
    for document in documents:
        told = [
            {value for entry in leaves(made).items() for at, value in [entry]
             if at[: len(path)] == path and value and _is_tokens(entry)}
            for path in paths for made, _ in records_at(document, path, ())
        ]  # fmt: skip
        same += sum(map(len, told)) > len(set().union(*told))
    return same >= _OFTEN * len(documents)


def _is_model(at: Path, path: Path) -> bool:
    return at[:-1] == path and rank("model", at) is not None


def _without(document: _Document, paths: Sequence[Path], kept: Path) -> _Document:
    """Return a record without the objects at the paths but one."""
    made = dict(document)
    for path in paths:
        node = made
        for key in path[:-1]:
            inner = node.get(key)
            node[key] = dict(inner) if isinstance(inner, dict) else inner
            node = node[key] if isinstance(inner, dict) else {}
        if path != kept:
            node.pop(path[-1], None)
    return made


def _map_of(documents: Sequence[_Document], path: Path, clock: str | None, *, named: bool) -> FieldGuess | None:
    records = [leaves(made) for it in documents for made, _ in records_at(it, path, ())]
    fields = propose(records, clock=clock, day_first=False)
    if fields is None or (named and "model" not in fields.fields):
        return None
    if "input_tokens" in fields.fields or "output_tokens" in fields.fields:
        return fields
    sums = list(dict.fromkeys(at for it in records for at in it if at[: len(path)] == path and _is_sum(at)))
    if len(sums) != 1:
        return None
    # What takes no tokens out has all of them as input.
    left = tuple(it for it in fields.unmapped if not it.startswith(f"{spell(sums[0])} "))
    said = tuple(it for it in fields.notes if not it.startswith("input_tokens and output_tokens: no field"))
    mapped = {**fields.fields, "input_tokens": spell(sums[0])}
    return replace(fields, fields=mapped, unmapped=left, notes=said)


def merged_maps(maps: Sequence[dict[str, Any] | Any]) -> dict[str, Any] | None:
    """Return one field map for all places, each of whose records has the values of one of them alone."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for it in maps for name in it):
        told = [it[name] for it in maps if name in it]
        if all(it == told[0] for it in told):
            merged[name] = told[0]
            continue
        paths = [path for it in told for path in ([it] if isinstance(it, str) else it)]
        if not all(isinstance(it, str | list) for it in told) or any(path.startswith("+") for path in paths):
            return None
        merged[name] = list(dict.fromkeys(paths))
    return merged
