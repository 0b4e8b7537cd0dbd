"""Finds what was asked of a model: a generation, an embedding, or something else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import operation_of
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import KNOWN, is_called, rank
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import is_word, operation_like, operation_named
from leverwatch.collectors.sniffing.written import answered_by_models, written_by_models

_SURE = 2
"""The rank of the last of the names that hardly mean anything else."""
_MORE_NAMES = (
    "endpoint", "method", "api", "route", "path", "action", "mode", "event", "eventtype", "function", "category",
    "modality", "apimethod", "url", "vorgang", "aktion", "uri", "requesturi", "requestpath",
    "requesturl", "urlpath",
)  # fmt: skip
_MODES = ("mode", "runmode", "agentmode", "chatmode")
_OF_PROGRAMS = (Operation.AGENT, Operation.TOOL)
"""What a setting of a program may say of its calls: `mode: agent` is how it ran, and each record a call."""
_SILENT = (Operation.EMBEDDING, Operation.RERANK, Operation.IMAGE, Operation.AUDIO, Operation.MODERATION)
"""What answers with no tokens."""
_FORMS = frozenset({"prompt"})
"""What kinds of spans are called, and the form in which a request came is as well."""
_ANSWERS = word_set("completion response responses answer reply output result")
_LOOK_UPS = word_set(
    "retrieve aretrieve list alist get aget delete cancel poll fetch batch batches file files status"
)
"""Words for requests that repeat the tokens of what was answered before."""
_MOST_WORDS = 20
_FEWEST = 3


def set_operation(draft: Draft) -> None:
    """Map what was asked for, where its words are known or can be told."""
    named = draft.named("operation")
    for path in named:
        values = list(dict.fromkeys(draft.columns.of[path].values))
        known = all(isinstance(value, str) and operation_of(value) is not None for value in values)
        if known and not written_by_models(draft, path):
            forms = [it for it in values if _is_form(draft, path, it)]
            setting = (
                {"path": draft.spell(path), Operation.GENERATION.value: forms} if forms else draft.spell(path)
            )
            draft.set("operation", setting, path)
            _say_forms(draft, path, forms)
            others = {value: operation_of(str(value)) for value in values if value not in forms}
            _say_others(draft, path, others)
            return
    more = [path for path in draft.columns.of if is_called(_MORE_NAMES, path) and draft.is_free(path)]
    for path in (*named, *more):
        if _set_words(draft, path, sure=path in named and (rank("operation", path) or 0) <= _SURE):
            return
    for path in named[:1]:
        if (rank("operation", path) or 0) <= _SURE:
            _unknown(draft, path)


def _say_others(draft: Draft, path: Path, meant: Mapping[Scalar, Operation | None]) -> None:
    """Say which records are no generations."""
    values = draft.columns.of[path].values
    for value, operation in meant.items():
        if operation not in (None, Operation.GENERATION):
            draft.doubt(
                "operation",
                f"{values.count(value)} records whose {draft.spell(path)} is {value} are taken as {operation},"
                " and are no inferences",
            )


def doubt_names(draft: Draft) -> None:
    """Say which models are no generators by their names, where nothing else tells what was asked for."""
    column = draft.column("model")
    if column is None or "operation" in draft.paths:
        return
    _doubt_silent(draft, column)
    others = {value: operation_named(value) for value in dict.fromkeys(column.values)}
    number = sum(others[value] is not None for value in column.values)
    if number:
        kinds = ", ".join(sorted({operation.value for operation in others.values() if operation is not None}))
        draft.doubt(
            "operation",
            f"{number} records of the sample name a model that is one of {kinds} by its name, and are no"
            " inferences"
            " where that name is known; no field tells what was asked for",
        )


def _doubt_silent(draft: Draft, models: Column) -> None:
    """Say which models never answer, while others do: what they do may be no generation."""
    output, taken = draft.column("output_tokens"), draft.column("input_tokens")
    if output is None or taken is None:
        return
    answering = {models.by_record.get(at) for at, number in output.counts.items() if number > 0}
    silent: Counter[str] = Counter()
    for at, number in taken.counts.items():
        model = models.by_record.get(at)
        if number > 0 and model not in answering and model is not None and operation_named(model) is None:
            silent[str(model)] += 1
    for model, number in silent.items():
        if answering and number >= _FEWEST:
            draft.doubt(
                "operation",
                f"{number} records of {model} have input and never output, and count as generations; were they"
                f" something else, such as embeddings, there would be {number} fewer inferences",
            )


def _set_words(draft: Draft, path: Path, *, sure: bool) -> bool:
    column = draft.columns.of[path]
    values = list(dict.fromkeys(column.values))
    if len(values) > _MOST_WORDS or not all(isinstance(value, str) and is_word(value) for value in values):
        return False
    meant = {value: operation_like(value) for value in values}
    forms = [value for value in values if _is_form(draft, path, value)]
    meant |= dict.fromkeys(forms, Operation.GENERATION)
    if not sure and (len(values) == 1 or is_called(_MODES, path)):
        for value in filter(lambda it: meant[it] in _OF_PROGRAMS and _names_models(draft, path, it), values):
            _say_setting(draft, path, value)
            meant[value] = Operation.GENERATION
    known = {operation for operation in meant.values() if operation is not None}
    unsure = not known or (not sure and (known == {Operation.GENERATION} or None in meant.values()))
    if unsure and (sure or not _only_others_answer(draft, path, meant)):
        return False
    if known <= {Operation.GENERATION, Operation.TOOL} and None in meant.values():
        return False
    spelled = draft.spell(path)
    texts = written_by_models(draft, path)
    for value in texts:
        _say_written(draft, path, value, meant[value])
        meant[value] = Operation.GENERATION
    if set(meant.values()) <= {Operation.GENERATION, None} and texts:
        return True  # words of what texts are for, and no operations
    meant |= dict.fromkeys(_answering(draft, path, meant), Operation.GENERATION)
    words: dict[str, list[Scalar]] = {}
    for value, operation in meant.items():
        number = column.values.count(value)
        if operation is None:
            draft.doubt(
                "operation",
                f"{spelled} has a word of no known meaning, {value}, in {number} records, which are not"
                " counted; were"
                f" they generations, there would be {number} more inferences",
            )
        elif operation_of(str(value)) is not operation:
            words.setdefault(operation.value, []).append(value)
    _say_forms(draft, path, forms)
    _say_others(draft, path, meant)
    draft.set("operation", {"path": spelled, **words} if words else spelled, path)
    return True


def _only_others_answer(draft: Draft, path: Path, meant: Mapping[Scalar, Operation | None]) -> bool:
    """Whether words of no known meaning are those of all records with output, beside words for what has none, as
    speech and embeddings: `api` beside `tts`."""
    answering = set(answered_by_models(draft, path))
    unknown = {value for value, operation in meant.items() if operation is None}
    silent = {value for value, operation in meant.items() if operation in _SILENT}
    return bool(unknown and silent) and unknown == answering and unknown | silent == set(meant)


def _answering(draft: Draft, path: Path, meant: Mapping[Scalar, Operation | None]) -> list[Scalar]:
    """Return the words of no known meaning whose records have what a model wrote, and say so: they are tasks."""
    found = [
        value
        for value in answered_by_models(draft, path)
        if meant.get(value, path) is None and _LOOK_UPS.isdisjoint(words_of(str(value)))
    ]
    for value in found:
        number = draft.columns.of[path].values.count(value)
        draft.doubt(
            "operation",
            f"{number} records whose {draft.spell(path)} is {value}, a word of no known meaning, count as"
            f" generations, as they have output tokens; were they none, there would be {number} fewer inferences",
        )
    return found


def _names_models(draft: Draft, path: Path, value: Scalar) -> bool:
    """Whether each record with a value names a model."""
    at = {it for it, told in draft.columns.of[path].by_record.items() if told == value}
    return at <= draft.columns.covered(draft.paths.get("model", ()))


def _is_form(draft: Draft, path: Path, value: Scalar) -> bool:
    """Whether a word may say in which form a request came: each record with it names a model, and no others are
    the answers to it."""
    if str(value).strip().lower() not in _FORMS or not _names_models(draft, path, value):
        return False
    column = draft.columns.of[path]
    if any(not _ANSWERS.isdisjoint(words_of(str(other))) for other in set(column.values)):
        return False
    at = {it for it, told in column.by_record.items() if told == value}
    given = draft.columns.covered(draft.named("output_tokens"))
    return not given or not at.isdisjoint(given)


def _say_forms(draft: Draft, path: Path, forms: Sequence[Scalar]) -> None:
    for value in forms:
        number = draft.columns.of[path].values.count(value)
        draft.doubt(
            "operation",
            f"{number} records whose {draft.spell(path)} is {value}, as the form of a request may be, name a model"
            f" and count as generations; were they none, there would be {number} fewer inferences",
        )


def _say_setting(draft: Draft, path: Path, value: Scalar) -> None:
    """Say that records count, as they name a model, though a field that may be a setting names no generation."""
    number = draft.columns.of[path].values.count(value)
    draft.doubt(
        "operation",
        f"{number} records whose {draft.spell(path)} is {value}, as a setting of a program may be, name a model"
        f" and count as generations; were they none, there would be {number} fewer inferences",
    )


def _say_written(draft: Draft, path: Path, value: Scalar, meant: Operation | None) -> None:
    number = draft.columns.of[path].values.count(value)
    if meant is None:
        text = "a word of no known meaning"
    else:
        text = f"it may mean {meant.value}, and were they that, there would be {number} fewer inferences"
    draft.doubt(
        "operation",
        f"{number} records whose {draft.spell(path)} is {value} count as generations, as a model wrote their"
        f" answers: {text}",
    )


def _unknown(draft: Draft, path: Path) -> None:
    column: Column = draft.columns.of[path]
    note = f"{draft.spell(path)} has values of no known meaning"
    if any(map(KNOWN["operation"].fits, column.values)):
        # Without it, all that is no generation would count as one.
        draft.set("operation", draft.spell(path), path)
        note += ", whose records are not counted"
    draft.doubt("operation", note)
