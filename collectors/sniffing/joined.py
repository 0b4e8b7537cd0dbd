"""Keeps the beginnings of calls where only these name the model: the ends with the same ids replace them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.ended import ids_beside
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.numerals import Scalar

_NEARLY = 0.9


def with_beginnings(found: Kinds, columns: Columns, models: set[Path], spell: Callable[[Path], str]) -> Kinds:
    """Return the kinds with the records that name the model of calls which end in others, as versions of these;
    the same kinds where all ends name one, or nothing joins them."""
    named = columns.covered(models)
    if set(found.kept) <= named or found.versions is not None or len(found.only) != 1:
        return found
    (path, said), *_ = found.only.items()
    if path not in columns.of:
        return found
    if isinstance(said, Mapping):
        return _by_presence(found, columns, named, (path, spell))
    values: list[Scalar] = list(said) if isinstance(said, list) else [said]
    for word, begun in _beginnings(columns.of[path], values, named):
        for ids in ids_beside(columns, path):
            if _are_of_one(ids, begun, found.kept, named):
                return _by_word(found, path, (values, word), begun, ids, spell)
    return found


def _beginnings(column: Column, values: Sequence[Scalar], named: set[int]) -> Iterator[tuple[Scalar, list[int]]]:
    """Yield what else the field of kinds says, with the records, where nearly all of these name a model."""
    for word in dict.fromkeys(column.values):
        at = [it for it, value in column.by_record.items() if value == word]
        if word not in values and len(named.intersection(at)) >= _NEARLY * len(at):
            yield word, at


def _are_of_one(ids: Column, begun: Sequence[int], ended: Sequence[int], named: set[int]) -> bool:
    """Whether each beginning and each end has an id of its own, and nearly all ends without a model have that of a
    beginning before them."""
    values, nameless = ids.by_record, set(ended) - named
    first = {str(values[at]): at for at in begun if at in values}
    last = {str(values[at]) for at in ended if at in values}
    if len(first) < _NEARLY * len(begun) or len(last) < _NEARLY * len(ended):
        return False
    follow = sum(first.get(str(values[at]), at) < at for at in nameless if at in values)
    return follow >= _NEARLY * len(nameless)


def _by_presence(
    found: Kinds, columns: Columns, named: set[int], told: tuple[Path, Callable[[Path], str]]
) -> Kinds:
    """Return the same where calls are told by what only they have, and no word says which records begin one."""
    path, spell = told
    begun = sorted(named.difference(found.kept))
    rest = set(range(len(columns))).difference(begun, found.kept)
    for ids in ids_beside(columns, path) if begun else ():
        if _are_of_one(ids, begun, found.kept, named) and not rest.intersection(ids.by_record):
            note = _said(found, f"without {spell(path)}", begun, ids, spell)
            only = {ids.path: {"present": True}} if rest else {}
            kept = sorted({*found.kept, *begun})
            return replace(found, kept=kept, only=only, notes=(note,), versions=ids.path)
    return found


def _by_word(
    found: Kinds,
    path: Path,
    words: tuple[Sequence[Scalar], Scalar],
    begun: Sequence[int],
    ids: Column,
    spell: Callable[[Path], str],
) -> Kinds:
    values, word = words
    status = found.status
    if status is not None and status[0] == path:
        status = path, {**status[1], "success": [*status[1].get("success", ()), word]}
    outdated = f"only: {len(begun)} records whose {spell(path)} is {word}"
    note = _said(found, f"whose {spell(path)} is {word}", begun, ids, spell)
    return replace(
        found,
        kept=sorted({*found.kept, *begun}),
        only={path: [*values, word]},
        status=status,
        notes=(*(it for it in found.notes if not it.startswith(outdated)), note),
        versions=ids.path,
    )


def _said(found: Kinds, which: str, begun: Sequence[int], ids: Column, spell: Callable[[Path], str]) -> str:
    ends = {str(ids.by_record[at]) for at in found.kept if at in ids.by_record}
    unended = sum(str(ids.by_record.get(at)) not in ends for at in begun)
    return (
        f"request_id: {len(begun)} records {which} name the models of calls that others with their"
        f" {spell(ids.path)} end, and are replaced by these; {unended} of them have no end, and count as calls"
        " that succeeded"
    )
