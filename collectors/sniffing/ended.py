"""Joins records of the beginning and the end of one call by their id, where no record tells tokens. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of

_FEWEST, _MOST_KINDS = 2, 20
_SENT = word_set("request requested sent prompt submitted asked")
_MOST_OPEN = 0.1
"""The share of the calls that may have no end yet, or lost it."""


def ended_of(columns: Columns, models: set[Path], spell: Callable[[Path], str]) -> Kinds | None:
    """Return the ends of calls that began in a record with the same id, which names the model.

    Where only failures have a record of their own, all records are kept, and those with one id are versions of one
    call. None where records are no such pairs.
    """
    named = columns.covered(models)
    for path, column in columns.of.items():
        words = _words(column, len(columns))
        begun = [it for it in words if _begins(it) and _at(column, it) <= named]
        good = [it for it in words if kind_of(it) is Kind.GOOD and it not in begun]
        bad = [it for it in words if kind_of(it) is Kind.BAD]
        if len(begun) != 1 or not (good or bad):
            continue
        started = sorted(_at(column, begun[0]))
        ended = sorted({at for it in (*good, *bad) for at in _at(column, it)})
        # What else names a model may be a call too.
        if len(ended) < _FEWEST or named - set(started) - set(ended):
            continue
        for id_ in ids_beside(columns, path):
            if not _are_pairs(id_, started, ended):
                continue
            model = _model_of_all(columns, models, named) if not set(ended) <= named else None
            if len(started) - len(ended) <= _MOST_OPEN * len(started):
                return _ends(columns, path, (begun, good, bad), ended, model, spell)
            if not good and _are_later(columns, id_, started, ended):
                return _versions(columns, path, (begun, bad), (started, ended), (id_.path, model), spell)
    return None


def _ends(
    columns: Columns,
    path: Path,
    words: tuple[list[Scalar], list[Scalar], list[Scalar]],
    ended: list[int],
    model: str | None,
    spell: Callable[[Path], str],
) -> Kinds:
    begun, good, bad = words
    values, out = [*good, *bad], len(columns) - len(ended)
    found = Kinds(ended, status=(path, _status(good, bad)) if bad else None, sign=(path,), model=model)
    tail = (
        "left out, as the beginnings of the calls that other records with the same id end; were they calls, there"
        f" would be {out} more inferences"
    )
    if len(set(columns.of[path].values)) > len(values) + len(begun):
        note = f"only: {out} records whose {spell(path)} is none of {', '.join(map(str, values))} are {tail}"
        only = {path: values[0] if len(values) == 1 else values}
        return replace(found, only=only, notes=(note, *_of_model(model)))
    # Whatever else a call may end with is none that begins.
    note = f"not: {out} records whose {spell(path)} is {', '.join(map(str, begun))} are {tail}"
    return replace(found, excluded={path: begun}, notes=(note, *_of_model(model)))


def _versions(
    columns: Columns,
    path: Path,
    words: tuple[list[Scalar], list[Scalar]],
    at: tuple[list[int], list[int]],
    joined: tuple[Path, str | None],
    spell: Callable[[Path], str],
) -> Kinds:
    (begun, bad), (started, ended), (id_, model) = words, at, joined
    note = (
        f"request_id: {len(ended)} records whose {spell(path)} is {', '.join(map(str, bad))} have the id of an"
        f" earlier one in {spell(id_)}, and replace it as the end of that call; the other"
        f" {len(started) - len(ended)} calls are taken for successes. Were these calls of their own, there would"
        f" be {len(ended)} more inferences"
    )
    kept, values = sorted((*started, *ended)), [*begun, *bad]
    only = {path: values} if len(kept) < len(columns) else {}
    return Kinds(
        kept, only, status=(path, _status(begun, bad)), notes=(note, *_of_model(model)), sign=(path,), model=model,
        versions=id_,
    )  # fmt: skip


def _of_model(model: str | None) -> tuple[str, ...]:
    if model is None:
        return ()
    return (f"model: the ends of calls name none, and all beginnings name {model}: it is taken for all of them",)


def _status(good: list[Scalar], bad: list[Scalar]) -> dict[str, list[Scalar]]:
    return {"success": good, "error": bad} if good else {"error": bad}


def _words(column: Column, records: int) -> list[Scalar]:
    words = list(dict.fromkeys(column.values))
    usual = 2 <= len(words) <= _MOST_KINDS and len(column.at) == records
    return words if usual and all(isinstance(it, str) and is_word(it) for it in words) else []


def _begins(word: Scalar) -> bool:
    kind = kind_of(word)
    return kind in (Kind.ASKED, Kind.PENDING) or (kind is Kind.GOOD and not _SENT.isdisjoint(words_of(str(word))))


def _at(column: Column, word: Scalar) -> set[int]:
    return {at for at, value in column.by_record.items() if value == word}


def ids_beside(columns: Columns, path: Path) -> Iterator[Column]:
    """Yield the columns with ids, beside the one that tells kinds of records."""
    for other, column in columns.of.items():
        named = any(rank(name, other) is not None for name in ("request_id", "trace_id"))
        if other != path and (named or words_of(other[-1])[-1:] in (("id",), ("uuid",))):
            yield column


def _are_pairs(column: Column, started: Sequence[int], ended: Sequence[int]) -> bool:
    """Whether each end has the id of a beginning before it, and ids tell calls apart."""
    values = column.by_record
    if any(at not in values for at in (*started, *ended)):
        return False
    begun, done = (Counter(str(values[at]) for at in it) for it in (started, ended))
    return max(begun.values()) == 1 and all(number <= begun[it] for it, number in done.items())


def _are_later(columns: Columns, column: Column, started: Sequence[int], ended: Sequence[int]) -> bool:
    """Whether each end has another time than its beginning: of equal ones, nothing tells which is the later."""
    times = next((it for path, it in columns.of.items() if rank("time", path) is not None), None)
    if times is None:
        return False
    begun = {str(column.by_record[at]): times.by_record.get(at) for at in started}
    return all(times.by_record.get(at) != begun[str(column.by_record[at])] for at in ended)


def _model_of_all(columns: Columns, models: set[Path], named: set[int]) -> str | None:
    """Return the only model that records name; None where they name several, or not in one place."""
    found = [path for path in models if columns.covered([path]) == named]
    names = {str(value) for path in found for value in columns.of[path].values}
    return names.pop() if len(names) == 1 else None
